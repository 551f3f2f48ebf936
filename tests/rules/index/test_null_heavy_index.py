"""null-heavy-index."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.schema import Index, IndexKey, RelationKind
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    column_statistics,
    diagnose,
    index_activity,
    table_activity,
)
from pgadvisor.units import MiB

RULE = "null-heavy-index"
ORDERS = a_table("orders", rows=20_000_000)
INDEX = an_index(ORDERS, "customer_id")
READ = index_activity(INDEX, scans=90)
NULLS = column_statistics(ORDERS, "customer_id", null_ratio=0.9)
FIND = a_statement("select * from orders where customer_id = $1")


def run(*objects: SnapshotPart, index: Index = INDEX, **server: float) -> Outcome:
    given = objects or (NULLS, READ)
    return diagnose(RULE, a_snapshot(ORDERS, index, FIND, *given, **server))


def test_reports_an_index_of_nulls() -> None:
    written = table_activity(ORDERS, rows_inserted=90_000)

    [finding] = run(NULLS, READ, written).findings

    assert finding.key == "null-heavy-index:public.orders_customer_id_idx"
    assert finding.summary == (
        "90 % of the entries of public.orders_customer_id_idx are NULLs, which no statement "
        "looks for: 103 MB at least"
    )
    assert finding.impact.freed_bytes == 18_000_000 * 6
    assert finding.impact.written_entries_per_day == -900
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.steps[0].endswith(
        'ON "public"."orders" ("customer_id") WHERE "customer_id" IS NOT NULL`.'
    )
    assert 'DROP INDEX CONCURRENTLY "public"."orders_customer_id_idx"' in steps.steps[1]


@pytest.mark.parametrize(("null_ratio", "count"), [(0.6, 1), (0.5999, 0)])
def test_asks_for_sixty_four_megabytes(null_ratio: float, count: int) -> None:
    table = replace(ORDERS, rows=64 * MiB / 6 / 0.6, size_bytes=0)
    nulls = replace(NULLS, null_ratio=null_ratio)

    outcome = diagnose(RULE, a_snapshot(table, INDEX, FIND, nulls, READ))

    assert len(outcome.findings) == count


@pytest.mark.parametrize(("null_ratio", "count"), [(0.6, 1), (0.599, 0)])
def test_takes_the_limit_that_is_set(null_ratio: float, count: int) -> None:
    snapshot = a_snapshot(ORDERS, INDEX, FIND, replace(NULLS, null_ratio=null_ratio), READ)

    assert len(diagnose(RULE, snapshot, min_null_ratio=0.6, min_null_bytes=0).findings) == count


@pytest.mark.parametrize(
    "text",
    [
        "select * from orders where customer_id is null",
        "select * from orders order by customer_id limit 10",
        "select * from orders order by customer_id, lower(note)",
        "select customer_id, count(*) from orders group by customer_id",
        "select customer_id, lower(note) from orders group by customer_id, lower(note)",
        "select distinct customer_id from orders",
    ],
)
def test_leaves_alone_a_column_whose_nulls_are_asked_for(text: str) -> None:
    assert run(NULLS, READ, a_statement(text)).is_clear


@pytest.mark.parametrize(
    "text",
    [
        "select * from orders where customer_id is not null",
        "select * from orders where note is null order by status",
    ],
)
def test_other_statements_need_no_nulls(text: str) -> None:
    assert len(run(NULLS, READ, a_statement(text)).findings) == 1


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(replace(INDEX, is_unique=True), id="unique"),
        pytest.param(replace(INDEX, is_valid=False), id="invalid"),
        pytest.param(replace(INDEX, predicate="(customer_id > 0)"), id="partial"),
        pytest.param(replace(INDEX, access_method="hash"), id="other-method"),
        pytest.param(replace(INDEX, include=("note",)), id="includes"),
        pytest.param(an_index(ORDERS, "customer_id", "status"), id="two-keys"),
        pytest.param(
            an_index(ORDERS, IndexKey(column=None, expression="abs(customer_id)")), id="expression"
        ),
    ],
)
def test_leaves_alone(index: Index) -> None:
    assert run(NULLS, index_activity(index, scans=9), index=index).is_clear


def test_leaves_alone_what_nobody_scans_for_another_rule() -> None:
    assert run(NULLS).is_clear


def test_leaves_alone_what_a_wider_index_makes_redundant() -> None:
    wide = an_index(ORDERS, "customer_id", "note")

    assert run(NULLS, READ, wide, index_activity(wide, scans=1)).is_clear


def test_builds_a_partitioned_one_part_by_part() -> None:
    parent = a_table("events", kind=RelationKind.PARTITIONED_TABLE, rows=0)
    part = a_table("events_1", parent_oids=(parent.oid,), is_partition=True, rows=20_000_000)
    whole = an_index(parent, "customer_id", is_partitioned=True, size_bytes=0)
    below = an_index(part, "customer_id", parent_oid=whole.oid)
    nulls = column_statistics(parent, "customer_id", null_ratio=0.9, is_inherited=True)
    statement = a_statement("select * from events where customer_id = $1")
    read = index_activity(below, scans=1)

    [finding] = diagnose(
        RULE, a_snapshot(parent, part, whole, below, nulls, statement, read)
    ).findings

    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert " ON ONLY " in steps.steps[0]
    assert steps.steps[1].startswith("Build it on each of the 1 partitions")
    assert '`DROP INDEX "public"."events_customer_id_idx"`' in steps.steps[2]


def test_says_why_it_cannot_judge() -> None:
    assert run(READ).reasons == ("statistics of columns are not in the snapshot",)
    assert diagnose(RULE, a_snapshot(ORDERS, INDEX, NULLS)).reasons == (
        "no statement was recorded, and no workload files were given",
    )
    [reason] = run(NULLS, READ, statements_info=None).reasons  # type: ignore[arg-type]  # fields of Server
    assert reason == "pg_stat_statements does not say how many entries it has lost"
