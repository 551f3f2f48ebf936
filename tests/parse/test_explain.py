"""Plans out of EXPLAIN (FORMAT JSON)."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.parse.explain import plan_from_json, plan_from_object
from pgadvisor.parse.plan_values import PlanFormatError

DOCUMENT: list[dict[str, Any]] = [
    {
        "Plan": {
            "Node Type": "Nested Loop",
            "Parallel Aware": False,
            "Join Type": "Left",
            "Startup Cost": 0.29,
            "Total Cost": 16.62,
            "Plan Rows": 1,
            "Plan Width": 8,
            "Output": ["a.id", "('x'::text)"],
            "Inner Unique": True,
            "Plans": [
                {
                    "Node Type": "Index Scan",
                    "Parent Relationship": "Outer",
                    "Scan Direction": "Backward",
                    "Index Name": "a_pkey",
                    "Relation Name": "a",
                    "Schema": "public",
                    "Alias": "a",
                    "Startup Cost": 0.15,
                    "Total Cost": 8.17,
                    "Plan Rows": 0.5,
                    "Plan Width": 4,
                    "Index Cond": "(a.id = $1)",
                    "Filter": "(a.b > 5)",
                    "Disabled": False,
                },
                {
                    "Node Type": "Custom Scan",
                    "Custom Plan Provider": "Columnar",
                    "Parent Relationship": "Inner",
                    "Sort Key": ["b.x DESC", "b.y"],
                    "Workers Planned": 2,
                    "Startup Cost": 1e10,
                    "Total Cost": 1e300,
                    "Plan Rows": 3,
                    "Plan Width": 4,
                },
            ],
        },
        "Settings": {"random_page_cost": "1.1"},
        "Query Identifier": -42,
        "Planning Time": 0.2,
    }
]


def test_reads_a_plan() -> None:
    plan = plan_from_json(json.dumps(DOCUMENT))

    assert plan.total_cost == 16.62
    assert plan.settings == (("random_page_cost", "1.1"),)
    outer, inner = plan.root.children
    assert plan.root.join_type == "Left"
    assert (outer.index_name, outer.index_condition, outer.filter) == (
        *("a_pkey", "(a.id = $1)", "(a.b > 5)"),
    )
    assert outer.rows == 0.5
    assert inner.sort_keys == ("b.x DESC", "b.y")
    assert inner.workers_planned == 2
    assert inner.total_cost == 1e300
    assert plan.shape == ("Nested Loop Left(Index Scan a a a_pkey Backward, Custom Scan)")


def test_drops_nothing() -> None:
    plan = plan_from_object(DOCUMENT)

    assert plan.root.extra == (
        ("Parallel Aware", "false"),
        ("Output", '["a.id", "(\'x\'::text)"]'),
        ("Inner Unique", "true"),
        ("Query Identifier", "-42"),
        ("Planning Time", "0.2"),
    )
    assert plan.root.children[1].extra == (("Custom Plan Provider", '"Columnar"'),)


def test_reads_bytes_and_a_single_object() -> None:
    assert plan_from_json(json.dumps(DOCUMENT[0]).encode()) == plan_from_object(DOCUMENT)


def test_reads_a_plan_without_costs() -> None:
    assert plan_from_object({"Plan": {"Node Type": "Result"}}).total_cost == 0.0


def _deep(levels: int) -> str:
    head = '{"Node Type": "Append", "Plans": ['
    return '[{"Plan": ' + head * levels + '{"Node Type": "Result"}' + "]}" * levels + "}]"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("", "no JSON at line 1, column 1"),
        ("Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)", "no JSON at line 1, column 1"),
        (b"\xff\xfe\xff", "no UTF-8 at byte 0"),
        ("[]", "0 plans where one is expected"),
        ('[{"Plan": {}}, {"Plan": {}}]', "2 plans where one is expected"),
        ("5", "is no object"),
        ("{}", "there is no Plan in it"),
        ('{"Plan": []}', "Plan: is no object"),
        ('{"Plan": {}}', "Plan: there is no Node Type in it"),
        ('{"Plan": {"Node Type": 5}}', "Plan.Node Type: is no text"),
        (
            '{"Plan": {"Node Type": "X", "Plans": [{"Node Type": "Y", "Plan Rows": "12"}]}}',
            "Plan.Plans[0].Plan Rows: is no number",
        ),
        ('{"Plan": {"Node Type": "X", "Plans": {}}}', "Plan.Plans: is no list"),
        ('{"Plan": {"Node Type": "X", "Plan Rows": true}}', "Plan.Plan Rows: is no number"),
        ('{"Plan": {"Node Type": "X", "Plan Rows": 1e999}}', "Plan.Plan Rows: is no finite number"),
        ('{"Plan": {"Node Type": "X", "Plan Width": 1.5}}', "Plan.Plan Width: is no whole number"),
        ('{"Plan": {"Node Type": "X", "Sort Key": "a"}}', "Plan.Sort Key: is no list"),
        ('{"Plan": {"Node Type": "X", "Sort Key": [1]}}', "Plan.Sort Key[0]: is no text"),
        ('{"Plan": {"Node Type": "X", "New": 1e999}}', "Plan.New: is no JSON value"),
        ('{"Plan": {"Node Type": "X"}, "Settings": {"a": 1}}', "Settings.a: is no text"),
        (
            '{"Plan": {"Node Type": "X", "Plan Rows": NaN}}',
            "holds NaN or Infinity, which are no JSON",
        ),
        ('{"Plan": {"Node Type": "X", "Node Type": "Y"}}', "an object has the same key twice"),
        (
            '{"Plan": {"Node Type": "X", "Plan Rows": ' + "9" * 5_000 + "}}",
            "holds a number that is too long",
        ),
        (
            '{"Plan": {"Node Type": "X", "Plan Rows": ' + "9" * 400 + "}}",
            "Plan.Plan Rows: is no finite number",
        ),
        (_deep(300), "nested deeper than 200 levels"),
        (_deep(100_000), "nested too deeply"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_names_the_place_and_the_reason(document: str | bytes, message: str) -> None:
    with pytest.raises(PlanFormatError) as error:
        plan_from_json(document)

    assert str(error.value) == message


def test_reads_a_plan_as_deep_as_they_come() -> None:
    assert sum(1 for _ in plan_from_json(_deep(199)).root.walk()) == 200


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.data())
def test_a_broken_document_never_fails_otherwise(data: st.DataObject) -> None:
    document = json.loads(json.dumps(DOCUMENT))
    node = data.draw(
        st.sampled_from(
            [
                document[0],
                document[0]["Plan"],
                *document[0]["Plan"]["Plans"],
                document[0]["Settings"],
            ]
        )
    )
    key = data.draw(st.sampled_from([*node, "New"]))
    if data.draw(st.booleans()):
        node.pop(key, None)
    else:
        node[key] = data.draw(_values)
    with suppress(PlanFormatError):
        assert plan_from_object(document).shape


@given(st.binary() | st.text(), st.integers(0, 900), st.integers(0, 30))
def test_a_broken_text_never_fails_otherwise(insert: bytes | str, at: int, cut: int) -> None:
    text = json.dumps(DOCUMENT)
    new = insert if isinstance(insert, bytes) else insert.encode(errors="surrogatepass")
    broken = text[:at].encode() + new + text[at + cut :].encode()
    with suppress(PlanFormatError):
        assert plan_from_json(broken).shape
