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
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.server import DatabaseActivity, RoleSetting, Setting, StatementsInfo
from pgadvisor.model.statement import Statement, StatementPlan
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


MULTIPLIER = Setting(name="hash_mem_multiplier", value="2", value_type="real", context="user")
JOIN = a_statement(
    "select count(note) from orders join orders o using (id)",
    calls=10,
    temp_blocks_written=10 * 1_280,
    roles=("reports",),
)
SCAN = PlanNode(node_type="Seq Scan")
HASH_JOIN = PlanNode(
    node_type="Hash Join", children=(SCAN, PlanNode(node_type="Hash", children=(SCAN,)))
)
GROUPS = PlanNode(node_type="Aggregate", strategy="Hashed", children=(SCAN,))


def planned(root: PlanNode, statement: Statement = JOIN) -> StatementPlan:
    return StatementPlan(statement_id=statement.id, plan=Plan(root=root))


def above(node_type: str, below: PlanNode = HASH_JOIN, strategy: str | None = None) -> PlanNode:
    return PlanNode(node_type=node_type, strategy=strategy, children=(below,))


@pytest.mark.parametrize(
    "root",
    [
        pytest.param(HASH_JOIN, id="a-join"),
        pytest.param(GROUPS, id="groups"),
        pytest.param(above("Aggregate", strategy="Plain"), id="a-count-of-a-join"),
    ],
)
def test_gives_memory_to_hashes_alone_where_nothing_else_spills(root: PlanNode) -> None:
    [finding] = run(MULTIPLIER, JOIN, planned(root)).findings

    assert up(finding) == ('ALTER ROLE "reports" IN DATABASE "shop" SET hash_mem_multiplier = 5',)
    assert down(finding) == ('ALTER ROLE "reports" IN DATABASE "shop" RESET hash_mem_multiplier',)
    assert changes(finding)[0].review_reason.startswith("each hash of each session")
    assert "`SET LOCAL hash_mem_multiplier = 5` in its transaction" in manual(finding)[-1]
    assert finding.guards[-1] == "nothing but hashes writes files, as plans tell"
    assert ("hash_mem_multiplier", 2.0) in [(e.name, e.value) for e in finding.evidence]


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((JOIN,), id="no-plan"),
        pytest.param((JOIN, planned(SCAN)), id="no-hash"),
        pytest.param((JOIN, planned(above("Sort"))), id="a-sort"),
        pytest.param((JOIN, planned(above("WindowAgg"))), id="rows-that-are-kept"),
        pytest.param(
            (JOIN, planned(HASH_JOIN), replace(REPORT, roles=("reports",))), id="another-statement"
        ),
    ],
)
def test_gives_work_mem_where_something_else_may_spill(parts: tuple[SnapshotPart, ...]) -> None:
    finding = run(MULTIPLIER, *parts).findings[-1]

    assert {change.name for change in changes(finding)} == {"work_mem"}


def test_an_aggregate_may_sort_by_itself() -> None:
    text = JOIN.text.replace("count(note)", "count(distinct note)")
    distinct = replace(JOIN, text=text)

    [finding] = run(
        MULTIPLIER, distinct, planned(above("Aggregate", strategy="Plain"), distinct)
    ).findings

    assert [change.name for change in changes(finding)] == ["work_mem"]


@pytest.mark.parametrize(("blocks", "name"), [(2_048, "hash_mem_multiplier"), (2_049, "work_mem")])
def test_gives_hashes_eight_times_as_much_at_most(blocks: int, name: str) -> None:
    join = replace(JOIN, temp_blocks_written=10 * blocks)

    [finding] = run(MULTIPLIER, join, planned(HASH_JOIN)).findings

    assert [change.name for change in changes(finding)] == [name]


def test_the_factor_is_of_the_role_s_own_work_mem() -> None:
    own = (
        RoleSetting(role="reports", database=None, name="work_mem", value="10MB"),
        RoleSetting(role="reports", database=None, name="hash_mem_multiplier", value="1.5"),
    )
    snapshot = a_snapshot(ORDERS, WORK_MEM, MULTIPLIER, JOIN, planned(HASH_JOIN), role_settings=own)

    [finding] = diagnose(RULE, snapshot).findings

    assert up(finding) == ('ALTER ROLE "reports" IN DATABASE "shop" SET hash_mem_multiplier = 2',)


def test_asks_for_no_smaller_factor_than_a_role_has() -> None:
    own = RoleSetting(role="reports", database=None, name="hash_mem_multiplier", value="5")
    snapshot = a_snapshot(
        ORDERS, WORK_MEM, MULTIPLIER, JOIN, planned(HASH_JOIN), role_settings=(own,)
    )

    [finding] = diagnose(RULE, snapshot).findings

    assert changes(finding) == ()
