"""A payload in each text that a snapshot has: nothing of it acts, and the twin plans on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pgadvisor.cluster.binaries import Binaries, embedded_binaries
from pgadvisor.model.foreign import Foreign
from pgadvisor.model.other_object import OtherKind, OtherObject
from pgadvisor.model.plan import Plan
from pgadvisor.model.schema import (
    Constraint,
    ConstraintKind,
    ExtendedStatistics,
    Function,
    Index,
    IndexKey,
    RelationKind,
    TypeKind,
    UserType,
    View,
)
from pgadvisor.model.server import Extension, RoleSetting, Server, Setting, Tablespace
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import Statement, StatementPlan, Statements
from pgadvisor.model.statistics import ColumnStatistics, CommonCombination, ExtendedValues
from pgadvisor.testing import a_column, a_sequence, a_server, a_table, column_statistics
from pgadvisor.whatif.twin import Twin
from tests.fixtures.npm_binaries import npm_binaries
from tests.fixtures.poison import poisoned
from tests.whatif.test_security import PAYLOADS as BODIES
from tests.whatif.test_security import functions

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_every_text")]

PAYLOADS = {
    "a string's end": "x'); copy (select 1) to program 'touch {marker}'; --",
    "a name's end": "x\"; copy (select 1) to program 'touch {marker}'; --",
    "an expression": "public.evil_program('x')",
    "a clause": "text default public.evil_program('x'), add check (public.evil_program('x') = 'x')",
    "a body's end": "$$; alter role twin superuser; do $$ begin perform pg_sleep(60); end $$; --",
    "a backslash": "\\'; drop schema pgadvisor_twin cascade; --",
    "a placeholder": "%s %(oid)s %% {{0}} $1",
    "an endless name": "x" * 10_000,
}
T = a_table("t", "a text", "b integer", a_column("c text", default_sql="'x'::text"))
PARENT = a_table(
    "parts", "a integer", kind=RelationKind.PARTITIONED_TABLE, partition_key="LIST (a)", rows=-1
)
VALUES = ColumnStatistics(
    relation_oid=T.oid,
    column="a",
    n_distinct=-0.5,
    average_width_bytes=5,
    most_common_values=("x", "y"),
    most_common_ratios=(0.1, 0.1),
    histogram_bounds=("v", "w"),
)
EXTENDED = ExtendedStatistics(
    oid=30,
    schema="public",
    name="s",
    table_oid=T.oid,
    columns=("a", "b"),
    expressions=("lower(a)",),
    kinds=("d", "f", "m"),
    definition="CREATE STATISTICS public.s ON a, b, (lower(a)) FROM public.t",
    has_values=True,
    values=(
        ExtendedValues(
            n_distinct='{"1, 2": 7}',
            dependencies='{"1 => 2": 0.500000}',
            most_common=(CommonCombination(values=("x", "1", "x"), ratio=0.5, base_ratio=0.1),),
            expressions=(replace(VALUES, column="-1"),),
        ),
    ),
)
OBJECTS: dict[str, tuple[Any, ...]] = {
    "tables": (
        replace(T, name="u", oid=11, comment_tags=("x",), tablespace="fast"),
        replace(
            T,
            name="m",
            oid=12,
            kind=RelationKind.MATERIALIZED_VIEW,
            definition="SELECT a, b, c FROM public.t",
        ),
        replace(
            a_table("part", "a integer"),
            oid=13,
            is_partition=True,
            parent_oids=(PARENT.oid,),
            partition_bound="FOR VALUES IN (1)",
        ),
        replace(PARENT, name="others", oid=14),
        replace(
            a_table("far", "a integer", kind=RelationKind.FOREIGN_TABLE),
            oid=15,
            foreign=Foreign(
                wrapper="postgres_fdw",
                handler="postgres_fdw_handler",
                server="there",
                server_options=(("fetch_size", "500"),),
                options=(("async_capable", "true"),),
            ),
        ),
    ),
    "indexes": (
        Index(
            oid=20,
            schema="public",
            name="i",
            table_oid=T.oid,
            definition="CREATE INDEX i ON public.t USING btree (lower(a)) WHERE (b > 1)",
            keys=(IndexKey(column=None, expression="lower(a)", operator_class="text_ops"),),
            predicate="(b > 1)",
            include=("c",),
            options=("fillfactor=90",),
            tablespace="fast",
        ),
    ),
    "constraints": (
        Constraint(
            oid=40,
            name="k",
            kind=ConstraintKind.CHECK,
            table_oid=T.oid,
            columns=("b",),
            definition="CHECK ((b > 0))",
        ),
    ),
    "views": (
        View(
            oid=50, schema="public", name="v", definition="SELECT a FROM public.t", columns=("a",)
        ),
    ),
    "sequences": (a_sequence(T, "b", 5),),
    "types": (
        UserType(oid=60, schema="public", name="e", kind=TypeKind.ENUM, labels=("a", "b")),
        UserType(
            oid=61,
            schema="public",
            name="d",
            kind=TypeKind.DOMAIN,
            base_type_name="text",
            default_sql="'x'::text",
            checks=("CHECK ((VALUE <> 'z'::text))",),
        ),
        UserType(
            oid=62,
            schema="public",
            name="c",
            kind=TypeKind.COMPOSITE,
            attributes=(("a", "text"), ("b", "integer")),
        ),
        UserType(oid=63, schema="public", name="r", kind=TypeKind.RANGE, base_type_name="text"),
    ),
    "functions": (
        Function(
            oid=70,
            schema="public",
            name="f",
            arguments="what text",
            signature="what text DEFAULT 'hey'::text",
            result="text",
            argument_types=("text",),
            language="sql",
            volatility="i",
            definition=(
                "CREATE OR REPLACE FUNCTION public.f(what text DEFAULT 'hey'::text)\n"
                " RETURNS text\n LANGUAGE sql\n IMMUTABLE\n SET search_path TO 'public'\n"
                "AS $function$ select upper(what) $function$\n"
            ),
        ),
        Function(
            oid=71,
            schema="public",
            name="g",
            arguments="what text",
            signature="what text",
            result="text",
            argument_types=("text",),
            language="c",
            volatility="i",
            definition="",
            support="pg_catalog.textlike_support",
        ),
    ),
    "other_objects": tuple(
        OtherObject(oid=80 + number, kind=kind, name=f"public.{text[0]}", definition=text[1])
        for number, (kind, text) in enumerate(
            {
                OtherKind.AGGREGATE: (
                    "longest(text)",
                    "CREATE AGGREGATE public.longest(text) (SFUNC = textcat, STYPE = text)",
                ),
                OtherKind.OPERATOR: (
                    "===(text, text)",
                    "CREATE OPERATOR public.=== (FUNCTION = texteq, LEFTARG = text)",
                ),
                OtherKind.COLLATION: (
                    "mine",
                    "CREATE COLLATION public.mine (provider = libc, locale = 'C')",
                ),
                OtherKind.TEXT_SEARCH_CONFIGURATION: (
                    "tongue",
                    "CREATE TEXT SEARCH CONFIGURATION public.tongue (COPY = pg_catalog.simple)",
                ),
            }.items()
        )
    ),
    "extended_statistics": (EXTENDED,),
    "column_statistics": (VALUES, column_statistics(T, "b", most_common=[("1", 0.1)])),
    "plans": (StatementPlan(statement_id="1", reason="none", explained_text="select 1"),),
}
SETTINGS = (
    Setting(name="work_mem", value="4096", unit="kB"),
    Setting(name="TimeZone", value="UTC"),
    Setting(name="default_text_search_config", value="pg_catalog.english"),
)
EXTENSIONS = (Extension(name="pg_trgm", version="1.6", schema="public"),)
STATE = """
select
    array(select r.rolname::text from pg_roles r where r.rolname !~ '^pg_' order by 1),
    (select array[r.rolsuper, r.rolcreaterole, r.rolcreatedb] from pg_roles r
        where r.rolname = 'twin'),
    array(select d.datname::text from pg_database d order by 1),
    array(select l.lanname::text from pg_language l order by 1),
    array(select t.evtname::text from pg_event_trigger t),
    array(select distinct pg_get_userbyid(c.relowner)::text from pg_class c
        where c.relnamespace = 'pgadvisor_twin'::regnamespace),
    array(select p.proname::text from pg_proc p join pg_language l on l.oid = p.prolang
        where l.lanname in ('c', 'internal') and pg_get_userbyid(p.proowner) = 'twin'
            and p.prokind <> 'a'),
    array(select m.member::regrole::text from pg_auth_members m
        where m.member >= 16384)
