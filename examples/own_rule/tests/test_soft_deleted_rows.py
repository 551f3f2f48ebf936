"""soft-deleted-rows."""

from pathlib import Path

import pytest

from pgadvisor.testing import Outcome, a_snapshot, a_table, column_statistics, diagnose

RULES = Path(__file__).parents[1] / "acme_rules"


def run(
    *, rows: int = 100_000, null_ratio: float | None = 0.5, column: str = "deleted_at"
) -> Outcome:
    orders = a_table("orders", "id bigint", f"{column} timestamptz", rows=rows)
    known = [] if null_ratio is None else [column_statistics(orders, column, null_ratio=null_ratio)]
    return diagnose("soft-deleted-rows", a_snapshot(orders, known), directories=(RULES,))


def test_reports_a_table_half_of_which_is_marked() -> None:
    [finding] = run().findings

    assert finding.key == "soft-deleted-rows:public.orders"
    assert finding.summary == "50 % of the rows of public.orders are marked as deleted"
    assert finding.evidence[0].value == 50_000


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(rows=99_999), id="a small table"),
        pytest.param(run(null_ratio=0.501), id="fewer rows"),
        pytest.param(run(column="removed_at"), id="another column"),
    ],
)
def test_leaves_alone(outcome: Outcome) -> None:
    assert outcome.is_clear


def test_says_why_it_cannot_judge() -> None:
    outcome = run(null_ratio=None)

    assert outcome.findings == ()
    assert outcome.reasons == ("deleted_at has no statistics: run ANALYZE",)
