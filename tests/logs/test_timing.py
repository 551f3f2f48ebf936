"""Times and samples in bounded memory."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.logs.group import Calls
from pgadvisor.logs.reservoir import Allowance, Kept, Reservoir
from pgadvisor.logs.timing import Timing


@given(st.lists(st.floats(0.001, 1e8), min_size=1, max_size=300))
def test_percentiles_are_right_to_two_and_a_half_percent(times: list[float]) -> None:
    timing = Timing()
    for time_ms in times:
        timing.add(time_ms)

    ordered = sorted(times)
    for ratio in (0.5, 0.95, 0.99, 1.0):
        exact = ordered[math.ceil(len(ordered) * ratio) - 1]
        assert timing.percentile_ms(ratio) == pytest.approx(exact, rel=0.025)
    found = timing.times()
    assert (found.count, found.min_ms, found.max_ms) == (len(times), ordered[0], ordered[-1])
    assert found.total_ms == pytest.approx(sum(times))


def test_no_time_and_no_call_are_no_failure() -> None:
    timing = Timing()

    assert timing.times().p99_ms == 0.0
    timing.add(0.0)
    assert timing.times().p99_ms == 0.0


def test_a_histogram_of_many_times_stays_small() -> None:
    timing, chance = Timing(), random.Random(1)  # noqa: S311
    for _ in range(50_000):
        timing.add(chance.lognormvariate(0, 3))

    assert len(timing.buckets) < 700


def test_each_member_is_as_likely_as_any_other_to_be_kept() -> None:
    chance, size, length, runs = random.Random(7), 5, 50, 4_000  # noqa: S311
    seen: Counter[int] = Counter()
    for _ in range(runs):
        reservoir = Reservoir(size, chance)
        for number in range(1, length + 1):
            if number == reservoir.next_in:
                reservoir.put(Kept(str(number).encode(), None))
        seen.update(int(kept.text) for kept in reservoir.items)

    expected = runs * size / length
    assert set(seen) == set(range(1, length + 1))
    # Five standard deviations; one in a million of right samplers would fail, by the seed none.
    assert max(abs(count - expected) for count in seen.values()) < 5 * math.sqrt(expected)


def calls_of(*texts: bytes, allowance: Allowance, max_bytes: int = 100) -> Calls:
    """Calls that were added one after the other, each slower than the one before."""
    calls = Calls(3, max_bytes, random.Random(1), allowance)  # noqa: S311
    for number, text in enumerate(texts, 1):
        calls.add(text, float(number))
    return calls


def test_the_slowest_call_is_kept_beside_the_samples() -> None:
    calls = calls_of(*(b"call %d" % number for number in range(100)), allowance=Allowance())

    assert len(calls.reservoir.items) == 3
    assert calls.slowest is not None
    assert calls.slowest.text == b"call 99"


def test_what_is_too_long_is_not_kept() -> None:
    calls = calls_of(b"x" * 101, b"y", allowance=Allowance())

    assert [kept.text for kept in calls.reservoir.items] == [b"", b"y"]


def test_all_room_that_was_taken_is_given_back() -> None:
    allowance = Allowance(1_000)
    calls = calls_of(*(b"call %d" % number for number in range(500)), allowance=allowance)

    assert allowance.refused == 0
    calls.release()
    assert allowance.take(1_000)


def test_no_more_is_kept_than_there_is_room_for() -> None:
    allowance = Allowance(10)
    calls = calls_of(b"a" * 8, b"b" * 8, allowance=allowance)

    assert sum(kept.size_bytes for kept in calls.reservoir.items) <= 10
    assert allowance.refused > 0
