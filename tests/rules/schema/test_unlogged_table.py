"""unlogged-table."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_foreign_key,
    a_snapshot,
    a_table,
    diagnose,
    table_activity,
)

RULE = "unlogged-table"
INVOICES = a_table("invoices", "id bigint not null", "customer_id bigint", persistence="u")
QUIET = table_activity(INVOICES, rows_inserted=20_000, rows_updated=1_000)


def run(*objects: SnapshotPart, table: Table = INVOICES, **server_fields: object) -> Outcome:
    return diagnose(RULE, a_snapshot(table, *objects, **server_fields))


def test_reports_an_unlogged_table_whose_rows_are_kept() -> None:
    [finding] = run(QUIET).findings

    assert finding.key == "unlogged-table:public.invoices"
    assert finding.summary == (
        "public.invoices is unlogged, and a crash empties it: "
        "1,000,000 rows that are hardly ever changed"
    )
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.MEDIUM
    [remedy] = finding.remedies
    assert isinstance(remedy, ManualSteps)
    assert remedy.steps == (
        "Ask whether all of its rows can be made again from others. If so, leave it.",
        (
            '`ALTER TABLE "public"."invoices" SET LOGGED`, with a lock timeout. It rewrites the '
            "table and its indexes, and nobody can read it meanwhile."
        ),
        'The way back is `ALTER TABLE "public"."invoices" SET UNLOGGED`, which rewrites it again.',
    )


def test_says_that_a_failover_empties_it_too() -> None:
    [alone] = run(QUIET).findings
    [with_standby] = run(QUIET, streaming_replica_count=1).findings

    assert alone.detail == ""
    assert with_standby.detail == "After a failover to a standby it is empty, too."


def test_what_it_refers_to_comes_first() -> None:
    customers = a_table("customers", "id bigint not null", rows=10, persistence="u")
    key = a_foreign_key(INVOICES, "customer_id", customers)
    itself = a_foreign_key(INVOICES, "id", INVOICES)

    [finding] = run(QUIET, customers, key, itself).findings

    [remedy] = finding.remedies
    assert isinstance(remedy, ManualSteps)
    assert remedy.steps[1] == "Do the same with public.customers first: it refers to them."


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(replace(INVOICES, persistence="p"), id="permanent"),
        pytest.param(replace(INVOICES, persistence="t"), id="temporary"),
        pytest.param(replace(INVOICES, rows=9_999.0), id="few-rows"),
        pytest.param(replace(INVOICES, size_bytes=8 * 2**20 - 8192), id="few-bytes"),
        pytest.param(replace(INVOICES, name="page_cache"), id="a-cache"),
        pytest.param(replace(INVOICES, name="Sessions"), id="sessions"),
        pytest.param(replace(INVOICES, schema="staging"), id="a-staging-area"),
        pytest.param(replace(INVOICES, schema="etl-tmp"), id="a-schema-for-loading"),
    ],
)
def test_leaves_alone(table: Table) -> None:
    assert run(QUIET, table=table).is_clear


def test_a_word_is_not_looked_for_within_others() -> None:
    table = replace(INVOICES, name="temperatures")

    assert len(run(QUIET, table=table).findings) == 1


@pytest.mark.parametrize(
    ("counters", "count"),
    [
        pytest.param({"rows_updated": 100_000}, 1, id="a-tenth-updated"),
        pytest.param({"rows_updated": 100_001}, 0, id="more-updated"),
        pytest.param({"rows_deleted": 100_000}, 1, id="a-tenth-deleted"),
        pytest.param({"rows_deleted": 100_001}, 0, id="more-deleted"),
        pytest.param({"rows_inserted": 1_100_000}, 1, id="a-tenth-thrown-away"),
        pytest.param({"rows_inserted": 1_100_001}, 0, id="more-thrown-away"),
    ],
)
def test_leaves_alone_tables_whose_rows_come_and_go(counters: dict[str, int], count: int) -> None:
    assert len(run(table_activity(INVOICES, **counters)).findings) == count


def test_judges_each_partition_by_itself() -> None:
    parent = a_table("bills", kind=RelationKind.PARTITIONED_TABLE, rows=0)
    partition = replace(INVOICES, parent_oids=(parent.oid,), is_partition=True)
    logged = a_table("bills_2", parent_oids=(parent.oid,), is_partition=True)

    [finding] = run(parent, logged, QUIET, table=partition).findings

    assert finding.subject == "public.invoices"


def test_cannot_judge_a_table_without_counters() -> None:
    [skipped] = run().skipped

    assert skipped.subject == "public.invoices"
    assert skipped.reason == "it is unlogged, and its counters are not known"


def test_cannot_judge_by_young_counters() -> None:
    assert run(QUIET, statistics_age_days=6.9).reasons == (
        "statistics cover 6.9 days, 7 days are needed (since pg_stat_database.stats_reset)",
    )
    assert len(run(QUIET, statistics_age_days=7.0).findings) == 1


@given(rows_updated=st.integers(0, 10**9), rows_deleted=st.integers(0, 10**9))
def test_a_logged_table_is_never_reported(rows_updated: int, rows_deleted: int) -> None:
    table = replace(INVOICES, persistence="p")
    counters = replace(QUIET, rows_updated=rows_updated, rows_deleted=rows_deleted)

    assert run(counters, table=table).is_clear
