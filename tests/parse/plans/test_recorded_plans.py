"""Plans that servers of 10 to 18 printed, without a server."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from pgadvisor.model.executed_plan import ExecutedPlan
from pgadvisor.parse.plans.exclusive import plan_use
from pgadvisor.parse.plans.read import read_plans
from tests.parse.plans.servers import FORMATS, comparable
from tests.parse.plans.statements import STATEMENTS

RECORDED = {
    f"{path.stem} {name}": texts
    for path in sorted((Path(__file__).parent / "recorded").glob("*.json"))
    for name, texts in json.loads(path.read_text()).items()
}


def recorded(name: str, form: str = "text") -> ExecutedPlan:
    [plan] = read_plans(RECORDED[name][form])
    return plan


def test_there_are_plans_of_each_major() -> None:
    assert {name.split()[0] for name in RECORDED} == {str(major) for major in range(10, 19)}


@pytest.mark.parametrize("name", RECORDED)
def test_all_formats_give_the_same_tree(name: str) -> None:
    statement = STATEMENTS.get(name.partition(" ")[2])
    writes = statement is not None and statement.writes
    trees = {form: recorded(name, form) for form in FORMATS}

    compared = {form: comparable(tree, exact_buffers=not writes) for form, tree in trees.items()}

    assert compared == dict.fromkeys(FORMATS, compared["json"])


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", RECORDED)
def test_exclusive_times_add_up(name: str, form: str) -> None:
    use = plan_use(recorded(name, form))

    assert use.total_time_ms is not None
    assert sum(node.exclusive_time_ms or 0 for node in use.nodes) == pytest.approx(
        use.total_time_ms, rel=0.01
    )


@pytest.mark.parametrize("form", FORMATS)
def test_reads_what_jit_did_in_the_leader_and_in_workers(form: str) -> None:
    plan = recorded("15 jit", form)

    assert plan.jit is not None
    assert plan.jit.functions > 0
    assert (plan.jit.inlining, plan.jit.optimization) == (True, True)
    assert (plan.jit.expressions, plan.jit.deforming) == (True, True)
    assert plan.jit.total_time_ms is not None
    assert plan.jit.total_time_ms > 0
    in_workers = [w.jit for node in plan.root.walk() for w in node.workers if w.jit is not None]
    assert [jit.functions > 0 for jit in in_workers] == [True]


SINCE_17 = {
    "text": (r"Generation ([0-9.]+) ms", r"Generation \1 ms (Deform 0.125 ms)"),
    "json": (r'"Generation": ([0-9.]+)', r'"Generation": {"Deform": 0.125, "Total": \1}'),
    "yaml": (
        r"^( *)Generation: ([0-9.]+)",
        r"\1Generation: \n\1  Deform: 0.125\n\1  Total: \2",
    ),
    "xml": (
        r"<Generation>([0-9.]+)<",
        r"<Generation><Deform>0.125</Deform><Total>\1</Total><",
    ),
}
"""What 17 and later write in the place of the time of generation.  No binaries of these majors that
the tests can fetch have the compiler, so that it is a plan of 15, written as they write it."""


@pytest.mark.parametrize("form", FORMATS)
def test_deforming_is_a_part_of_generation_since_17(form: str) -> None:
    pattern, replacement = SINCE_17[form]
    text, count = re.subn(pattern, replacement, RECORDED["15 jit"][form], flags=re.MULTILINE)

    [plan] = read_plans(text)

    assert count == 2  # of the leader and of a worker
    [in_worker] = [w.jit for node in plan.root.walk() for w in node.workers if w.jit is not None]
    before = recorded("15 jit", form).jit
    assert plan.jit is not None
    assert before is not None
    assert (plan.jit.deform_time_ms, in_worker.deform_time_ms) == (0.125, 0.125)
    assert replace(plan.jit, deform_time_ms=None) == before


@pytest.mark.parametrize("form", FORMATS)
def test_reads_triggers(form: str) -> None:
    plan = recorded("18 update with triggers", form)

    assert [(trigger.name, trigger.calls) for trigger in plan.triggers] == [
        *(("after_b", 29.0), ("before_b", 29.0)),
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_reads_literals_that_look_like_lines(form: str) -> None:
    plan = recorded("18 literals like lines", form)

    assert [node.node_type for node in plan.root.walk()] == ["Seq Scan"]
    assert plan.root.filter is not None
    assert "'it''s  (cost=0.00..1.00 rows=1 width=4)'" in plan.root.filter
    assert '\n  ->  Seq Scan on x  (cost=0.00..1.00 rows=1 width=4)\nFilter: ("a\n\n' in (
        plan.root.filter
    )


@pytest.mark.parametrize("form", FORMATS)
def test_reads_names_that_look_like_lines(form: str) -> None:
    plan = recorded("18 quoted names", form)

    [scan] = [node for node in plan.root.walk() if node.relation]
    assert (scan.relation, scan.alias) == (
        *("Odd  (cost=0.00..1.00 rows=1 width=4)", 'An "Alias"'),
    )
    assert scan.filter == (
        "((\"line\nbreak\" > ''::text) AND (\"->  Seq Scan on x\" <> '-> '::text))"
    )
    assert plan.root.sort_keys == ('"a, b"', '(min("line\nbreak"))')


@pytest.mark.parametrize("form", FORMATS)
def test_reads_what_spilled(form: str) -> None:
    sort = recorded("18 external sort", form).root
    [hashed] = [n for n in recorded("18 hash batches", form).root.walk() if n.hash_table]

    assert sort.presorted_groups is not None
    assert sort.presorted_groups.methods == ("external merge",)
    assert sort.presorted_groups.peak_disk_bytes > 0
    assert sort.presorted_groups.peak_memory_bytes == 0
    assert hashed.hash_table is not None
    assert hashed.hash_table.batches > 1
    assert hashed.buffers.temp_written_blocks > 0


@pytest.mark.parametrize("form", FORMATS)
def test_a_cte_is_counted_once(form: str) -> None:
    use = plan_use(recorded("18 cte twice", form))

    [cte] = [node for node in use.nodes if node.node.subplan_name == "CTE x"]
    scans = [node for node in use.nodes if node.node.node_type == "CTE Scan"]
    assert cte.inclusive_time_ms is not None
    inclusive_ms = [node.inclusive_time_ms or 0 for node in scans]
    exclusive_ms = [node.exclusive_time_ms or 0 for node in scans]
    assert sum(inclusive_ms) - sum(exclusive_ms) == pytest.approx(cte.inclusive_time_ms)
    assert all(node.exclusive_buffers.touched_blocks == 0 for node in scans)


def test_never_executed_is_the_same_as_zero_loops() -> None:
    nodes = list(recorded("18 never executed branch").root.walk())

    assert [node.node_type for node in nodes if node.never_executed] == [
        *("Bitmap Heap Scan", "Bitmap Index Scan"),
    ]
