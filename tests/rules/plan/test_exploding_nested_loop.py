"""exploding-nested-loop."""

from __future__ import annotations

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.testing import Outcome, a_snapshot, diagnose, executed

RULE = "exploding-nested-loop"
LOOP = """\
Nested Loop  (cost=1..900 rows={expected} width=8) (actual time=0.1..{total} rows=10000 loops=1)
  ->  Seq Scan on a  (cost=0..800 rows={expected} width=8) (actual time=0..20.0 rows={loops} loops=1)
        Filter: (n = 5)
  ->  {inner}
"""  # noqa: E501
INNER = "{node}  (cost=0..5 rows=2 width=4) (actual time=0.001..{each} rows={rows} loops={loops})"


def inner(
    node: str = "Index Scan using b_i on b",
    each: str = "0.020",
    rows: str = "3",
    loops: int = 5_000,
) -> str:
    return INNER.format(node=node, each=each, rows=rows, loops=loops)


def loop(
    below: str | None = None, *, expected: int = 50, loops: int = 5_000, total: str = "130.0"
) -> str:
    return LOOP.format(
        expected=expected, loops=loops, total=total, inner=below or inner(loops=loops)
    )


def run(plan: str) -> Outcome:
    return diagnose(RULE, a_snapshot(version_num=0), executions=executed(plan))


def test_tells_how_often_the_inner_side_was_run() -> None:
    [finding] = run(loop()).findings

    assert finding.subject == "b"
    assert finding.summary == (
        "A nested loop ran Index Scan using b_i on b 5,000 times, 100 times as often as planned "
        "(76.9 % of the time)"
    )
    assert finding.detail == (
        "The estimate is wrong from Seq Scan on a on: 50 rows were expected, and 5,000 came."
    )
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.steps[0].startswith("Mend the estimate of Seq Scan on a: `ANALYZE`")
    assert finding.nodes == (0, 2)
    # 10 ms of the loop by itself, and 4,999 of 5,000 runs of 100 ms.
    assert finding.impact.bound_ms == pytest.approx(10.0 + 100.0 * 4_999 / 5_000)


@pytest.mark.parametrize(
    ("filter_of_join", "columns"),
    [("", "the columns of the join"), ("  Join Filter: (a.n = b.m)\n", "m")],
)
def test_asks_for_an_index_where_each_run_reads_all(filter_of_join: str, columns: str) -> None:
    plan = loop(inner("Seq Scan on b")).replace(
        "  ->  Seq Scan on a", f"{filter_of_join}  ->  Seq Scan on a"
    )

    [finding] = run(plan).findings

    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.steps[1] == f"Give b an index on {columns}: each run reads all of it."


MEMOIZED = """\
Memoize  (cost=0..5 rows=2 width=4) (actual time=0.001..0.020 rows=3 loops=5000)
        Cache Key: a.n
        Cache Mode: logical
        Hits: {hits}  Misses: {misses}  Evictions: 0  Overflows: 0  Memory Usage: 97kB
        ->  Index Scan using b_i on b  (cost=0..5 rows=2 width=4) (actual time=0.001..0.02 rows=3 loops={misses})"""  # noqa: E501


@pytest.mark.parametrize(("hits", "count"), [(4_499, 1), (4_500, 0)])
def test_leaves_a_memoize_alone_that_answers(hits: int, count: int) -> None:
    plan = loop(MEMOIZED.format(hits=hits, misses=5_000 - hits))

    assert len(run(plan).findings) == count


@pytest.mark.parametrize(
    ("below", "count"),
    [
        pytest.param(inner(each="0.010", rows="1"), 0, id="cheap-lookup"),
        pytest.param(inner(each="0.011", rows="1"), 1, id="dear-lookup"),
        pytest.param(inner(each="0.010", rows="2"), 1, id="more-than-one-row"),
        pytest.param(inner("Seq Scan on b", each="0.010", rows="1"), 1, id="no-index"),
    ],
)
def test_leaves_cheap_lookups_of_one_row_alone(below: str, count: int) -> None:
    assert len(run(loop(below, total="80.0")).findings) == count


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(loop(expected=501), id="planned-for-many"),
        pytest.param(loop(expected=1, loops=999), id="few-loops"),
        pytest.param(loop(inner(each="0.005", rows="3"), total="90.0"), id="little-of-the-time"),
        pytest.param(
            loop(inner(each="0.001"), total="9.9").replace("0..20.0", "0..3.0"), id="short"
        ),
    ],
)
def test_leaves_alone(plan: str) -> None:
    assert run(plan).is_clear


def test_warns_from_ten_times_on() -> None:
    assert len(run(loop(expected=500)).findings) == 1


def test_says_what_a_plan_lacks() -> None:
    plan = "Nested Loop  (cost=0..1 rows=1 width=8) (actual rows=40000 loops=1)"

    assert run(plan).reasons == (
        "the plan has no times: use EXPLAIN (ANALYZE, BUFFERS), without TIMING OFF",
    )
