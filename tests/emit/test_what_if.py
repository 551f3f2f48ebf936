"""What a change comes to for one statement."""

from __future__ import annotations

import json
from dataclasses import replace

from pgadvisor.emit.what_if import TriedIndex, WhatIf, render_heading, render_what_if
from pgadvisor.emit.what_if_json import render_what_if_json
from pgadvisor.model.plan import Plan
from tests.emit.test_side_by_side import AFTER, BEFORE, LOOKUP

INDEX = TriedIndex(
    statement="create index on orders (ticket)", name="orders_ticket_idx", size_bytes=1_258_291
)
IDLE = TriedIndex(
    statement="create index on orders (note)",
    name="orders_note_idx",
    size_bytes=8192,
    reason_unused="nothing in the statement can be looked up in it",
)
TRIED = WhatIf(
    statement="select * from orders o where ticket = 5 order by total",
    before=BEFORE,
    after=AFTER,
    created=(INDEX, IDLE),
    dropped=("public.orders_open",),
    settings=(("random_page_cost", "1.1"),),
)


def test_says_what_it_costs_before_and_after_and_which_index_it_uses() -> None:
    text = render_what_if(TRIED, width=120)

    assert (
        text.partition("\n\n")[2]
        == """\
cost 1,411.02 -> 8.33 (0.59 %), uses orders_ticket_idx (estimated 1.2 MB)
does not use orders_note_idx (estimated 8 kB): nothing in the statement can be looked up in it
without public.orders_open
with random_page_cost = 1.1"""
    )


def test_says_of_a_setting_that_no_plan_depends_on_it() -> None:
    tried = WhatIf(
        statement="select",
        before=BEFORE,
        after=BEFORE,
        settings=(("effective_io_concurrency", "200"),),
    )

    assert render_what_if(tried, width=120).splitlines()[-1] == (
        "with effective_io_concurrency = 200, which the planner does not look at"
    )


def test_says_what_is_not_known_of_an_index() -> None:
    guessed = replace(INDEX, notes=("no statistics of lower(a || b)",))

    text = render_what_if(replace(TRIED, created=(guessed,)), width=120)

    assert "orders_ticket_idx: no statistics of lower(a || b)" in text.splitlines()


def test_a_plan_that_stays_is_shown_once() -> None:
    same = WhatIf(statement="select", before=BEFORE, after=BEFORE, created=(IDLE,))

    assert (
        render_what_if(same, width=120)
        == """\
Sort  (cost=0.00..1411.02 rows=1 width=0)
  Sort Key: o.total
-> Seq Scan on orders o  (cost=0.00..1411.00 rows=0 width=0)
     Filter: (o.ticket = 5)

same plan, cost 1,411.02
does not use orders_note_idx (estimated 8 kB): nothing in the statement can be looked up in it"""
    )


def test_without_a_change_there_is_one_plan_and_its_cost() -> None:
    text = render_what_if(WhatIf(statement="select", before=BEFORE), width=120)

    assert text.splitlines()[-1] == "cost 1,411.02"
    assert "same" not in text


def test_a_part_of_the_index_is_the_index() -> None:
    part = Plan(root=replace(LOOKUP, index_name="orders_2024_ticket_idx"))

    assert replace(INDEX, part_names=("orders_2024_ticket_idx",)).is_used(part)
    assert not INDEX.is_used(part)


def test_a_statement_without_cost_has_no_ratio() -> None:
    free = Plan(root=replace(LOOKUP, total_cost=0))

    assert WhatIf(statement="select", before=free, after=AFTER).cost_ratio is None


def test_several_statements_are_told_apart() -> None:
    heading = render_heading(replace(TRIED, statement="select\n  1"), 2, 3)

    assert heading == "2 of 3: select 1"


def test_json_has_both_plans_and_each_index() -> None:
    text = render_what_if_json([TRIED], version="18.6", original_version="17.2", notes=("a",))

    document = json.loads(text)
    [statement] = document.pop("statements")
    assert document == {
        "schema_version": 1,
        "planned_by": "18.6",
        "original": "17.2",
        "notes": ["a"],
    }
    assert statement["cost_before"] == 1411.02
    assert statement["cost_after"] == 8.33
    assert statement["is_same_plan"] is False
    assert [one["is_used"] for one in statement["created"]] == [True, False]
    assert statement["dropped"] == ["public.orders_open"]
    assert statement["settings"] == {"random_page_cost": "1.1"}
    assert statement["after"]["root"]["children"][0]["index_name"] == "orders_ticket_idx"
    assert "index_name" not in statement["before"]["root"]["children"][0]


def test_json_cannot_act_on_the_terminal() -> None:
    text = render_what_if_json(
        [replace(TRIED, statement="select '\x9b\u202e'")],
        version="18.6",
        original_version="17.2",
        notes=(),
    )

    assert "\x9b" not in text
    assert json.loads(text)["statements"][0]["text"] == "select '\x9b\u202e'"
