"""Executed plans for terminals."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.emit.comparison_text import render_comparison_text
from pgadvisor.emit.explain_text import render_explained_text
from pgadvisor.emit.plan_view import Measure, format_factor, measure_of, row_factor, view_plan
from pgadvisor.emit.tree_text import DRAWN, PLAIN, bar
from pgadvisor.emit.words import format_short
from pgadvisor.model.finding import Diagnosis, Skipped
from tests.emit.explain_sample import BEFORE, after, before, estimated, explained
from tests.parse.plans.test_recorded_plans import RECORDED

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def deep(levels: int) -> str:
    """A plan that is many levels deep."""
    figures = "(cost=0..9 rows=9 width=8) (actual time=0.1..9.0 rows=9 loops=1)"
    name = "Subquery Scan on a_rather_long_name_of_a_subquery"
    below = [f"{' ' * (6 * level - 4)}->  {name}  {figures}" for level in range(1, levels)]
    return "\n".join((f"Limit  {figures}", *below))


def test_shows_each_node_with_what_it_took_by_itself() -> None:
    lines = render_explained_text([before()]).splitlines()

    [scan] = [line for line in lines if "├─ #4 Seq Scan on orders o" in line]
    assert scan.split() == [
        *("152", "ms", "████▌", "74", "%", "1,909", "61.2k", "4,995", "x12"),
        *("│", "├─", "#4", "Seq", "Scan", "on", "orders", "o"),
    ]
    [never] = [line for line in lines if "#7" in line]
    assert "never" in never
    assert "finding 1" in render_explained_text([before()])


def test_holds_no_literal() -> None:
    text = render_explained_text([before()])

    assert "zebra" not in text
    assert "48213" not in text
    assert "Filter: (status = '?'::text)" in text


@pytest.mark.parametrize("width", [40, 60, 80, 89, 90, 100, 160, 240])
@pytest.mark.parametrize("plan", [BEFORE, deep(60)], ids=["usual", "deep"])
def test_takes_no_more_than_its_width(plan: str, width: int) -> None:
    [first] = explained(plan)

    single = render_explained_text([first], width=width)
    compared = render_comparison_text([(first, after())], width=width)

    for line in (single + compared).splitlines():
        if not line.lstrip().startswith("key:"):
            assert len(line) <= width, line


@pytest.mark.parametrize("name", RECORDED)
def test_any_plan_of_a_server_fits(name: str) -> None:
    plans = explained(RECORDED[name]["json"])

    for width in (50, 110):
        lines = render_explained_text(plans, width=width).splitlines()
        assert max(map(len, lines)) <= width


def test_colours_change_nothing_but_colours() -> None:
    plain = render_explained_text([before()])
    colored = render_explained_text([before()], color=True)

    assert "\x1b[31m" in colored
    assert "\x1b" not in plain
    assert [line.rstrip() for line in ESCAPE.sub("", colored).splitlines()] == plain.splitlines()


def test_is_drawn_with_ascii_where_there_is_no_more() -> None:
    assert render_explained_text([before()], signs=PLAIN).isascii()
    assert render_comparison_text([(before(), after())], signs=PLAIN).isascii()


def test_a_plan_that_was_not_executed_says_so_and_is_shown_by_costs() -> None:
    text = " ".join(render_explained_text([estimated()]).split())

    assert "The plan was made and not executed" in text
    assert "cost own share planned node" in text
    assert "own time" not in text.lower().partition("findings")[0].replace("own share", "")


def test_several_plans_have_a_heading_each() -> None:
    text = render_explained_text(explained(BEFORE + "\n\n" + BEFORE))

    assert [line for line in text.splitlines() if line.startswith("plan ")] == [
        *("plan 1 of plan.txt", "plan 2 of plan.txt"),
    ]


def test_a_rule_that_failed_is_named() -> None:
    broken = Diagnosis(broken=(Skipped(rule_id="odd-rule", reason="it raised KeyError"),))
    text = render_explained_text(explained(BEFORE, diagnosis=broken))

    assert "- odd-rule failed: it raised KeyError" in text


def test_without_times_blocks_tell_where_the_work_is() -> None:
    [plan] = explained(re.sub(r"actual time=[0-9.]+ ", "actual ", BEFORE))

    assert measure_of(plan) is Measure.BUFFERS
    assert max(view_plan(plan).nodes, key=lambda node: node.share).head == "Seq Scan on orders o"


def test_without_times_and_blocks_the_planner_tells_where_the_work_is() -> None:
    bare = "\n".join(line for line in BEFORE.splitlines() if "Buffers" not in line)
    [plan] = explained(re.sub(r"actual time=[0-9.]+ ", "actual ", bare))
    text = render_explained_text([plan])

    assert measure_of(plan) is Measure.ESTIMATE
    assert max(view_plan(plan).nodes, key=lambda node: node.share).head == "Seq Scan on orders o"
    assert "The plan has neither times nor blocks" in text
    assert "Of the whole: of the cost, by the node itself." in text
    assert "own time" not in text


def test_rules_that_could_not_judge_the_plan_for_one_reason_stand_together() -> None:
    reason = "the plan was not executed"
    few, many = (
        tuple(Skipped(rule_id=f"rule-{n}", subject="plan.txt", reason=reason) for n in range(count))
        for count in (2, 6)
    )
    texts = [
        render_explained_text(explained(BEFORE, diagnosis=Diagnosis(skipped=skipped)))
        for skipped in (few, many)
    ]

    assert texts[0].endswith("Not judged: rule-0, rule-1: the plan was not executed\n")
    assert texts[1].endswith("Not judged: 6 rules: the plan was not executed\n")


def test_a_short_execution_is_not_explained_by_its_start() -> None:
    short = "Result  (cost=0..1 rows=1 width=4) (actual time=0.01..0.01 rows=1 loops=1)\n"
    texts = [
        render_explained_text(explained(f"{short}Execution Time: {took} ms\n"))
        for took in ("0.900", "1.200")
    ]

    assert ["are in no node" in " ".join(text.split()) for text in texts] == [False, True]


@pytest.mark.parametrize(
    ("factor", "shown"),
    [
        (None, ""), (1.0, ""), (1.4, ""), (0.7, ""), (2.0, "x2.0"), (0.5, "/2.0"), (12.25, "x12"),
        (0.001, "/1,000"), (123_456.0, "x123k"),
    ],
)  # fmt: skip
def test_a_factor_is_told_where_estimates_are_off(factor: float | None, shown: str) -> None:
    assert format_factor(factor) == shown


def test_rows_are_compared_for_each_loop_and_from_one_on() -> None:
    factors = {use.node.relation: row_factor(use) for use in before().use.nodes}

    assert factors["orders"] == pytest.approx(61_200 / 4_995)
    assert factors["zones"] is None


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0"), (0.25, "0.25"), (7, "7"), (9_999, "9,999"), (9_999.6, "10.0k"),
        (99_940, "99.9k"), (123_456, "123k"), (999_960, "1.0M"), (5.2e9, "5.2G"), (4e15, "4,000T"),
    ],
)  # fmt: skip
def test_large_numbers_are_short(count: float, shown: str) -> None:
    assert format_short(count) == shown


@given(count=st.floats(1e-3, 1e15))
def test_a_short_number_has_seven_columns_at_most(count: float) -> None:
    assert len(format_short(count)) <= 7


@given(share=st.floats(0, 1), signs=st.sampled_from((DRAWN, PLAIN)))
def test_a_bar_is_as_wide_as_its_column(share: float, signs: object) -> None:
    assert isinstance(signs, type(DRAWN))
    drawn = bar(share, 8, signs)

    assert len(drawn) == 8
    assert drawn.count(signs.bar[-1]) == round(share * 8 * (len(signs.bar) - 1)) // (
        len(signs.bar) - 1
    )


def test_tells_what_changed_and_why_it_matters() -> None:
    text = " ".join(render_comparison_text([(before(), after())]).split())

    assert "204 ms -> 43 ms (4.7 times faster), 1,954 -> 890 blocks; the plan is another one." in (
        text
    )
    assert (
        "#4 Index Only Scan using orders_status_customer on orders o - was Seq Scan on orders o"
        in text
    )
    assert "The index alone answers, as far as the visibility map is up to date." in text
    assert "written to temporary files 168 kB -> nothing More of it fits into memory." in text


def test_equal_plans_have_no_change() -> None:
    text = " ".join(render_comparison_text([(before(), before())]).split())

    assert "(about the same)" in text
    assert "Nothing but small differences, which two runs of one plan have as well." in text


def test_what_a_limit_has_stopped_is_no_wrong_estimate() -> None:
    [plan] = explained("""
