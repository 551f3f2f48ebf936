"""What a chosen set does, and what each of its indexes is worth in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pytest

from pgadvisor.choose.account import Account
from pgadvisor.choose.inquiry import Inquirer
from pgadvisor.choose.pool import Pool
from pgadvisor.choose.search import Search
from pgadvisor.choose.selection import Selection
from pgadvisor.choose.valuation import Valuation
from pgadvisor.model.candidate import Candidate, StatementEffect
from pgadvisor.whatif.backend import Built
from tests.choose.stated import (
    StatedPlan,
    StatedPlanner,
    a_candidate,
    a_plan,
    a_pool,
    a_price,
    a_weighted,
    an_inquirer,
)

CANDIDATES = tuple(a_candidate(number) for number in range(3))
PLANS = {
    "join": (a_plan(100.0), a_plan(10.0, 0, 1)),
    "scan": (a_plan(200.0), a_plan(50.0, 0), a_plan(80.0, 1)),
    "rest": (a_plan(40.0), a_plan(20.0, 2)),
}
STATEMENTS = (
    a_weighted("join", calls=10.0, mean_time_ms=5.0),
    a_weighted("scan", calls=4.0, mean_time_ms=100.0),
    a_weighted("rest", calls=1.0, mean_time_ms=1.0),
)
VALUES = {"join": 0.5, "scan": 2.0, "rest": 0.025}
"""Calls x mean time / cost now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """An account, with what it was made of."""

    account: Account
    search: Search
    pool: Pool
    inquirer: Inquirer
    planner: StatedPlanner


def books(
    *chosen: int,
    plans: Mapping[str, tuple[StatedPlan, ...]] = PLANS,
    is_measured: bool = True,
    candidates: Sequence[Candidate] = CANDIDATES,
) -> Books:
    statements = STATEMENTS if is_measured else ()
    pool = a_pool(plans, statements=statements, values=VALUES if is_measured else None)
    planner = StatedPlanner(plans, candidates)
    inquirer = an_inquirer(planner, candidates)
    search = Search(pool, inquirer, Selection(pool, [0.0] * 3), [1] * 3)
    search.plan(frozenset(chosen))
    paid = (5.0, 1.0, 0.0) if is_measured else (0.0, 0.0, 0.0)
    account = Account(
        chosen=frozenset(chosen),
        pool=pool,
        candidates=candidates,
        built={
            number: Built(definition=one.definition, name=f"index {number}", size_bytes=8192)
            for number, one in enumerate(candidates)
        },
        prices=[
            a_price(number, size_bytes=8192, write_value=value, entries_per_day=value * 400)
            for number, value in enumerate(paid)
        ],
        valuation=Valuation(is_measured=is_measured, ms_per_cost=1.0, total_per_day=451.0),
    )
    return Books(account=account, search=search, pool=pool, inquirer=inquirer, planner=planner)


def brief(effects: tuple[StatementEffect, ...]) -> list[tuple[str, float, float]]:
    return [(effect.statement_id, effect.cost_before, effect.cost_after) for effect in effects]


def test_tells_what_the_set_does_to_each_statement_the_greatest_gain_first() -> None:
    effects = books(0, 1).account.effects()

    assert brief(effects) == [("scan", 200.0, 50.0), ("join", 100.0, 10.0)]
    assert [effect.saved_ms_per_day for effect in effects] == [300.0, 45.0]


def test_takes_what_writes_pay_from_what_is_saved() -> None:
    assert books(0, 1).account.saved_per_day() == pytest.approx(300.0 + 45.0 - 5.0 - 1.0)


def test_an_index_is_worth_what_the_set_would_save_less_without_it() -> None:
    made = books(0, 1)

    first, second = made.account.indexes(made.search)

    assert (first.name, second.name) == ("0", "1")
    assert first.marginal_per_day == pytest.approx((100.0 - 10.0) * 0.5 + (80.0 - 50.0) * 2.0 - 5.0)
    assert second.marginal_per_day == pytest.approx((100.0 - 10.0) * 0.5 - 1.0)


def test_indexes_that_one_plan_uses_share_what_it_saves() -> None:
    made = books(0, 1)

    first, second = made.account.indexes(made.search)

    assert first.saved_ms_per_day == pytest.approx(300.0 + 45.0 / 2)
    assert second.saved_ms_per_day == pytest.approx(45.0 / 2)
    assert brief(first.effects) == [("scan", 200.0, 50.0), ("join", 100.0, 10.0)]
    assert brief(second.effects) == [("join", 100.0, 10.0)]


def test_tells_what_would_get_dearer_without_an_index_the_greatest_loss_first() -> None:
    made = books(0, 1)

    first, second = made.account.indexes(made.search)

    assert brief(first.losses) == [("scan", 50.0, 80.0), ("join", 10.0, 100.0)]
    assert [effect.saved_ms_per_day for effect in first.losses] == pytest.approx([-60.0, -45.0])
    assert brief(second.losses) == [("join", 10.0, 100.0)]


