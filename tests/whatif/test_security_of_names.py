"""What a stranger calls like something of PostgreSQL's is never taken for it by the superuser."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from pgadvisor.cluster.binaries import Binaries, embedded_binaries
from pgadvisor.model.schema import Function, TypeKind, UserType
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.testing import (
    a_primary_key,
    a_snapshot,
    a_table,
    an_index,
    column_statistics,
)
from pgadvisor.testing.snapshot import SnapshotPart
from pgadvisor.whatif.twin import Twin
from tests.fixtures.npm_binaries import npm_binaries

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_names")]

OPERATORS = ("=", "<>", "<", ">", "<=", ">=", "~", "!~", "~~", "||", "+", "-", "@>")
TYPES = (
    *("oid", "name", "text", "int2", "int4", "int8", '"char"', "bool", "oid[]", "text[]"),
    *("regclass", "regrole", "int2vector", "oidvector", "float4"),
)
FUNCTIONS = (
    *("unnest(oid[])", "unnest(text[])", "unnest(int4[])", "array_agg(oid)", "coalesce(oid, oid)"),
    *("format_type(oid, int4)", "pg_get_indexdef(oid)", "pg_get_indexdef(oid, int4, bool)"),
    *("pg_get_expr(text, oid)", "pg_relation_filepath(regclass)", "quote_ident(text)"),
    *("to_regtype(text)", "set_config(text, text, bool)", "array_in(text, oid, int4)"),
    *("textout(text)", "count(oid)", "max(oid)", "pg_encoding_to_char(int4)", "oid(int4)"),
    *("pg_char_to_encoding(text)", "pg_get_function_identity_arguments(oid)", "int4(oid)"),
)
CATALOGS = ("pg_class", "pg_index", "pg_namespace", "pg_proc", "pg_statistic", "pg_type", "staged")
SEEN = "select distinct who from public.seen order by 1"


def spies() -> Iterator[str]:
    """Operators, functions, types and tables with the names of PostgreSQL's own, that take note."""
    yield "create table public.seen (who name, what text)"
    yield "grant all on public.seen to public"
    for number, one in enumerate(TYPES):
        body = f"insert into public.seen values (current_user, '{number}')"
        yield (
            f"create function public.spy_{number}(a {one}, b {one}) returns bool "
            f"language plpgsql as $$ begin {body}; return true; end $$"
        )
        for operator in OPERATORS:
            yield (
                f"create operator public.{operator} "
                f"(function = public.spy_{number}, leftarg = {one}, rightarg = {one})"
            )
    for signature in FUNCTIONS:
        body = "begin insert into public.seen values (current_user, 'f'); return null; end"
        yield f"create function public.{signature} returns text language plpgsql as $$ {body} $$"
    for name in ("oid", "regclass", "text", "bytea", "int4", "regrole"):
        yield f"create domain public.{name} as pg_catalog.int8 check (false)"
    for name in CATALOGS:
        yield f"create table public.{name} (oid pg_catalog.int4)"
        yield f"create temp table {name} (oid pg_catalog.int4)"


def snapshot_of_spies() -> Snapshot:
    """Orders, and the spies, which are made before anything that names are used for."""
    table = a_table("orders", "id bigint not null", "customer_id bigint", "status text")
    functions = tuple(
        Function(
            oid=number,
            schema="public",
            name=f"spy{number}",
            arguments="",
            language="plpgsql",
            volatility="v",
            definition=text,
        )
        for number, text in enumerate(spies())
        if text.startswith(("create function", "create operator", "create table public"))
    )
    objects: list[SnapshotPart] = [*a_primary_key(table, "id"), an_index(table, "status")]
    domain = UserType(
        oid=1, schema="public", name="text", kind=TypeKind.DOMAIN, base_type_name="integer"
    )
    return a_snapshot(
        *(table, *objects, domain, *functions),
        column_statistics(table, "status", most_common=[("open", 0.1), ("done", 0.9)]),
        collation="C.UTF-8",
        search_path=("public", "pg_catalog"),
    )


@pytest.fixture(scope="module", params=[15, 18])
def binaries(request: pytest.FixtureRequest) -> Binaries:
    """Of a major that writes statistics into the catalog, and of one that has functions for it."""
    return npm_binaries(request.param) if request.param < 18 else embedded_binaries()


@pytest.fixture(scope="module")
def twin(binaries: Binaries) -> Iterator[Twin]:
    """A twin of the spies' database; in its session, theirs are the names that come first."""
    with Twin(snapshot_of_spies(), binaries=binaries) as twin:
        role = twin._run("spying").server.role
        for text in (*spies(), "set search_path = public, pg_temp, pg_catalog"):
            try:
                role.execute(text.encode())
            except psycopg.Error:
                role.rollback()
        yield twin


def test_a_spy_takes_note_where_it_is_called(twin: Twin) -> None:
    role = twin._run("asking").server.role

    with role.transaction(force_rollback=True):
        role.execute("select 1::pg_catalog.oid operator(public.=) 2::pg_catalog.oid")
        assert role.execute(SEEN).fetchall() == [("twin",)]
        planted = "select count(*) from pg_catalog.{} where {}namespace = 'public'::regnamespace"
        counts = [
            (planted.format("pg_operator", "opr"), 150),
            (planted.format("pg_proc", "pro"), 30),
        ]
        for query, least in counts:
            [(count,)] = twin._run("asking").server.query(query)
            assert count > least


def test_the_superuser_never_calls_a_spy(twin: Twin) -> None:
    server = twin._run("asking").server
    made = twin.create("create index hypothetical on public.orders (customer_id)")
    server.role.execute("set search_path = public, pg_temp, pg_catalog")

    plan = twin.explain(
        "select id from public.orders where customer_id operator(pg_catalog.=) 5",
        create=("create index hypothetical on public.orders (customer_id)",),
        drop=("orders_status_idx",),
    )
    twin.fidelity()
    seen = server.query(SEEN)

    assert made.size_bytes > 0
    assert plan.index_names == {"hypothetical"}
    assert ("postgres",) not in seen


def test_the_switch_has_the_superusers_rights_and_hears_no_spy(twin: Twin) -> None:
    server = twin._run("asking").server
    every = "array(select c.oid from pg_catalog.pg_class c)"
    before = server.query("select indexrelid, indrelid from pg_index order by 1")

    for shown, hidden in ((every, every), (every, "'{}'")):
        server.role.execute(f"select pgadvisor_twin.switch({shown}, {hidden}, {every})".encode())

    # The hypothetical index of another test is shown to its table now, where it belongs.
    after = server.query("select indexrelid, indrelid from pg_index order by 1")
    assert {oid for oid, _ in after} == {oid for oid, _ in before}
    assert ("postgres",) not in server.query(SEEN)


def test_the_superusers_session_looks_into_postgresqls_own_schema_first(twin: Twin) -> None:
    server = twin._run("asking").server

    [(path,)] = server.query("select current_setting('search_path')")
    [(owner,)] = server.query("select proowner::regrole::text from pg_proc where proname='switch'")

    assert (path, owner) == ("pg_catalog, pg_temp", "postgres")
