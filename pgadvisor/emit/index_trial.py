"""New indexes for one statement as text: its plan before and after, and the SQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pgadvisor.emit.plaintext import one_line
from pgadvisor.emit.what_if import WhatIf, render_what_if
from pgadvisor.model.choice import Choice
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.sqltext.index import describe_index

_REJECTED_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexTrial:
    """The best set of new indexes for one statement."""

    tried: WhatIf
    """Its plans on the twin, without the indexes and with them."""
    choice: Choice
    """How it was come by: what else was tried, and why it was not taken."""
    sql: tuple[str, ...] = ()
    """Statements that create the indexes without blocking writes, without a semicolon."""


def render_index_trial(
    trial: IndexTrial,
    *,
    width: int,
    color: bool = False,
    expression: Callable[[str], str] = str,
) -> str:
    """Render the plans, what the indexes come to, and their SQL.

    Args:
        trial: What was tried.
        width: Columns; from 120 on the plans stand beside each other.
        color: Use ANSI colours.
        expression: What the plans' conditions and keys are shown as, such as without literals.
    """
    tried = replace(
        trial.tried,
        before=_shown(trial.tried.before, expression),
        after=None if trial.tried.after is None else _shown(trial.tried.after, expression),
    )
    plans = render_what_if(tried, width=width, color=color)
    return "\n".join([plans, "", *_verdict(trial)])


def _verdict(trial: IndexTrial) -> Iterator[str]:
    if trial.choice.unavailable_reason:
        yield f"no index was tried: {one_line(trial.choice.unavailable_reason)}"
        return
    if trial.tried.created:
        yield from (f"{one_line(statement)};" for statement in trial.sql)
        return
    if not trial.choice.rejected:
        yield "no new index is worth trying: its tables are small, or the indexes there are do"
        return
    yield "no new index makes it cheaper"
    for rejected in trial.choice.rejected[:_REJECTED_SHOWN]:
        index = describe_index(rejected.candidate.definition)
        yield f"- {one_line(index)}: {one_line(rejected.reason)}"


def _shown(plan: Plan, expression: Callable[[str], str]) -> Plan:
    return replace(plan, root=_shown_node(plan.root, expression))


def _shown_node(node: PlanNode, expression: Callable[[str], str]) -> PlanNode:
    def optional(text: str | None) -> str | None:
        return None if text is None else expression(text)

    return replace(
        node,
        children=tuple(_shown_node(child, expression) for child in node.children),
        index_condition=optional(node.index_condition),
        recheck_condition=optional(node.recheck_condition),
        filter=optional(node.filter),
        join_filter=optional(node.join_filter),
        hash_condition=optional(node.hash_condition),
        merge_condition=optional(node.merge_condition),
        sort_keys=tuple(map(expression, node.sort_keys)),
        presorted_keys=tuple(map(expression, node.presorted_keys)),
        group_keys=tuple(map(expression, node.group_keys)),
        extra=tuple((key, json.dumps(_mapped(json.loads(v), expression))) for key, v in node.extra),
    )


def _mapped(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return change(value)
    return [_mapped(item, change) for item in value] if isinstance(value, list) else value
