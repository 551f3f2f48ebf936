"""redundant-prefix-index, and what it has in common with the other rules that drop."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import DropIndex
from pgadvisor.model.finding import Finding
from pgadvisor.model.schema import Index, IndexKey, Table
from pgadvisor.rulekit import serves_key
from pgadvisor.testing import (
    Outcome,
    SnapshotObject,
    SnapshotPart,
    a_foreign_key,
    a_snapshot,
    a_table,
    a_unique_constraint,
    an_index,
    diagnose,
    index_activity,
    table_activity,
)
from pgadvisor.units import MiB

RULE = "redundant-prefix-index"
ORDERS = a_table("orders")
NARROW = an_index(ORDERS, "customer_id")
WIDE = an_index(ORDERS, "customer_id", "created_at")


def run(*objects: SnapshotPart, max_extra_bytes: int = 256 * MiB) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, *objects), max_extra_bytes=max_extra_bytes)


def names(outcome: Outcome) -> set[str]:
    return {dropped(finding) for finding in outcome.findings}


def dropped(finding: Finding) -> str:
    [action] = finding.remedies
    assert isinstance(action, DropIndex)
    return action.name


def test_drops_the_narrow_one() -> None:
    [finding] = run(NARROW, WIDE).findings

    assert dropped(finding) == "orders_customer_id_idx"
    assert finding.summary == (
        "public.orders_customer_id_idx (customer_id) is covered by "
        "orders_customer_id_created_at_idx (customer_id, created_at) and takes 19.1 MB"
    )


@pytest.mark.parametrize(
    ("small", "count"),
    [
        (a_table("orders", rows=10_000, size_bytes=8 * MiB), 1),
        (a_table("orders", rows=9_999, size_bytes=8 * MiB), 0),
        (a_table("orders", rows=10_000, size_bytes=8 * MiB - 8192), 0),
    ],
)
def test_leaves_alone_tables_that_are_too_small(small: Table, count: int) -> None:
    narrow, wide = an_index(small, "customer_id"), an_index(small, "customer_id", "created_at")

    assert len(diagnose(RULE, a_snapshot(small, narrow, wide)).findings) == count


def test_keeps_the_widest_of_three() -> None:
    widest = an_index(ORDERS, "customer_id", "created_at", "status")

    outcome = run(NARROW, WIDE, widest)

    assert names(outcome) == {NARROW.name, WIDE.name}
    assert all(widest.name in finding.summary for finding in outcome.findings)


def test_drops_both_of_two_that_are_equal_whichever_is_read_more() -> None:
    other = replace(NARROW, oid=7, name="other")

    for scans in (0, 9):
        reads = index_activity(other, scans=scans), index_activity(WIDE, scans=1)
        outcome = run(NARROW, other, WIDE, *reads)
        assert names(outcome) == {NARROW.name, "other"}


def test_leaves_what_equals_a_constraint_to_duplicate_index() -> None:
    index, constraint = a_unique_constraint(ORDERS, "customer_id", "status")
    equal = an_index(ORDERS, "customer_id", "status", name="equal", is_unique=True)
    wide = an_index(ORDERS, "customer_id", "status", "id", name="wide", is_unique=True)

    assert "equal" not in names(run(index, constraint, equal, wide))


def test_drops_a_plain_index_that_a_unique_one_covers() -> None:
    index, constraint = a_unique_constraint(ORDERS, "customer_id")

    assert names(run(NARROW, index, constraint)) == {NARROW.name}


def test_says_when_the_wide_one_is_read_backwards() -> None:
    wide = an_index(ORDERS, "customer_id desc", "created_at desc")

    [finding] = run(NARROW, wide).findings

    assert "backwards" in finding.detail


def test_drops_one_of_two_that_differ_in_their_direction_alone() -> None:
    down = an_index(ORDERS, "customer_id desc", name="down")

    assert len(run(NARROW, down).findings) == 1


def test_includes_count_as_covered_when_they_are_keys_of_the_other() -> None:
    narrow = an_index(ORDERS, "customer_id", name="narrow", include=("created_at",))

    assert names(run(narrow, WIDE)) == {"narrow"}


@pytest.mark.parametrize(
    "narrow",
    [
        pytest.param(an_index(ORDERS, "created_at"), id="no-leading-part"),
        pytest.param(replace(NARROW, is_unique=True), id="unique"),
        pytest.param(replace(NARROW, constraint_name="c"), id="of-a-constraint"),
        pytest.param(replace(NARROW, is_replica_identity=True), id="replica-identity"),
        pytest.param(replace(NARROW, is_clustered=True), id="clustered"),
        pytest.param(replace(NARROW, predicate="(note IS NULL)"), id="partial"),
        pytest.param(replace(NARROW, include=("note",)), id="includes-another-column"),
        pytest.param(replace(NARROW, is_valid=False), id="invalid"),
        pytest.param(replace(NARROW, access_method="hash"), id="other-method"),
        pytest.param(
            replace(NARROW, keys=(IndexKey(column="customer_id", collation='"C"'),)),
            id="other-collation",
        ),
        pytest.param(
            replace(
                NARROW,
                keys=(
                    IndexKey(
                        column="customer_id", operator_class="x", is_default_operator_class=False
                    ),
                ),
            ),
            id="other-operator-class",
        ),
        pytest.param(
            an_index(ORDERS, IndexKey(column="customer_id", nulls_first=True)), id="nulls-first"
        ),
    ],
)
def test_leaves_alone(narrow: Index) -> None:
    assert run(narrow, WIDE).is_clear


def test_leaves_alone_mixed_directions() -> None:
    narrow = an_index(ORDERS, "customer_id", "created_at desc")
    wide = an_index(ORDERS, "customer_id", "created_at", "status")

    assert run(narrow, wide).is_clear


def test_leaves_a_hot_narrow_index_beside_a_huge_one() -> None:
    huge = replace(WIDE, size_bytes=NARROW.size_bytes * 4 + 256 * MiB)

    assert run(NARROW, huge, *both_read(NARROW, huge)).is_clear
    assert len(run(NARROW, huge).findings) == 1


def test_drops_a_hot_narrow_index_beside_one_of_four_times_its_size() -> None:
    large = replace(WIDE, size_bytes=NARROW.size_bytes * 4)

    assert len(run(NARROW, large, *both_read(NARROW, large), max_extra_bytes=0).findings) == 1
    larger = replace(WIDE, size_bytes=NARROW.size_bytes * 4 + 1)
    assert run(NARROW, larger, *both_read(NARROW, larger), max_extra_bytes=0).is_clear


def test_leaves_the_narrow_one_where_nobody_reads_the_wide_one() -> None:
    assert run(NARROW, WIDE, index_activity(NARROW, scans=5)).is_clear


def both_read(*indexes: Index) -> tuple[SnapshotObject, ...]:
    return tuple(index_activity(index, scans=5) for index in indexes)


COLUMNS = ("customer_id", "status", "created_at")


@st.composite
def index_sets(draw: st.DrawFn) -> list[SnapshotObject]:
    """Up to seven indexes over three columns, each read or not, some unique or constraints."""
    objects: list[SnapshotObject] = []
    for number in range(draw(st.integers(1, 7))):
        columns = draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=3, unique=True))
        words = [f"{column}{draw(st.sampled_from(('', ' desc')))}" for column in columns]
        index = an_index(
            ORDERS,
            *words,
            name=f"i{number}",
            is_unique=draw(st.booleans()),
            include=draw(st.sampled_from(((), ("note",), ("status",)))),
            constraint_name=draw(st.sampled_from((None, None, f"c{number}"))),
            predicate=draw(st.sampled_from((None, None, "(note IS NOT NULL)"))),
            size_bytes=draw(st.integers(0, 64)) * MiB,
        )
        objects += [index, index_activity(index, scans=draw(st.sampled_from((0, 0, 7))))]
    return objects


@given(objects=index_sets())
def test_all_drops_together_lose_nothing_that_is_read(objects: list[SnapshotObject]) -> None:
    customers = a_table("customers", "id bigint not null")
    key = a_foreign_key(ORDERS, "customer_id", customers)
    busy = table_activity(ORDERS, rows_inserted=10_000_000)
    snapshot = a_snapshot(ORDERS, customers, key, busy, objects)

    gone = [
        dropped(finding)
        for rule in ("duplicate-index", "redundant-prefix-index", "unused-index")
        for finding in diagnose(rule, snapshot).findings
    ]

    left = [index for index in snapshot.indexes if index.name not in gone]
    scans = {row.index_oid: row.scans for row in snapshot.index_activity}
    assert len(gone) == len(set(gone))
    assert all(i in left for i in snapshot.indexes if i.constraint_name)
    for index in snapshot.indexes:
        if scans[index.oid] > 0 and index not in left:
            assert any(stands_in(kept, index) for kept in left)
    if any(serves_key(index, key.columns) for index in snapshot.indexes):
        assert any(serves_key(index, key.columns) for index in left)


def stands_in(kept: Index, index: Index) -> bool:
    """The plain definition, written once more and independently of the rule."""
    prefix = kept.keys[: len(index.keys)]
    flipped = tuple(
        replace(key, is_descending=not key.is_descending, nulls_first=not key.nulls_first)
        for key in prefix
    )
    return (
        index.keys in {prefix, flipped}
        and kept.predicate == index.predicate
        and set(index.include) <= {*kept.include, *(key.column for key in kept.keys)}
        and (not index.is_unique or (kept.is_unique and len(kept.keys) == len(index.keys)))
    )
