"""A plan as ``EXPLAIN (FORMAT JSON)`` prints it, for programs that read that.

What is read back is the same plan: the keys are those that the reader goes by.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields

from pgadvisor.model.executed_plan import (
    ExecutedNode,
    ExecutedPlan,
    GroupingKeys,
    PlanTrigger,
    PlanWorker,
    Serialization,
    TargetTable,
)
from pgadvisor.model.plan_use import (
    NO_BUFFERS,
    Actual,
    Buffers,
    HashAggregation,
    HashTable,
    HeapBlocks,
    Jit,
    Memoization,
    Sort,
    SortGroups,
    Storage,
    Wal,
)
from pgadvisor.parse.explain import CHILDREN
from pgadvisor.parse.plans.keys import (
    JIT,
    KILOBYTE,
    NODE,
    PLAN,
    PLANNING,
    SERIALIZATION,
    TARGET,
    TRIGGER,
    WORKER,
    Table,
    read_kilobytes,
)

_MEMORY_OF = ("hash_table", "memoization", "hash_aggregation")
"""Groups whose peak memory has one key."""
_OF_ONE_VERSION = {"I/O Read Time", "I/O Write Time"}
"""What newer servers call otherwise."""
_GROUPS = {"Full-sort Groups": "full_sort_groups", "Pre-sorted Groups": "presorted_groups"}
_ALWAYS = {"Startup Cost", "Total Cost", "Plan Rows", "Plan Width"}
"""What EXPLAIN says of each node."""
_VALUES = (
    *(ExecutedPlan, ExecutedNode, PlanWorker, PlanTrigger, Serialization, TargetTable),
    *(Actual, Buffers, Wal, Sort, HashTable, HashAggregation, Memoization, HeapBlocks, Storage),
)
_USUAL: Mapping[type, Mapping[str, object]] = {
    kind: {field.name: field.default for field in fields(kind)} for kind in _VALUES
}
"""What the fields of each value are where nothing is said of them."""
_LISTS = {"Group Key": "Group Keys", "Hash Key": "Hash Keys"}


def plan_document(plan: ExecutedPlan) -> dict[str, object]:
    """Return what JSON would decode to: the object that has ``Plan`` in it."""
    document: dict[str, object] = {"Plan": _node(plan.root)}
    document |= _fields(plan, PLAN)
    if plan.settings:
        document["Settings"] = dict(plan.settings)
    planning = _fields(plan, PLANNING) | _buffers(plan.planning_buffers)
    if planning:
        document["Planning"] = planning
    if plan.triggers:
        document["Triggers"] = [_fields(trigger, TRIGGER) for trigger in plan.triggers]
    if plan.jit is not None:
        document["JIT"] = _jit(plan.jit)
    if plan.serialization is not None:
        document["Serialization"] = _serialization(plan.serialization)
    return document | _extra(plan.extra)


def _node(node: ExecutedNode) -> dict[str, object]:
    written = _fields(node, NODE)
    written |= _sort_groups(node)
    if node.grouping_sets:
        written["Grouping Sets"] = [_grouping(keys) for keys in node.grouping_sets]
    if node.targets:
        written["Target Tables"] = [_fields(target, TARGET) for target in node.targets]
    if node.workers:
        written["Workers"] = [_worker(worker) for worker in node.workers]
    written |= _extra(node.extra)
    if node.children:
        written[CHILDREN] = [_node(child) for child in node.children]
    return written


def _worker(worker: PlanWorker) -> dict[str, object]:
    written = _fields(worker, WORKER) | _sort_groups(worker)
    if worker.jit is not None:
        written["JIT"] = _jit(worker.jit)
    return written | _extra(worker.extra)


def _serialization(serialization: Serialization) -> dict[str, object]:
    return _fields(serialization, SERIALIZATION) | _buffers(serialization.buffers)


def _buffers(buffers: Buffers) -> dict[str, object]:
    if buffers == NO_BUFFERS:
        return {}
    return {
        key: getattr(buffers, field)
        for key, (group, field, *_) in NODE.items()
        if group == "buffers" and key not in _OF_ONE_VERSION
    }


def _fields(value: object, table: Table) -> dict[str, object]:
    """Return the fields of a value and of its groups, by their keys."""
    found: dict[str, object] = {}
    for key, (group, field, read, _, _) in table.items():
        if key in _OF_ONE_VERSION:
            continue
        for owner in _owners(value, group):
            item = getattr(owner, field)
            if item == _USUAL[type(owner)].get(field) and key not in _ALWAYS:
                continue
            if read is read_kilobytes and isinstance(item, int):
                item //= KILOBYTE
            found[key] = list(item) if isinstance(item, tuple) else item
    return found


def _owners(value: object, group: str) -> Iterator[object]:
    if not group:
        yield value
        return
    for name in _MEMORY_OF if group == "memory" else (group,):
        owner = getattr(value, name, None)
        if owner is not None and owner != NO_BUFFERS:
            yield owner


def _sort_groups(value: ExecutedNode | PlanWorker) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, field in _GROUPS.items():
        groups = getattr(value, field)
        if isinstance(groups, SortGroups):
            found[key] = {
                "Group Count": groups.groups,
                "Sort Methods Used": list(groups.methods),
                **_space("Memory", groups.average_memory_bytes, groups.peak_memory_bytes),
                **_space("Disk", groups.average_disk_bytes, groups.peak_disk_bytes),
            }
    return found


def _space(medium: str, average_bytes: int, peak_bytes: int) -> dict[str, object]:
    if not average_bytes and not peak_bytes:
        return {}
    sizes = {
        "Average Sort Space Used": average_bytes // KILOBYTE,
        "Peak Sort Space Used": peak_bytes // KILOBYTE,
    }
    return {f"Sort Space {medium}": sizes}


def _grouping(keys: GroupingKeys) -> dict[str, object]:
    if keys.kind in _LISTS:
        return {_LISTS[keys.kind]: [list(keys.keys)]}
    return {keys.kind: list(keys.keys)}


def _jit(jit: Jit) -> dict[str, object]:
    options = {"Inlining", "Optimization", "Expressions", "Deforming"}
    told = {key: getattr(jit, field) for key, (_, field, *_) in JIT.items()}
    generation: object = jit.generation_time_ms
    if jit.deform_time_ms is not None:
        generation = {"Deform": jit.deform_time_ms, "Total": jit.generation_time_ms}
    timing = {
        "Generation": generation,
        "Inlining": jit.inlining_time_ms,
        "Optimization": jit.optimization_time_ms,
        "Emission": jit.emission_time_ms,
        "Total": jit.total_time_ms,
    }
    return {
        "Functions": jit.functions,
        "Options": {key: told[key] for key in told if key in options},
        "Timing": {key: value for key, value in timing.items() if value is not None},
    }


def _extra(items: tuple[tuple[str, str], ...]) -> dict[str, object]:
    return {key: json.loads(text) for key, text in items}
