"""Plans out of ``EXPLAIN (FORMAT JSON)``, decoded."""

from __future__ import annotations

import json
import re

from pgadvisor.parse.explain import refuse_constant, undecodable
from pgadvisor.parse.plan_values import PlanFormatError

_WRAPPED = "QUERY PLAN"
"""The column's name, where a tool has exported the whole row as JSON."""

_BETWEEN = re.compile(r"[\s,;]*")


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    # Before 13 a node in workers has the key Workers twice: what they did, and how they sorted.
    found = {}
    for key, item in pairs:
        earlier = found.get(key)
        if key == "Workers" and isinstance(earlier, list) and isinstance(item, list):
            found[key] = [*earlier, *item]
        elif key in found:
            raise PlanFormatError("", "an object has the same key twice")
        else:
            found[key] = item
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_distinct, parse_constant=refuse_constant)


def plans_from_json(text: str, line: int = 1) -> tuple[list[tuple[int, object]], str]:
    """Decode the documents that a text begins with.

    Args:
        text: It begins with a bracket.
        line: The line in which it stands.

    Returns:
        The line and the object of each plan, and the text behind the last document.

    Raises:
        PlanFormatError: A document is no JSON, has a key twice or a number that is none.
    """
    found: list[tuple[int, object]] = []
    position = 0
    while text.startswith(("[", "{"), position):
        try:
            document, end = _DECODER.raw_decode(text, position)
        except json.JSONDecodeError as error:
            reason = f"no JSON at column {error.colno}"
            raise PlanFormatError("", reason, line + text.count("\n", 0, error.pos)) from None
        except PlanFormatError as error:
            raise PlanFormatError("", error.reason, line) from None
        except (RecursionError, ValueError) as error:
            raise PlanFormatError("", undecodable(error).reason, line) from None
        found += ((line, plan) for plan in _plans(document, line))
        behind = _BETWEEN.match(text, end)
        assert behind is not None  # noqa: S101 - it matches any text
        if behind.end() < len(text):
            line += text.count("\n", position, behind.end())
        position = behind.end()
    return found, text[position:]


def _plans(document: object, line: int) -> list[object]:
    documents = document if isinstance(document, list) else [document]
    plans: list[object] = []
    for each in documents:
        if isinstance(each, dict) and _WRAPPED in each:
            inner = each[_WRAPPED]
            if isinstance(inner, str):
                inner = [plan for _, plan in plans_from_json(inner.strip(), line)[0]]
            plans += inner if isinstance(inner, list) else [inner]
        else:
            plans.append(each)
    return plans
