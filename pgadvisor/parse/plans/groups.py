"""Figures of a plan that belong together, as values; None where nothing was counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pgadvisor.model.plan_use import (
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
from pgadvisor.parse.plan_values import (
    PlanFormatError,
    read_integer,
    read_number,
    read_object,
    read_texts,
)
from pgadvisor.parse.plans.keys import JIT, read_kilobytes

Groups = dict[str, dict[str, object]]
"""By the name of the group: its fields, as they were read."""

_COUNTED: dict[str, Callable[..., object]] = {
    "buffers": Buffers,
    "wal": Wal,
    "hash_table": HashTable,
    "hash_aggregation": HashAggregation,
    "memoization": Memoization,
    "heap_blocks": HeapBlocks,
}
"""Those that are left out where all of their figures are zero, as TEXT leaves them out."""

_COMPLETE: dict[str, tuple[Callable[..., object], frozenset[str]]] = {
    "sort": (Sort, frozenset(("method", "space_bytes", "space_type"))),
    "storage": (Storage, frozenset(("storage_type", "maximum_bytes"))),
}
"""Those that have all of their figures, or none."""

_MEMORY_OF = ("hash_table", "memoization", "hash_aggregation")
_JIT: Callable[..., Jit] = Jit
_JIT_TIMES = {
    "Inlining": "inlining_time_ms",
    "Optimization": "optimization_time_ms",
    "Emission": "emission_time_ms",
    "Total": "total_time_ms",
}


def use_of(groups: Groups) -> dict[str, object]:
    """Return the values of a node or worker, by the names of its fields.

    Raises:
        PlanFormatError: A value lacks a part of it.
    """
    memory = groups.pop("memory", None)
    if memory is not None:
        owner = next((name for name in _MEMORY_OF if name in groups), "hash_aggregation")
        groups.setdefault(owner, {}).update(memory)
    found: dict[str, object] = {}
    for name, fields in groups.items():
        if name == "actual":
            found[name] = _actual(fields)
        elif name in _COUNTED:
            if any(fields.values()):
                found[name] = _COUNTED[name](**fields)
        else:
            make, needed = _COMPLETE[name]
            if fields.keys() != needed:
                raise PlanFormatError("", f"a {name} lacks a part of its figures")
            found[name] = make(**fields)
    return found


def _actual(fields: dict[str, object]) -> Actual:
    rows, loops = fields.get("rows", 0.0), fields.get("loops", 1.0)
    if not isinstance(rows, float) or not isinstance(loops, float):
        raise PlanFormatError("", "rows or loops are no numbers")
    if loops == 0:  # JSON has zeros here, TEXT says "never executed"
        return Actual(rows=0.0, loops=0.0)
    startup, total = fields.get("startup_time_ms"), fields.get("total_time_ms")
    return Actual(
        rows=rows,
        loops=loops,
        startup_time_ms=startup if isinstance(startup, float) else None,
        total_time_ms=total if isinstance(total, float) else None,
    )


def sort_groups_of(value: object, place: str) -> SortGroups:
    """Read the groups of an incremental sort."""
    fields = read_object(value, place)
    figures: dict[str, int] = {}
    for medium in ("Memory", "Disk"):
        key = f"Sort Space {medium}"
        space = read_object(fields.get(key) or {}, f"{place}.{key}")
        for kind in ("Average", "Peak"):
            size = space.get(f"{kind} Sort Space Used", 0)
            name = f"{kind.lower()}_{medium.lower()}_bytes"
            figures[name] = read_kilobytes(size, f"{place}.{key}", f"{kind} Sort Space Used")
    return SortGroups(
        groups=read_integer(fields.get("Group Count", 0), place, "Group Count"),
        methods=read_texts(fields.get("Sort Methods Used") or [], place, "Sort Methods Used"),
        **figures,
    )


def jit_of(value: object, place: str) -> Jit:
    """Read what just-in-time compilation did, of a plan or a worker."""
    fields = read_object(value, place)
    options = read_object(fields.get("Options") or {}, f"{place}.Options")
    read: dict[str, object] = {}
    for key, item in (*fields.items(), *options.items()):
        if key in JIT:
            _, name, reader, _, _ = JIT[key]
            read[name] = reader(item, place, key)
    timing = read_object(fields.get("Timing") or {}, f"{place}.Timing")
    read |= _jit_times(timing, f"{place}.Timing")
    return _JIT(**read)


def _jit_times(timing: Mapping[str, object], place: str) -> dict[str, object]:
    times: dict[str, object] = {
        name: read_number(timing[key], place, key)
        for key, name in _JIT_TIMES.items()
        if key in timing
    }
    generation = timing.get("Generation")
    if isinstance(generation, dict):  # since 17, with a part of it
        if "Deform" in generation:
            times["deform_time_ms"] = read_number(generation["Deform"], place, "Deform")
        generation = generation.get("Total")
    if generation is not None:
        times["generation_time_ms"] = read_number(generation, place, "Generation")
    return times
