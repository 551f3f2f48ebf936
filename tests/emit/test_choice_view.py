"""The choice of indexes as a whole, in words."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from pgadvisor.emit.choice_view import ChoiceView, view_choice
from pgadvisor.emit.text import render_text
from pgadvisor.model.advice import AdviceData
from pgadvisor.model.budget import Budget
from pgadvisor.model.choice import Optimality
from pgadvisor.units import MiB
from tests.emit.choice_sample import OPTIMALITY, a_point
from tests.emit.sample import an_advice, an_empty_advice


def seen(advice: AdviceData, *, explain: bool = False) -> ChoiceView:
    view = view_choice(advice, explain=explain)
    assert view is not None
    return view


def with_choice(**changes: Any) -> AdviceData:  # noqa: ANN401
    advice = an_advice()
    return replace(advice, choice=replace(advice.choice, **changes))


def with_gap(gap_ratio: float) -> AdviceData:
    bound = OPTIMALITY.saved_per_day + gap_ratio * OPTIMALITY.total_per_day
    return with_choice(optimality=replace(OPTIMALITY, bound_per_day=bound))


def test_tells_what_the_set_saves_and_what_it_costs() -> None:
    assert seen(an_advice()).sentences == (
        (
            "2 new indexes of 3 candidates, 4 MB together, save 19.9 s of execution time a day, "
            "writes paid: 97.1 % of the costed statements' time."
        ),
        (
            "With each statement counted once, however much it takes, cost falls to 2 % of what it "
            "was (geometric mean)."
        ),
        (
            "By the planner's costs it is proven that no set of these 3 candidates within the "
            "budget saves more than this and a further 1.46 % of the statements' time."
        ),
        "Writes make 501 more index entries a day, which take about 12 ms.",
        "Building takes about 4.2 s.",
    )


def test_tells_it_in_the_head_too() -> None:
    assert seen(an_advice()).summary == (
        "2 of 3 candidates, 4 MB, saving 19.9 s a day (97.1 %); another set saves 1.46 % more "
        "at most"
    )


def test_says_cost_and_not_time_where_no_time_was_measured() -> None:
    optimality = Optimality(saved_per_day=1.234e9, bound_per_day=1.3e9, total_per_day=2e9)
    advice = with_choice(is_measured=False, optimality=optimality)

    text = " ".join(seen(advice).sentences)

    assert "save 1.23 billion of planner cost x calls a day: 61.7 % of the costed" in text
    assert "That is planner cost, not time: no time was measured for the statements." in text
    assert "a further 3.3 % of the statements' cost." in text
    assert "execution time" not in text
    assert "saving 1.23 billion of planner cost a day (61.7 %)" in seen(advice).summary


@pytest.mark.parametrize("gap_ratio", [0.0, 0.00049])
def test_says_that_a_set_is_the_best_where_next_to_nothing_is_left(gap_ratio: float) -> None:
    view = seen(with_gap(gap_ratio))

    assert (
        "By the planner's costs this is proven to be the best set of these 3 candidates within "
        "the budget." in view.sentences
    )
    assert view.summary.endswith("; proven to be the best set")


def test_says_how_much_is_left_from_the_bound_on() -> None:
    assert "a further 0.05 % of" in " ".join(seen(with_gap(0.00051)).sentences)


def test_a_bound_below_what_is_saved_leaves_nothing() -> None:
    assert "proven to be the best set" in seen(with_gap(-0.01)).summary


def test_says_that_the_search_was_cut_short() -> None:
    advice = with_choice(optimality=replace(OPTIMALITY, is_cut_short=True))

    view = seen(replace(advice, budget=Budget(time_limit_ms=2_500)))

    assert (
        "The search was cut short after 2.5 s; more time (--time-limit) may find a better set."
        in view.sentences
    )
    assert "the search was cut short; another set saves 1.46 % more at most" in view.summary


def test_claims_nothing_without_a_bound() -> None:
    view = seen(with_choice(optimality=replace(OPTIMALITY, bound_per_day=math.inf)))

    assert "How much better another set could be is not known." in view.sentences
    assert "proven" not in " ".join((*view.sentences, view.summary))


def test_says_that_nothing_was_worth_choosing() -> None:
    nothing = Optimality(saved_per_day=0.0, bound_per_day=0.0, total_per_day=5_000.0)
    advice = with_choice(chosen=(), optimality=nothing, superseded=(), frontier=())

    view = seen(replace(advice, recommendations=()))

    assert view.sentences == (
        "No new index is advised, of 1 candidate.",
        (
            "By the planner's costs it is proven that no set of this one candidate within the "
            "budget pays."
        ),
    )
    assert view.summary == "0 of 1 candidate; proven to be the best set"


def test_counts_no_candidate_that_the_planner_was_never_shown() -> None:
    advice = an_advice()
    [rejected] = advice.rejected
    more = (rejected, replace(rejected, code="not-built"), replace(rejected, code="forbidden"))

    assert "of 4 candidates" in seen(replace(advice, rejected=more)).sentences[0]


def test_is_silent_where_there_was_nothing_to_choose_from() -> None:
    assert view_choice(an_empty_advice()) is None
    assert "choice of indexes" not in render_text(an_empty_advice())


def test_tells_how_often_the_set_was_planned_if_asked() -> None:
    last = seen(an_advice(), explain=True).sentences[-1]

    assert last == "The chosen set was planned as a whole 2 times until the choice was stable."


@pytest.mark.parametrize(("ratio", "words"), [(0.5, "falls to 50 %"), (1.2, "rises to 120 %")])
def test_tells_the_mean_of_ratios(ratio: float, words: str) -> None:
    text = " ".join(seen(with_choice(geometric_mean_ratio=ratio)).sentences)

    assert f"cost {words} of what it was (geometric mean)." in text


def test_says_what_takes_an_existing_indexs_place() -> None:
    [index] = seen(an_advice()).superseded

    assert index.name == 'public.we"ird\n; DROP TABLE x; --'
    assert index.by == ("pgadv_orders_customer_id_created_at_0209a0",)
    assert index.text == (
        "frees 20 MB and 480 index entries written a day, which saves 11 ms of execution time a day"
    )
    assert (
        '- public.we"ird ; DROP TABLE x; --: dropping it frees 20 MB and 480 index entries written '
        "a day, which saves 11 ms of execution time a day "
        "instead: pgadv_orders_customer_id_created_at_0209a0"
    ) in " ".join(render_text(an_advice()).split())


def test_knows_an_index_without_a_name_by_its_oid() -> None:
    [index] = seen(replace(an_advice(), index_names=())).superseded

    assert index.name == "OID 77"


def test_several_indexes_take_one_place_together() -> None:
    [index] = an_advice().choice.superseded
    both = replace(index, by=("a", "b"), freed_entries_per_day=0.0, saved_per_day=0.0)

    [view] = seen(with_choice(superseded=(both,))).superseded

    assert (view.by, view.text) == (("a", "b"), "frees 20 MB")


def test_marks_the_advised_budget() -> None:
    rows = seen(an_advice()).frontier

    assert [(row.budget, row.indexes, row.saved) for row in rows if row.is_chosen] == [
        ("4 MB", "2", "19.9 s")
    ]
    assert len(rows) == 6


def test_shows_few_of_many_budgets_with_both_ends_and_the_advised_one() -> None:
    points = [a_point(n * MiB, n * MiB, n, n, is_chosen=n == 3) for n in range(1, 41)]

    rows = seen(with_choice(frontier=tuple(points))).frontier

    assert len(rows) <= 9
    budgets = [row.budget for row in rows]
    assert (budgets[:1], budgets[-1:]) == (["1 MB"], ["40 MB"])
    assert [row.budget for row in rows if row.is_chosen] == ["3 MB"]


def test_one_budget_is_no_comparison() -> None:
    view = seen(with_choice(frontier=(a_point(MiB, MiB, 5.0, 6.0, is_chosen=True),)))

    assert view.frontier == ()
    assert view.picture is None


def test_is_read_as_a_table_in_a_terminal() -> None:
    text = render_text(an_advice())

    assert (
        "Other budgets; * is the advised set:\n"
        "  budget  indexes  saved a day\n"
        "  512 kB        1          9 s\n"
        "    1 MB        1         14 s\n"
        "    2 MB        2         17 s\n"
        "*   4 MB        2       19.9 s\n" in text
    )