"""
UNTOUCHED: tuple[list[object], ...] = (
    ["postgres", "twin"],
    [False, False, False],
    ["template1", "twin"],
    ["c", "internal", "plpgsql", "sql"],
    [],
    ["postgres"],
    [],
    [],
)


def hostile(payload: str, file: Path) -> Snapshot:
    """A healthy snapshot with a copy of each object for each of its texts, poisoned there."""
    numbers = itertools.count(1_000)
    parts: dict[str, Any] = {
        kind: tuple(variants(objects, payload, numbers)) for kind, objects in OBJECTS.items()
    }
    acts = functions("program", BODIES["program"].format(file=file))
    parts["tables"] = (T, PARENT, *parts["tables"])
    parts["functions"] = (*acts, *parts["functions"])
    statement = Statement(id="1", text=payload)
    return Snapshot(
        server=hostile_server(payload), statements=Statements(rows=(statement,)), **parts
    )


def hostile_server(payload: str) -> Server:
    """Settings, extensions and the like, each poisoned somewhere."""
    return replace(
        a_server(collation="C.UTF-8"),
        database=payload,
        search_path=("public", payload),
        settings=tuple(copy for one in SETTINGS for _, copy in poisoned(one, payload)),
        extensions=tuple(copy for one in EXTENSIONS for _, copy in poisoned(one, payload)),
        role_settings=(
            RoleSetting(role=payload, database=payload, name=payload, value=payload),
            RoleSetting(role=None, database=None, name="work_mem", value=payload),
        ),
        tablespaces=(
            Tablespace(name="fast", options=(("random_page_cost", payload),)),
            Tablespace(name=payload, options=(("random_page_cost", "1.1"), (payload, payload))),
        ),
        default_tablespace=payload,
    )


def variants(objects: tuple[Any, ...], payload: str, numbers: Iterator[int]) -> Iterator[Any]:
    """Copies of objects under names of their own, each poisoned at one place."""
    for one in objects:
        yield one
        for place, copy in poisoned(one, payload):
            number = next(numbers)
            changes: dict[str, object] = {"oid": number} if hasattr(one, "oid") else {}
            if hasattr(one, "name") and place != "name" and not isinstance(one, OtherObject):
                changes["name"] = f"{one.name}_{number}"
            if hasattr(one, "definition") and place != "definition" and one.definition:
                name = one.name.rpartition(".")[2].partition("(")[0]
                changes["definition"] = one.definition.replace(f" {name} ", f" {name}_{number} ")
            yield replace(copy, **changes)


@pytest.fixture(scope="module", params=[15, 18])
def binaries(request: pytest.FixtureRequest) -> Binaries:
    """Of a major that writes statistics into the catalog, and of one that has functions for it."""
    return npm_binaries(request.param) if request.param < 18 else embedded_binaries()


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_in_each_text(name: str, binaries: Binaries, temporary_directory: Path) -> None:
    directory = temporary_directory / f"texts-{name}-{binaries.major}"
    directory.mkdir()
    directory.chmod(0o777)
    marker = directory / "marker"
    payload = PAYLOADS[name].format(marker=marker)

    with Twin(hostile(payload, marker), binaries=binaries) as twin:
        plan = twin.explain("select a from public.t where b = 3")
        twin.fidelity()
        asked = twin.plan(payload)
        server = twin._run("asking").server
        [state] = server.query(STATE)
        notes = twin.notes

    assert plan.root.relation == "t"
    assert not isinstance(asked, Plan)
    assert state == UNTOUCHED
    assert len(notes) > 10
    assert not marker.exists()


@pytest.mark.parametrize("name", ["a string's end", "an endless name"])
def test_a_payload_in_what_the_server_says_of_itself(name: str, temporary_directory: Path) -> None:
    marker = temporary_directory / "server-marker"
    payload = PAYLOADS[name].format(marker=marker)

    for place, server in poisoned(a_server(), payload):
        if place in {"version", "collation", "character_type", "locale", "locale_provider"}:
            with Twin(Snapshot(server=server, tables=(T,))) as twin:
                assert twin.explain("select * from t").root.relation == "t"
    assert not marker.exists()
