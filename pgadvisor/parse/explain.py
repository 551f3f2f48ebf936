"""Plans out of ``EXPLAIN (FORMAT JSON)``, of PostgreSQL 13 to 18.

Here is how JSON is decoded and how a tree of nodes is walked; what a node is made of, the caller
says.  The planner twin wants estimates, and many a second; executed plans are read in ``plans/``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import NoReturn, TypeVar

from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.parse.plan_values import (
    PlanFormatError,
    read_integer,
    read_number,
    read_object,
    read_text,
    read_texts,
)

MAX_DEPTH = 200
"""Real plans stay far below; what is deeper would end in a recursion error elsewhere."""

Reader = Callable[[object, str, str], object]
"""Reads a value, given the place of its object and its key."""

NodeT = TypeVar("NodeT", bound=PlanNode)
NodeMaker = Callable[
    [Mapping[str, object], str, tuple[NodeT, ...], Mapping[str, object]],
    NodeT,
]
"""Makes a node of its fields, its place, its children, and what stands beside the whole plan."""

_TEXTS = {
    "Node Type": "node_type",
    "Parent Relationship": "parent_relationship",
    "Subplan Name": "subplan_name",
    "Join Type": "join_type",
    "Operation": "operation",
    "Strategy": "strategy",
    "Partial Mode": "partial_mode",
    "Schema": "schema",
    "Relation Name": "relation",
    "Alias": "alias",
    "Index Name": "index_name",
    "Scan Direction": "scan_direction",
    "Index Cond": "index_condition",
    "Recheck Cond": "recheck_condition",
    "Filter": "filter",
    "Join Filter": "join_filter",
    "Hash Cond": "hash_condition",
    "Merge Cond": "merge_condition",
}
_NUMBERS = {"Startup Cost": "startup_cost", "Total Cost": "total_cost", "Plan Rows": "rows"}
_INTEGERS = {"Plan Width": "width_bytes", "Workers Planned": "workers_planned"}
_LISTS = {"Sort Key": "sort_keys", "Presorted Key": "presorted_keys", "Group Key": "group_keys"}
CHILDREN = "Plans"
"""The key of the nodes below a node."""
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
_NOTHING: Mapping[str, object] = {}

READERS: dict[str, tuple[str, Reader]] = {
    **{key: (name, read_text) for key, name in _TEXTS.items()},
    **{key: (name, read_number) for key, name in _NUMBERS.items()},
    **{key: (name, read_integer) for key, name in _INTEGERS.items()},
    **{key: (name, read_texts) for key, name in _LISTS.items()},
}
"""By the key in the document: the field, and what reads it."""


def plan_from_json(document: str | bytes) -> Plan:
    """Read a plan as ``EXPLAIN (FORMAT JSON)`` prints it.

    Raises:
        PlanFormatError: The document is no JSON, has a key twice or a number that is none, or
            is no plan.
    """
    try:
        text = document.decode("utf-8-sig") if isinstance(document, bytes) else document
        parsed = DECODER.decode(text)
    except PlanFormatError:
        raise
    except (RecursionError, ValueError) as error:
        raise undecodable(error) from None
    return plan_from_object(parsed)


def plan_from_object(document: object) -> Plan:
    """Read a plan from decoded JSON: the list that EXPLAIN gives, or its one element.

    Raises:
        PlanFormatError: It is no plan.
    """
    if isinstance(document, list):
        if len(document) != 1:
            raise PlanFormatError("", f"{len(document)} plans where one is expected")
        document = document[0]
    top = read_object(document, "")
    if "Plan" not in top:
        raise PlanFormatError("", "there is no Plan in it")
    # What stands beside the plan (planning time, query identifier) is kept with its root.
    beside = {key: value for key, value in top.items() if key not in {"Plan", "Settings"}}
    root = read_tree(top["Plan"], _node, beside)
    return Plan(root=root, settings=read_settings(top.get("Settings", {})))


def read_tree(
    value: object, make: NodeMaker[NodeT], beside: Mapping[str, object] = _NOTHING
) -> NodeT:
    """Read what stands under ``Plan``.

    Raises:
        PlanFormatError: It is no tree of nodes, or one that is deeper than :data:`MAX_DEPTH`.
    """
    try:
        return _subtree(value, "Plan", 1, make, beside)
    except RecursionError:
        raise PlanFormatError("", "nested too deeply") from None


def _subtree(
    value: object,
    place: str,
    depth: int,
    make: NodeMaker[NodeT],
    beside: Mapping[str, object] = _NOTHING,
) -> NodeT:
    if depth > MAX_DEPTH:
        raise PlanFormatError("", f"nested deeper than {MAX_DEPTH} levels")
    fields = read_object(value, place)
    if "Node Type" not in fields:
        raise PlanFormatError(place, "there is no Node Type in it")
    children = fields.get(CHILDREN)
    if children is None:
        children = []  # YAML has nothing there where all of them were pruned
    elif not isinstance(children, list):
        raise PlanFormatError(f"{place}.{CHILDREN}", "is no list")
    nodes = tuple(
        _subtree(child, f"{place}.{CHILDREN}[{number}]", depth + 1, make)
        for number, child in enumerate(children)
    )
    return make(fields, place, nodes, beside)


def _node(
    fields: Mapping[str, object],
    place: str,
    children: tuple[PlanNode, ...],
    beside: Mapping[str, object],
) -> PlanNode:
    known: dict[str, object] = {}
    unknown: list[tuple[str, object]] = []
    readers = READERS
    for key, item in fields.items():
        if key in readers:
            name, read = readers[key]
            known[name] = read(item, place, key)
        elif key != CHILDREN:
            unknown.append((key, item))
    unknown += beside.items()
    extra = tuple((key, json_text(item, place, key)) for key, item in unknown)
    return _PLAN_NODE(**known, children=children, extra=extra)


_PLAN_NODE: Callable[..., PlanNode] = PlanNode
"""The class without its signature: the fields come out of tables, checked one by one."""


def read_settings(value: object) -> tuple[tuple[str, str], ...]:
    """Read the names and values of ``EXPLAIN (SETTINGS)``."""
    settings = read_object(value, "Settings")
    return tuple((key, read_text(item, "Settings", key)) for key, item in settings.items())


def json_text(value: object, place: str, key: str) -> str:
    """Return a value as JSON, to be kept."""
    if isinstance(value, bool):  # most are
        return "true" if value else "false"
    if isinstance(value, list) and {*map(type, value)} == {str}:  # of the rest, most
        return f"[{', '.join(map(_ENCODER.encode, value))}]"
    try:
        return _ENCODER.encode(value)
    except RecursionError:
        raise PlanFormatError("", "nested too deeply") from None
    except (ValueError, TypeError):
        raise PlanFormatError(f"{place}.{key}", "is no JSON value") from None


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise PlanFormatError("", "an object has the same key twice")
    return found


def refuse_constant(_: str) -> NoReturn:
    """Refuse what Python's decoder takes for a number, and JSON does not."""
    raise PlanFormatError("", "holds NaN or Infinity, which are no JSON")


DECODER = json.JSONDecoder(object_pairs_hook=_distinct, parse_constant=refuse_constant)
"""Decodes JSON in which no key stands twice and each number is one."""


def undecodable(error: Exception) -> PlanFormatError:
    """Say why a document could not be decoded; the decoder's message has no content of it."""
    if isinstance(error, json.JSONDecodeError):
        return PlanFormatError("", f"no JSON at line {error.lineno}, column {error.colno}")
    if isinstance(error, UnicodeDecodeError):
        return PlanFormatError("", f"no UTF-8 at byte {error.start}")
    if isinstance(error, RecursionError):
        return PlanFormatError("", "nested too deeply")
    return PlanFormatError("", "holds a number that is too long")