def test_an_index_that_another_one_replaces_is_worth_little() -> None:
    plans = {"scan": (a_plan(200.0), a_plan(50.0, 0), a_plan(50.01, 1))}
    made = books(0, 1, plans=plans)

    rows = {row.name: row for row in made.account.indexes(made.search)}

    assert rows["0"].saved_ms_per_day == 300.0
    assert rows["0"].marginal_per_day == pytest.approx(0.01 * 2.0 - 5.0)
    assert rows["1"].marginal_per_day == -1.0
    assert rows["1"].losses == ()


def test_carries_what_an_index_costs() -> None:
    made = books(0)

    [row] = made.account.indexes(made.search)

    assert row.candidate.size_bytes == 8192
    assert row.written_entries_per_day == 2_000.0
    assert row.write_ms_per_day == 5.0


def test_without_measured_times_counts_in_costs() -> None:
    made = books(0, 1, is_measured=False)

    first, _ = made.account.indexes(made.search)

    assert made.account.saved_per_day() == 150.0 + 90.0
    assert first.marginal_per_day == 30.0 + 90.0
    assert first.saved_ms_per_day is None
    assert first.write_ms_per_day is None


def test_every_statement_counts_once_in_the_geometric_mean() -> None:
    assert books(0, 1).account.geometric_mean_ratio() == pytest.approx(
        (0.1 * 0.25 * 1.0) ** (1 / 3)
    )
    assert books().account.geometric_mean_ratio() == pytest.approx(1.0)


def test_of_no_statement_there_is_no_mean() -> None:
    assert books(plans={}).account.geometric_mean_ratio() is None


def test_what_is_hoped_for_without_an_index_takes_nothing_from_the_set() -> None:
    plans = {"join": (a_plan(100.0), a_plan(10.0, 0), a_plan(20.0, 1, hopes=(1,)), a_plan(60.0, 2))}
    made = books(0, 1, 2, plans=plans)
    before = made.pool.knowledge[0].everything

    rows = {row.name: row for row in made.account.indexes(made.search)}

    assert brief(rows["0"].losses) == [("join", 10.0, 60.0)]
    assert rows["0"].saved_ms_per_day == 45.0
    assert made.pool.knowledge[0].everything == before


def weak(*, second_leaves: float) -> dict[int, str]:
    """Of two indexes: the first brings 100 to 10, and the second the rest to something less."""
    plans = {"scan": (a_plan(100.0), a_plan(10.0, 0), a_plan(second_leaves, 0, 1))}
    made = books(0, 1, plans=plans)
    found = made.account.weak(made.search, 0.2)
    return {number: f"{excess.code}: {excess.reason}" for number, excess in found.items()}


def test_an_index_is_weak_where_it_takes_little_off_what_is_left_beside_the_others() -> None:
    assert weak(second_leaves=8.01) == {
        1: "too-little: beside the chosen ones it takes less than 20 % off each statement"
    }


def test_an_index_that_takes_much_off_what_is_left_is_not_weak_however_much_it_was_before() -> None:
    assert weak(second_leaves=8.0) == {}
    assert weak(second_leaves=0.1) == {}


@pytest.mark.parametrize(
    ("predicate", "is_needless"), [(None, True), ("t1 = 1", True), ("status = 'open'", False)]
)
def test_an_index_is_weak_beside_one_that_begins_with_all_it_holds(
    predicate: str | None, *, is_needless: bool
) -> None:
    narrow = a_candidate(0, "t1")
    narrow = replace(narrow, definition=replace(narrow.definition, predicate=predicate))
    candidates = (narrow, a_candidate(1, "t1", "t2"), a_candidate(2))
    plans = {"one": (a_plan(100.0), a_plan(10.0, 0)), "two": (a_plan(100.0), a_plan(10.0, 1))}
    made = books(0, 1, plans=plans, candidates=candidates)

    found = made.account.weak(made.search, 0.2)

    reasons = {number: f"{excess.code}: {excess.reason}" for number, excess in found.items()}
    needless = {0: "covered: the chosen index on public.orders (t1, t2) begins with all it holds"}
    assert reasons == (needless if is_needless else {})


def test_what_answers_tell_of_the_set_without_an_index_is_not_asked() -> None:
    plans = {"scan": (a_plan(100.0), a_plan(10.0, 0), a_plan(50.0, 1), a_plan(90.0, 2))}
    made = books(0, 1, plans=plans)
    [one] = made.pool.knowledge
    made.inquirer.ask([(one, one.bits((1, 2)))])  # so whoever has just the second costs 50, too
    before = made.planner.call_count

    [first] = [row for row in made.account.indexes(made.search) if row.name == "0"]

    assert made.planner.call_count == before
    assert brief(first.losses) == [("scan", 10.0, 50.0)]
