"""Executed plans for properties: any tree of nodes that might be one."""

from __future__ import annotations

from hypothesis import strategies as st

from pgadvisor.model.executed_plan import ExecutedNode, ExecutedPlan
from pgadvisor.model.plan_use import Actual, Buffers, Sort

TABLES = ("orders", "customers", "items", "zones")
SCANS = ("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan")
JOINS = ("Nested Loop", "Hash Join", "Merge Join")
OTHERS = ("Sort", "Aggregate", "Gather", "Materialize", "Limit")
FIGURES = st.integers(0, 5).map(lambda power: float(10**power))


@st.composite
def nodes(draw: st.DrawFn, depth: int = 4) -> ExecutedNode:
    """A node with all below it."""
    kinds = ["scan"] if depth == 0 else ["scan", "join", "other"]
    kind = draw(st.sampled_from(kinds))
    relationship = draw(st.sampled_from(("Outer", "Inner", "SubPlan", "InitPlan")))
    rows, time_ms = draw(FIGURES), draw(FIGURES)
    count = {"scan": 0, "join": 2, "other": 1}[kind]
    types = {"scan": SCANS, "join": JOINS, "other": OTHERS}[kind]
    node_type = draw(st.sampled_from(types))
    table = draw(st.sampled_from(TABLES)) if kind == "scan" else None
    sort = Sort(method="quicksort", space_bytes=10_240, space_type=draw(MEDIA))
    return ExecutedNode(
        node_type=node_type,
        parent_relationship=relationship,
        subplan_name=f"{relationship} 1" if relationship.endswith("Plan") else None,
        rows=draw(FIGURES),
        relation=table,
        alias=draw(st.sampled_from((table, "o"))) if table else None,
        index_name=draw(st.sampled_from(("first", "second"))) if "Index" in node_type else None,
        filter=draw(st.sampled_from((None, "(a = '?')", "(b > '?')"))) if table else None,
        workers_launched=draw(st.integers(0, 3)) if node_type == "Gather" else None,
        sort=sort if node_type == "Sort" else None,
        actual=Actual(rows=rows, loops=draw(LOOPS), total_time_ms=time_ms),
        buffers=Buffers(shared_hit_blocks=draw(st.integers(0, 1000))),
        children=tuple(draw(nodes(depth - 1)) for _ in range(count)),
    )  # fmt: skip


LOOPS = st.sampled_from((0.0, 1.0, 3.0))
MEDIA = st.sampled_from(("Memory", "Disk"))


@st.composite
def plans(draw: st.DrawFn) -> ExecutedPlan:
    """A whole plan."""
    settings = draw(st.dictionaries(st.sampled_from(("work_mem", "jit")), st.sampled_from("12")))
    return ExecutedPlan(
        root=draw(nodes()),
        settings=tuple(sorted(settings.items())),
        planning_time_ms=draw(FIGURES),
    )
