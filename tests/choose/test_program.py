"""Programs and their solver."""

from __future__ import annotations

import math

import pytest

from pgadvisor.choose.program import Program


def knapsack() -> Program:
    """Worth 6, 10 and 12; weighs 1, 2 and 3, and 5 can be carried."""
    program = Program(constant=100.0)
    weights = {program.add_binary(-worth): weight for worth, weight in ((6, 1), (10, 2), (12, 3))}
    program.add_row(weights, upper=5.0)
    return program


def a_hard_one() -> Program:
    """A market split: nothing of it can be told by relaxing it."""
    program = Program()
    items = [program.add_binary() for _ in range(40)]
    for row in range(5):
        weights = {item: float((item * 7919 + row * 104_729) % 97 + 1) for item in items}
        over, under = program.add_share(100.0), program.add_share(100.0)
        half = sum(weights.values()) // 2
        program.add_row({**weights, over: 50.0, under: -50.0}, lower=half, upper=half)
    return program


def test_finds_the_best() -> None:
    optimum = knapsack().minimise(time_limit_ms=10_000)

    assert optimum is not None
    assert optimum.values == pytest.approx((0.0, 1.0, 1.0))
    assert optimum.objective == pytest.approx(78.0)
    assert optimum.bound == pytest.approx(78.0)
    assert optimum.is_best


def test_a_relaxed_program_takes_parts_and_is_a_bound() -> None:
    optimum = knapsack().minimise(time_limit_ms=10_000, is_relaxed=True)

    assert optimum is not None
    assert optimum.values == pytest.approx((1.0, 1.0, 2 / 3))
    assert optimum.objective == optimum.bound == pytest.approx(76.0)


def test_a_share_is_anything_between_nothing_and_all() -> None:
    program = Program()
    share = program.add_share(-1.0)
    program.add_row({share: 4.0}, upper=1.0)

    optimum = program.minimise(time_limit_ms=10_000)

    assert optimum is not None
    assert optimum.values == pytest.approx((0.25,))
    assert optimum.bound == pytest.approx(-0.25)


@pytest.mark.parametrize("is_relaxed", [False, True])
def test_of_a_program_that_cannot_be_nothing_is_found(*, is_relaxed: bool) -> None:
    program = Program()
    one = program.add_binary()
    program.add_row({one: 1.0}, lower=2.0)

    assert program.minimise(time_limit_ms=10_000, is_relaxed=is_relaxed) is None


@pytest.mark.parametrize("is_relaxed", [False, True])
def test_a_program_of_nothing_is_its_constant(*, is_relaxed: bool) -> None:
    optimum = Program(constant=7.0).minimise(time_limit_ms=10_000, is_relaxed=is_relaxed)

    assert optimum is not None
    assert (optimum.objective, optimum.bound, optimum.is_best) == (7.0, 7.0, True)
    assert optimum.values == ()


def test_a_program_that_time_ran_out_on_is_not_said_to_be_solved() -> None:
    optimum = a_hard_one().minimise(time_limit_ms=1.0)

    assert optimum is None or (not optimum.is_best and optimum.bound <= optimum.objective)


def test_a_relaxed_program_that_time_ran_out_on_proves_nothing_or_all() -> None:
    optimum = a_hard_one().minimise(time_limit_ms=1.0, is_relaxed=True)

    assert optimum is None or optimum.is_best or optimum.bound == -math.inf


def test_the_same_program_has_the_same_solution() -> None:
    assert knapsack().minimise(time_limit_ms=10_000) == knapsack().minimise(time_limit_ms=10_000)


def test_the_solver_writes_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    knapsack().minimise(time_limit_ms=10_000)
    knapsack().minimise(time_limit_ms=10_000, is_relaxed=True)
    a_hard_one().minimise(time_limit_ms=1.0)
    Program().minimise(time_limit_ms=1.0)

    assert capfd.readouterr() == ("", "")
