"""unused-index."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import DropIndex
from pgadvisor.model.finding import Confidence
from pgadvisor.model.schema import ExtendedStatistics, Index, IndexKey, RelationKind
from pgadvisor.sqltext.actions import steps_of
from pgadvisor.testing import (
    COLLECTED_AT,
    Outcome,
    SnapshotPart,
    a_foreign_key,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    diagnose,
    index_activity,
    table_activity,
)
from pgadvisor.units import MiB

RULE = "unused-index"
ORDERS = a_table("orders")
BUSY = table_activity(ORDERS, rows_inserted=900_000)
NOTE = an_index(ORDERS, "note", size_bytes=20 * MiB)


def run(*objects: SnapshotPart, **server: float | None) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, BUSY, *objects, **server))


def test_reports_an_index_nobody_scans() -> None:
    [finding] = run(NOTE).findings

    assert finding.key == "unused-index:public.orders_note_idx"
    assert finding.summary == (
        "public.orders_note_idx was not scanned once in 90 days and takes 20 MB"
    )
    assert finding.confidence is Confidence.HIGH
    assert finding.impact.freed_bytes == 20 * MiB
    assert finding.impact.written_entries_per_day == -10_000
    [step] = steps_of(finding.remedies[0])
    assert step.up == ('DROP INDEX CONCURRENTLY IF EXISTS "public"."orders_note_idx"',)
    assert step.down == (
        (
            'CREATE INDEX CONCURRENTLY IF NOT EXISTS "orders_note_idx" '
            'ON "public"."orders" USING btree ("note")'
        ),
    )


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(replace(NOTE, is_unique=True), id="unique"),
        pytest.param(replace(NOTE, is_exclusion=True), id="exclusion"),
        pytest.param(replace(NOTE, constraint_name="c"), id="of-a-constraint"),
        pytest.param(replace(NOTE, is_replica_identity=True), id="replica-identity"),
        pytest.param(replace(NOTE, is_clustered=True), id="clustered"),
        pytest.param(replace(NOTE, is_valid=False), id="invalid"),
        pytest.param(replace(NOTE, is_extension_member=True), id="extension"),
        pytest.param(replace(NOTE, size_bytes=8 * MiB - 1), id="one-byte-too-small"),
    ],
)
def test_leaves_alone(index: Index) -> None:
    assert run(index).is_clear


def test_reports_an_index_of_just_the_size() -> None:
    assert len(run(replace(NOTE, size_bytes=8 * MiB)).findings) == 1


@pytest.mark.parametrize(("inserted", "count"), [(90 * 1_000, 1), (90 * 1_000 - 1, 0)])
def test_asks_for_a_thousand_writes_a_day(inserted: int, count: int) -> None:
    snapshot = a_snapshot(ORDERS, NOTE, table_activity(ORDERS, rows_inserted=inserted))

    assert len(diagnose(RULE, snapshot).findings) == count


def test_leaves_alone_an_index_that_was_scanned_once() -> None:
    assert run(NOTE, index_activity(NOTE, scans=1)).is_clear


def test_leaves_alone_an_index_whose_last_scan_is_on_record() -> None:
    assert run(NOTE, index_activity(NOTE, last_scan=COLLECTED_AT)).is_clear


def test_leaves_alone_the_only_index_of_a_foreign_key() -> None:
    customers = a_table("customers", "id bigint not null")
    index = an_index(ORDERS, "customer_id")

    assert run(customers, index, a_foreign_key(ORDERS, "customer_id", customers)).is_clear


def test_leaves_one_of_two_indexes_of_a_foreign_key() -> None:
    customers = a_table("customers", "id bigint not null")
    first = an_index(ORDERS, "customer_id", "status")
    second = an_index(ORDERS, "customer_id", "note")
    key = a_foreign_key(ORDERS, "customer_id", customers)

    assert len(run(customers, first, second, key).findings) == 1


def test_leaves_alone_what_stands_in_for_a_redundant_index() -> None:
    narrow, wide = an_index(ORDERS, "note"), an_index(ORDERS, "note", "status")

    assert run(narrow, wide).is_clear


def test_reports_the_wide_one_where_only_the_narrow_one_is_read() -> None:
    narrow, wide = an_index(ORDERS, "note"), an_index(ORDERS, "note", "status")

    [finding] = run(narrow, wide, index_activity(narrow, scans=5)).findings

    assert finding.subject == "public.orders_note_status_idx"


@pytest.mark.parametrize(
    ("expression", "condition"),
    [("lower(note)", "lower(note) = $1"), ("left(note, 3)", "left(note, $2) = $1")],
)
def test_says_that_an_expression_keeps_its_statistics(expression: str, condition: str) -> None:
    index = an_index(ORDERS, IndexKey(column=None, expression=expression), name="by_lower")
    statement = a_statement(f"select id from orders where {condition}")

    outcome = run(index, statement)

    assert outcome.findings == ()
    assert outcome.reasons == (
        (
            "by_lower is not scanned, but the statistics of its expression may serve statement "
            f'{statement.id}; `CREATE STATISTICS ON ({expression}) FROM "public"."orders"` and '
            "ANALYZE first"
        ),
    )


BY_LOWER = an_index(ORDERS, IndexKey(column=None, expression="lower(note)"), name="by_lower")
GROUPED = a_statement("select lower(note), count(*) from orders group by lower(note)")


def test_a_group_by_an_expression_keeps_its_statistics_too() -> None:
    [reason] = run(BY_LOWER, GROUPED).reasons

    assert f"may serve statement {GROUPED.id}" in reason


def test_says_that_postgresql_13_has_no_other_statistics_of_expressions() -> None:
    [reason] = run(BY_LOWER, GROUPED, version_num=130_023).reasons

    assert reason.endswith("; PostgreSQL 13 keeps them in no other way")


def test_drops_an_expression_index_whose_statistics_are_kept_elsewhere() -> None:
    statistics = ExtendedStatistics(
        oid=1,
        schema="public",
        name="orders_lower_note",
        table_oid=ORDERS.oid,
        expressions=("lower(note)",),
        kinds=("e",),
        definition="CREATE STATISTICS ...",
    )
    other = an_index(
        ORDERS, "id", IndexKey(column=None, expression="lower(note)"), name="other", is_unique=True
    )

    for keeper in (statistics, other):
        assert [f.subject for f in run(BY_LOWER, GROUPED, keeper).findings] == ["public.by_lower"]


def test_says_why_it_cannot_judge_young_statistics() -> None:
    outcome = run(NOTE, statistics_age_days=34.9)

    assert outcome.findings == ()
    assert outcome.reasons == (
        "statistics cover 34.9 days, 35 days are needed (since pg_stat_database.stats_reset)",
    )


def test_judges_by_just_enough_days() -> None:
    assert len(run(NOTE, statistics_age_days=35).findings) == 1


def test_cannot_judge_where_nobody_knows_since_when() -> None:
    outcome = run(NOTE, statistics_age_days=None)

    assert outcome.reasons == (
        "nobody knows how long the counters run: pg_stat_database.stats_reset is NULL",
    )


def test_takes_the_oldest_time_on_record_where_the_reset_is_unknown() -> None:
    other = an_index(ORDERS, "status")
    scanned = index_activity(other, scans=9, last_scan=COLLECTED_AT - timedelta(days=36))

    [finding] = run(NOTE, other, scanned, statistics_age_days=None).findings

    assert "in 36 days" in finding.summary


@pytest.mark.parametrize(
    ("server", "why"),
    [
        pytest.param(
            {"streaming_replica_count": 1}, "1 standby streams from this server", id="a-standby"
        ),
        pytest.param(
            {"streaming_replica_count": None},
            "pg_stat_replication may not be read",
            id="nobody-knows",
        ),
        pytest.param({"is_in_recovery": True}, "this is a standby", id="on-a-standby"),
    ],
)
def test_is_not_sure_where_other_servers_may_scan(
    server: dict[str, float | None], why: str
) -> None:
    [finding] = run(NOTE, **server).findings

    assert finding.confidence is Confidence.LOW
    assert why in finding.detail


def test_adds_up_the_scans_of_a_partitioned_index() -> None:
    parent = a_table("events", kind=RelationKind.PARTITIONED_TABLE, rows=0)
    part = a_table("events_1", parent_oids=(parent.oid,), is_partition=True)
    index = an_index(parent, "note", is_partitioned=True)
    below = an_index(part, "note", parent_oid=index.oid)
    busy = table_activity(part, rows_inserted=900_000)
    whole = a_snapshot(parent, part, index, below, busy)
    scanned = a_snapshot(parent, part, index, below, busy, index_activity(below, scans=1))

    [finding] = diagnose(RULE, whole).findings

    action = finding.remedies[0]
    assert isinstance(action, DropIndex)
    assert (action.name, action.is_partitioned) == ("events_note_idx", True)
    assert action.size_bytes == below.size_bytes
    assert diagnose(RULE, scanned).is_clear


@given(scans=st.integers(1, 2**63 - 1), size_bytes=st.integers(0, 2**45))
def test_never_drops_an_index_in_use(scans: int, size_bytes: int) -> None:
    index = replace(NOTE, size_bytes=size_bytes)
    snapshot = a_snapshot(ORDERS, BUSY, index, index_activity(index, scans=scans))

    assert diagnose(RULE, snapshot, min_size_bytes=0, min_writes_per_day_count=0).is_clear


def test_never_drops_a_primary_key() -> None:
    assert run(*a_primary_key(ORDERS, "id")).is_clear
