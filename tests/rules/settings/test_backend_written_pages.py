"""backend-written-pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pgadvisor.model.action import ChangeSetting, SettingEffect, SettingScope
from pgadvisor.model.finding import Confidence, Finding, Severity
from pgadvisor.model.server import Setting
from pgadvisor.model.server_counters import WriteActivity
from pgadvisor.testing import COLLECTED_AT, Outcome, a_snapshot, diagnose
from pgadvisor.units import GiB

RULE = "backend-written-pages"
DAYS = 10
PAGES = DAYS * 10 * GiB // 8192
SETTING = Setting(name="bgwriter_lru_maxpages", value="100", source="default", value_type="integer")
WRITTEN = WriteActivity(
    checkpoint_pages=2 * PAGES,
    cleaned_pages=PAGES // 3,
    backend_pages=PAGES,
    stopped_cleanings=1,
    reset_at=COLLECTED_AT - timedelta(days=DAYS),
)


def run(
    written: WriteActivity | None = WRITTEN,
    setting: Setting = SETTING,
    **fields: Any,  # noqa: ANN401  (fields of Server)
) -> Outcome:
    return diagnose(RULE, a_snapshot(setting, write_activity=written, **fields))


def change_of(finding: Finding) -> ChangeSetting:
    [change] = [action for action in finding.remedies if isinstance(action, ChangeSetting)]
    return change


def test_reports_sessions_that_write_a_third() -> None:
    [finding] = run().findings

    assert finding.key == "backend-written-pages:bgwriter_lru_maxpages"
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.MEDIUM
    assert finding.summary == ("Sessions write 30 % of all changed pages themselves: 10 GB a day")
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("pages written by sessions", PAGES),
        ("share of all", 0.3),
        ("stopped rounds", 1),
        ("counted for", 10.0),
        ("bgwriter_lru_maxpages", 100),
    ]
    change = change_of(finding)
    assert (change.name, change.value) == ("bgwriter_lru_maxpages", "400")
    assert (change.previous_value, change.previous_source) == ("100", "default")
    assert change.effect is SettingEffect.RELOAD


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(replace(WRITTEN, checkpoint_pages=3 * PAGES), id="a-smaller-share"),
        pytest.param(
            replace(WRITTEN, checkpoint_pages=0, backend_pages=PAGES - 1), id="a-page-less"
        ),
        pytest.param(replace(WRITTEN, stopped_cleanings=0), id="never-stopped"),
    ],
)
def test_leaves_alone(written: WriteActivity) -> None:
    assert run(written).is_clear


@pytest.mark.parametrize(
    ("now", "wanted"), [("0", "100"), ("100", "400"), ("500", "1000"), ("1000", None)]
)
def test_proposes_no_more_than_a_thousand(now: str, wanted: str | None) -> None:
    found = run(setting=replace(SETTING, value=now)).findings

    assert [change_of(finding).value for finding in found] == ([wanted] if wanted else [])


def test_a_writer_that_is_off_need_not_have_been_stopped() -> None:
    off = replace(SETTING, value="0")

    assert len(run(replace(WRITTEN, stopped_cleanings=0), off).findings) == 1


def test_is_less_sure_where_growing_tables_are_counted_too() -> None:
    [finding] = run(version_num=160_004).findings

    assert finding.confidence is Confidence.LOW
    assert finding.detail.startswith("Among these are pages by which tables grew")


def test_changes_it_where_it_is_set() -> None:
    [finding] = run(setting=replace(SETTING, source="command line")).findings

    assert change_of(finding).scope is SettingScope.COMMAND_LINE


def test_says_why_it_cannot_judge() -> None:
    assert run(None).reasons == ("counters of written pages are not in the snapshot",)
    assert run(replace(WRITTEN, reset_at=None)).reasons == (
        "nobody knows since when the server counts",
    )
    assert run(is_in_recovery=True).reasons == (
        "this is a standby, whose pages are changed by recovery",
    )
    assert diagnose(RULE, a_snapshot(write_activity=WRITTEN)).reasons == (
        "values of bgwriter_lru_maxpages are not in the snapshot",
    )
