"""What executed plans add to the workload: statements of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.execution import Execution
from pgadvisor.model.log import LogDigest
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import Statement
from pgadvisor.model.usage import StatementKind
from pgadvisor.model.window import statement_window
from pgadvisor.parse.normalise import normalise
from pgadvisor.parse.plan_values import PlanFormatError
from pgadvisor.parse.plans.execution import executions_of
from pgadvisor.parse.plans.read import read_plans
from pgadvisor.parse.usage import usage_of

MAX_ADDED = 200
"""Statements of executed plans that the workload does not have."""


def executed_statements(
    executions: Iterable[Execution], snapshot: Snapshot
) -> tuple[Statement, ...]:
    """Statements of executed plans that belong to none of the snapshot's, once a day each.

    Their tables have to be here; what a call took is the mean of its plans.

    Args:
        executions: Plans, whose statements were looked for.
        snapshot: What is known already.
    """
    unknown: dict[str, list[Execution]] = defaultdict(list)
    for one in executions:
        if one.statement_id is None and one.fingerprint and one.plan.query_text:
            unknown[one.fingerprint].append(one)
    return tuple(_new(unknown, Catalog(snapshot)))[:MAX_ADDED]


def _new(unknown: dict[str, list[Execution]], catalog: Catalog) -> Iterator[Statement]:
    counted_days = statement_window(catalog.snapshot).days or 1.0
    for fingerprint, executions in unknown.items():
        text = normalise(executions[0].plan.query_text or "")
        usage = usage_of(f"plan:{fingerprint}", text, catalog)
        if usage is None or usage.kind is StatementKind.UTILITY or not usage.relations:
            continue
        times = [one.plan.execution_time_ms for one in executions]
        known = [time for time in times if time is not None]
        mean_ms = sum(known) / len(known) if known else 0.0
        yield Statement(
            id=f"plan:{fingerprint}",
            text=text,
            source="workload",
            fingerprint=fingerprint,
            mean_time_ms=mean_ms,
            total_time_ms=mean_ms * counted_days,
        )


def logged_executions(
    digest: LogDigest, database: str
) -> tuple[tuple[Execution, ...], tuple[str, ...]]:
    """The plans that auto_explain wrote into logs.

    Args:
        digest: What was read.
        database: Whose plans are wanted; where the log tells none, they count as its own.

    Returns:
        The plans, and why some cannot be read.
    """
    found: list[Execution] = []
    reasons: dict[str, None] = {}
    for logged in digest.statements:
        if logged.database not in {"", database}:
            continue
        for plan in logged.plans:
            try:
                found += executions_of(read_plans(plan.text), "auto_explain in the log")
            except PlanFormatError as error:
                reasons[error.reason] = None
    return tuple(found), tuple(reasons)
