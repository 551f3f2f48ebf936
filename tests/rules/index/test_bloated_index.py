"""bloated-index."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps, RebuildIndex
from pgadvisor.model.choice import Choice, SupersededIndex
from pgadvisor.model.estimate import RebuiltSize
from pgadvisor.model.finding import Confidence, Provenance
from pgadvisor.model.schema import Index, RelationKind
from pgadvisor.sqltext.actions import steps_of
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_foreign_key,
    a_primary_key,
    a_snapshot,
    a_table,
    an_index,
    diagnose,
    index_activity,
    table_activity,
)
from pgadvisor.units import MiB

RULE = "bloated-index"
ORDERS = a_table("orders", rows=10_000_000)
CREATED = an_index(ORDERS, "created_at", size_bytes=500 * MiB, rows=10_000_000)
READ = index_activity(CREATED, scans=1_000)


def predicted(index: Index = CREATED, size_bytes: int = 200 * MiB, *notes: str) -> Choice:
    row = RebuiltSize(index_oid=index.oid, size_bytes=size_bytes, rows=10_000_000, notes=notes)
    return Choice(rebuilt_sizes=(row,))


def run(choice: Choice, *objects: SnapshotPart, **server: float) -> Outcome:
    given = objects or (CREATED, READ)
    return diagnose(RULE, a_snapshot(ORDERS, *given, **server), choice=choice)


def test_reports_an_index_that_is_mostly_holes() -> None:
    [finding] = run(predicted()).findings

    assert finding.key == "bloated-index:public.orders_created_at_idx"
    assert finding.summary == (
        "public.orders_created_at_idx takes 500 MB, and built now it would take 200 MB"
    )
    assert finding.provenance is Provenance.ESTIMATED
    assert finding.confidence is Confidence.MEDIUM
    assert finding.impact.freed_bytes == 300 * MiB
    assert [(e.name, e.value) for e in finding.evidence[:3]] == [
        ("size", 500 * MiB),
        ("predicted size after a rebuild", 200 * MiB),
        ("entries", 10_000_000),
    ]
    [step] = steps_of(finding.remedies[0])
    assert step.up == ('REINDEX INDEX CONCURRENTLY "public"."orders_created_at_idx"',)


def test_leaves_alone_what_use_makes_of_an_index() -> None:
    assert run(predicted(size_bytes=200 * MiB + 1)).is_clear


@pytest.mark.parametrize(("wasted_bytes", "count"), [(100 * MiB, 1), (100 * MiB - 1, 0)])
def test_asks_for_a_hundred_megabytes(wasted_bytes: int, count: int) -> None:
    index = replace(CREATED, size_bytes=10 * MiB + wasted_bytes)

    assert len(run(predicted(size_bytes=10 * MiB), index, READ).findings) == count


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(replace(CREATED, is_valid=False), id="invalid"),
        pytest.param(replace(CREATED, is_being_built=True), id="being-built"),
        pytest.param(replace(CREATED, is_exclusion=True), id="exclusion"),
        pytest.param(replace(CREATED, is_extension_member=True), id="extension"),
    ],
)
def test_leaves_alone(index: Index) -> None:
    assert run(predicted(), index, READ).is_clear


def test_leaves_alone_what_nobody_scans_since_that_is_to_be_dropped() -> None:
    assert run(predicted(), CREATED).is_clear


def test_reports_it_where_nobody_can_tell_yet_that_it_is_unused() -> None:
    assert len(run(predicted(), CREATED, statistics_age_days=10).findings) == 1


def test_reports_a_primary_key_that_nobody_scans() -> None:
    index, constraint = a_primary_key(ORDERS, "id")
    large = replace(index, size_bytes=500 * MiB)

    assert len(run(predicted(large), large, constraint).findings) == 1


def test_leaves_alone_what_a_wider_index_makes_redundant() -> None:
    wide = an_index(ORDERS, "created_at", "status", size_bytes=600 * MiB)

    assert run(predicted(), CREATED, READ, wide, index_activity(wide, scans=1)).is_clear


def test_leaves_alone_what_a_new_index_supersedes() -> None:
    gone = SupersededIndex(index_oid=CREATED.oid, by=("new",), size_bytes=1)

    assert run(replace(predicted(), superseded=(gone,))).is_clear


def test_says_what_is_not_known_of_the_size() -> None:
    outcome = run(predicted(CREATED, 200 * MiB, "there are no statistics of created_at"))

    assert outcome.findings == ()
    assert outcome.reasons == (
        (
            "whether orders_created_at_idx is bloated is not known: "
            "there are no statistics of created_at"
        ),
    )


@pytest.mark.parametrize(("modified", "count"), [(2_000_000, 1), (2_000_001, 0)])
def test_does_not_judge_by_statistics_that_are_stale(modified: int, count: int) -> None:
    changed = table_activity(ORDERS, rows_modified_since_analyze=modified)

    outcome = run(predicted(), CREATED, READ, changed)

    assert len(outcome.findings) == count
    assert outcome.reasons == (
        ()
        if count
        else (
            (
                "whether orders_created_at_idx is bloated is not known: "
                "2,000,001 rows were changed since public.orders was analysed"
            ),
        )
    )


def test_says_that_only_the_twin_can_tell() -> None:
    assert run(Choice()).reasons == (
        "nobody predicted what indexes take: only the planner twin does",
    )


def test_rebuilds_the_part_of_a_partitioned_index() -> None:
    parent = a_table("events", kind=RelationKind.PARTITIONED_TABLE, rows=0)
    part = a_table("events_1", parent_oids=(parent.oid,), is_partition=True, rows=10_000_000)
    whole = an_index(parent, "note", is_partitioned=True)
    below = an_index(part, "note", parent_oid=whole.oid, size_bytes=500 * MiB)
    snapshot = a_snapshot(parent, part, whole, below, index_activity(below, scans=1))

    [finding] = diagnose(RULE, snapshot, choice=predicted(below)).findings

    assert finding.remedies == (
        RebuildIndex(schema="public", name="events_1_note_idx", size_bytes=500 * MiB),
    )


@pytest.mark.parametrize(
    ("version_num", "kind"),
    [(140_003, ManualSteps), (140_004, RebuildIndex), (139_999, RebuildIndex)],
)
def test_does_not_rebuild_where_that_may_lose_rows(version_num: int, kind: type) -> None:
    [finding] = run(predicted(), version_num=version_num, version="14.3").findings  # type: ignore[arg-type]  # fields of Server

    assert isinstance(finding.remedies[0], kind)


def test_an_index_that_serves_a_foreign_key_is_rebuilt_too() -> None:
    customers = a_table("customers", "id bigint not null")
    index = an_index(ORDERS, "customer_id", size_bytes=500 * MiB)
    key = a_foreign_key(ORDERS, "customer_id", customers)

    outcome = run(predicted(index), customers, index, key, index_activity(index, scans=1))

    assert len(outcome.findings) == 1
