"""Plans without the literals of their statements."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.executed_plan import ExecutedNode, ExecutedPlan, GroupingKeys, PlanWorker
from pgadvisor.parse.grammar import parse
from pgadvisor.parse.plans.exclusive import plan_use
from pgadvisor.parse.plans.read import read_plans
from pgadvisor.parse.plans.redact import redacted_expression, redacted_plan
from pgadvisor.parse.plans.write import plan_document
from tests.parse.plans.test_recorded_plans import RECORDED, recorded

SECRET = "zebra"  # noqa: S105  (planted, to be looked for)
NUMBER = "48213"


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("(status = 'pending'::text)", "(status = '?'::text)"),
        ("(id = 5)", "(id = '?')"),
        ("(price > '-5.25'::numeric(10,2))", "(price > '?'::numeric(10,2))"),
        ("(x > 1.5e3)", "(x > '?')"),
        ("(name = 'it''s'::character varying(20))", "(name = '?'::character varying(20))"),
        ("(name ~~ '%smith\\_1%'::text)", "(name ~~ '%?%'::text)"),
        ("(name !~~* 'a_b'::text)", "(name !~~* '?_?'::text)"),
        ("(id = ANY ('{1,22,333}'::integer[]))", "(id = ANY ('{?,?,?}'::integer[]))"),
        ("(id = ANY ('{}'::integer[]))", "(id = ANY ('{}'::integer[]))"),
        ("""(t = ANY ('{"a, b",c}'::text[]))""", "(t = ANY ('?'::text[]))"),
        ("(kind = '{a,b}'::text)", "(kind = '?'::text)"),
        ("(n = $1)", "(n = $1)"),
        ("(n > (InitPlan 1).col1)", "(n > (InitPlan 1).col1)"),
        ("(NOT (hashed SubPlan 12))", "(NOT (hashed SubPlan 12))"),
        ("(NOT (ANY (b_id = (hashed SubPlan 1).col1)))",) * 2,
        ("(tags[2] = 'x'::text)", "(tags['?'] = '?'::text)"),
        ("(flags = '101'::\"bit\")", "(flags = '?'::\"bit\")"),
        ("(b = B'101')", "(b = '?')"),
        ('("5 apples" > 5)', '("5 apples" > \'?\')'),
        ("(col5 = col_6)", "(col5 = col_6)"),
        ("((a)::text = E'\\\\x41')", "((a)::text = '?')"),
        ("count(*) FILTER (WHERE (k = 'k1'::text))", "count(*) FILTER (WHERE (k = '?'::text))"),
        ("(a /* zebra */ = b)", "(a = b)"),
        ("(größe = 'groß'::text)", "(größe = '?'::text)"),
        ("n", "n"),
    ],
)  # fmt: skip
def test_writes_a_placeholder_for_each_literal(expression: str, shown: str) -> None:
    assert redacted_expression(expression) == shown
    assert redacted_expression(shown) == shown


@pytest.mark.parametrize("name", RECORDED)
def test_expressions_still_parse_and_are_a_fixed_point(name: str) -> None:
    plan = redacted_plan(recorded(name))

    for node in plan.root.walk():
        for text in (node.filter, node.index_condition, node.join_filter, node.hash_condition):
            if text and "SubPlan" not in text and "InitPlan" not in text:
                assert parse(f"select {text}")
    assert redacted_plan(plan) == plan


@pytest.mark.parametrize("name", RECORDED)
def test_what_a_node_took_stays_the_same(name: str) -> None:
    plan = recorded(name)

    before, after = plan_use(plan), plan_use(redacted_plan(plan))

    assert [each.exclusive_time_ms for each in before.nodes] == [
        each.exclusive_time_ms for each in after.nodes
    ]
    assert redacted_plan(plan).shape == plan.shape


def test_the_statement_is_what_the_workload_has_of_it() -> None:
    plan = ExecutedPlan(
        root=ExecutedNode(node_type="Result"),
        query_text="select /* zebra */ a from t where b = 'zebra' and c = $1",
        query_parameters="$1 = 'zebra', $2 = NULL, $3 = '48213...'",
    )

    shown = redacted_plan(plan)

    assert shown.query_text == "select   a from t where b = $2 and c = $1"
    assert shown.query_parameters == "$1 = '?', $2 = NULL, $3 = '?'"
    assert redacted_plan(replace(plan, query_text="alter role a password 'zebra'")).query_text == (
        "ALTER ROLE"
    )


LITERALS = st.sampled_from(
    [
        f"'{SECRET}'",
        f"E'a\\'{SECRET}'",
        f"$q${SECRET}$q$",
        f"'it''s {SECRET} (cost=0.00)'",
        f"'%{SECRET}%'",
        f"""'{{"{SECRET}, x",{SECRET}}}'::text[]""",
        f"'{{{SECRET},{NUMBER}}}'::text[]",
        NUMBER,
        f"-{NUMBER}.5",
        f"'{NUMBER}'::numeric(10,2)",
        f"'{{\"a\": {NUMBER}}}'::jsonb",
    ]
)
TEMPLATES = st.sampled_from(
    [
        "(a = {})",
        "(a ~~ {})",
        "(a <> ALL (ARRAY[{}, {}]))",
        '(("b ""c" > {}) AND (d IS NOT NULL))',
        'lower((a || {})) COLLATE "C"',
        "CASE WHEN (a = {}) THEN {} ELSE NULL END",
        "f(a, {})",
        "(a = {}) /* {} */",
        "((größe)::text ~ {})",
    ]
)


@st.composite
def expressions(draw: st.DrawFn) -> str:
    """An expression with a planted literal, whole or cut off somewhere."""
    template = draw(TEMPLATES)
    text = template.format(*(draw(LITERALS) for _ in range(template.count("{}"))))
    return text[: draw(st.integers(0, len(text)))] if draw(st.booleans()) else text


@st.composite
def plans(draw: st.DrawFn) -> ExecutedPlan:
    """A plan with planted literals wherever an expression may stand."""
    text = expressions()
    child = ExecutedNode(
        node_type="Seq Scan",
        relation="orders",
        filter=draw(text),
        index_condition=draw(text),
        recheck_condition=draw(text),
        output=(draw(text), draw(text)),
        extra=(("TID Cond", json.dumps(draw(text))), ("Sampling", json.dumps([draw(text)]))),
        workers=(PlanWorker(number=0, extra=(("Note", json.dumps(draw(text))),)),),
    )
    root = ExecutedNode(
        node_type="Nested Loop",
        join_filter=draw(text),
        hash_condition=draw(text),
        merge_condition=draw(text),
        sort_keys=(draw(text),),
        presorted_keys=(draw(text),),
        group_keys=(draw(text),),
        grouping_sets=(GroupingKeys(kind="Hash Key", keys=(draw(text),)),),
        cache_key=draw(text),
        children=(child,),
    )
    return ExecutedPlan(
        root=root,
        query_text=f"select 1 from orders where {draw(text)}",
        query_parameters=f"$1 = {draw(LITERALS)}",
        extra=(("Remote SQL", json.dumps(f"select 1 where {draw(text)}")),),
    )


@given(plan=plans())
def test_no_planted_literal_survives(plan: ExecutedPlan) -> None:
    written = json.dumps(plan_document(redacted_plan(plan)), ensure_ascii=False)

    assert SECRET not in written
    assert NUMBER not in written
    assert "orders" in written


@given(
    before=st.text(st.sampled_from("ab1 $E\\{},:()/*-\n")),
    after=st.text(st.sampled_from("ab1 '\"$E\\{},:()/*-\n")),
)
def test_nor_does_one_in_a_text_that_is_no_expression(before: str, after: str) -> None:
    assert SECRET not in redacted_expression(f"{before} = '{SECRET}{after}")


def test_a_plan_as_text_loses_its_literals_and_keeps_its_names() -> None:
    [plan] = read_plans(
        "Index Scan using orders_zone on orders o  (cost=0.1..8.2 rows=1 width=8)\n"
        "  Index Cond: (zone = 'zebra'::text)\n"
        "  Filter: (amount > 48213)\n"
    )

    node = redacted_plan(plan).root

    assert (node.index_name, node.relation, node.alias) == ("orders_zone", "orders", "o")
    assert node.index_condition == "(zone = '?'::text)"
    assert node.filter == "(amount > '?')"
