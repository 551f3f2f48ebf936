"""rarely-used-index."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.schema import Index
from pgadvisor.model.statement import StatementPlan
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_foreign_key,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    diagnose,
    index_activity,
    table_activity,
)
from pgadvisor.units import MiB

RULE = "rarely-used-index"
ORDERS = a_table("orders")
BUSY = table_activity(ORDERS, rows_inserted=90 * 10_000)
NOTE = an_index(ORDERS, "note", size_bytes=200 * MiB)
SCANNED = index_activity(NOTE, scans=450)


def run(*objects: SnapshotPart, index: Index = NOTE, scans: int = 450, **server: float) -> Outcome:
    given = (ORDERS, index, index_activity(index, scans=scans), *(objects or (BUSY,)))
    return diagnose(RULE, a_snapshot(*given, **server))


def test_reports_an_index_that_is_written_all_day_and_scanned_five_times() -> None:
    report = a_statement("select count(*) from orders where note like $1")
    scan = PlanNode(node_type="Index Scan", relation="orders", index_name=NOTE.name)
    plan = StatementPlan(statement_id=report.id, plan=Plan(root=scan))

    [finding] = run(BUSY, report, plan).findings

    assert finding.key == "rarely-used-index:public.orders_note_idx"
    assert finding.summary == (
        "public.orders_note_idx takes 200 MB, is scanned 5 times a day, and gets 10,000 entries "
        "for it"
    )
    assert finding.impact.freed_bytes == 200 * MiB
    assert finding.impact.written_entries_per_day == -10_000
    assert finding.statement_ids == (report.id,)
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert f"by their plans, {report.id} do" in steps.steps[0]
    assert 'DROP INDEX CONCURRENTLY "public"."orders_note_idx"' in steps.steps[1]


def test_says_that_it_is_scanned_less_than_once_a_day() -> None:
    [finding] = run(scans=89).findings

    assert "is scanned less than once a day" in finding.summary


@pytest.mark.parametrize(("scans", "count"), [(900, 1), (901, 0), (0, 0)])
def test_ten_scans_a_day_are_few_and_none_is_for_another_rule(scans: int, count: int) -> None:
    assert len(run(scans=scans).findings) == count


@pytest.mark.parametrize(("inserted", "count"), [(900_000, 1), (899_999, 0)])
def test_asks_for_ten_thousand_entries_a_day(inserted: int, count: int) -> None:
    busy = table_activity(ORDERS, rows_inserted=inserted)

    assert len(run(busy).findings) == count


def test_heap_only_updates_make_no_entries() -> None:
    hot = table_activity(ORDERS, rows_updated=9_000_000, rows_hot_updated=9_000_000)

    assert run(hot).is_clear


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(replace(NOTE, is_unique=True), id="unique"),
        pytest.param(replace(NOTE, constraint_name="c"), id="of-a-constraint"),
        pytest.param(replace(NOTE, is_replica_identity=True), id="replica-identity"),
        pytest.param(replace(NOTE, is_valid=False), id="invalid"),
        pytest.param(replace(NOTE, is_extension_member=True), id="extension"),
        pytest.param(replace(NOTE, size_bytes=100 * MiB - 1), id="one-byte-too-small"),
    ],
)
def test_leaves_alone(index: Index) -> None:
    assert run(index=index).is_clear


def test_reports_an_index_of_just_the_size() -> None:
    assert len(run(index=replace(NOTE, size_bytes=100 * MiB)).findings) == 1


def test_leaves_alone_the_only_index_of_a_foreign_key() -> None:
    customers = a_table("customers", "id bigint not null")
    index = an_index(ORDERS, "customer_id", size_bytes=200 * MiB)
    key = a_foreign_key(ORDERS, "customer_id", customers)

    assert run(BUSY, customers, key, index=index).is_clear


def test_leaves_alone_what_is_redundant_and_what_stands_in_for_it() -> None:
    wide = an_index(ORDERS, "note", "status", size_bytes=200 * MiB)

    assert run(BUSY, wide, index_activity(wide, scans=450)).is_clear


def test_says_why_it_cannot_judge() -> None:
    assert run(statistics_age_days=34).reasons == (
        "statistics cover 34 days, 35 days are needed (since pg_stat_database.stats_reset)",
    )
    [reason] = run(streaming_replica_count=1).reasons
    assert reason.startswith("1 standby streams from this server")
    assert diagnose(RULE, a_snapshot(ORDERS, NOTE)).reasons == (
        "the counters of tables are not in the snapshot",
    )
