"""On every major, statistics are in the twin slot by slot as ANALYZE has written them."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.whatif.twin import Twin
from tests.fixtures.databases import fresh_database

pytestmark = [pytest.mark.live, pytest.mark.matrix]

TYPES = Path(__file__).parent / "types.sql"
MULTIRANGES = (
    "create table multi as select int4multirange(int4range(i % 10, i % 10 + 5),"
    " int4range(20, 20 + i % 3)) as m, array[int4multirange(int4range(1, 2 + i % 4))] as ms"
    " from generate_series(1, 1000) i"
)
SLOT = (
    "stakind{0}, staop{0}::regoperator::text, stacoll{0}::regcollation::text, stanumbers{0},"
    " stavalues{0}::text,"
    # The type of the values, which is only to be had out of their binary form.
    " (('x' || encode(substring(array_send(stavalues{0}) from 9 for 4), 'hex'))"
    "::bit(32)::bigint::oid)::regtype::text"
)
ROWS = (
    "select c.relname, a.attname, stainherit, stanullfrac, stawidth, stadistinct,"
    f" {', '.join(SLOT.format(n) for n in range(1, 6))}"
    " from pg_statistic s join pg_class c on c.oid = starelid"
    " join pg_namespace n on n.oid = relnamespace"
    " join pg_attribute a on a.attrelid = starelid and attnum = staattnum"
    " where n.nspname = 'public' order by 1, 2, 3"
)
DOMAINS = {
    "public.positive": "integer",
    "public.really_positive": "integer",
    "public.plain_text": "text",
    "public.numbers": "integer[]",
}
"""Domains, and the types whose values are stored alike."""
Row = tuple[object, ...]


def rows_of(connection: psycopg.Connection) -> dict[Row, Row]:
    """The rows of ``pg_statistic`` by relation, column and inheritance."""
    connection.execute("set search_path = pg_catalog")
    return {row[:3]: row[3:] for row in connection.execute(ROWS.encode())}


def without_domains(row: Row) -> Row:
    """A row with the types below domains in the place of domains."""
    return tuple(DOMAINS.get(field, field) if isinstance(field, str) else field for field in row)


def test_every_slot_is_as_analyze_wrote_it(major_cluster: Cluster) -> None:
    with fresh_database(major_cluster) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(TYPES.read_bytes())
            if major_cluster.binaries.major >= 14:
                connection.execute(MULTIRANGES.encode())
            connection.execute("analyze")
            original = rows_of(connection)
        snapshot = collect(dsn)

    with Twin(snapshot, binaries=major_cluster.binaries) as twin:
        notes = twin.notes
        found = rows_of(twin._run("asking").server.admin)

    assert notes == ()
    assert len(original) > 80
    if major_cluster.binaries.major >= 18:  # whose functions take no range without a length
        empty = ("kinds", "c_empty_ranges", False)
        assert found.pop(empty)[:7] == original.pop(empty)[:7]
    assert {key: without_domains(row) for key, row in found.items()} == {
        key: without_domains(row) for key, row in original.items()
    }
