"""A snapshot from a stranger gets nothing out of the twin, and does not break it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.model.plan import Plan
from pgadvisor.model.schema import (
    Column,
    Constraint,
    ConstraintKind,
    Function,
    Index,
    IndexKey,
    Table,
    TypeKind,
    UserType,
    View,
)
from pgadvisor.model.server import Extension, Server
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.whatif.backend import NotPlanned
from pgadvisor.whatif.twin import Twin
from tests.fixtures.npm_binaries import npm_binaries

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_stranger")]

OWN_ROWS = "select oid, xmin::text from pg_class where oid < 16384 order by 1"
SERVER = Server(
    version_num=180000,
    version="18.0",
    database="stranger",
    collation="C.UTF-8",
    collected_at=datetime(2026, 1, 1, tzinfo=UTC),
)
PAYLOADS = {
    "program": "copy (select 1) to program 'cat > {file}'",
    "file": "copy (select 1) to '{file}'",
    "reading": "perform pg_read_file('postgresql.conf')",
    "large_object": "perform lo_import('/etc/passwd')",
    "session": "set session authorization postgres",
    "role": "set role postgres",
    "superuser": "alter role twin superuser",
    "language": "create function c(cstring) returns int language c as 'libc.so.6', 'system'",
    "extension": "create extension dblink",
    "terminate": "perform pg_terminate_backend(pid) from pg_stat_activity where usename <> 'twin'",
    "catalog": "update pg_catalog.pg_authid set rolsuper = true",
    "switch": "update pgadvisor_twin.home set table_oid = 0",
    "schema": "create schema more",
    "trusted": "create extension tablefunc",
    "export": "perform lo_export(1, '{file}')",
    "load": "load 'auto_explain'",
    "drop": "drop schema pgadvisor_twin cascade",
    "inside": "create function pgadvisor_twin.more() returns int language sql as 'select 1'",
    "shadow": "create function pg_catalog.now() returns int language sql as 'select 1'",
    "database": "alter database twin set log_statement = 'all'",
    "others": "alter role postgres set search_path = 'public'",
    "membership": "grant pg_execute_server_program to twin",
    "event": "create event trigger e on ddl_command_start execute function act_program()",
    "cast": "create cast (bytea as pg_mcv_list) without function",
    "reload": "perform pg_reload_conf()",
    "wrapper": "create server s foreign data wrapper postgres_fdw",
    "replication": "set session_replication_role = replica",
}
PLACES = ("index", "default", "check", "generated", "domain", "view")


def functions(name: str, body: str) -> tuple[Function, Function]:
    """A volatile function that acts, and an immutable one that calls it when it is planned."""
    act = (
        f"create function public.act_{name}(value text) returns text language plpgsql "
        f"as $body$ begin {body}; return value; end $body$"
    )
    evil = (
        f"create function public.evil_{name}(value text) returns text language plpgsql immutable "
        f"as $body$ begin return public.act_{name}(value); end $body$"
    )
    return function(f"act_{name}", act), function(f"evil_{name}", evil)


def function(name: str, definition: str) -> Function:
    return Function(
        oid=100,
        schema="public",
        name=name,
        arguments="value text",
        language="plpgsql",
        volatility="i",
        definition=definition,
    )


def table(oid: int, name: str, **column: object) -> Table:
    a = Column(number=1, name="a", type_name="text", type_oid=25)
    return Table(
        oid=oid,
        schema="public",
        name=name,
        columns=(replace(a, **column),),  # type: ignore[arg-type]  # fields by their names
        rows=1000,
        pages=10,
        size_bytes=81920,
    )


def index(oid: int, table_oid: int, on: str, expression: str) -> Index:
    return Index(
        oid=oid,
        schema="public",
        name=f"i{oid}",
        table_oid=table_oid,
        keys=(IndexKey(column=None, expression=expression),),
        definition=f"create index i{oid} on public.{on} using btree ({expression})",
        size_bytes=81920,
    )


def stranger(file: Path) -> Snapshot:
    """A snapshot with a payload in every place where code may stand."""
    call = "public.evil_program('x')"
    bodies = {name: text.format(file=file) for name, text in PAYLOADS.items()}
    domain = UserType(
        oid=5,
        schema="public",
        name="d",
        kind=TypeKind.DOMAIN,
        base_type_name="text",
        checks=("check (public.evil_program(value) = value)",),
    )
    statistics = ColumnStatistics(
        relation_oid=15,
        column="a",
        n_distinct=2,
        average_width_bytes=5,
        most_common_values=("x", "y"),
        most_common_ratios=(0.5, 0.25),
    )
    check = Constraint(
        oid=3,
        name="c",
        kind=ConstraintKind.CHECK,
        table_oid=13,
        definition=f"check (({call} = a))",
    )
    return Snapshot(
        server=SERVER,
        tables=(
            table(10, "t"),
            table(11, "t_index"),
            table(12, "t_default", default_sql=call),
            table(13, "t_check"),
            table(14, "t_generated", default_sql=call, generated="s"),
            table(15, "t_domain", type_name="public.d"),
        ),
        indexes=(
            index(20, 11, "t_index", call),
            index(21, 11, "t_index", "public.evil_program(a)"),
            index(22, 10, "t", "lower(a)"),
        ),
        constraints=(check,),
        types=(domain,),
        views=(View(oid=4, schema="public", name="t_view", definition=f"select {call} as a"),),
        functions=tuple(f for name, body in bodies.items() for f in functions(name, body)),
        column_statistics=(statistics,),
    )


@pytest.fixture(scope="module")
def marker(temporary_directory: Path) -> Path:
    """A file that does not exist, in a directory where any user of the machine may write."""
    directory = temporary_directory / "open"
    directory.mkdir()
    directory.chmod(0o777)
    return directory / "marker"


@pytest.fixture(scope="module", params=[None, 15], ids=["embedded", "pg15"])
def twin(marker: Path, request: pytest.FixtureRequest) -> Iterator[Twin]:
    """A twin of the stranger's database; overrides the shop's.

    Before PostgreSQL 18 the superuser writes statistics, of which there is a test more below.
    """
    binaries = npm_binaries(request.param) if request.param else None
    with Twin(stranger(marker), binaries=binaries) as twin:
        yield twin


@pytest.mark.parametrize("name", ["program", "file"])
def test_the_payloads_do_work_where_a_superuser_runs_them(
    name: str, marker: Path, cluster: Cluster
) -> None:
    with psycopg.connect(cluster.dsn()) as connection:
        for made in functions(name, PAYLOADS[name].format(file=marker)):
            connection.execute(made.definition.encode())
        connection.execute(f"explain select evil_{name}('x')".encode())
        connection.rollback()

    assert marker.exists()
    marker.unlink()


@pytest.mark.parametrize("name", PAYLOADS)
def test_planning_runs_a_function_without_any_privilege(
    name: str, twin: Twin, marker: Path
) -> None:
    outcome = twin.plan(f"select * from t where a = evil_{name}('x')")

    assert isinstance(outcome, NotPlanned)
    # There is no wrapper of that name, to begin with.
    assert outcome.sqlstate == {"wrapper": "42704"}.get(name, "42501"), outcome.reason
    assert not marker.exists()


def test_the_role_that_plans_is_nobody(twin: Twin) -> None:
    server = twin._run("asking").server

    [who] = server.role.execute("select session_user, current_user").fetchall()
    roles = server.query(
        "select rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls,"
        " exists (select from pg_auth_members where member = r.oid)"
        " from pg_roles r where rolname = 'twin'"
    )

    assert who == ("twin", "twin")
    assert roles == [(False, False)]


@pytest.mark.parametrize("place", PLACES)
def test_no_part_of_the_schema_reaches_outside(place: str, twin: Twin, marker: Path) -> None:
    twin.plan(f"select * from t_{place} where a = 'x'")
    twin.plan(f"insert into t_{place} default values")
    twin.plan(f"insert into t_{place} values ('x')")

    assert not marker.exists()


def test_reading_a_value_of_a_domain_runs_nothing(twin: Twin, marker: Path) -> None:
    server = twin._run("asking").server
    checks = "select pg_get_constraintdef(oid) from pg_constraint where conname = 'd_check'"
    found = "select most_common_vals::text from pg_stats where tablename = 't_domain'"

    assert not marker.exists()
    assert server.query(checks) == [("CHECK (true)",)]
    assert not [note for note in twin.notes if "t_domain" in note]
    assert server.query(found) == [("{x,y}",)]


def test_what_a_function_does_while_it_is_planned_is_rolled_back() -> None:
    body = "set enable_seqscan = off; drop table public.t"
    snapshot = Snapshot(
        server=SERVER,
        tables=(table(10, "t"), table(11, "u")),
        functions=functions("drop", body),
    )

    with Twin(snapshot) as twin:
        before = twin.explain("select * from t")
        outcome = twin.plan("select * from u where a = evil_drop('x')")
        after = twin.explain("select * from t")

    assert isinstance(outcome, Plan)
    assert after == before


def test_a_definition_that_is_two_statements_is_left_out(marker: Path) -> None:
    attack = PAYLOADS["program"].format(file=marker)
    evil = function("two", f"create schema two; {attack}")
    views = (View(oid=4, schema="public", name="v", definition=f"select 1; {attack}"),)

    with Twin(Snapshot(server=SERVER, functions=(evil,), views=views)) as twin:
        notes = twin.notes

    reason = "cannot insert multiple commands into a prepared statement"
    assert notes == (
        f"function public.two(value text) is left out: {reason}",
        f"view public.v is left out: {reason}",
    )
    assert not marker.exists()


def test_names_are_names_and_nothing_else() -> None:
    name = 't"; create role intruder; --'
    snapshot = Snapshot(
        server=replace(
            SERVER,
            extensions=(Extension(name=name, version="1", schema=name),),
            search_path=("public", name),
        ),
        tables=(replace(table(10, name), schema=name),),
    )
    quoted = '"' + name.replace('"', '""') + '"'

    with Twin(snapshot) as twin:
        plan = twin.explain(f"select * from {quoted}")
        roles = twin._run("asking").server.query(
            "select 1 from pg_roles where rolname = 'intruder'"
        )

    assert plan.root.relation == name
    assert roles == []


def test_the_switch_moves_an_index_to_its_own_table_only(twin: Twin) -> None:
    server = twin._run("asking").server
    before = server.query("select indexrelid, indrelid from pg_index order by 1")
    catalog = server.query(OWN_ROWS)
    every = "array(select oid from pg_class)"

    server.role.execute(f"select pgadvisor_twin.switch({every}, {every}, {every})".encode())
    server.role.execute(f"select pgadvisor_twin.switch({every}, '{{}}', {every})".encode())

    assert server.query("select indexrelid, indrelid from pg_index order by 1") == before
    assert server.query(OWN_ROWS) == catalog


def test_a_schema_of_the_name_of_ours_gets_nothing_of_ours() -> None:
    own = replace(table(10, "home"), schema="pgadvisor_twin")

    with Twin(Snapshot(server=SERVER, tables=(own, table(11, "t")))) as twin:
        plan = twin.explain("select * from t")

        assert plan.root.relation == "t"
        assert twin.notes == (
            "table pgadvisor_twin.home is left out: permission denied for schema pgadvisor_twin",
        )
