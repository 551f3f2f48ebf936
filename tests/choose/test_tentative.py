"""What a change of a set gains, after any other changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.choose.knowledge import StatementKnowledge
from pgadvisor.choose.pool import Pool
from pgadvisor.choose.selection import Selection
from pgadvisor.choose.tentative import TentativeSet
from tests.choose.stated import a_weighted
from tests.choose.test_cost_functions import (
    ALL_SETS,
    CANDIDATES,
    Problem,
    partly_known,
    problems,
    sets,
)


def test_what_going_would_gain_is_not_what_coming_would() -> None:
    one = StatementKnowledge(a_weighted("one"), (0,), 1.0, 100.0)
    one.learn(1, 40.0, 1)
    pool = Pool([one])
    work = TentativeSet((), pool, Selection(pool, [5.0]))

    assert work.gain((0,), ()) == 5.0  # it is not there, and takes nothing along
    assert work.gain((), (0,)) == 55.0


@given(
    problems(),
    st.lists(sets, max_size=6),
    st.sampled_from(ALL_SETS),
    st.lists(st.sampled_from(ALL_SETS), max_size=4),
)
def test_a_gain_is_what_the_value_falls_by_however_the_set_came_about(
    problem: Problem,
    asked: list[frozenset[int]],
    start: frozenset[int],
    changes: list[frozenset[int]],
) -> None:
    pool = partly_known(problem, asked)
    selection = Selection(pool, problem.charges)
    work = TentativeSet(start, pool, selection)
    for toggled in (*changes, frozenset[int]()):
        for number in range(CANDIDATES):
            out = [number] if number in work.chosen else []
            into = [] if out else [number]
            before = frozenset(work.chosen)

            gain = work.gain(out, into)

            after = before.difference(out).union(into)
            saved = selection.value(before) - selection.value(after)
            assert gain == pytest.approx(saved, abs=1e-3)
        work.change(sorted(work.chosen & toggled), sorted(toggled - work.chosen))
