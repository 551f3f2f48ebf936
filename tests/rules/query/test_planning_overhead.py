"""planning-overhead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import RelationKind
from pgadvisor.model.server import Setting
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
)

RULE = "planning-overhead"
TRACKING = Setting(name="pg_stat_statements.track_planning", value="on", value_type="bool")
ORDERS = a_table("orders")
FIND = a_statement(
    "select * from orders where customer_id = $1",
    calls=1_000,
    mean_time_ms=2.0,
    planning_time_ms=8_000.0,
)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, TRACKING, *objects))


def steps(outcome: Outcome) -> tuple[str, ...]:
    [finding] = outcome.findings
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    return action.steps


def test_reports_a_statement_that_is_planned_longer_than_it_runs() -> None:
    outcome = run(FIND)

    [finding] = outcome.findings
    assert finding.key == f"planning-overhead:{FIND.id}"
    assert finding.subject == "public.orders"
    assert finding.summary == (
        "A statement on public.orders is planned for 8 ms and runs for 2 ms in each call "
        "(planning is 80 % of all time)"
    )
    assert finding.severity is Severity.WARNING
    assert [step.partition(" ")[0] for step in steps(outcome)] == ["Prepare", "If"]


def test_counts_partitions() -> None:
    parent = a_table(
        "log", rows=0, kind=RelationKind.PARTITIONED_TABLE, partition_key="RANGE (created_at)"
    )
    parts = [
        a_table(f"log_{number}", rows=5, parent_oids=(parent.oid,), is_partition=True)
        for number in range(50)
    ]
    text = "select * from log where id = $1"

    many = run(parent, parts, replace(FIND, text=text))
    fewer = run(parent, parts[:-1], replace(FIND, text=text))

    assert steps(many)[0].startswith(
        "public.log has 50 partitions: compare its key, RANGE (created_at), with a constant"
    )
    assert len(steps(fewer)) == 2


def test_counts_joins() -> None:
    def joining(count: int) -> Outcome:
        tables = ", ".join(f"orders o{number}" for number in range(count))
        return run(replace(FIND, text=f"select 1 from {tables}"))

    assert steps(joining(9))[0].startswith("It reads 9 tables")
    assert "`SET LOCAL join_collapse_limit = 1`" in steps(joining(9))[0]
    assert len(steps(joining(8))) == 2


def test_takes_statements_of_one_shape_together() -> None:
    twins = (replace(FIND, fingerprint="f"), replace(FIND, fingerprint="f", id="2"))

    [finding] = run(twins).findings

    assert finding.statement_ids == (FIND.id, "2")


def test_names_a_statement_without_tables_by_its_id() -> None:
    [finding] = run(replace(FIND, text="select now()")).findings

    assert finding.subject == f"statement {FIND.id}"
    assert finding.summary.startswith("A statement on no table is planned")


@pytest.mark.parametrize(("planning", "count"), [(5_000.0, 1), (4_999.0, 0)])
def test_asks_for_five_milliseconds_of_planning(planning: float, count: int) -> None:
    assert len(run(replace(FIND, planning_time_ms=planning)).findings) == count


@pytest.mark.parametrize(("executing", "count"), [(8_000.0, 1), (8_001.0, 0)])
def test_asks_for_more_planning_than_execution(executing: float, count: int) -> None:
    assert len(run(replace(FIND, total_time_ms=executing)).findings) == count


@pytest.mark.parametrize(("rest", "count"), [(1_590_000.0, 1), (1_590_001.0, 0)])
def test_asks_for_a_share_of_all_time(rest: float, count: int) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    assert len(run(FIND, other).findings) == count


def test_leaves_statements_alone_that_were_never_counted() -> None:
    assert run(replace(FIND, source="workload", calls=0, planning_time_ms=0.0)).is_clear


def test_cannot_judge_where_planning_is_not_counted() -> None:
    unknown = diagnose(RULE, a_snapshot(ORDERS, FIND))
    off = diagnose(RULE, a_snapshot(ORDERS, replace(TRACKING, value="off"), FIND))

    assert unknown.reasons == ("pg_stat_statements.track_planning is not in the snapshot",)
    assert off.reasons == (
        "pg_stat_statements.track_planning is off, so the time of planning is not counted",
    )


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
