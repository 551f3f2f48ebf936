"""unpruned-partitions."""

from __future__ import annotations

from typing import Any

import pytest

from pgadvisor.model.finding import Confidence
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.testing import Outcome, SnapshotPart, a_snapshot, a_table, diagnose, executed
from tests.rules.changes import manual

RULE = "unpruned-partitions"
BARE = "(at >= '2024-03-01'::date)"
CAST = "((at)::text = '2024-03-01'::text)"
WRAPPED = "(date_trunc('month'::text, (at)::timestamp with time zone) = '2024-03-01'::date)"


def a_plan(
    filter_sql: str = WRAPPED,
    *,
    count: int = 12,
    empty: int = 11,
    head: str = "Append",
    loops: int = 1,
) -> str:
    lines = [
        f"{head}  (cost=0..9 rows=9 width=8) (actual time=0.000..250.000 rows=500 loops=1)",
    ]
    for number in range(1, count + 1):
        rows = 0 if number <= empty else 500
        lines += [
            (
                f"  ->  Seq Scan on log_{number} log_{number + 1}  (cost=0..9 rows=9 width=8) "
                f"(actual time=0.000..20.000 rows={rows} loops={loops})"
            ),
            f"        Filter: {filter_sql}",
            "        Rows Removed by Filter: 9000",
        ]
    return "\n".join([*lines, "Execution Time: 251.000 ms", ""])


LOG = a_table(
    "log",
    "at date not null",
    "n integer",
    kind=RelationKind.PARTITIONED_TABLE,
    partition_key="RANGE (at)",
)


def partitions(count: int = 12) -> tuple[Table, ...]:
    return tuple(
        a_table(
            f"log_{number}",
            "at date not null",
            "n integer",
            is_partition=True,
            parent_oids=(LOG.oid,),
        )
        for number in range(1, count + 1)
    )


def run(plan: str, *objects: SnapshotPart, **limits: Any) -> Outcome:  # noqa: ANN401  (limits of the rule)
    snapshot = a_snapshot(*objects)
    return diagnose(RULE, snapshot, executions=executed(plan, snapshot), **limits)


def test_reports_partitions_that_are_read_for_nothing() -> None:
    [finding] = run(a_plan()).findings

    assert finding.subject == "log"
    assert finding.summary == (
        "11 of 12 partitions of log are read and give no row: 220 ms (88 % of the plan)"
    )
    assert finding.impact.bound_ms == 220.0
    assert len(finding.nodes) == 12  # with the Append itself
    assert finding.confidence is Confidence.MEDIUM


@pytest.mark.parametrize(
    ("filter_sql", "told"),
    [
        (WRAPPED, "A condition has a function or a cast around the partition key, at."),
        (CAST, "A condition has a function or a cast around the partition key, at."),
        ("(n = 5)", "No condition is about the partition key, at."),
        (
            BARE,
            (
                "A condition compares the partition key, at, with what is not known when the plan "
                "starts."
            ),
        ),
        (
            "('2024-03-01'::date <= log.at)",
            (
                "A condition compares the partition key, at, with what is not known when the plan "
                "starts."
            ),
        ),
    ],
)
def test_the_snapshot_tells_why(filter_sql: str, told: str) -> None:
    [finding] = run(a_plan(filter_sql), LOG, partitions()).findings

    assert finding.subject == "public.log"
    assert finding.detail == told
    assert finding.confidence is Confidence.HIGH
    assert len(manual(finding)) == 2


def test_never_tells_a_literal() -> None:
    [finding] = run(a_plan("(secret('hunter2'::text) = at)"), LOG, partitions()).findings

    assert "hunter2" not in repr(finding)


UNION = a_plan().replace("Seq Scan on log_3 log_4", "Seq Scan on orders")
NEVER = "\n".join(
    line.replace("(actual time=0.000..20.000 rows=0 loops=1)", "(never executed)")
    for line in a_plan().splitlines()
    if "Removed" not in line
)


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(a_plan(empty=5), id="most give rows"),
        pytest.param(UNION, id="branches of a UNION ALL"),
        pytest.param(NEVER, id="never executed"),
        pytest.param(a_plan(loops=3), id="rows of several loops are averages"),
        pytest.param(a_plan(head="Nested Loop"), id="another node"),
        pytest.param(a_plan().replace("..20.000", "..0.500"), id="short ones"),
        pytest.param(a_plan().replace("..250.000", "..9250.000"), id="a small part"),
    ],
)
def test_leaves_alone(plan: str) -> None:
    assert run(plan).is_clear


@pytest.mark.parametrize(("count", "found"), [(10, 1), (9, 0)])
def test_asks_for_ten_partitions(count: int, found: int) -> None:
    assert len(run(a_plan(count=count, empty=count - 1)).findings) == found


def test_cannot_judge_what_was_not_executed() -> None:
    assert run("Append  (cost=9..20 rows=1 width=8)\n").reasons == (
        "the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",
    )
