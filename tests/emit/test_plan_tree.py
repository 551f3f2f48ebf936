"""A plan in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.emit.plan_tree import NodeText, tree_lines, tree_of
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.parse.explain import plan_from_object

JOIN = PlanNode(
    node_type="Hash Join",
    join_type="Left",
    startup_cost=10.5,
    total_cost=1200.25,
    rows=100,
    width_bytes=8,
    hash_condition="(o.customer_id = c.id)",
    children=(
        PlanNode(
            node_type="Seq Scan",
            parent_relationship="Outer",
            schema="public",
            relation="orders",
            alias="o",
            filter="(status = 'open'::text)",
            extra=(("Parallel Aware", "true"), ("Disabled", "false"), ("Output", '["o.id"]')),
        ),
        PlanNode(
            node_type="Hash",
            parent_relationship="Inner",
            children=(
                PlanNode(
                    node_type="Index Scan",
                    parent_relationship="Outer",
                    schema="archive",
                    relation="customers",
                    alias="c",
                    index_name="customers_pkey",
                    scan_direction="Backward",
                    index_condition="(id > 5)",
                ),
            ),
        ),
    ),
)


def test_is_what_explain_prints() -> None:
    assert tree_lines(Plan(root=JOIN), 100) == (
        "Hash Left Join  (cost=10.50..1200.25 rows=100 width=8)",
        "  Hash Cond: (o.customer_id = c.id)",
        "-> Parallel Seq Scan on orders o  (cost=0.00..0.00 rows=0 width=0)",
        "     Filter: (status = 'open'::text)",
        "-> Hash  (cost=0.00..0.00 rows=0 width=0)",
        "   -> Index Scan Backward using customers_pkey on archive.customers c",
        "        (cost=0.00..0.00 rows=0 width=0)",
        "        Index Cond: (id > 5)",
    )


def test_what_is_too_long_goes_on_below() -> None:
    assert tree_lines(Plan(root=JOIN.children[1]), 44) == (
        "Hash  (cost=0.00..0.00 rows=0 width=0)",
        "-> Index Scan Backward using customers_pkey",
        "     on archive.customers c",
        "     (cost=0.00..0.00 rows=0 width=0)",
        "     Index Cond: (id > 5)",
    )


@pytest.mark.parametrize(
    ("node", "head"),
    [
        ({"Node Type": "Aggregate", "Strategy": "Plain", "Partial Mode": "Simple"}, "Aggregate"),
        (
            {"Node Type": "Aggregate", "Strategy": "Hashed", "Partial Mode": "Finalize"},
            "Finalize HashAggregate",
        ),
        ({"Node Type": "Aggregate", "Strategy": "Sorted"}, "GroupAggregate"),
        ({"Node Type": "SetOp", "Strategy": "Hashed", "Command": "Except"}, "HashSetOp Except"),
        (
            {"Node Type": "ModifyTable", "Operation": "Update", "Relation Name": "t", "Alias": "t"},
            "Update on t",
        ),
        ({"Node Type": "Nested Loop", "Join Type": "Inner"}, "Nested Loop"),
        ({"Node Type": "Nested Loop", "Join Type": "Anti"}, "Nested Loop Anti Join"),
        ({"Node Type": "Merge Join", "Join Type": "Full"}, "Merge Full Join"),
        ({"Node Type": "CTE Scan", "CTE Name": "w", "Alias": "x"}, "CTE Scan on w x"),
        ({"Node Type": "Subquery Scan", "Alias": "s"}, "Subquery Scan on s"),
        (
            {"Node Type": "Function Scan", "Function Name": "f", "Schema": "s", "Alias": "f"},
            "Function Scan on f",
        ),
        ({"Node Type": "Bitmap Index Scan", "Index Name": "i"}, "Bitmap Index Scan on i"),
        (
            {
                "Node Type": "Index Only Scan",
                "Index Name": "i",
                "Scan Direction": "Forward",
                "Relation Name": "t",
                "Alias": "t_1",
            },
            "Index Only Scan using i on t t_1",
        ),
    ],
)
def test_a_node_is_called_as_explain_calls_it(node: dict[str, object], head: str) -> None:
    [text] = tree_of(plan_from_object([{"Plan": node}]))

    assert text.head == head
    assert text.details == ()


def test_conditions_of_any_kind_are_shown() -> None:
    node = {
        "Node Type": "WindowAgg",
        "Run Condition": "(row_number() < 3)",
        "Sort Key": ["a", "b DESC"],
        "Workers Planned": 2,
        "Disabled": True,
        "Grouping Sets": [{"Group Keys": [["a"]]}],
        "Subplan Name": "CTE x",
    }

    [text] = tree_of(plan_from_object([{"Plan": node}]))

    assert text.label == "CTE x"
    assert text.details == (
        "Sort Key: a, b DESC",
        "Workers Planned: 2",
        "Run Condition: (row_number() < 3)",
        "Disabled: true",
        'Grouping Sets: [{"Group Keys": [["a"]]}]',
    )


def test_a_name_cannot_act_on_the_terminal() -> None:
    node = PlanNode(node_type="Seq Scan", relation="a\x1b[2J\nb", alias="c\u202e")

    assert tree_lines(Plan(root=node), 80) == (
        "Seq Scan on a[2J b c  (cost=0.00..0.00 rows=0 width=0)",
    )


@given(
    depth=st.integers(0, 200),
    head=st.text("ab (", max_size=300),
    detail=st.text("ab (", max_size=300),
    width=st.integers(1, 300),
)
def test_no_line_is_wider_than_allowed_and_no_letter_is_lost(
    depth: int, head: str, detail: str, width: int
) -> None:
    node = NodeText(depth=depth, label="", head=head, figures="(cost=1)", details=(detail,))

    lines = node.lines(width)

    assert max(map(len, lines)) <= max(width, width // 2 + 17)
    letters = "".join(lines).replace(" ", "").removeprefix("->")
    assert letters == f"{head}(cost=1){detail}".replace(" ", "")
