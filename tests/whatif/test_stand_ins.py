"""What is not here has a stand-in, and whoever misses it is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.schema import Function
from pgadvisor.model.server import Extension
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import StatementPlan, Statements
from pgadvisor.testing import a_statement
from pgadvisor.whatif.twin import Twin
from tests.whatif.test_rebuilding import SERVER, column, index, table

pytestmark = pytest.mark.live


def foreign_function(name: str, **fields: object) -> Function:
    made = Function(
        oid=100,
        schema="gis",
        name=name,
        arguments="",
        language="c",
        volatility="v",
        definition="",
        result="uuid",
        extension="uuid-ossp",
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # fields by their names


def test_a_function_of_a_missing_extension_is_stood_in_for() -> None:
    orders = table(1, "orders", column("a", "uuid", default_sql="gis.generate_v9()"))
    near = foreign_function(
        "near",
        arguments="a text, b text, within double precision",
        signature="a text, b text, within double precision DEFAULT 5.0",
        argument_types=("text", "text", "double precision"),
        result="boolean",
        volatility="i",
        cost=5000.0,
        is_strict=True,
        extension="postgis",
    )
    many = foreign_function(
        "many",
        arguments="text",
        signature="a text, OUT x integer, OUT y integer",
        argument_types=("text",),
        result="SETOF record",
        rows=17.0,
        extension="postgis",
    )
    server = replace(SERVER, extensions=(Extension(name="postgis", version="3", schema="gis"),))
    functions = (foreign_function("generate_v9", extension="unheard_of"), near, many)
    snapshot = Snapshot(server=server, tables=(orders,), functions=functions)

    with Twin(snapshot) as twin:
        inserted = twin.explain("insert into orders values (default)")
        filtered = twin.explain("select * from orders where gis.near(a::text, $1)")
        rows = twin.explain("select x, y from gis.many($1)").root.rows

        assert inserted.root.operation == "Insert"
        assert filtered.total_cost == pytest.approx(1000 * 5000 * 0.0025, rel=0.01)
        assert rows == 17
        assert twin.notes == (
            "extension postgis is left out: it is not one known to be safe",
            (
                "function gis.generate_v9() is stood in for by one that does nothing: "
                "it belongs to the extension unheard_of"
            ),
            (
                "function gis.near(a text, b text, within double precision) is stood in for by one "
                "that does nothing: it belongs to the extension postgis"
            ),
            (
                "function gis.many(text) is stood in for by one that does nothing: "
                "it belongs to the extension postgis"
            ),
        )


def known_plan(statement_id: str, relation: str, **fields: object) -> StatementPlan:
    node = PlanNode(node_type="Seq Scan", schema="public", relation=relation, total_cost=5.0)
    node = replace(node, **fields)  # type: ignore[arg-type]  # fields by their names
    return StatementPlan(statement_id=statement_id, plan=Plan(root=node))


def test_says_which_part_of_the_schema_makes_a_plan_differ() -> None:
    places = table(1, "places", column("a", "gis.geometry(Point,4326)"))
    names = table(2, "names", column("a"))
    spatial = index(3, 1, "spatial", "create index spatial on public.places using gist (a)")
    shout = foreign_function("shout", schema="public", result="text", extension=None)
    statements = (
        a_statement("select * from places where a && $1"),
        a_statement("select * from places"),
        a_statement("select * from names where a = shout()"),
        a_statement("select * from names"),
    )
    plans = (
        known_plan(statements[0].id, "places", index_name="spatial"),
        known_plan(statements[1].id, "places"),
        known_plan(statements[2].id, "names", filter="(a = public.shout())"),
        known_plan(statements[3].id, "names"),
    )
    snapshot = Snapshot(
        server=SERVER,
        tables=(places, names),
        indexes=(spatial,),
        functions=(shout,),
        statements=Statements(rows=statements),
        plans=plans,
    )

    with Twin(snapshot) as twin:
        fidelity = twin.fidelity()

    reasons = {row.statement_id: row.reason for row in fidelity.statements}
    [(refused, why)] = fidelity.not_planned
    assert refused == statements[0].id
    assert why.startswith("operator does not exist: ")
    assert why.partition(" (index public.spatial is left out: ")[1]
    assert reasons[statements[1].id] == "type gis.geometry is stood in for by text"
    assert reasons[statements[2].id].startswith("function public.shout() is stood in for")
    assert not reasons[statements[3].id].startswith(("type", "function", "index"))


def test_a_collation_that_only_a_statement_names_is_stood_in_for() -> None:
    text = 'select * from names order by a collate "de-x-icu"'
    snapshot = Snapshot(
        server=SERVER,
        tables=(table(1, "names", column("a")),),
        statements=Statements(rows=(a_statement(text),)),
    )

    with Twin(snapshot) as twin:
        plan = twin.explain(text)

        assert plan.root.node_type == "Sort"
        assert twin.notes == ("collation pg_catalog.de-x-icu is stood in for by C.UTF-8",)
