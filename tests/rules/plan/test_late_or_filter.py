"""late-or-filter."""

from __future__ import annotations

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.testing import Outcome, a_snapshot, diagnose, executed

RULE = "late-or-filter"
ACROSS = "((o.code = 5) OR (u.email = 'x'::text))"
JOIN = """\
{join}  (cost=0..8 rows=9 width=8) (actual time=1..100.0 rows={rows} loops=1)
  Hash Cond: (o.user_id = u.id)
  {kind}: {condition}
  Rows Removed by {kind}: {removed}
  ->  Seq Scan on orders o  (cost=0..8 rows=9 width=8) (actual time=1..50.0 rows=100000 loops=1)
  ->  Hash  (cost=0..8 rows=9 width=8) (actual time=9.0..9.0 rows=500 loops=1)
        ->  Seq Scan on users u  (cost=0..8 rows=9 width=8) (actual time=1..5.0 rows=500 loops=1)
"""


def join(
    condition: str = ACROSS,
    *,
    join: str = "Hash Join",
    kind: str = "Join Filter",
    rows: int = 10,
    removed: int = 99_990,
) -> str:
    return JOIN.format(join=join, kind=kind, condition=condition, rows=rows, removed=removed)


def run(plan: str) -> Outcome:
    return diagnose(RULE, a_snapshot(version_num=0), executions=executed(plan))


def test_tells_how_many_pairs_were_joined_for_nothing() -> None:
    [finding] = run(join()).findings

    assert finding.subject == "orders, users"
    assert finding.summary == (
        "An OR across orders, users was checked after the join, and discarded 99,990 of 100,000 "
        "pairs of rows, in 100 ms of 100 ms"
    )
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.title == "Ask orders, users for each arm by itself"
    assert finding.nodes == (0, 1, 2, 3)
    assert finding.impact.bound_ms == pytest.approx(100.0 * 0.9999)
    shown = [e.value for e in finding.evidence if e.name == "condition of the join"]
    assert shown == ["((o.code = ?) OR (u.email = ?::text))"]


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(join("(o.code <> u.code)"), id="no-or"),
        pytest.param(join("((o.code = 5) OR (o.code = 6))"), id="within-one-table"),
        pytest.param(join(rows=11_111), id="keeps-a-tenth"),
        pytest.param(join(rows=0, removed=9_999), id="few-pairs"),
        pytest.param(
            join("((o.code = 5) OR (u.id IS NULL))", join="Hash Left Join", kind="Filter"),
            id="rows-without-a-partner",
        ),
        pytest.param(
            join().replace("1..100.0", "0..4.9").replace("1..50.0", "0..2.0").replace("9.0", "1.0"),
            id="short",
        ),
    ],
)
def test_leaves_alone(plan: str) -> None:
    assert run(plan).is_clear


@pytest.mark.parametrize(("removed", "count"), [(10_000, 1), (9_999, 0)])
def test_asks_for_ten_thousand_pairs(removed: int, count: int) -> None:
    assert len(run(join(removed=removed)).findings) == count


def test_says_what_a_plan_lacks() -> None:
    assert run("Result  (cost=0..1 rows=1 width=8)").reasons == (
        "the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",
    )
