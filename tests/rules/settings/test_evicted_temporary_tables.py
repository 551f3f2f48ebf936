"""evicted-temporary-tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.server import RoleSetting, Setting
from pgadvisor.model.statement import Statement
from pgadvisor.testing import Outcome, a_snapshot, a_statement, diagnose
from pgadvisor.units import GiB, MiB
from tests.rules.changes import changes, down, manual, up

RULE = "evicted-temporary-tables"
DAYS = 90
BLOCKS = DAYS * 10 * GiB // 8192
SETTING = Setting(
    name="temp_buffers",
    value="1024",
    boot_value="1024",
    unit="8kB",
    value_type="integer",
    min_value="100",
    max_value="1073741823",
)
TIMING = Setting(name="track_io_timing", value="on")
REPORT = a_statement(
    "select sum(total) from found",
    calls=BLOCKS * 8192 // (48 * MiB),
    local_blocks_read=BLOCKS,
    block_read_time_ms=2_000.0,
    total_time_ms=50_000.0,
    roles=("report",),
)
LOOKUP = a_statement("select 1", total_time_ms=50_000.0, roles=("shop",))


def run(
    *statements: Statement,
    setting: Setting | None = SETTING,
    timing: Setting = TIMING,
    **server: object,
) -> Outcome:
    settings = () if setting is None else (setting,)
    given = statements or (REPORT, LOOKUP)
    return diagnose(RULE, a_snapshot(given, *settings, timing, **server))


def test_reports_temporary_tables_that_are_read_again() -> None:
    [finding] = run().findings

    assert finding.key == "evicted-temporary-tables:report"
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.MEDIUM
    assert finding.summary == (
        "report reads 10 GB a day of temporary tables that did not fit into temp_buffers "
        "(2 % of all time)"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("read again a day", 10 * GiB),
        ("read again by a call, at most", 48 * MiB),
        ("share of these reads in execution time", 0.02),
        ("temp_buffers", 8 * MiB),
    ]
    assert finding.statement_ids == (REPORT.id,)
    [change] = changes(finding)
    assert change.review_reason == (
        "each session of the role may take it, and keeps it until it ends"
    )
    assert up(finding) == ('ALTER ROLE "report" IN DATABASE "shop" SET temp_buffers = \'64MB\'',)
    assert down(finding) == ('ALTER ROLE "report" IN DATABASE "shop" RESET temp_buffers',)
    assert "ANALYZE" in manual(finding)[0]


@pytest.mark.parametrize(
    ("calls", "proposed"),
    [
        pytest.param(BLOCKS * 8192 // (240 * MiB), ("32768",), id="just-what-a-session-may-take"),
        pytest.param(BLOCKS * 8192 // (256 * MiB), (), id="a-larger-table"),
    ],
)
def test_proposes_no_more_than_a_session_may_take(calls: int, proposed: tuple[str, ...]) -> None:
    [finding] = run(replace(REPORT, calls=calls), LOOKUP).findings

    assert tuple(change.value for change in changes(finding)) == proposed


def test_goes_on_from_what_the_role_has() -> None:
    own = RoleSetting(role="report", database=None, name="temp_buffers", value="64MB")

    [finding] = run(role_settings=(own,)).findings

    assert [change.value for change in changes(finding)] == [str(128 * MiB // 8192)]


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(replace(REPORT, local_blocks_read=BLOCKS - 1), LOOKUP), id="less"),
        pytest.param(
            run(replace(REPORT, block_read_time_ms=1_999.0), LOOKUP), id="from-the-systems-cache"
        ),
        pytest.param(
            run(replace(REPORT, shared_blocks_read=BLOCKS), LOOKUP), id="half-of-it-other-tables"
        ),
        pytest.param(run(replace(REPORT, local_blocks_read=0), LOOKUP), id="no-temporary-table"),
    ],
)
def test_leaves_alone(outcome: Outcome) -> None:
    assert outcome.is_clear


def test_says_why_it_cannot_judge() -> None:
    assert run(timing=replace(TIMING, value="off")).reasons == (
        "track_io_timing is off, so nobody knows what reads take",
    )
    assert run(setting=None).reasons == ("values of temp_buffers are not in the snapshot",)