Limit  (cost=0..9 rows=10 width=8) (actual time=0.1..9.0 rows=10 loops=1)
  ->  Sort  (cost=0..9 rows=5000 width=8) (actual time=0.1..9.0 rows=10 loops=1)
        ->  Nested Loop  (cost=0..9 rows=5000 width=8) (actual time=0.1..8.0 rows=50 loops=1)
              ->  Seq Scan on a  (cost=0..9 rows=500 width=8) (actual time=0.1..8.0 rows=50 loops=1)
              ->  Seq Scan on b  (cost=0..9 rows=1 width=8) (actual time=0.001..0.001 rows=1 loops=50)
""")  # noqa: E501

    nodes = view_plan(plan).nodes

    assert [node.factor for node in nodes] == ["", "", "/100", "/10", ""]
    assert nodes[1].notes == ("stopped early by the Limit above",)
    assert nodes[4].notes == ("run 50 times",)


def test_workers_that_did_not_run_are_told() -> None:
    [plan] = explained("""
Gather  (cost=0..9 rows=9 width=8) (actual time=0.1..9.0 rows=9 loops=1)
  Workers Planned: 2
  Workers Launched: 1
  ->  Parallel Seq Scan on a  (cost=0..9 rows=4 width=8) (actual time=0.1..8.0 rows=4 loops=2)
""")

    gather, scan = view_plan(plan).nodes

    assert (gather.details, gather.notes) == ((), ("1 of 2 planned workers ran",))
    assert scan.notes == ("in 2 processes",)
