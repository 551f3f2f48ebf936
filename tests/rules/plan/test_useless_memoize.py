"""useless-memoize."""

from __future__ import annotations

from typing import Any

import pytest

from pgadvisor.model.finding import Finding
from pgadvisor.model.server import Setting
from pgadvisor.testing import Outcome, a_snapshot, diagnose, executed
from tests.rules.changes import manual

RULE = "useless-memoize"
PLAN = """\
Nested Loop  (cost=9..20 rows=9 width=8) (actual time=0.000..300.000 rows=50000 loops=1)
  ->  Seq Scan on a  (cost=0..9 rows=9 width=8) (actual time=0.000..20.000 rows=50000 loops=1)
  ->  Memoize  (cost=0..9 rows=1 width=8) (actual time=0.005..0.005 rows=1 loops=50000)
        Cache Key: a.n
        Cache Mode: logical
        Hits: 500  Misses: 49500  Evictions: 0  Overflows: 0  Memory Usage: 4000kB
        ->  Index Scan using b_pkey on b  (cost=0..9 rows=1 width=8) \
(actual time=0.004..0.004 rows=1 loops=49500)
Execution Time: 301.000 ms
"""
SMALL = PLAN.replace(
    "Hits: 500  Misses: 49500  Evictions: 0", "Hits: 20000  Misses: 30000  Evictions: 15000"
).replace("rows=1 loops=49500", "rows=1 loops=30000")


def run(plan: str = PLAN, **limits: Any) -> Outcome:  # noqa: ANN401  (limits of the rule)
    return diagnose(RULE, a_snapshot(), executions=executed(plan), **limits)


def figure(finding: Finding, name: str) -> object:
    return next(each.value for each in finding.evidence if each.name == name)


def test_reports_a_cache_that_finds_nothing() -> None:
    [finding] = run().findings

    assert finding.summary == (
        "The cache of a nested loop finds 1 % of 50,000 lookups, which costs 52 ms at most"
    )
    assert finding.impact.bound_ms == pytest.approx(52.0)
    assert finding.nodes == (2,)
    assert "SET LOCAL enable_memoize = off" in manual(finding)[1]


def test_reports_a_cache_that_throws_away_what_is_needed_again() -> None:
    [finding] = run(SMALL).findings

    assert finding.summary == (
        "The cache of a nested loop throws away 15,000 of 30,000 entries, which costs 190 ms at "
        "most"
    )
    assert finding.impact.bound_ms == pytest.approx(190.0)  # 130 of its own, half of 120 below
    assert finding.nodes == (2, 3)
    assert figure(finding, "memory needed at most") == 2 * 4_000 * 1_024
    assert "SET LOCAL work_mem = '4MB'" in manual(finding)[-1]


def test_gives_memory_to_hashes_alone_where_sorts_fit() -> None:
    work_mem = Setting(name="work_mem", value="2048", unit="kB", value_type="integer")
    multiplier = Setting(name="hash_mem_multiplier", value="2", value_type="real")
    snapshot = a_snapshot(work_mem, multiplier)

    [finding] = diagnose(RULE, snapshot, executions=executed(SMALL)).findings

    assert "SET LOCAL hash_mem_multiplier = 4;" in manual(finding)[-2]


def test_an_entry_that_never_had_room_is_lost_as_well() -> None:
    [finding] = run(SMALL.replace("Overflows: 0", "Overflows: 3000")).findings

    assert "throws away 18,000 of 30,000 entries" in finding.summary


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(
            PLAN.replace("Hits: 500  Misses: 49500", "Hits: 5000  Misses: 45000"), id="it pays"
        ),
        pytest.param(
            PLAN.replace("Hits: 500  Misses: 49500", "Hits: 0  Misses: 999"), id="few lookups"
        ),
        pytest.param(SMALL.replace("Evictions: 15000", "Evictions: 2999"), id="it loses little"),
        pytest.param(PLAN.replace("0.005..0.005", "0.004..0.004"), id="a short one"),
        pytest.param(PLAN.replace("..300.000", "..9300.000"), id="a small part"),
        pytest.param(f"Query Text: create table c as select 1\n{PLAN}", id="maintenance"),
    ],
)
def test_leaves_alone(plan: str) -> None:
    assert run(plan).is_clear


@pytest.mark.parametrize(("evictions", "count"), [(3_000, 1), (2_999, 0)])
def test_asks_for_a_tenth_of_the_entries(evictions: int, count: int) -> None:
    assert len(run(SMALL.replace("15000", str(evictions))).findings) == count


def test_cannot_judge_what_was_not_executed() -> None:
    assert run("Memoize  (cost=9..20 rows=1 width=8)\n  Cache Key: a.n\n").reasons == (
        "the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",
    )
