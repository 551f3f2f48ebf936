"""Which new indexes would help explained statements: ``pgadvisor explain --candidates``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from pgadvisor.collect.assemble import collect
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.emit.index_trial import StatementTrial, render_index_trial, shown_trial
from pgadvisor.errors import UsageError
from pgadvisor.index_trial import indexes_for
from pgadvisor.model.execution import Execution
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.usage import StatementKind
from pgadvisor.parse.parameter_values import ParameterValue
from pgadvisor.parse.parameters import substitute
from pgadvisor.parse.statement import StatementError, parse_statement
from pgadvisor.sqltext.quote import quote_literal

Candidates = Annotated[
    bool,
    typer.Option(
        "--candidates",
        help="With --dsn or --snapshot, try new indexes for each SELECT on the planner twin: its "
        "plan before and after, and the SQL.",
    ),
]
EXPLAINED_FOR_FIDELITY = 100
"""Statements of the workload that the server plans, to see that the twin plans alike."""


def trial_snapshot(
    snapshot: Snapshot | None, dsn: str | None, progress: Callable[[str, int, int], None]
) -> Snapshot:
    """The database to try indexes on: the given snapshot, else one that is taken now.

    Raises:
        UsageError: There is neither a snapshot nor a server.
    """
    if snapshot is not None:
        return snapshot
    if dsn is None:
        raise UsageError("reading --candidates", "it goes with --dsn DSN or --snapshot SNAPSHOT")
    options = CollectOptions(max_explained=EXPLAINED_FOR_FIDELITY)
    return collect(dsn, options=options, progress=progress)


def try_candidates(
    executions: Sequence[Execution],
    snapshot: Snapshot,
    *,
    parameters: Sequence[ParameterValue] = (),
    expression: Callable[[str], str] = str,
    progress: Callable[[str, int, int], None] | None = None,
) -> tuple[StatementTrial, ...]:
    """Try indexes for each SELECT whose text is known.

    Args:
        executions: Explained statements, with their literals.
        snapshot: The database.
        parameters: Values that the statements were planned for.
        expression: What conditions and keys are shown as, such as without literals.
        progress: Told what is going on.
    """
    texts = {statement.id: statement.text for statement in snapshot.statements}
    tried: list[StatementTrial] = []
    for execution in executions:
        text = execution.plan.query_text or texts.get(execution.statement_id or "")
        if (reason := _why_not(text)) is not None:
            tried.append(StatementTrial(source=execution.source, why_not=reason))
            continue
        trial = indexes_for(snapshot, _with_values(text or "", parameters), progress=progress)
        shown = shown_trial(trial, expression)
        tried.append(StatementTrial(source=execution.source, trial=shown))
    return tuple(tried)


def render_candidates(tried: Sequence[StatementTrial], *, width: int, color: bool = False) -> str:
    """Print what comes of new indexes for each statement.

    Args:
        tried: What was tried, as it may be shown.
        width: Columns; from 120 on the plans stand beside each other.
        color: Use ANSI colours.
    """
    parts: list[str] = []
    for one in tried:
        parts.append(f"New indexes for {one.source}\n")
        if one.trial is None:
            parts.append(f"None were tried: {one.why_not}.\n")
        else:
            parts.append(f"{render_index_trial(one.trial, width=width, color=color)}\n")
    return "\n".join(parts)


def _why_not(text: str | None) -> str | None:
    if text is None:
        return "the plan came without its statement"
    try:
        kind = parse_statement(text).kind
    except StatementError as error:
        return f"its text: {error.reason}"
    return None if kind is StatementKind.SELECT else f"it is no SELECT but an {kind.value.upper()}"


def _with_values(text: str, parameters: Sequence[ParameterValue]) -> str:
    """The statement with the values that it was planned for."""
    return substitute(text, {value.number: _literal(value) for value in parameters})


def _literal(value: ParameterValue) -> str:
    written = "null" if value.value is None else quote_literal(value.value)
    return f"{written}::{value.type_name}" if value.type_name else written
