"""What planning needs besides tables is read, and nothing that tells whom a server connects to."""

from __future__ import annotations

import psycopg
import pytest

from pgadvisor.collect.assemble import collect
from pgadvisor.model.foreign import Foreign
from pgadvisor.model.other_object import OtherKind
from pgadvisor.model.schema import TypeKind

pytestmark = pytest.mark.live

CANARY = "canarybird"
OBJECTS = f"""
create extension postgres_fdw;
create extension fuzzystrmatch;
create server far foreign data wrapper postgres_fdw
    options (host '{CANARY}', dbname '{CANARY}', fetch_size '500', use_remote_estimate 'true');
create user mapping for public server far options (user '{CANARY}', password '{CANARY}');
create foreign table remote (id integer options (column_name '{CANARY}')) server far
    options (schema_name '{CANARY}', table_name '{CANARY}', async_capable 'true');
create type span as range (subtype = float8, subtype_diff = float8mi);
create domain code as text collate "C" check (value <> '');
create function fussy(a integer, b text default 'x') returns setof integer language sql stable
    rows 5 cost 7 strict leakproof parallel safe as 'select 1';
create function alike(text, text) returns boolean language internal immutable as 'texteq';
create operator === (leftarg = text, rightarg = text, function = alike, restrict = eqsel);
create function longer(text, text) returns text language sql as 'select $1';
create aggregate longest (text) (sfunc = longer, stype = text, initcond = '');
create type mood as enum ('sad', 'happy');
create cast (text as mood) with inout as assignment;
create collation plain (provider = libc, lc_collate = 'C', lc_ctype = 'C.UTF-8');
create text search configuration own (copy = simple);
create view guarded with (security_barrier) as select 1 as one;
create table names (id integer, name text);
"""
STATEMENTS = (
    "select fussy(1), levenshtein('a', 'b')",
    "select longest(name) from names where name === 'x'",
)


def fill(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        if connection.info.server_version < 140000:  # where the option does not exist
            connection.execute(OBJECTS.replace(", async_capable 'true'", "").encode())
        else:
            connection.execute(OBJECTS.encode())
        for statement in STATEMENTS:
            connection.execute(statement.encode())


def test_reads_what_a_foreign_table_costs_and_not_where_it_is(database: str) -> None:
    fill(database)

    snapshot = collect(database)

    [remote] = [table for table in snapshot.tables if table.name == "remote"]
    assert remote.foreign == Foreign(
        wrapper="postgres_fdw",
        handler="postgres_fdw_handler",
        server="far",
        server_options=(("fetch_size", "500"), ("use_remote_estimate", "true")),
        options=(("async_capable", "true"),),
    )
    assert CANARY not in repr(snapshot)


def test_reads_functions_with_what_planning_asks_of_them(database: str) -> None:
    fill(database)

    functions = {function.name: function for function in collect(database).functions}

    fussy = functions["fussy"]
    assert (fussy.rows, fussy.cost, fussy.parallel) == (5, 7, "s")
    assert (fussy.is_strict, fussy.is_leakproof) == (True, True)
    assert fussy.signature == "a integer, b text DEFAULT 'x'::text"
    assert (fussy.result, fussy.argument_types) == ("SETOF integer", ("integer", "text"))
    assert "LANGUAGE sql" in fussy.definition
    assert functions["levenshtein"].extension == "fuzzystrmatch"
    assert functions["levenshtein"].definition == ""
    assert functions["alike"].language == "internal"
    assert functions["alike"].definition == ""
    assert "span" not in functions


def test_reads_the_parts_of_types_and_views(database: str) -> None:
    fill(database)

    snapshot = collect(database)

    types = {one.name: one for one in snapshot.types}
    assert types["span"].kind is TypeKind.RANGE
    assert types["span"].difference_function == "pg_catalog.float8mi"
    assert types["span"].multirange_name == "public.span_multirange"
    assert types["code"].collation == 'pg_catalog."C"'
    assert [v.options for v in snapshot.views if v.name == "guarded"] == [
        ("security_barrier=true",)
    ]


def test_reads_objects_that_are_their_definition(database: str) -> None:
    fill(database)

    others = {other.kind: other for other in collect(database).other_objects}

    assert others[OtherKind.AGGREGATE].definition == (
        "CREATE AGGREGATE public.longest(text) (SFUNC = public.longer, STYPE = text, INITCOND = '')"
    )
    assert others[OtherKind.OPERATOR].definition == (
        "CREATE OPERATOR public.=== "
        "(FUNCTION = public.alike, LEFTARG = text, RIGHTARG = text, RESTRICT = eqsel)"
    )
    assert others[OtherKind.CAST].definition == (
        "CREATE CAST (text AS public.mood) WITH INOUT AS ASSIGNMENT"
    )
    assert others[OtherKind.COLLATION].definition == (
        "CREATE COLLATION public.plain (PROVIDER = libc, LC_COLLATE = 'C', LC_CTYPE = 'C.UTF-8')"
    )
    assert others[OtherKind.TEXT_SEARCH_CONFIGURATION].definition == (
        "CREATE TEXT SEARCH CONFIGURATION public.own (COPY = pg_catalog.simple)"
    )


@pytest.mark.matrix
def test_reads_the_objects_of_every_major(major_database: str) -> None:
    fill(major_database)

    snapshot = collect(major_database)

    assert not snapshot.is_partial
    assert {other.kind for other in snapshot.other_objects} == set(OtherKind)
    assert [table.foreign.server for table in snapshot.tables if table.foreign] == ["far"]
    assert CANARY not in repr(snapshot)
