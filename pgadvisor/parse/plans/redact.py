"""Executed plans without the literals of their statement, as they may be shown.

Conditions, outputs and keys are printed as expressions, with the values that the statement asked
for in them.  Here each literal becomes ``'?'``, which still parses, so that what judges a plan
reads the same expressions.  Names stay, and with them parameters, the numbers of subplans, and
the lengths of types.  Of a LIKE pattern the wildcards stay, and of a list the number of elements:
they say how a plan comes about, and nothing of a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from pgadvisor.model.executed_plan import ExecutedNode, ExecutedPlan, GroupingKeys, PlanWorker
from pgadvisor.parse.grammar import StatementError, Token, significant_tokens
from pgadvisor.parse.normalise import normalise

PLACEHOLDER = "'?'"
"""Stands for a literal."""

_CONSTANTS = frozenset({"SCONST", "USCONST", "BCONST", "XCONST", "FCONST", "ICONST"})
_LIKE = frozenset({"~~", "~~*", "!~~", "!~~*"})
_MAY_HOLD_LITERALS = re.compile(r"['$]|--|/\*|(?<![\w$])\.?[0-9]|[^\x00-\x7f]")
_STRUCTURE = re.compile(
    r"(?:SubPlan|InitPlan) (?P<plan>[0-9]+)"
    r"|::(?:character(?: varying)?|varchar|bpchar|numeric|bit(?: varying)?|interval"
    r"|time(?:stamp)?|vector|halfvec)\((?P<length>[0-9]+)(?:,(?P<scale>[0-9]+))?\)"
)
"""Numbers that are no values: which subplan it is, and how long a type is."""
_PATTERN = re.compile(r"(?:[^%_\\']|\\.|'')+", re.DOTALL)
_ARRAY = re.compile(r"'\{[^\"\\{}]*\}'")
"""Of elements without quotes: what has some may have a comma within an element."""
_TO_ARRAY = re.compile(r'::(?:"(?:[^"]|"")+"|[\w. ]){1,300}\[\]')
_LOOSE = re.compile(
    r"""
    (?P<name>"(?:[^"]|"")*")                        # a quoted name, which has an end
    | [eE]'(?:[^'\\]|''|\\.)*(?:'|\\?\Z)            # a text with escapes, with or without one
    | '(?:[^']|'')*(?:'|\Z)
    | \$(?P<tag>[A-Za-z_]\w*)?\$.*?(?:\$(?P=tag)\$|\Z)
    | \$\$.*?(?:\$\$|\Z)
    | "(?:[^"]|"")*\Z                               # a name without an end: it may be anything
    | --[^\n]* | /\*.*?(?:\*/|\Z)
    | (?<![\w$])\.?[0-9][\w.]*(?:(?<=[eE])[+-][0-9]+)?
    """,
    re.VERBOSE | re.DOTALL,
)


def redacted_plan(plan: ExecutedPlan) -> ExecutedPlan:
    """Return the plan without a literal, and the same in all else.

    The statement's text becomes what the workload has of it: literals are ``$n``, comments are
    left out, and of what is no query the name of the command remains.
    """
    return replace(
        plan,
        root=_node(plan.root),
        query_text=None if plan.query_text is None else normalise(plan.query_text),
        query_parameters=_optional(plan.query_parameters),
        extra=_extra(plan.extra),
    )


def redacted_expression(text: str) -> str:
    """Return an expression, as a plan prints it, with a placeholder for each literal."""
    if _MAY_HOLD_LITERALS.search(text) is None:
        return text
    try:
        return _by_tokens(text)
    except StatementError:  # it was cut off within a literal, say
        return _LOOSE.sub(lambda match: match["name"] or PLACEHOLDER, text)


def _node(node: ExecutedNode) -> ExecutedNode:
    return replace(
        node,
        children=tuple(_node(child) for child in node.children),
        index_condition=_optional(node.index_condition),
        recheck_condition=_optional(node.recheck_condition),
        filter=_optional(node.filter),
        join_filter=_optional(node.join_filter),
        hash_condition=_optional(node.hash_condition),
        merge_condition=_optional(node.merge_condition),
        sort_keys=_each(node.sort_keys),
        presorted_keys=_each(node.presorted_keys),
        group_keys=_each(node.group_keys),
        output=_each(node.output),
        grouping_sets=tuple(
            GroupingKeys(kind=keys.kind, keys=_each(keys.keys)) for keys in node.grouping_sets
        ),
        cache_key=_optional(node.cache_key),
        workers=tuple(_worker(worker) for worker in node.workers),
        extra=_extra(node.extra),
    )


def _worker(worker: PlanWorker) -> PlanWorker:
    return replace(worker, extra=_extra(worker.extra)) if worker.extra else worker


def _optional(text: str | None) -> str | None:
    return None if text is None else redacted_expression(text)


def _each(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(redacted_expression, texts))


def _extra(items: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((key, _json(text)) for key, text in items)


def _json(text: str) -> str:
    """Of a key that is not known: its texts may be expressions, its numbers are figures."""
    return json.dumps(_mapped(json.loads(text), redacted_expression), ensure_ascii=False)


def _mapped(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _mapped(item, change) for key, item in value.items()}
    return value


def _by_tokens(text: str) -> str:
    kept = {
        match.start(name)
        for match in _STRUCTURE.finditer(text)
        for name in ("plan", "length", "scale")
        if match[name] is not None
    }
    found = significant_tokens(text)
    parts: list[str] = []
    position = 0
    for before, token in pairwise((None, *found)):
        assert token is not None  # noqa: S101 - only the first of all is none
        parts.append(_between(text, position, token.start, is_first=before is None))
        parts.append(_shown(text, before, token, kept))
        position = token.end
    return "".join(parts)


def _between(text: str, start: int, end: int, *, is_first: bool) -> str:
    """What stands between two tokens: white space, and comments, which are left out."""
    gap = text[start:end]
    return gap if gap.isspace() else "" if not gap or is_first else " "


def _shown(text: str, before: Token | None, token: Token, kept: set[int]) -> str:
    written = text[token.start : token.end]
    if token.name not in _CONSTANTS or token.start in kept:
        return written
    if token.name != "SCONST" or not written.startswith("'"):
        return PLACEHOLDER
    operator = text[before.start : before.end] if before is not None else ""
    if operator in _LIKE:
        return f"'{_PATTERN.sub('?', written[1:-1])}'"
    if _ARRAY.fullmatch(written) and _TO_ARRAY.match(text, token.end):
        elements = written.count(",") + 1 if written != "'{}'" else 0
        return "'{" + ",".join("?" * elements) + "}'"
    return PLACEHOLDER
