"""Plans out of ``EXPLAIN (FORMAT JSON)``, of PostgreSQL 13 to 18."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import NoReturn

from pgadvisor.model.plan import Plan, PlanNode

MAX_DEPTH = 200
"""Real plans stay far below; what is deeper would end in a recursion error elsewhere."""

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
_CHILDREN = "Plans"
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


class PlanFormatError(ValueError):
    """A document that is no plan; the message names the place and the reason, never a value.

    Args:
        place: Where in the document, as a path: ``Plan.Plans[1].Plan Rows``.
        reason: What is wrong there, as a clause.
    """

    def __init__(self, place: str, reason: str) -> None:
        self.place = place
        self.reason = reason
        super().__init__(f"{place}: {reason}" if place else reason)


def plan_from_json(document: str | bytes) -> Plan:
    """Read a plan as ``EXPLAIN (FORMAT JSON)`` prints it.

    Raises:
        PlanFormatError: The document is no JSON, has a key twice or a number that is none, or
            is no plan.
    """
    try:
        text = document.decode("utf-8-sig") if isinstance(document, bytes) else document
        parsed = json.loads(
            text, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant
        )
    except PlanFormatError:
        raise
    except RecursionError:
        raise PlanFormatError("", "nested too deeply") from None
    except ValueError as error:
        # The message of the decoder has positions and no content.
        raise PlanFormatError("", _reason(error)) from None
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
    top = _mapping(document, "")
    if "Plan" not in top:
        raise PlanFormatError("", "there is no Plan in it")
    try:
        beside = {key: value for key, value in top.items() if key not in {"Plan", "Settings"}}
        root = _node(top["Plan"], "Plan", 1, beside)
        return Plan(root=root, settings=_settings(top.get("Settings", {})))
    except RecursionError:
        raise PlanFormatError("", "nested too deeply") from None


def _node(
    value: object, place: str, depth: int, beside: Mapping[str, object] | None = None
) -> PlanNode:
    if depth > MAX_DEPTH:
        raise PlanFormatError("", f"nested deeper than {MAX_DEPTH} levels")
    fields = _mapping(value, place)
    if "Node Type" not in fields:
        raise PlanFormatError(place, "there is no Node Type in it")
    known: dict[str, object] = {}
    unknown: list[tuple[str, object]] = []
    readers = _READERS
    for key, item in fields.items():
        if key in readers:
            name, read = readers[key]
            known[name] = read(item, place, key)
        elif key != _CHILDREN:
            unknown.append((key, item))
    children = fields.get(_CHILDREN, [])
    if not isinstance(children, list):
        raise PlanFormatError(f"{place}.{_CHILDREN}", "is no list")
    # What stands beside the plan (planning time, query identifier) is kept with its root.
    unknown += (beside or {}).items()
    return _PLAN_NODE(
        **known,
        children=tuple(
            _node(child, f"{place}.{_CHILDREN}[{number}]", depth + 1)
            for number, child in enumerate(children)
        ),
        extra=tuple((key, _json(item, place, key)) for key, item in unknown),
    )


_PLAN_NODE: Callable[..., PlanNode] = PlanNode
"""The class without its signature: the fields come out of tables, checked one by one."""


def _mapping(value: object, place: str) -> Mapping[str, object]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise PlanFormatError(place, "is no object")
    return value


def _text(value: object, place: str, key: str) -> str:
    if not isinstance(value, str):
        raise PlanFormatError(f"{place}.{key}", "is no text")
    return value


def _texts(value: object, place: str, key: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise PlanFormatError(f"{place}.{key}", "is no list")
    return tuple(_text(item, place, f"{key}[{number}]") for number, item in enumerate(value))


def _number(value: object, place: str, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PlanFormatError(f"{place}.{key}", "is no number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise PlanFormatError(f"{place}.{key}", "is no finite number")
    return number


def _integer(value: object, place: str, key: str) -> int:
    if type(value) is int:
        return value
    number = _number(value, place, key)
    if number != int(number):
        raise PlanFormatError(f"{place}.{key}", "is no whole number")
    return int(number)


_READERS: dict[str, tuple[str, Callable[[object, str, str], object]]] = {
    **{key: (name, _text) for key, name in _TEXTS.items()},
    **{key: (name, _number) for key, name in _NUMBERS.items()},
    **{key: (name, _integer) for key, name in _INTEGERS.items()},
    **{key: (name, _texts) for key, name in _LISTS.items()},
}
"""By the key in the document: the field, and what reads it."""


def _settings(value: object) -> tuple[tuple[str, str], ...]:
    settings = _mapping(value, "Settings")
    return tuple((key, _text(item, "Settings", key)) for key, item in settings.items())


def _json(value: object, place: str, key: str) -> str:
    if isinstance(value, bool):  # most are
        return "true" if value else "false"
    try:
        return _ENCODER.encode(value)
    except (ValueError, TypeError):
        raise PlanFormatError(f"{place}.{key}", "is no JSON value") from None


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise PlanFormatError("", "an object has the same key twice")
    return found


def _refuse_constant(_: str) -> NoReturn:
    raise PlanFormatError("", "holds NaN or Infinity, which are no JSON")


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"no JSON at line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"no UTF-8 at byte {error.start}"
    return "holds a number that is too long"
