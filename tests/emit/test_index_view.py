"""A chosen index in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pgadvisor.emit.effect_view import EffectWriter
from pgadvisor.emit.index_view import IndexView, view_index
from pgadvisor.emit.report import ReportFormat, render
from pgadvisor.emit.text import render_text
from pgadvisor.model.choice import Choice
from tests.emit.sample import an_advice
from tests.emit.sample_actions import BY_CUSTOMER, CREATE_EXPRESSION


def seen(choice: Choice | None = None, **changes: Any) -> IndexView:  # noqa: ANN401
    advice = an_advice()
    whole = choice or advice.choice
    return view_index(replace(whole.chosen[0], **changes), whole, EffectWriter.of(advice))


def test_tells_what_it_is_worth_and_what_it_costs() -> None:
    assert seen().worth == (
        "Without it the chosen indexes would save 19.8 s of execution time a day less, and 2 "
        "statements would be dearer. Writing it takes about 12 ms a day, building it about 4.2 s."
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"build_ms": None}, "dearer. Writing it takes about 12 ms a day."),
        ({"write_ms_per_day": None}, "dearer. Building it takes about 4.2 s."),
        ({"write_ms_per_day": 0.0, "build_ms": None}, "statements would be dearer."),
        (
            {"losses": (), "build_ms": None, "write_ms_per_day": None},
            "of execution time a day less.",
        ),
    ],
)
def test_tells_costs_as_far_as_they_are_known(changes: dict[str, Any], words: str) -> None:
    assert seen(**changes).worth.endswith(words)


def test_the_only_index_is_compared_with_none() -> None:
    choice = an_advice().choice

    assert seen(replace(choice, chosen=choice.chosen[:1])).worth.startswith(
        "It saves 19.8 s of execution time a day, writes paid."
    )


def test_an_index_may_be_made_needless_by_others() -> None:
    assert seen(marginal_per_day=0.0).worth.startswith(
        "The other chosen indexes would save as much without it."
    )


def test_says_cost_where_no_time_was_measured() -> None:
    choice = replace(an_advice().choice, is_measured=False)

    assert "would save 19,800 of planner cost x calls a day less" in seen(choice).worth


def test_claims_no_worth_within_a_set_that_was_never_valued() -> None:
    choice = replace(an_advice().choice, optimality=None)

    assert seen(choice).worth == "Writing it takes about 12 ms a day, building it about 4.2 s."


def test_tells_at_length() -> None:
    assert seen().facts == (
        ("For", "equality on customer_id, order by created_at"),
        ("Size", "about 3 MB; how many rows the predicate leaves is a guess"),
        ("Writes", "500 index entries a day, which take about 12 ms"),
        ("Build", "about 4.2 s"),
        ("Gain", "2 statements get cheaper; its share of what they save is 20 s a day"),
        ("Lost without it", "19.8 s of execution time a day, and 2 statements would be dearer"),
    )


def test_a_loss_starts_from_the_time_that_the_whole_set_leaves() -> None:
    """The mean time that was measured, 250 ms, is that of a call without any new index."""
    loss, other = seen().losses

    assert (loss.time_before, loss.time_after, loss.lost) == ("0.17 ms", "250 ms", "20.1 s")
    assert (other.time_before, other.time_after, other.lost) == ("300 ms", "500 ms", "160 ms")
    assert loss.change == "1,486 times dearer"
    assert loss.saving == "costs 20.1 s a day more"


def test_a_loss_of_an_unmeasured_statement_is_told_in_costs() -> None:
    choice = an_advice().choice
    effects = tuple(replace(effect, mean_time_ms=None) for effect in choice.effects)

    [loss, _] = seen(replace(choice, effects=effects)).losses

    assert (loss.time_before, loss.time_after, loss.lost) == ("", "", "994,391 of cost")


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_every_report_has_the_short_form_always_and_the_long_one_if_asked(
    name: ReportFormat,
) -> None:
    short = " ".join(render(an_advice(), name).split())
    long = " ".join(render(an_advice(), name, explain_choice=True).split())

    for text in (short, long):
        assert "Writing it takes about 12 ms a day, building it about 4.2 s." in text
    assert "how many rows the predicate leaves is a guess" in long
    assert "how many rows the predicate leaves is a guess" not in short
    assert "0.17 ms" in long
    assert "0.17 ms" not in short


def test_json_has_all_of_it_always() -> None:
    assert render(an_advice(), "json") == render(an_advice(), "json", explain_choice=True)


def test_shows_three_statements_and_all_if_asked() -> None:
    advice = an_advice()
    [first, *others] = advice.recommendations
    many = replace(first, effects=first.effects * 4)
    advice = replace(advice, recommendations=(many, *others))

    assert render_text(advice).count("cost 12,345.67 -> 8.31") == 2
    assert "and 5 more statements" in render_text(advice)
    explained = render_text(advice, explain_choice=True)
    assert explained.count("cost 12,345.67 -> 8.31") == 4
    assert "more statements" not in explained


def test_names_the_indexes_of_a_recommendation_that_makes_two() -> None:
    advice = an_advice()
    [first, *others] = advice.recommendations
    both = replace(first, actions=(*first.actions, CREATE_EXPRESSION))

    text = render_text(replace(advice, recommendations=(both, *others)), width=200)

    assert "index: pgadv_orders_customer_id_created_at_0209a0\n   Without it the chosen" in text
    assert 'index: pgadv_we"ird ; DROP TABLE x; --_lower_name_777edf\n   Without it' in text


def test_an_index_that_was_not_chosen_for_its_saving_has_no_worth_to_tell() -> None:
    advice = an_advice()
    kept = tuple(
        index for index in advice.choice.chosen if index.candidate.definition != BY_CUSTOMER
    )

    text = render_text(replace(advice, choice=replace(advice.choice, chosen=kept)))

    assert "Writing it takes" not in text
