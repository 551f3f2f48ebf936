"""A decoded plan as a tree of executed nodes, the same whichever format it came in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from pgadvisor.model.executed_plan import (
    ExecutedNode,
    ExecutedPlan,
    GroupingKeys,
    PlanTrigger,
    PlanWorker,
    Serialization,
    TargetTable,
)
from pgadvisor.model.plan_use import NO_BUFFERS
from pgadvisor.parse.explain import CHILDREN, json_text, read_settings, read_tree
from pgadvisor.parse.plan_values import PlanFormatError, read_object, read_texts
from pgadvisor.parse.plans.groups import jit_of, sort_groups_of, use_of
from pgadvisor.parse.plans.keys import (
    NODE,
    PLAN,
    PLANNING,
    SERIALIZATION,
    TARGET,
    TRIGGER,
    WORKER,
    Table,
    number_of,
)

_ValueT = TypeVar("_ValueT")
_Maker = Callable[..., _ValueT]
"""A class without its signature: the fields come out of tables, checked one by one."""

_NODE: _Maker[ExecutedNode] = ExecutedNode
_WORKER: _Maker[PlanWorker] = PlanWorker
_TRIGGER: _Maker[PlanTrigger] = PlanTrigger
_TARGET: _Maker[TargetTable] = TargetTable
_PLAN: _Maker[ExecutedPlan] = ExecutedPlan
_SERIALIZATION: _Maker[Serialization] = Serialization
_SORT_GROUPS = {"Full-sort Groups": "full_sort_groups", "Pre-sorted Groups": "presorted_groups"}
_GROUPING_SETS = {"Group Keys": "Group Key", "Hash Keys": "Hash Key"}
_NESTED = {"Plan", "Settings", "Planning", "Triggers", "JIT", "Serialization"}


def executed_plan(document: object) -> ExecutedPlan:
    """Read a plan from what JSON decodes to: the object that has ``Plan`` in it.

    Raises:
        PlanFormatError: It is no plan.
    """
    top = read_object(document, "")
    if "Plan" not in top:
        raise PlanFormatError("", "there is no Plan in it")
    root = read_tree(top["Plan"], _node)
    own, grouped, unknown = _fields(top, "", PLAN, _NESTED)
    memory, planning_groups, beside = _fields(_object(top, "Planning"), "Planning", PLANNING)
    own |= memory
    triggers = _list(top, "Triggers", "")
    return _PLAN(
        **own,
        **grouped,
        root=root,
        settings=tuple(sorted(read_settings(top.get("Settings") or {}))),
        planning_buffers=use_of(planning_groups).get("buffers", NO_BUFFERS),
        triggers=tuple(_trigger(item, number) for number, item in enumerate(triggers)),
        jit=jit_of(top["JIT"], "JIT") if top.get("JIT") else None,
        serialization=_serialization(top),
        extra=_extra((*unknown, *beside), ""),
    )


def _node(
    fields: Mapping[str, object],
    place: str,
    children: tuple[ExecutedNode, ...],
    _: Mapping[str, object],
) -> ExecutedNode:
    own, grouped, unknown = _fields(fields, place, NODE, (CHILDREN,))
    use = use_of(grouped)
    if unknown:
        unknown = _nested(fields, place, own, unknown)
    if own["node_type"] == "ModifyTable":
        siblings = sum(child.subplan_name is None for child in children)
        children = tuple(_with_relationship(child, siblings) for child in children)
    extra = _extra(unknown, place) if unknown else ()
    return _NODE(**own, **use, children=children, extra=extra)


def _with_relationship(child: ExecutedNode, siblings_count: int) -> ExecutedNode:
    """Say Outer of the only plan of a ModifyTable: before 14 it is a Member, which TEXT hides."""
    if child.parent_relationship == "Member" and siblings_count == 1:
        return replace(child, parent_relationship="Outer")
    return child


def _fields(
    fields: Mapping[str, object],
    place: str,
    table: Table,
    elsewhere: tuple[str, ...] | set[str] = (),
) -> tuple[dict[str, object], dict[str, dict[str, object]], list[tuple[str, object]]]:
    """Return fields of the value itself, those of its groups, and keys that are not known."""
    own: dict[str, object] = {}
    grouped: dict[str, dict[str, object]] = {}
    unknown: list[tuple[str, object]] = []
    for key, item in fields.items():
        entry = table.get(key)
        if entry is not None:
            group, field, read, plain, zero_is_nothing = entry
            value = item if type(item) is plain else read(item, place, key)
            if not group:
                own[field] = value
            elif group in grouped:
                if value or not zero_is_nothing:
                    grouped[group][field] = value
            elif not zero_is_nothing:
                grouped[group] = {field: value}
            else:
                grouped[group] = {field: value} if value else {}
        elif key not in elsewhere:
            unknown.append((key, item))
    return own, grouped, unknown


def _nested(
    fields: Mapping[str, object],
    place: str,
    own: dict[str, object],
    unknown: list[tuple[str, object]],
) -> list[tuple[str, object]]:
    """Read lists and objects within a node; return the keys that are still not known."""
    left: list[tuple[str, object]] = []
    for key, item in unknown:
        if key in _SORT_GROUPS:
            own[_SORT_GROUPS[key]] = sort_groups_of(item, f"{place}.{key}")
        elif key == "Workers":
            own["workers"] = _workers(_list(fields, key, place), f"{place}.{key}")
        elif key == "Grouping Sets":
            sets = _grouping_sets(_list(fields, key, place), f"{place}.{key}")
            if len(sets) == 1 and sets[0].kind == "Group Key":
                own["group_keys"] = sets[0].keys  # as TEXT says it, which cannot tell them apart
            else:
                own["grouping_sets"] = sets
        elif key == "Target Tables":
            targets = _list(fields, key, place)
            own["targets"] = tuple(_target(each, f"{place}.{key}") for each in targets)
        else:
            left.append((key, item))
    return left


def _workers(items: list[object], place: str) -> tuple[PlanWorker, ...]:
    """Read workers; before 13 there may be two lists of them, which are joined here."""
    by_number: dict[object, dict[str, object]] = {}
    for number, item in enumerate(items):
        fields = read_object(item, f"{place}[{number}]")
        by_number.setdefault(fields.get("Worker Number"), {}).update(fields)
    workers: list[PlanWorker] = []
    for number, fields in enumerate(by_number.values()):
        here = f"{place}[{number}]"
        own, grouped, unknown = _fields(fields, here, WORKER)
        if "number" not in own:
            raise PlanFormatError(here, "there is no Worker Number in it")
        left: list[tuple[str, object]] = []
        for key, item in unknown:
            if key in _SORT_GROUPS:
                own[_SORT_GROUPS[key]] = sort_groups_of(item, f"{here}.{key}")
            elif key == "JIT":
                own["jit"] = jit_of(item, f"{here}.JIT")
            else:
                left.append((key, item))
        worker = _WORKER(**own, **use_of(grouped), extra=_extra(left, here))
        if worker != PlanWorker(number=worker.number):  # TEXT does not show those without figures
            workers.append(worker)
    return tuple(sorted(workers, key=lambda worker: worker.number))


def _grouping_sets(items: list[object], place: str) -> tuple[GroupingKeys, ...]:
    found: list[GroupingKeys] = []
    for number, item in enumerate(items):
        here = f"{place}[{number}]"
        fields = read_object(item, here)
        if "Sort Key" in fields:
            keys = read_texts(fields["Sort Key"], here, "Sort Key")
            found.append(GroupingKeys(kind="Sort Key", keys=keys))
        for key, kind in _GROUPING_SETS.items():
            found += (
                GroupingKeys(kind=kind, keys=read_texts(each or [], here, key))
                for each in _list(fields, key, here)
            )
    return tuple(found)


def _target(item: object, place: str) -> TargetTable:
    own, _, _ = _fields(read_object(item, place), place, TARGET)
    if "relation" not in own:
        raise PlanFormatError(place, "there is no Relation Name in it")
    return _TARGET(**own)


def _trigger(item: object, number: int) -> PlanTrigger:
    place = f"Triggers[{number}]"
    own, _, _ = _fields(read_object(item, place), place, TRIGGER)
    return _TRIGGER(**own)


def _serialization(top: Mapping[str, object]) -> Serialization | None:
    fields = _object(top, "Serialization")
    if not fields:
        return None
    own, grouped, _ = _fields(fields, "Serialization", SERIALIZATION)
    return _SERIALIZATION(**own, **use_of(grouped))


def _object(fields: Mapping[str, object], key: str) -> Mapping[str, object]:
    return read_object(fields.get(key) or {}, key)


def _list(fields: Mapping[str, object], key: str, place: str) -> list[object]:
    value = fields.get(key) or []  # YAML and XML say nothing where a list is empty
    if not isinstance(value, list):
        raise PlanFormatError(f"{place}.{key}" if place else key, "is no list")
    return value


def _extra(items: Iterable[tuple[str, object]], place: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((key, json_text(_untyped(item), place, key)) for key, item in items))


def _untyped(value: object) -> object:
    """Return a value of a key that is not known: numbers as numbers, also where they are text.

    XML and TEXT do not tell them apart, and all formats are to give the same.
    """
    if isinstance(value, str):
        if value in {"true", "false"}:
            return value == "true"
        number = number_of(value)
        return value if number is None else number
    if isinstance(value, list):
        return [_untyped(item) for item in value]
    if isinstance(value, dict):
        return {key: _untyped(item) for key, item in value.items()}
    return value
