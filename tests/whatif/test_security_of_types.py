"""Statistics are never of another type than the planner takes them for: it would read addresses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.cluster.binaries import Binaries, embedded_binaries
from pgadvisor.model.other_object import OtherKind, OtherObject
from pgadvisor.model.plan import Plan
from pgadvisor.model.schema import (
    ExtendedStatistics,
    Function,
    Index,
    IndexKey,
    TypeKind,
    UserType,
)
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statistics import ColumnStatistics, ExtendedValues
from pgadvisor.testing import a_column, a_server, a_table
from pgadvisor.whatif.twin import Twin
from tests.fixtures.npm_binaries import npm_binaries

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_stranger")]

ADDRESS = "4611686018427387904"
"""A number that the planner, taking it for a text, would look up in memory."""
TABLE = a_table("t", "a text", a_column("tags text[]"), rows=1_000)
EXPRESSION = "(('(x)'::public.comp)::text || a)"
ATTACK = "alter table public.t add column c text default evil.call()"
SWAP = "perform pg_catalog.set_config('search_path', 'evil, pg_catalog', false)"
WHEN_PINNED = "pg_catalog.current_setting('search_path') = 'pg_catalog, pg_temp'"


def function(name: str, arguments: str, result: str, body: str) -> Function:
    return Function(
        oid=1,
        schema="evil",
        name=name,
        arguments=arguments,
        language="plpgsql",
        volatility="v",
        definition=f"create function evil.{name}({arguments}) returns {result} "
        f"language plpgsql immutable as $body$ begin {body}; end $body$",
    )


def operator(type_name: str, number: int) -> OtherObject:
    return OtherObject(
        oid=number,
        kind=OtherKind.OPERATOR,
        name=f"evil.||({type_name}, {type_name})",
        definition=f"create operator evil.|| "
        f"(function = evil.joined_{number}, leftarg = {type_name}, rightarg = {type_name})",
    )


FUNCTIONS = (
    function("swap", "value text", "boolean", f"if {WHEN_PINNED} then {SWAP}; end if; return true"),
    function("joined_7", "a text, b text", "bigint", "return 1"),
    function("joined_8", "a text[], b text[]", "bigint[]", "return null"),
)
OPERATORS = (operator("text", 7), operator("text[]", 8))
DOMAIN = UserType(
    oid=5,
    schema="public",
    name="d",
    kind=TypeKind.DOMAIN,
    base_type_name="text",
    checks=("check (evil.swap(value))",),
)
COMPOSITE = UserType(
    oid=6, schema="public", name="comp", kind=TypeKind.COMPOSITE, attributes=(("v", "public.d"),)
)
VALUES = ColumnStatistics(
    relation_oid=TABLE.oid,
    column="-1",
    n_distinct=2,
    average_width_bytes=5,
    most_common_values=(ADDRESS,),
    most_common_ratios=(0.5,),
)
STATISTICS = ExtendedStatistics(
    oid=20,
    schema="public",
    name="s",
    table_oid=TABLE.oid,
    columns=("a",),
    expressions=(EXPRESSION,),
    kinds=("e",),
    definition=f"create statistics public.s on a, {EXPRESSION} from public.t",
    has_values=True,
    values=(ExtendedValues(expressions=(VALUES,)),),
)
STRANGER = Snapshot(
    server=a_server(collation="C.UTF-8"),
    tables=(TABLE,),
    types=(DOMAIN, COMPOSITE),
    functions=FUNCTIONS,
    other_objects=OPERATORS,
    extended_statistics=(STATISTICS,),
)


@pytest.fixture(params=[15, 18])
def binaries(request: pytest.FixtureRequest) -> Binaries:
    """Of a major that writes statistics into the catalog, and of one that has functions for it."""
    return npm_binaries(request.param) if request.param < 18 else embedded_binaries()


def acting(body: str) -> tuple[Function, ...]:
    """What acts when the twin is built: a default that is computed at once."""
    acts = function("act", "", "text", f"{body}; return 'x'")
    acts = replace(acts, definition=acts.definition.replace(" immutable", ""))
    calls = function("call", "", "text", "return evil.act()")
    return (*FUNCTIONS, acts, calls, replace(acts, name="attack", definition=ATTACK))


@pytest.mark.parametrize("when", ["from the first", "later"])
def test_names_stay_what_they_are_in_the_midst_of_an_expression(
    when: str, binaries: Binaries
) -> None:
    late = "alter domain public.d add constraint late check (evil.swap(value))"
    functions = acting(late) if when == "later" else FUNCTIONS

    with Twin(replace(STRANGER, functions=functions), binaries=binaries) as twin:
        outcome = twin.plan(f"select * from t where {EXPRESSION} = 'x'")
        notes = twin.notes

    assert isinstance(outcome, Plan)
    refusals = [note for note in notes if "reading them would run functions" in note]
    assert len(refusals) == (1 if when == "later" else 0)


def test_a_search_path_that_was_left_behind_is_not_followed(binaries: Binaries) -> None:
    index = Index(
        oid=30,
        schema="public",
        name="i",
        table_oid=TABLE.oid,
        access_method="gin",
        keys=(IndexKey(column=None, expression="(tags || '{x}'::text[])"),),
        definition="create index i on public.t using gin ((tags || '{x}'::text[]))",
        size_bytes=81920,
    )
    values = replace(
        VALUES,
        relation_oid=30,
        column="expr",
        most_common_values=(f"{{{ADDRESS}}}",),
        most_common_elements=(ADDRESS,),
        most_common_element_ratios=(0.5, 0.5, 0.5, 0.0),
    )
    snapshot = replace(
        STRANGER,
        functions=acting(SWAP)[:-1],
        indexes=(index,),
        # It comes after the index, which is made as it should be.
        extended_statistics=(replace(STATISTICS, definition=ATTACK, has_values=False, values=()),),
        column_statistics=(values,),
    )

    with Twin(snapshot, binaries=binaries) as twin:
        for condition in ("= '{a}'", "@> '{a}'", "&& '{a}'"):
            plan = twin.explain(f"select * from t where (tags || '{{x}}'::text[]) {condition}")
            assert plan.root.relation == "t"
        kept = twin._run("asking").server.query(
            "select most_common_vals::text from pg_stats where tablename = 'i'"
        )

    assert kept == [(f'{{"{{{ADDRESS}}}"}}',)]
