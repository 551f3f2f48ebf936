"""What a stranger's snapshot says of servers, disks and foreign code reaches nothing outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from pgadvisor.model.foreign import Foreign
from pgadvisor.model.other_object import OtherKind, OtherObject
from pgadvisor.model.schema import Function, RelationKind
from pgadvisor.model.server import Tablespace
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.whatif.backend import NotPlanned
from pgadvisor.whatif.twin import Twin
from tests.whatif.test_security import SERVER, functions, table

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_stranger")]

PAYLOADS = {
    "change_server": "alter server far options (set host '/tmp')",
    "own_server": "create server other foreign data wrapper postgres_fdw options (host '/tmp')",
    "own_wrapper": "create foreign data wrapper own handler pgadvisor_twin.postgres_fdw_handler",
    "own_table": "create foreign table public.stolen (a text) server far",
    "own_mapping": "create user mapping for current_user server far options (user 'postgres')",
    "import": "import foreign schema public from server far into public",
    "file_wrapper": "create extension file_fdw",
    "disk_costs": "alter tablespace pg_default set (random_page_cost = 1)",
    "leakproof": "alter function public.act_import(text) leakproof",
    "support": "alter function public.act_import(text) support pg_catalog.text_starts_with_support",
}
INJECTION = "1'); create role intruder; --"


def foreign(**fields: object) -> Foreign:
    made = Foreign(
        wrapper="postgres_fdw",
        handler="postgres_fdw_handler",
        server="far",
        server_options=(
            ("fdw_startup_cost", "7"),
            ("host", "localhost"),
            ("fetch_size", INJECTION),
        ),
        options=(("use_remote_estimate", "true"), ("fetch_size", "50")),
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields by their names


def stand_in(name: str, **fields: object) -> Function:
    made = Function(
        oid=200,
        schema="public",
        name=name,
        arguments="text",
        language="c",
        volatility="i",
        definition="create function public.never() returns int language c as 'libc.so.6', 'system'",
        signature="text",
        result="integer",
        argument_types=("text",),
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields by their names


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    """A twin with foreign tables of a stranger's; overrides the shop's."""
    tables = (
        table(10, "t"),
        replace(
            table(11, "t_far"),
            kind=RelationKind.FOREIGN_TABLE,
            foreign=foreign(),
        ),
    )
    made = tuple(f for name, body in PAYLOADS.items() for f in functions(name, body))
    reads = functions("reads_far", "perform * from public.t_far")
    with Twin(Snapshot(server=SERVER, tables=tables, functions=(*made, *reads))) as twin:
        yield twin


@pytest.mark.parametrize("name", PAYLOADS)
def test_planning_may_not_change_what_leads_outside(name: str, twin: Twin) -> None:
    outcome = twin.plan(f"select * from t where a = evil_{name}('x')")

    assert isinstance(outcome, NotPlanned)
    assert outcome.sqlstate == "42501", outcome.reason


def test_the_role_makes_no_tablespaces(twin: Twin) -> None:
    role = twin._run("asking").server.role

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        role.execute("create tablespace mine location '/tmp'")


def test_a_server_takes_over_costs_and_nothing_that_it_connects_to(twin: Twin) -> None:
    server = twin._run("asking").server
    [(options, table_options)] = server.query(
        "select srvoptions, ftoptions from pg_foreign_server, pg_foreign_table"
    )

    assert options == ["host=/dev/null/nowhere", "port=1", "dbname=nowhere", "fdw_startup_cost=7"]
    assert table_options == ["fetch_size=50"]
    assert any("t_far is planned without remote estimates" in note for note in twin.notes)


def test_a_foreign_table_is_planned_and_cannot_be_read(twin: Twin) -> None:
    plan = twin.explain("select * from t_far")
    outcome = twin.plan("select * from t where a = evil_reads_far('x')")

    assert plan.root.node_type == "Foreign Scan"
    assert isinstance(outcome, NotPlanned)
    assert "user mapping not found" in outcome.reason


def test_even_a_superuser_gets_to_no_foreign_server(twin: Twin) -> None:
    admin = twin._run("asking").server.admin
    admin.execute("create user mapping for postgres server far")

    with pytest.raises(psycopg.errors.SqlclientUnableToEstablishSqlconnection, match="/dev/null"):
        admin.execute("select * from public.t_far")


def test_names_of_servers_and_disks_are_names_and_nothing_else() -> None:
    far = replace(
        table(11, "t_far"),
        kind=RelationKind.FOREIGN_TABLE,
        foreign=foreign(server=f'"{INJECTION}'),
        tablespace=INJECTION,
    )
    disks = (
        Tablespace(
            name=INJECTION, options=(("random_page_cost", "2"), ("seq_page_cost", INJECTION))
        ),
        Tablespace(name="pg_default", options=((INJECTION, "1"), ("seq_page_cost", "0.5"))),
    )
    near = replace(table(10, "t"), tablespace=INJECTION)
    server = replace(SERVER, tablespaces=disks)

    with Twin(Snapshot(server=server, tables=(far, near))) as twin:
        plan = twin.explain("select * from t_far")
        ask = twin._run("asking").server.query
        roles = ask("select 1 from pg_roles where rolname = 'intruder'")
        spaces = ask("select spcname, spcoptions from pg_tablespace where spcoptions is not null")

    assert plan.root.node_type == "Foreign Scan"
    assert roles == []
    assert sorted(spaces) == [
        ("pg_default", ["seq_page_cost=0.5"]),
        ("pgadvisor_0", ["random_page_cost=2"]),
    ]


def test_a_stand_in_is_no_way_for_foreign_code() -> None:
    made = (
        stand_in("one", result="integer language c as 'libc.so.6', 'system' --"),
        stand_in("two", signature="text); create role intruder; --"),
        stand_in("three", is_leakproof=True, support="pg_catalog.text_starts_with_support"),
    )
    snapshot = Snapshot(server=SERVER, tables=(table(10, "t"),), functions=made)

    with Twin(snapshot) as twin:
        notes = twin.notes
        ask = twin._run("asking").server.query
        found = ask(
            "select proname, l.lanname, proleakproof, prosupport::text from pg_proc p "
            "join pg_language l on l.oid = prolang where proowner = 'twin'::regrole"
        )

    assert found == [("three", "plpgsql", True, "-")]
    assert "function public.one(text) is left out: permission denied for language c" in notes
    assert any("public.two(text) is left out: cannot insert multiple" in note for note in notes)
    assert any("three(text) is here without its support function" in note for note in notes)


def test_objects_of_a_definition_are_made_by_nobody_and_one_by_one() -> None:
    def other(kind: OtherKind, definition: str) -> OtherObject:
        return OtherObject(oid=1, kind=kind, name="public.x", definition=definition)

    others = (
        other(OtherKind.CAST, "create cast (text as integer) without function"),
        other(OtherKind.AGGREGATE, "create role intruder"),
        other(OtherKind.OPERATOR, "select 1; create role intruder"),
    )
    snapshot = Snapshot(server=SERVER, tables=(table(10, "t"),), other_objects=others)

    with Twin(snapshot) as twin:
        notes = twin.notes
        roles = twin._run("asking").server.query(
            "select rolname from pg_roles where rolname ~ '^i'"
        )

    assert roles == []
    assert len(notes) == 3
    assert all(" is left out: " in note for note in notes)
