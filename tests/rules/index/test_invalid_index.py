"""invalid-index."""

from __future__ import annotations

from dataclasses import replace

from pgadvisor.model.action import DropIndex, ManualSteps, RebuildIndex
from pgadvisor.model.finding import Confidence
from pgadvisor.model.schema import RelationKind
from pgadvisor.testing import Outcome, SnapshotPart, a_snapshot, a_table, an_index, diagnose

RULE = "invalid-index"
ORDERS = a_table("orders")
BROKEN = an_index(ORDERS, "customer_id", name="broken", is_valid=False)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, *objects))


def test_rebuilds_an_index_that_nothing_replaces() -> None:
    [finding] = run(BROKEN).findings

    assert finding.summary == "public.broken is not valid, so no query can use it"
    assert finding.remedies == (
        RebuildIndex(schema="public", name="broken", size_bytes=BROKEN.size_bytes),
    )
    assert finding.confidence is Confidence.MEDIUM
    assert finding.impact.risk == "each write maintains an index of 19.1 MB that no query can use"


def test_drops_one_that_has_a_valid_twin() -> None:
    [finding] = run(BROKEN, an_index(ORDERS, "customer_id", name="whole")).findings

    [action] = finding.remedies
    assert isinstance(action, DropIndex)
    assert action.name == "broken"
    assert finding.detail == "whole is the same, and valid."


def test_drops_none_that_a_constraint_needs_although_it_has_a_twin() -> None:
    broken = replace(BROKEN, constraint_name="broken", is_unique=True)
    twin = an_index(ORDERS, "customer_id", name="whole", is_unique=True)

    [finding] = run(broken, twin).findings

    assert isinstance(finding.remedies[0], ManualSteps)


def test_drops_what_a_concurrent_reindex_left_behind() -> None:
    for name in ("orders_idx_ccnew", "orders_idx_ccnew1", "orders_idx_ccold"):
        [finding] = run(replace(BROKEN, name=name)).findings

        assert isinstance(finding.remedies[0], DropIndex)


def test_leaves_it_to_people_whether_duplicates_are_allowed() -> None:
    [finding] = run(replace(BROKEN, is_unique=True)).findings

    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert action.steps[0] == "Look for rows of public.orders that have the same (customer_id)."


def test_says_what_is_missing_where_it_is_not_even_maintained() -> None:
    [finding] = run(replace(BROKEN, is_ready=False)).findings

    assert finding.impact.risk == "the queries that it was made for run without it"


def test_names_the_partitions_that_are_not_attached() -> None:
    parent = a_table("events", kind=RelationKind.PARTITIONED_TABLE, rows=0)
    one = a_table("events_1", parent_oids=(parent.oid,), is_partition=True)
    two = a_table("events_2", parent_oids=(parent.oid,), is_partition=True)
    index = an_index(parent, "note", is_partitioned=True, is_valid=False)
    part = an_index(one, "note", parent_oid=index.oid)

    [finding] = diagnose(RULE, a_snapshot(parent, one, two, index, part)).findings

    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert len(action.steps) == 1
    assert "public.events_2" in action.steps[0]


def test_leaves_an_index_that_is_being_built_alone() -> None:
    assert run(replace(BROKEN, is_being_built=True)).is_clear


def test_leaves_valid_ones_and_those_of_extensions_alone() -> None:
    assert run(replace(BROKEN, is_valid=True)).is_clear
    assert run(replace(BROKEN, is_extension_member=True)).is_clear
