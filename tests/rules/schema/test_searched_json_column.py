"""searched-json-column."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import IndexKey, RelationKind, Table
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_column,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    column_statistics,
    diagnose,
)

RULE = "searched-json-column"
EVENTS = a_table("events", "id bigint not null", "payload json", "note text")
SEARCH = a_statement("SELECT id FROM events WHERE payload ->> 'kind' = $1")


def run(*objects: SnapshotPart, table: Table = EVENTS) -> Outcome:
    return diagnose(RULE, a_snapshot(table, *objects))


def test_reports_a_json_column_that_a_condition_looks_into() -> None:
    [finding] = run(SEARCH).findings

    assert finding.key == "searched-json-column:public.events.payload"
    assert finding.summary == (
        "public.events.payload is json, and 1 statement looks into it for 100 % of the "
        "workload's time"
    )
    assert finding.severity is Severity.WARNING
    assert finding.statement_ids == (SEARCH.id,)
    [remedy] = finding.remedies
    assert isinstance(remedy, ManualSteps)
    assert remedy.steps[1] == (
        'Look for what jsonb refuses: `SELECT count(*) FROM "public"."events" '
        "WHERE strpos(\"payload\"::text, '\\u0000') > 0`."
    )
    assert remedy.steps[3].startswith(
        '`ALTER TABLE "public"."events" ALTER COLUMN "payload" TYPE jsonb '
        'USING "payload"::jsonb` rewrites the table'
    )
    assert remedy.steps[4].startswith(
        'The way back is `ALTER TABLE "public"."events" ALTER COLUMN "payload" TYPE json '
        'USING "payload"::json`'
    )


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id FROM events WHERE (payload -> 'a' ->> 'b')::int > 3",
        "SELECT id FROM events WHERE payload #>> '{a,b}' = $1",
        "SELECT id FROM events WHERE json_extract_path_text(payload, 'a') = $1",
        "SELECT id FROM events WHERE payload::jsonb @> $1",
        "SELECT id FROM events WHERE payload ->> 'kind' IS NOT NULL",
        "SELECT id FROM events ORDER BY payload ->> 'at'",
        "SELECT count(*) FROM events GROUP BY payload ->> 'kind'",
        "UPDATE events SET note = $1 WHERE payload ->> 'kind' = $2",
    ],
)
def test_knows_what_looks_into_a_document(text: str) -> None:
    assert len(run(a_statement(text)).findings) == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("SELECT payload FROM events WHERE note = $1", id="read-whole"),
        pytest.param("SELECT payload ->> 'kind' FROM events", id="shown"),
        pytest.param("INSERT INTO events (payload) VALUES ($1)", id="written"),
        pytest.param("SELECT id FROM events WHERE payload IS NOT NULL", id="there-or-not"),
        pytest.param("SELECT id FROM events WHERE payload::text LIKE $1", id="its-text"),
    ],
)
def test_leaves_alone_what_looks_at_the_whole(text: str) -> None:
    assert run(a_statement(text)).is_clear


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(replace(EVENTS, rows=9_999.0), id="few-rows"),
        pytest.param(replace(EVENTS, size_bytes=8 * 2**20 - 8192), id="few-bytes"),
        pytest.param(replace(EVENTS, kind=RelationKind.MATERIALIZED_VIEW), id="materialised-view"),
        pytest.param(a_table("events", "id bigint", "payload jsonb"), id="jsonb"),
    ],
)
def test_leaves_alone(table: Table) -> None:
    assert run(SEARCH, table=table).is_clear


def test_leaves_alone_a_row_that_is_found_by_its_key() -> None:
    by_key = a_statement("SELECT id FROM events WHERE id = $1 AND payload ->> 'kind' = $2")

    assert run(by_key, a_primary_key(EVENTS, "id")).is_clear
    assert len(run(by_key).findings) == 1


def test_leaves_alone_what_an_index_is_built_on() -> None:
    index = an_index(EVENTS, IndexKey(column=None, expression="(payload ->> 'kind'::text)"))

    assert run(SEARCH, index).is_clear
    assert len(run(SEARCH, replace(index, is_valid=False)).findings) == 1
    other = an_index(EVENTS, IndexKey(column=None, expression="(payload ->> 'at'::text)"))
    assert len(run(SEARCH, other).findings) == 1


def test_an_index_may_serve_a_search_whose_key_is_a_parameter() -> None:
    counted = a_statement("SELECT id FROM events WHERE payload ->> $2 = $1")
    index = an_index(EVENTS, IndexKey(column=None, expression="(payload ->> 'kind'::text)"))

    assert run(counted, index).is_clear
    assert len(run(counted).findings) == 1


def test_looks_below_a_domain() -> None:
    table = a_table("events", "id bigint", a_column("payload public.doc", base_type_name="json"))

    assert len(run(SEARCH, table=table).findings) == 1


@pytest.mark.parametrize(("calls", "count"), [(199, 1), (200, 0)])
def test_asks_for_half_a_percent_of_the_time(calls: int, count: int) -> None:
    search = replace(SEARCH, calls=1, total_time_ms=1.0, mean_time_ms=1.0)
    other = a_statement("SELECT note FROM events", calls=calls, mean_time_ms=1.0)

    assert len(run(search, other).findings) == count


def test_adds_statements_up() -> None:
    second = a_statement("SELECT note FROM events WHERE payload ->> 'other' = $1")

    [finding] = run(SEARCH, second, column_statistics(EVENTS, "payload")).findings

    assert "2 statements look into it" in finding.summary
    assert [e.value for e in finding.evidence if e.unit == "bytes"] == [8]


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
