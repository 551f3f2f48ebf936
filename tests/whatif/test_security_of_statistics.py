"""Before PostgreSQL 18 the superuser reads a stranger's values, and runs no code of theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.model.schema import Column, Table, TypeKind, UserType
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.whatif.twin import Twin
from tests.fixtures.databases import SETTINGS, fresh_database
from tests.fixtures.npm_binaries import npm_binaries
from tests.whatif.test_security import PAYLOADS, SERVER, functions

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_stranger")]

CHECK = "check (public.evil_program(value) = value)"
TYPES = (
    ("d", TypeKind.DOMAIN, "text", CHECK),
    ("over_d", TypeKind.DOMAIN, "public.d", ""),
    ("many_d", TypeKind.DOMAIN, "public.d[]", ""),
    ("holds_d", TypeKind.COMPOSITE, "public.d", ""),
    ("holds_many", TypeKind.COMPOSITE, "public.holds_d[]", ""),
    ("plain", TypeKind.DOMAIN, "text", ""),
    ("holds_plain", TypeKind.COMPOSITE, "public.plain", ""),
)
READ = {
    "public.d": "x",
    "public.over_d": "x",
    "public.plain": "x",
    "public.holds_plain": "(x)",
    "public.plain[]": "{x}",
}
"""Types whose values are read, as the text below the domain, and a value of each."""
NOT_READ = {
    "public.d[]": "{x}",
    "public.over_d[]": "{x}",
    "public.many_d": "{x}",
    "public.holds_d": "(x)",
    "public.holds_d[]": '{"(x)"}',
    "public.holds_many": '("{""(x)""}")',
    "public.r": "[x,y)",
    "public.r[]": '{"[x,y)"}',
}
"""Types whose values cannot be read without running the domain's check."""


def user_type(number: int, name: str, kind: TypeKind, base: str, check: str) -> UserType:
    is_composite = kind is TypeKind.COMPOSITE
    return UserType(
        oid=number,
        schema="public",
        name=name,
        kind=kind,
        base_type_name=None if is_composite else base,
        attributes=(("v", base),) if is_composite else (),
        checks=(check,) if check else (),
    )


def stranger(file: Path) -> Snapshot:
    """A table with a column of each type, and values of each."""
    body = PAYLOADS["program"].format(file=file)
    types = [user_type(50 + n, *made) for n, made in enumerate(TYPES)]
    types.append(
        replace(
            types[0], oid=70, name="r", kind=TypeKind.RANGE, base_type_name="public.d", checks=()
        )
    )
    columns = tuple(
        Column(number=n, name=f"c{n}", type_name=name, type_oid=25)
        for n, name in enumerate([*READ, *NOT_READ], 1)
    )
    statistics = tuple(
        ColumnStatistics(
            relation_oid=10,
            column=f"c{n}",
            n_distinct=2,
            average_width_bytes=5,
            most_common_values=(value,),
            most_common_ratios=(0.5,),
        )
        for n, value in enumerate([*READ.values(), *NOT_READ.values()], 1)
    )
    table = Table(
        oid=10,
        schema="public",
        name="t",
        columns=columns,
        rows=1000,
        pages=10,
        size_bytes=81920,
    )
    return Snapshot(
        server=SERVER,
        tables=(table,),
        types=tuple(types),
        functions=functions("program", body),
        column_statistics=statistics,
    )


@pytest.fixture(scope="module")
def marker(temporary_directory: Path) -> Path:
    """A file that does not exist, in a directory where any user of the machine may write."""
    directory = temporary_directory / "wide_open"
    directory.mkdir()
    directory.chmod(0o777)
    return directory / "marker"


@pytest.fixture(scope="module")
def old_cluster() -> Iterator[Cluster]:
    """A PostgreSQL 15."""
    with Cluster(binaries=npm_binaries(15), settings=SETTINGS) as cluster:
        yield cluster


@pytest.mark.parametrize("name", NOT_READ)
def test_the_payload_does_work_where_the_superuser_reads_a_value(
    name: str, marker: Path, old_cluster: Cluster
) -> None:
    with fresh_database(old_cluster) as dsn, psycopg.connect(dsn) as connection:
        for made in functions("program", PAYLOADS["program"].format(file=marker)):
            connection.execute(made.definition.encode())
        for type_name, kind, base, check in TYPES:
            text = f"domain {type_name} as {base} {check}"
            if kind is TypeKind.COMPOSITE:
                text = f"type {type_name} as (v {base})"
            connection.execute(f"create {text}".encode())
        connection.execute(b"create type r as range (subtype = d)")
        values = ("{" + '"' + NOT_READ[name].replace("\\", "\\\\").replace('"', '\\"') + '"}',)
        connection.execute(f"select array_in(%s::cstring, '{name}'::regtype, -1)".encode(), values)

    assert marker.exists()
    marker.unlink()


def test_no_value_is_read_by_running_the_strangers_code(marker: Path) -> None:
    with Twin(stranger(marker), binaries=npm_binaries(15)) as twin:
        notes = twin.notes
        found = "select attname, most_common_vals::text from pg_stats where tablename = 't'"
        values = dict(twin._run("asking").server.query(found))

    assert not marker.exists()
    left_out = [f"c{n}" for n in range(len(READ) + 1, len(READ) + len(NOT_READ) + 1)]
    assert notes == tuple(
        f"most-common values of public.t.{name} are not in the twin: "
        "reading them would run functions of the snapshot's"
        for name in left_out
    )
    assert {name for name, found in values.items() if found is None} == set(left_out)
    assert len(values) == len(READ) + len(NOT_READ)


def test_values_that_do_not_belong_together_are_left_out() -> None:
    columns = tuple(
        Column(number=n, name=f"c{n}", type_name=name, type_oid=23)
        for n, name in enumerate(("integer", "integer[]", "tsvector", "int4range"), 1)
    )
    table = Table(
        oid=10, schema="public", name="t", columns=columns, rows=1000, pages=10, size_bytes=81920
    )
    one = ColumnStatistics(relation_oid=10, column="c1", n_distinct=2, average_width_bytes=4)
    rows = (
        replace(one, most_common_values=("1", "2"), most_common_ratios=(0.5,)),
        replace(
            one,
            column="c2",
            most_common_elements=("1", "2"),
            most_common_element_ratios=(0.5, 0.4),
            element_count_histogram=(1.0,),
        ),
        replace(
            one,
            column="c3",
            most_common_elements=("a",),
            most_common_element_ratios=(0.5, 0.5, 0.5, 0.0),
        ),
        replace(
            one,
            column="c4",
            most_common_elements=("1",),
            most_common_element_ratios=(0.5, 0.5, 0.5, 0.0),
            range_bounds_histogram=("[1,2)",),
        ),
    )
    snapshot = Snapshot(server=SERVER, tables=(table,), column_statistics=rows)

    with Twin(snapshot, binaries=npm_binaries(15)) as twin:
        notes = twin.notes

    why = "are not in the twin: they do not fit the column's type, or each other"
    assert notes == tuple(
        f"{what} of public.t.{column} {why}"
        for what, column in (
            ("most-common values", "c1"),
            ("most-common elements", "c2"),
            ("element counts", "c2"),
            ("most-common elements", "c3"),
            ("most-common elements", "c4"),
            ("range bounds", "c4"),
        )
    )
