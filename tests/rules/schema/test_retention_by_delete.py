"""retention-by-delete."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_foreign_key,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
)
from pgadvisor.units import GiB

RULE = "retention-by-delete"
EVENTS = a_table(
    "events",
    "id bigint not null",
    "kind text",
    "created_at timestamptz not null",
    rows=500_000_000,
    size_bytes=100 * GiB,
)
DELETE = a_statement("DELETE FROM events WHERE created_at < $1", rows=90_000_000)
RECENT = a_statement("SELECT kind FROM events WHERE created_at >= $1", mean_time_ms=10)
BY_KIND = a_statement("SELECT id FROM events WHERE kind = $1", mean_time_ms=10)


def run(*objects: SnapshotPart, table: Table = EVENTS) -> Outcome:
    return diagnose(RULE, a_snapshot(table, *objects))


def test_reports_a_large_table_that_is_emptied_by_delete() -> None:
    lines = a_table("lines", "event_id bigint")
    objects = (a_primary_key(EVENTS, "id"), lines, a_foreign_key(lines, "event_id", EVENTS))

    [finding] = run(DELETE, RECENT, *objects).findings

    assert finding.key == "retention-by-delete:public.events"
    assert finding.summary == (
        "public.events has 100 GB and 500,000,000 rows, and old ones are deleted by created_at, "
        "not dropped by the partition"
    )
    assert finding.detail.startswith("100 % of the time of its other statements")
    assert finding.severity is Severity.WARNING
    assert finding.statement_ids == (DELETE.id,)
    [remedy] = finding.remedies
    assert isinstance(remedy, ManualSteps)
    assert remedy.steps[:3] == (
        "Unique keys have to hold created_at: events_pkey.",
        "So have the foreign keys that refer to it, or they go: lines_event_id_fkey.",
        (
            '`ALTER TABLE "public"."events" ADD CONSTRAINT old_rows CHECK ("created_at" IS NOT '
            "NULL AND \"created_at\" < '...') NOT VALID`, with the beginning of the month after "
            'next; then `ALTER TABLE "public"."events" VALIDATE CONSTRAINT old_rows`. Attaching '
            "needs no scan then."
        ),
    )


def test_a_key_that_holds_the_column_is_no_obstacle() -> None:
    [finding] = run(DELETE, a_primary_key(EVENTS, "id", "created_at")).findings

    [remedy] = finding.remedies
    assert isinstance(remedy, ManualSteps)
    assert remedy.steps[0].startswith("`ALTER TABLE")


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM events WHERE created_at <= $1 AND kind = $2",
        "DELETE FROM events WHERE created_at < now() - interval '90 days'",
        "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE created_at < $1 LIMIT 1000)",
    ],
)
def test_knows_deletes_by_age(text: str) -> None:
    assert len(run(a_statement(text, rows=90_000_000)).findings) == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("DELETE FROM events WHERE id = $1", id="by-key"),
        pytest.param("DELETE FROM events WHERE created_at > $1", id="of-new-rows"),
        pytest.param("DELETE FROM events WHERE created_at < $1 OR kind = $2", id="or"),
        pytest.param("DELETE FROM events WHERE id < $1", id="by-number"),
        pytest.param("SELECT id FROM events WHERE created_at < $1", id="no-delete"),
        pytest.param(
            "DELETE FROM other WHERE id IN (SELECT id FROM events WHERE created_at < $1)",
            id="from-another-table",
        ),
    ],
)
def test_leaves_alone_other_statements(text: str) -> None:
    other = a_table("other", "id bigint")

    assert run(other, a_statement(text, rows=90_000_000)).is_clear


@pytest.mark.parametrize(
    ("table", "count"),
    [
        pytest.param(replace(EVENTS, size_bytes=100 * GiB - 8192), 0, id="smaller"),
        pytest.param(
            replace(EVENTS, size_bytes=100 * GiB - 8192, toast_size_bytes=8192), 1, id="with-toast"
        ),
        pytest.param(replace(EVENTS, size_bytes=0, rows=1_000_000_000.0), 1, id="a-billion-rows"),
        pytest.param(replace(EVENTS, size_bytes=0, rows=999_999_999.0), 0, id="fewer-rows"),
    ],
)
def test_asks_for_a_very_large_table(table: Table, count: int) -> None:
    assert len(run(DELETE, table=table).findings) == count


def test_leaves_alone_partitioned_tables_and_their_parts() -> None:
    parent = replace(EVENTS, kind=RelationKind.PARTITIONED_TABLE)
    part = a_table("events_1", parent_oids=(EVENTS.oid,), is_partition=True, size_bytes=200 * GiB)

    assert run(DELETE, part, table=parent).is_clear


def test_leaves_alone_what_has_inheritance_children() -> None:
    child = a_table("chunk_1", parent_oids=(EVENTS.oid,), rows=1, schema="_timescaledb_internal")

    assert run(DELETE, child).is_clear


def test_leaves_alone_inheritance_children() -> None:
    assert run(DELETE, table=replace(EVENTS, parent_oids=(1,))).is_clear


@pytest.mark.parametrize(("rows", "count"), [(4_999_999, 0), (5_000_000, 1)])
def test_asks_for_a_hundredth_of_the_rows(rows: int, count: int) -> None:
    assert len(run(replace(DELETE, rows=rows)).findings) == count


@pytest.mark.parametrize(("mean_time_ms", "count"), [(10, 1), (10.1, 0)])
def test_half_of_the_time_has_to_filter_by_the_column(mean_time_ms: float, count: int) -> None:
    other = a_statement(BY_KIND.text, mean_time_ms=mean_time_ms)

    assert len(run(DELETE, RECENT, other).findings) == count


def test_inserts_do_not_count_among_the_others() -> None:
    insert = a_statement("INSERT INTO events (id, kind) VALUES ($1, $2)", mean_time_ms=900)

    assert len(run(DELETE, RECENT, insert).findings) == 1


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
