"""aggregate-on-disk."""

from __future__ import annotations

from typing import Any

import pytest

from pgadvisor.model.finding import Finding
from pgadvisor.model.server import Setting
from pgadvisor.testing import Outcome, SnapshotPart, a_snapshot, diagnose, executed
from tests.rules.changes import manual

RULE = "aggregate-on-disk"
TEXT = "select customer_id, count(*) from orders group by customer_id"
PLAN = f"""\
Query Text: {TEXT}
HashAggregate  (cost=9..20 rows=9000 width=16) (actual time=250.000..300.000 rows=90000 loops=1)
  Group Key: customer_id
  Batches: 5  Memory Usage: 4096kB  Disk Usage: 9216kB
  ->  Seq Scan on orders  (cost=0..9 rows=600000 width=8) \
(actual time=0.000..100.000 rows=600000 loops=1)
Execution Time: 310.000 ms
"""

NEEDED = "memory needed, unless states of groups grow"


def run(plan: str = PLAN, *objects: SnapshotPart, **limits: Any) -> Outcome:  # noqa: ANN401  (limits of the rule)
    snapshot = a_snapshot(*objects)
    return diagnose(RULE, snapshot, executions=executed(plan, snapshot), **limits)


def figure(finding: Finding, name: str) -> object:
    return next(each.value for each in finding.evidence if each.name == name)


def test_reports_groups_on_disk() -> None:
    [finding] = run().findings

    assert finding.subject == "Aggregate"
    assert finding.summary == "Aggregate writes 9 MB to disk and takes 200 ms by itself"
    assert finding.impact.bound_ms == pytest.approx(2 * 0.3 * 200)
    # By the batches: five times 4 MiB; the groups would take 28 MiB.
    assert figure(finding, NEEDED) == 5 * 4_096 * 1_024
    assert manual(finding)[0] == (
        "See to the estimate first, as more groups came than were expected: `ANALYZE` the tables "
        "below."
    )
    assert "SET LOCAL work_mem = '16MB'" in manual(finding)[-1]  # times hash_mem_multiplier, 2


def test_gives_memory_to_hashes_alone_where_sorts_fit() -> None:
    work_mem = Setting(name="work_mem", value="4096", unit="kB", value_type="integer")
    multiplier = Setting(name="hash_mem_multiplier", value="2", value_type="real")

    [finding] = run(PLAN, work_mem, multiplier).findings

    assert "SET LOCAL hash_mem_multiplier = 5;" in manual(finding)[-2]


def test_many_batches_have_no_more_than_the_groups() -> None:
    [finding] = run(PLAN.replace("Batches: 5", "Batches: 50")).findings

    assert figure(finding, NEEDED) == 4_096 * 1_024 + 90_000 * (2 * 16 + 256)


def test_groups_of_several_columns_want_statistics_of_their_number() -> None:
    [finding] = run(PLAN.replace("Key: customer_id", "Key: customer_id, status")).findings

    assert "`CREATE STATISTICS (ndistinct)`" in manual(finding)[0]


def test_a_right_estimate_needs_no_mending() -> None:
    [finding] = run(PLAN.replace("rows=9000 ", "rows=90000 ")).findings

    assert not manual(finding)[0].startswith("See to the estimate")


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(
            PLAN.replace("Batches: 5  Memory Usage: 4096kB  Disk Usage: 9216kB", "Batches: 1"),
            id="in memory",
        ),
        pytest.param(PLAN.replace(TEXT, f"create table c as {TEXT}"), id="maintenance"),
        pytest.param(PLAN.replace("250.000..300.000", "110.000..130.000"), id="a short one"),
        pytest.param(
            PLAN.replace("0.000..100.000", "0.000..4000.000").replace("..300.0", "..4200.0"),
            id="its input takes the time",
        ),
    ],
)
def test_leaves_alone(plan: str) -> None:
    assert run(plan).is_clear


@pytest.mark.parametrize(("size", "count"), [(1_024, 1), (1_023, 0)])
def test_asks_for_a_megabyte(size: int, count: int) -> None:
    assert len(run(PLAN.replace("9216kB", f"{size}kB")).findings) == count


def test_cannot_judge_what_was_not_executed() -> None:
    assert run("HashAggregate  (cost=9..20 rows=9000 width=16)\n").reasons == (
        "the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",
    )
