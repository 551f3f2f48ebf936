"""Plans of real servers: one tree from all formats, and times that add up."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.model.executed_plan import ExecutedPlan
from pgadvisor.parse.plans.exclusive import plan_use
from pgadvisor.parse.plans.read import read_plans
from tests.fixtures.databases import fresh_database
from tests.parse.plans.servers import FORMATS, OPTIONS, comparable, explain, options_of
from tests.parse.plans.statements import SCHEMA, STATEMENTS

pytestmark = [
    pytest.mark.live,
    pytest.mark.matrix,
    pytest.mark.slow,
    pytest.mark.xdist_group("real-plans"),
]

RUNS_AFTER_THE_ROOT = {"data-modifying cte": "CTE unused"}
"""What runs when the root has ended is in no other node: its time and buffers come on top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A statement's plan as a server printed it."""

    name: str
    options: str
    workers: int
    texts: dict[str, str]


@pytest.fixture(scope="module")
def known() -> dict[int, list[Printed]]:
    """What each major has printed, in whatever order the tests come."""
    return {}


@pytest.fixture
def printed(major_cluster: Cluster, known: dict[int, list[Printed]]) -> list[Printed]:
    """Every statement, with each set of options, in each format."""
    major = major_cluster.binaries.major
    if major not in known:
        known[major] = _printed_by(major_cluster)
    return known[major]


def _printed_by(major_cluster: Cluster) -> list[Printed]:
    found: list[Printed] = []
    with (
        fresh_database(major_cluster) as dsn,
        psycopg.connect(dsn, autocommit=True) as connection,
    ):
        connection.execute(SCHEMA)
        connection.execute("vacuum analyze")
        for name, statement in STATEMENTS.items():
            if major_cluster.binaries.major < statement.since:
                continue
            for options in OPTIONS:
                chosen = options_of(options, major_cluster.binaries.major)
                for workers in (1, 2) if statement.parallel else (1,):
                    texts = explain(connection, statement, chosen, workers=workers)
                    found.append(Printed(name=name, options=options, workers=workers, texts=texts))
    return found


def test_all_formats_give_the_same_tree(printed: list[Printed]) -> None:
    compared = 0
    for each in printed:
        if each.workers > 1:
            continue  # which worker takes which rows differs from run to run
        trees: dict[str, ExecutedPlan] = {}
        for form in FORMATS:
            [plan] = read_plans(each.texts[form])
            trees[form] = comparable(plan, exact_buffers=not STATEMENTS[each.name].writes)
        for form in FORMATS:
            assert trees[form] == trees["json"], (each.name, each.options, form)
        compared += 1
    assert compared >= 60 * len(OPTIONS)


def test_nothing_of_postgresql_is_unknown(printed: list[Printed]) -> None:
    unknown = {
        key
        for each in printed
        for node in read_plans(each.texts["text"])[0].root.walk()
        for key, _ in node.extra
    }

    assert unknown <= {
        *("Conflict Resolution", "Conflict Arbiter Indexes", "Conflict Filter"),
        *("Function Call", "Table Function Call", "One-Time Filter", "Params Evaluated"),
        *("Repeatable Seed", "Run Condition", "Sampling Method", "Sampling Parameters"),
        *("Storage", "Table Function Name", "TID Cond", "Window"),
    }


def test_exclusive_times_and_buffers_add_up(printed: list[Printed]) -> None:
    judged = 0
    for each in printed:
        if each.options == "bare":
            continue  # it has no times
        beyond_ms: list[float] = []
        for form in FORMATS:
            [plan] = read_plans(each.texts[form])
            use = plan_use(plan)
            assert use.total_time_ms is not None
            assert plan.execution_time_ms is not None
            exclusive_ms = sum(node.exclusive_time_ms or 0.0 for node in use.nodes)
            excess_ms = sum(node.excess_time_ms for node in use.nodes)
            # Averages are printed in microseconds, and half of one is lost for each loop.
            rounding_ms = sum(0.0005 * node.loops / node.processes for node in use.nodes)
            after = RUNS_AFTER_THE_ROOT.get(each.name)
            late = [node.node for node in use.nodes if after and node.node.subplan_name == after]
            blocks = plan.root.buffers.touched_blocks
            blocks += sum(node.buffers.touched_blocks for node in late)
            where = (each.name, each.options, each.workers, form)
            assert exclusive_ms == pytest.approx(use.total_time_ms, rel=0.01, abs=1e-9), where
            beyond_ms.append(excess_ms - 0.01 * use.total_time_ms - rounding_ms)
            assert use.total_time_ms <= plan.execution_time_ms + 0.001, where
            assert blocks == sum(node.exclusive_buffers.touched_blocks for node in use.nodes), where
            judged += 1
        # Each format was a run of its own.  Where workers run, one of some thousand had a node a
        # millisecond shorter than what ran below it; accounting that is wrong is so in all four.
        worst_ms = min(beyond_ms) if STATEMENTS[each.name].parallel else max(beyond_ms)
        assert worst_ms <= 0, (each.name, each.options, each.workers, beyond_ms)
    assert judged >= 60 * 2 * len(FORMATS)
