"""Why a plan is slower than another one, in each of the outputs."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from pgadvisor.emit.comparison_text import render_comparison_text
from pgadvisor.emit.comparison_view import view_comparison
from pgadvisor.emit.explain_document import Cause
from pgadvisor.emit.explain_html import render_explained_html
from pgadvisor.emit.explain_json import render_explained_json
from pgadvisor.emit.plan_view import ExplainedPlan
from pgadvisor.model.plan_regression import RegressionCause
from tests.emit.explain_sample import after, before, slower

LOST = (
    "161 ms are lost; the node that takes most of it is #4 Seq Scan on orders o, 139 ms more by "
    "itself."
)
NOT_USED = (
    "Index orders_status_customer is not used any more, and there is a Seq Scan in its place. "
    "See whether it was dropped, or is not valid."
)


def test_tells_where_time_is_lost_and_the_likely_causes() -> None:
    view = view_comparison(after(), slower()).regression

    assert view is not None
    assert view.lost == LOST
    assert [cause.regression.cause for cause in view.causes] == [
        RegressionCause.COLD_CACHE,
        RegressionCause.INDEX_GONE,
        RegressionCause.ESTIMATE_CHANGED,
    ]
    assert (view.causes[1].told, view.causes[1].places) == (
        *(NOT_USED, ("#4 Seq Scan on orders o",)),
    )


def test_knows_from_the_database_whether_an_index_is_there() -> None:
    gone = view_comparison(after(), slower(), indexes=()).regression
    there = view_comparison(after(), slower(), indexes=("orders_status_customer",)).regression

    assert gone is not None
    assert gone.causes[1].told == (
        "Index orders_status_customer is not there any more, and there is a Seq Scan in its place."
    )
    assert there is not None
    assert [cause.regression.cause for cause in there.causes] == ["cold cache", "estimate changed"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(slower(), after(), id="faster"),
        pytest.param(slower(), slower(), id="the same"),
        pytest.param(after(), before(), id="another table"),
    ],
)
def test_is_silent_where_nothing_got_worse(first: ExplainedPlan, second: ExplainedPlan) -> None:
    assert view_comparison(first, second).regression is None
    assert "Why it is slower" not in render_comparison_text([(first, second)])
    assert "Why it is slower" not in render_explained_html([first, second], [(0, 1)])


def test_a_page_tells_it_above_what_changed() -> None:
    page = render_explained_html([after(), slower()], [(0, 1)])

    assert page.index("Why it is slower") < page.index("What changed")
    assert f'<li class="critical">{NOT_USED} <span class="dim">Node #4 Seq Scan on orders o' in page


def test_json_has_each_cause_with_its_nodes() -> None:
    document = render_explained_json([after(), slower()], [(0, 1)], indexes=())

    [compared] = json.loads(document)["comparisons"]
    regression = compared["regression"]
    assert regression["lost_ms"] == pytest.approx(204.88 - 43.51)
    assert regression["block_ratio"] == pytest.approx(1_954 / 890)
    assert regression["summary"] == LOST
    assert [(cause["cause"], cause["nodes"]) for cause in regression["causes"]] == [
        *(("cold cache", []), ("index gone", [4]), ("estimate changed", [4])),
    ]


def test_json_knows_each_cause() -> None:
    assert set(get_args(Cause)) == {cause.value for cause in RegressionCause}
