"""New indexes for one statement: its plan before and after, and the SQL; with values or without."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pgadvisor.emit.plaintext import one_line
from pgadvisor.emit.what_if import WhatIf, render_what_if
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.choice import Choice
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.sqltext.index import describe_index
from pgadvisor.sqltext.quote import comment

_REJECTED_SHOWN = 3
NOT_RUNNABLE = "a value of the statement was left out; --show-literals shows it"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexTrial:
    """The best set of new indexes for one statement."""

    tried: WhatIf
    """Its plans on the twin, without the indexes and with them."""
    choice: Choice
    """How it was come by: what else was tried, and why it was not taken."""
    sql: tuple[str, ...] = ()
    """Statements that create the indexes without blocking writes, without a semicolon."""
    is_runnable: bool = True
    """False: values were taken out of the statements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementTrial:
    """An explained statement, and what was tried for it."""

    source: str
    """Where its plan came from."""
    trial: IndexTrial | None = None
    why_not: str = ""
    """Why nothing was tried, as a clause."""


def shown_trial(trial: IndexTrial, expression: Callable[[str], str]) -> IndexTrial:
    """Change all expressions of a trial, in plans, in definitions and in what is said of them.

    Args:
        trial: What was tried.
        expression: What they are shown as, such as without literals.
    """
    definitions = [index.candidate.definition for index in trial.choice.chosen]
    tried, sql = trial.tried, tuple(_replaced(s, definitions, expression) for s in trial.sql)
    return replace(
        trial,
        tried=replace(
            tried,
            before=_shown(tried.before, expression),
            after=None if tried.after is None else _shown(tried.after, expression),
            created=tuple(
                replace(
                    index,
                    statement=_replaced(index.statement, definitions, expression),
                    notes=tuple(_replaced(n, definitions, expression) for n in index.notes),
                    reason_unused=_replaced(index.reason_unused, definitions, expression),
                )
                for index in tried.created
            ),
        ),
        choice=replace(
            trial.choice,
            rejected=tuple(
                replace(
                    rejected,
                    candidate=replace(
                        rejected.candidate,
                        definition=_shown_definition(rejected.candidate.definition, expression),
                    ),
                    reason=_replaced(
                        rejected.reason,
                        [*definitions, rejected.candidate.definition],
                        expression,
                    ),
                )
                for rejected in trial.choice.rejected
            ),
        ),
        sql=sql,
        is_runnable=trial.is_runnable and sql == trial.sql,
    )


def render_index_trial(trial: IndexTrial, *, width: int, color: bool = False) -> str:
    """Render the plans, what the indexes come to, and their SQL.

    Args:
        trial: What was tried, as it may be shown.
        width: Columns; from 120 on the plans stand beside each other.
        color: Use ANSI colours.
    """
    plans = render_what_if(trial.tried, width=width, color=color)
    return "\n".join([plans, "", *_verdict(trial)])


def _verdict(trial: IndexTrial) -> Iterator[str]:
    if trial.choice.unavailable_reason:
        yield f"no index was tried: {one_line(trial.choice.unavailable_reason)}"
        return
    if trial.tried.created:
        yield from _script(trial)
        return
    if not trial.choice.rejected:
        yield "no new index is worth trying: its tables are small, or the indexes there are do"
        return
    yield "no new index makes it cheaper"
    for rejected in trial.choice.rejected[:_REJECTED_SHOWN]:
        index = describe_index(rejected.candidate.definition)
        yield f"- {one_line(index)}: {one_line(rejected.reason)}"


def _script(trial: IndexTrial) -> Iterator[str]:
    """The SQL as in a migration: what is not to be run as it stands is a comment."""
    if trial.is_runnable:
        yield from (f"{one_line(statement)};" for statement in trial.sql)
        return
    yield comment(f"Not run: {NOT_RUNNABLE}.")
    yield from (comment(f"    {one_line(statement)};") for statement in trial.sql)


def _expressions(definition: IndexDefinition) -> Iterator[str]:
    """What of an index may hold a value of the statement."""
    yield from (key.expression for key in definition.keys if key.expression)
    if definition.predicate:
        yield definition.predicate


def _replaced(
    text: str, definitions: list[IndexDefinition], expression: Callable[[str], str]
) -> str:
    """A text about indexes, with their expressions as they are shown."""
    found = {each for definition in definitions for each in _expressions(definition)}
    for each in sorted(found, key=len, reverse=True):
        text = text.replace(each, expression(each))
    return text


def _shown_definition(
    definition: IndexDefinition, expression: Callable[[str], str]
) -> IndexDefinition:
    return replace(
        definition,
        keys=tuple(
            replace(key, expression=expression(key.expression)) if key.expression else key
            for key in definition.keys
        ),
        predicate=expression(definition.predicate) if definition.predicate else None,
    )


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
