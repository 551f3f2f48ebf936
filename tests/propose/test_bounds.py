"""Where nothing is proposed, and how much at most."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.config import GateLimits
from pgadvisor.model.schema import RelationKind
from pgadvisor.propose.options import ProposalKind
from pgadvisor.testing import a_statement, a_table, an_index, column_statistics
from pgadvisor.units import MiB
from tests.propose.jobs import JOBS, KEYS, candidates, proposed

LOOKUP = "SELECT * FROM jobs WHERE status = $1"


@pytest.mark.parametrize(
    ("fields", "is_proposed"),
    [
        ({"size_bytes": 8 * MiB, "pages": 1024}, True),
        ({"size_bytes": 8 * MiB - 1, "pages": 1024}, False),
        ({"rows": 10_000.0}, True),
        ({"rows": 9_999.0}, False),
        ({"is_extension_member": True}, False),
        ({"persistence": "t"}, False),
        ({"persistence": "u"}, True),
        ({"kind": RelationKind.FOREIGN_TABLE}, False),
        ({"kind": RelationKind.MATERIALIZED_VIEW}, True),
    ],
)
def test_leaves_alone_tables_that_are_small_or_not_the_user_s(
    *, fields: dict[str, object], is_proposed: bool
) -> None:
    table = replace(JOBS, **fields)  # type: ignore[arg-type]

    assert bool(proposed(LOOKUP, table)) is is_proposed


@pytest.mark.parametrize("schema", ["pg_catalog", "information_schema"])
def test_leaves_the_system_s_tables_alone(schema: str) -> None:
    table = a_table("parts", "id bigint", schema=schema)

    assert candidates(f"SELECT * FROM {schema}.parts WHERE id = 1", table) == ()


def test_the_floor_can_be_lowered() -> None:
    small = replace(JOBS, size_bytes=8192, rows=10.0, pages=1)
    limits = GateLimits(min_table_bytes=0, min_table_rows=0)

    assert candidates(LOOKUP, small) == ()
    assert candidates(LOOKUP, small, limits=limits) != ()


def test_proposes_on_the_parent_of_a_partition() -> None:
    parent = replace(JOBS, oid=1, name="all_jobs", kind=RelationKind.PARTITIONED_TABLE)
    part = replace(JOBS, parent_oids=(1,), is_partition=True)

    [found] = candidates(LOOKUP, parent, part)

    assert found.definition.table == "all_jobs"


def test_proposes_nothing_that_an_existing_index_serves() -> None:
    assert proposed(LOOKUP, an_index(JOBS, "status", "created_at")) == []
    invalid = an_index(JOBS, "status", "created_at", is_valid=False)
    assert proposed(LOOKUP, invalid) == ["(status)"]


@pytest.mark.parametrize(("width_bytes", "is_proposed"), [(2_600, True), (2_601, False)])
def test_a_btree_takes_no_entries_of_a_third_of_a_page(
    *, width_bytes: int, is_proposed: bool
) -> None:
    wide = column_statistics(JOBS, "status", average_width_bytes=width_bytes)

    assert bool(proposed(LOOKUP, wide, kinds=KEYS)) is is_proposed


@pytest.mark.parametrize(("count", "is_proposed"), [(32, True), (33, False)])
def test_an_index_has_at_most_32_columns(*, count: int, is_proposed: bool) -> None:
    table = a_table("wide", *(f"c{number} integer" for number in range(count)))
    condition = " AND ".join(f"c{number} = 1" for number in range(count))
    text = f"SELECT * FROM wide WHERE {condition}"

    found = candidates(text, table, kinds=KEYS, max_keys=40, max_per_appearance=100)

    assert any(len(one.definition.keys) == count for one in found) is is_proposed


def test_one_appearance_has_its_bound() -> None:
    names = ("id", "tenant_id", "owner_id", "status", "name", "code", "country")
    condition = " AND ".join(f"{name} = ${at}" for at, name in enumerate(names, 1))
    text = f"SELECT 1 FROM jobs WHERE {condition} AND created_at > $9 ORDER BY deleted_at"
    each = [f"SELECT 1 FROM jobs WHERE {name} = $1" for name in names]

    found = candidates((text, *each), kinds=frozenset(ProposalKind) - {ProposalKind.MERGES})

    assert len([one for one in found if "s1" in one.statement_ids]) <= 40
    few = candidates(text, max_per_appearance=3)
    assert len(few) == 3
    assert few == candidates(text)[:3]


def test_a_table_keeps_what_most_time_speaks_for() -> None:
    names = ("id", "tenant_id", "owner_id", "status", "name", "code")
    texts = tuple(f"SELECT * FROM jobs WHERE {name} = $1" for name in names)
    counted = tuple(
        a_statement(text, id=f"s{number}", total_time_ms=100.0 - number)
        for number, text in enumerate(texts, 1)
    )
    slow = a_statement(texts[4], id="s5", total_time_ms=500.0)

    assert proposed(texts, *counted, max_per_table=2) == ["(id)", "(tenant_id)"]
    others = (*counted[:4], slow, counted[5])
    assert proposed(texts, *others, max_per_table=2) == ["(id)", "(name)"]


def test_a_table_keeps_what_most_statements_ask_for() -> None:
    texts = ("id", "tenant_id", "owner_id", "owner_id")
    statements = tuple(f"SELECT * FROM jobs WHERE {name} = $1" for name in texts)

    [found] = candidates(statements, max_per_table=1)

    assert found.statement_ids == ("s3", "s4")


def test_the_same_statements_give_the_same_candidates_in_the_same_order() -> None:
    texts = (
        "SELECT name FROM jobs WHERE tenant_id = 1 AND status = 'a' ORDER BY created_at",
        "SELECT 1 FROM jobs j JOIN tenants t ON t.id = j.tenant_id WHERE j.document @> '{}'",
        "SELECT status, count(*) FROM jobs WHERE lower(name) = 'x' GROUP BY status",
    )

    once = candidates(texts)

    assert candidates(texts) == once
    assert len({one.definition for one in once}) == len(once), "none comes twice"
