"""spilling-statement."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.backends import ConnectionCount
from pgadvisor.model.finding import Severity
from pgadvisor.model.machine import Machine
from pgadvisor.model.server import DatabaseActivity, RoleSetting, Setting, StatementsInfo
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
)
from pgadvisor.units import MS_PER_DAY, GiB, MiB
from tests.rules.changes import changes, down, manual, up

RULE = "spilling-statement"
ORDERS = a_table("orders")
WORK_MEM = Setting(name="work_mem", value="4096", unit="kB", value_type="integer")
REPORT = a_statement(
    "select customer_id, count(*) from orders group by customer_id order by 2 desc",
    calls=10,
    temp_blocks_written=10 * 1_024,
)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, WORK_MEM, *objects))


def test_reports_a_statement_that_spills() -> None:
    [finding] = run(REPORT).findings

    assert finding.key == f"spilling-statement:{REPORT.id}"
    assert finding.summary == (
        "A statement on public.orders writes 8 MB of temporary files in each call"
    )
    assert finding.detail == "It takes 50 ms on average; work_mem is 4 MB."
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert "SET LOCAL work_mem = '16MB'" in action.steps[-1]


TIMING = Setting(name="track_io_timing", value="on", value_type="bool")


def test_advises_no_memory_where_the_files_take_little_time() -> None:
    report = replace(REPORT, roles=("reports",), temp_block_time_ms=49.9)

    [finding] = run(report, TIMING).findings

    assert finding.severity is Severity.INFO
    assert finding.detail.endswith("so that more memory would gain next to nothing.")
    assert changes(finding) == ()
    assert len(manual(finding)) == 2
    assert "work_mem" not in " ".join(manual(finding))
    assert (finding.evidence[-1].name, finding.evidence[-1].value) == (
        "share of temporary files in its time",
        0.0998,
    )


@pytest.mark.parametrize(
    ("time_ms", "timing", "version"),
    [
        pytest.param(50.0, "on", "1.10", id="a-tenth-of-its-time"),
        pytest.param(0.0, "off", "1.10", id="not-measured"),
        pytest.param(0.0, "on", "1.9", id="not-counted-yet"),
    ],
)
def test_advises_memory_where_the_files_take_their_time_or_nobody_knows(
    time_ms: float, timing: str, version: str
) -> None:
    report = replace(REPORT, roles=("reports",), temp_block_time_ms=time_ms)
    info = StatementsInfo(extension_version=version, schema="public")
    snapshot = a_snapshot(
        ORDERS, WORK_MEM, report, replace(TIMING, value=timing), statements_info=info
    )

    [finding] = diagnose(RULE, snapshot).findings

    assert finding.severity is Severity.WARNING
    assert [change.name for change in changes(finding)] == ["work_mem"]


def test_gives_a_role_what_its_greediest_statement_needs() -> None:
    report = replace(REPORT, roles=("reports",))
    greedy = a_statement(
        "select note from orders order by note",
        calls=10,
        temp_blocks_written=10 * 4_096,
        roles=("reports", "shop"),
    )

    found = run(report, greedy).findings

    assert len(found) == 2
    for finding in found:
        [change] = changes(finding)
        assert change.review_reason.startswith("each sort and hash of each session")
        assert up(finding) == ('ALTER ROLE "reports" IN DATABASE "shop" SET work_mem = \'64MB\'',)
        assert down(finding) == ('ALTER ROLE "reports" IN DATABASE "shop" RESET work_mem',)


def test_asks_for_no_less_than_a_role_has() -> None:
    own = RoleSetting(role="reports", database=None, name="work_mem", value="16MB")
    snapshot = a_snapshot(
        ORDERS, WORK_MEM, replace(REPORT, roles=("reports",)), role_settings=(own,)
    )

    [finding] = diagnose(RULE, snapshot).findings

    assert changes(finding) == ()


def test_proposes_no_memory_that_a_session_should_not_take() -> None:
    [finding] = run(replace(REPORT, temp_blocks_written=10 * 100_000)).findings

    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert "work_mem" not in action.steps[-1]
    assert "2 GB" in action.steps[-1]


@given(temp_blocks=st.integers(10_240, 10**12))
def test_never_touches_the_whole_server(temp_blocks: int) -> None:
    [finding] = run(replace(REPORT, temp_blocks_written=temp_blocks)).findings

    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert "ALTER SYSTEM" not in " ".join(action.steps)


@pytest.mark.parametrize(("blocks", "count"), [(10 * 1_024, 1), (10 * 1_024 - 1, 0)])
def test_asks_for_eight_megabytes_a_call(blocks: int, count: int) -> None:
    assert len(run(replace(REPORT, temp_blocks_written=blocks)).findings) == count


@pytest.mark.parametrize(("rest", "count"), [(995.0, 1), (996.0, 0)])
def test_asks_for_half_a_percent_of_the_time(rest: float, count: int) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    assert len(run(replace(REPORT, total_time_ms=5.0), other).findings) == count


BUFFERS = Setting(name="shared_buffers", value=str(GiB // 8192), unit="8kB")


@pytest.mark.parametrize(
    ("active", "idle", "average", "is_proposed"),
    [
        pytest.param(10, 90, 0.0, True, id="ten-at-work"),
        pytest.param(11, 0, 0.0, False, id="eleven-at-work"),
        pytest.param(1, 0, 10.5, False, id="more-on-average"),
        pytest.param(0, 0, 0.0, True, id="none-now"),
    ],
)
def test_the_machine_has_memory_for_those_at_work(
    active: int, idle: int, average: float, *, is_proposed: bool
) -> None:
    snapshot = a_snapshot(
        ORDERS,
        WORK_MEM,
        BUFFERS,
        replace(REPORT, roles=("reports",)),
        connections=(
            ConnectionCount(role="reports", state="active", count=active),
            ConnectionCount(role="reports", state="idle", count=idle),
        ),
        activity=DatabaseActivity(active_time_ms=average * 90 * MS_PER_DAY),
    )

    [finding] = diagnose(RULE, snapshot, machine=Machine(memory_bytes=GiB + 640 * MiB)).findings

    assert [change.value for change in changes(finding)] == (["16384"] if is_proposed else [])
    assert any("more than a session should take" in step for step in manual(finding)) != is_proposed


def test_leaves_utility_statements_alone() -> None:
    assert run(replace(REPORT, text="create index on orders (note)")).is_clear


def test_takes_statements_of_one_shape_together() -> None:
    twins = (replace(REPORT, fingerprint="f"), replace(REPORT, fingerprint="f", id="2"))

    [finding] = run(twins[0], twins[1]).findings

    assert finding.statement_ids == (REPORT.id, "2")


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
