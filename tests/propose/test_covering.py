"""Indexes that hold all that a statement reads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.schema import RelationKind
from pgadvisor.testing import a_statement, an_index, column_statistics
from tests.propose.jobs import COVERING, JOBS, candidates, proposed

TEXT = "SELECT owner_id, created_at FROM jobs WHERE tenant_id = $1"


def test_includes_what_is_read_and_tries_it_as_keys_too() -> None:
    assert proposed(TEXT, kinds=COVERING)[:2] == [
        "(tenant_id) INCLUDE (created_at, owner_id)",
        "(tenant_id, owner_id, created_at)",
    ]


def test_says_what_is_read() -> None:
    [first, *_] = candidates(TEXT, kinds=COVERING)

    assert first.reason == "equality on tenant_id, reading owner_id, created_at from the index"


def test_puts_the_columns_behind_the_order_and_behind_ranges() -> None:
    ordered = "SELECT owner_id FROM jobs WHERE tenant_id = $1 ORDER BY created_at"
    ranged = "SELECT owner_id FROM jobs WHERE tenant_id = $1 AND created_at > $2"

    for text in (ordered, ranged):
        assert proposed(text, kinds=COVERING)[:2] == [
            "(tenant_id, created_at) INCLUDE (owner_id)",
            "(tenant_id, created_at, owner_id)",
        ]


def test_plain_keys_serve_where_nothing_may_be_included() -> None:
    found = proposed(TEXT, kinds=COVERING, include=False, max_keys=3)

    assert found[0] == "(tenant_id, owner_id, created_at)"
    assert not any("INCLUDE" in text for text in found)
    assert proposed(TEXT, kinds=COVERING, include=False, max_keys=2) == []


def test_a_small_index_is_a_short_way_to_all_rows() -> None:
    assert "(status)" in proposed("SELECT status FROM jobs", kinds=COVERING)


def test_an_index_as_large_as_its_table_is_none() -> None:
    narrow = replace(JOBS, size_bytes=40_000_000, pages=4_882, all_visible_pages=4_882)

    assert proposed("SELECT status FROM jobs", narrow, kinds=COVERING) == []


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM jobs WHERE tenant_id = $1",
        "SELECT owner_id FROM jobs WHERE tenant_id = $1 FOR UPDATE",
        "SELECT jobs FROM jobs WHERE tenant_id = $1",
        "UPDATE jobs SET status = 'x' WHERE tenant_id = $1 RETURNING owner_id",
    ],
    ids=["star", "locks", "whole-row", "change"],
)
def test_no_index_spares_reading_whole_rows(text: str) -> None:
    assert proposed(text, kinds=COVERING) == []


def test_an_index_only_scan_of_a_table_that_is_not_vacuumed_reads_the_table() -> None:
    pages = JOBS.pages
    for visible, is_proposed in ((pages // 2, True), (pages // 2 - 1, False)):
        table = replace(JOBS, all_visible_pages=visible)
        assert bool(proposed(TEXT, table, kinds=COVERING)) is is_proposed


def test_partitions_are_seen_as_a_whole() -> None:
    parent = replace(
        JOBS, oid=1, name="all_jobs", kind=RelationKind.PARTITIONED_TABLE, pages=0, size_bytes=0
    )
    old = replace(JOBS, oid=2, name="old", parent_oids=(1,), is_partition=True)
    new = replace(old, oid=3, name="new", all_visible_pages=0, size_bytes=8192, pages=1)
    text = TEXT.replace("jobs", "all_jobs")

    assert proposed(text, parent, old, new, table="all_jobs", kinds=COVERING) != []
    old = replace(old, all_visible_pages=0)
    assert proposed(text, parent, old, new, table="all_jobs", kinds=COVERING) == []


def test_columns_that_updates_set_stay_out() -> None:
    update = "UPDATE jobs SET owner_id = $1 WHERE id = $2"

    assert not any("owner_id" in text for text in proposed((TEXT, update), kinds=COVERING))


@pytest.mark.parametrize(("update_calls", "is_proposed"), [(100, True), (101, False)])
def test_a_column_that_is_seldom_set_may_be_included(
    *, update_calls: int, is_proposed: bool
) -> None:
    counted = (
        a_statement(TEXT, id="s1", calls=1_000),
        a_statement("UPDATE jobs SET owner_id = 1", id="s2", calls=update_calls),
    )
    statements = tuple(statement.text for statement in counted)

    assert bool(proposed(statements, *counted, kinds=COVERING)) is is_proposed


@pytest.mark.parametrize(("width_bytes", "is_proposed"), [(184, True), (185, False)])
def test_wide_columns_stay_out(*, width_bytes: int, is_proposed: bool) -> None:
    wide = column_statistics(JOBS, "name", average_width_bytes=width_bytes)
    text = "SELECT name, owner_id FROM jobs WHERE tenant_id = $1"

    assert bool(proposed(text, wide, kinds=COVERING)) is is_proposed


@pytest.mark.parametrize(("count", "is_proposed"), [(8, True), (9, False)])
def test_many_columns_stay_out(*, count: int, is_proposed: bool) -> None:
    names = ["id", "owner_id", "active", "code", "country", "status", "created_at", "deleted_at"]
    names = names[: count - 1]
    widths = [column_statistics(JOBS, name, average_width_bytes=4) for name in names]
    text = f"SELECT {', '.join(names)} FROM jobs WHERE tenant_id = $1"

    assert bool(proposed(text, *widths, kinds=COVERING)) is is_proposed


def test_a_column_that_no_btree_takes_can_be_included_but_is_no_key() -> None:
    found = proposed("SELECT settings FROM jobs WHERE tenant_id = $1", kinds=COVERING)

    assert found == ["(tenant_id) INCLUDE (settings)"]


@pytest.mark.parametrize("include", [("owner_id", "created_at"), ()])
def test_an_index_that_holds_them_already_serves(include: tuple[str, ...]) -> None:
    further = () if include else ("created_at", "owner_id")
    existing = an_index(JOBS, "tenant_id", *further, include=include)

    assert not [text for text in proposed(TEXT, existing, kinds=COVERING) if "(tenant" in text]
