"""broad-jsonb-index."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.schema import Index, IndexKey
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    diagnose,
    index_activity,
)
from pgadvisor.units import MiB

RULE = "broad-jsonb-index"
EVENTS = a_table("events", "id bigint not null", "payload jsonb", "old json")
BROAD = an_index(EVENTS, "payload", access_method="gin", size_bytes=40 * MiB)
FIND = a_statement("select id from events where payload @> $1")
BY_PATH = IndexKey(
    column="payload", operator_class="jsonb_path_ops", is_default_operator_class=False
)


def run(*objects: SnapshotPart, index: Index = BROAD) -> Outcome:
    return diagnose(RULE, a_snapshot(EVENTS, index, *(objects or (FIND,))))


def test_reports_documents_that_are_only_asked_what_they_contain() -> None:
    [finding] = run(FIND, index_activity(BROAD, scans=8)).findings

    assert finding.key == "broad-jsonb-index:public.events_payload_idx"
    assert finding.summary == (
        "Documents of public.events.payload are only asked what they contain (100 % of all time), "
        "and public.events_payload_idx (40 MB) has the operator class for all questions"
    )
    assert finding.statement_ids == (FIND.id,)
    assert [(e.name, e.value) for e in finding.evidence[:3]] == [
        ("size", 40 * MiB),
        ("scans", 8),
        ("share of execution time", 1.0),
    ]
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert 'ON "public"."events" USING "gin" ("payload" jsonb_path_ops)`' in steps.steps[0]
    assert 'DROP INDEX CONCURRENTLY "public"."events_payload_idx"' in steps.steps[1]


@pytest.mark.parametrize("condition", ["payload ? $1", "payload ?| $1", "payload @? $1"])
def test_leaves_alone_documents_that_are_asked_something_else(condition: str) -> None:
    assert run(FIND, a_statement(f"select id from events where {condition}")).is_clear


def test_leaves_alone_documents_that_nobody_searches() -> None:
    assert run(a_statement("select payload from events where id = $1")).is_clear


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(replace(BROAD, is_valid=False), id="invalid"),
        pytest.param(replace(BROAD, predicate="(id > 0)"), id="partial"),
        pytest.param(replace(BROAD, keys=(BY_PATH,)), id="by-path"),
        pytest.param(replace(BROAD, access_method="btree"), id="other-method"),
        pytest.param(replace(BROAD, keys=(*BROAD.keys, IndexKey(column="id"))), id="two-keys"),
        pytest.param(replace(BROAD, keys=(IndexKey(column="old"),)), id="other-type"),
        pytest.param(replace(BROAD, size_bytes=32 * MiB - 1), id="one-byte-too-small"),
    ],
)
def test_leaves_alone(index: Index) -> None:
    assert run(index=index).is_clear


def test_reports_an_index_of_just_the_size() -> None:
    assert len(run(index=replace(BROAD, size_bytes=32 * MiB)).findings) == 1


def test_leaves_alone_what_has_the_smaller_one_beside_it() -> None:
    assert run(FIND, an_index(EVENTS, BY_PATH, name="small", access_method="gin")).is_clear


@pytest.mark.parametrize(("calls", "count"), [(199, 1), (200, 0)])
def test_asks_for_a_two_hundredth_of_the_time(calls: int, count: int) -> None:
    few = replace(FIND, calls=1, total_time_ms=FIND.mean_time_ms)
    heavy = a_statement("select 1", calls=calls)

    assert len(run(few, heavy).findings) == count


def test_says_why_it_cannot_judge() -> None:
    assert diagnose(RULE, a_snapshot(EVENTS, BROAD)).reasons == (
        "no statement was recorded, and no workload files were given",
    )
    assert diagnose(RULE, a_snapshot(EVENTS, BROAD, FIND, statements_info=None)).reasons == (
        "pg_stat_statements does not say how many entries it has lost",
    )
