"""What has become of a database since its snapshot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.schema import Index, Table
from pgadvisor.model.snapshot import Redaction, Snapshot
from pgadvisor.testing import a_snapshot, a_table, an_index
from pgadvisor.whatif.hypopg.changes import describe_changes

ORDERS = a_table("orders", "id bigint not null", "note text", rows=1_000)
USERS = a_table("users", "id bigint not null")
BY_NOTE = an_index(ORDERS, "note")


@pytest.fixture
def snapshot() -> Snapshot:
    """Two tables and an index."""
    return a_snapshot(ORDERS, USERS, BY_NOTE)


def test_says_nothing_of_what_has_not_changed(snapshot: Snapshot) -> None:
    assert describe_changes(snapshot, snapshot.tables, snapshot.indexes) == ()


def test_names_what_is_gone_and_what_is_new(snapshot: Snapshot) -> None:
    new = a_table("events", "id bigint")

    clauses = describe_changes(snapshot, (ORDERS, new), ())

    assert clauses == (
        "1 table gone since the snapshot: public.users",
        "1 table new since the snapshot: public.events",
        f"1 index gone since the snapshot: public.{BY_NOTE.name}",
    )


def test_takes_what_is_locked_for_present(snapshot: Snapshot) -> None:
    locked = {"public.users", f"public.{BY_NOTE.name}"}

    assert describe_changes(snapshot, (ORDERS,), (), locked=locked) == ()


@pytest.mark.parametrize(
    ("now", "clause"),
    [
        pytest.param(
            replace(ORDERS, columns=ORDERS.columns[:1]),
            "1 table with other columns than in the snapshot: public.orders",
            id="column-dropped",
        ),
        pytest.param(
            replace(ORDERS, rows=2_000.0),
            "1 table resized or analysed since the snapshot: public.orders",
            id="analysed",
        ),
        pytest.param(
            replace(ORDERS, size_bytes=ORDERS.size_bytes + 8192),
            "1 table resized or analysed since the snapshot: public.orders",
            id="grown",
        ),
    ],
)
def test_tells_how_a_table_has_changed(snapshot: Snapshot, now: Table, clause: str) -> None:
    assert describe_changes(snapshot, (now, USERS), snapshot.indexes) == (clause,)


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(replace(BY_NOTE, definition="CREATE INDEX other"), id="text"),
        pytest.param(replace(BY_NOTE, is_valid=False), id="invalid"),
    ],
)
def test_tells_of_an_index_that_is_another(snapshot: Snapshot, now: Index) -> None:
    assert describe_changes(snapshot, snapshot.tables, (now,)) == (
        f"1 index defined otherwise than in the snapshot: public.{BY_NOTE.name}",
    )


def test_does_not_take_a_pseudonym_for_a_change(snapshot: Snapshot) -> None:
    redaction = Redaction(level="default", changed_index_oids=(BY_NOTE.oid,))
    now = replace(BY_NOTE, definition="CREATE INDEX other")

    clauses = describe_changes(replace(snapshot, redaction=redaction), snapshot.tables, (now,))

    assert clauses == ()


def test_knows_a_copy(snapshot: Snapshot) -> None:
    tables = tuple(replace(table, oid=table.oid + 1) for table in snapshot.tables)

    clauses = describe_changes(snapshot, tables, snapshot.indexes)

    assert clauses == ("planned on a copy: its tables have other OIDs than those of the snapshot",)
