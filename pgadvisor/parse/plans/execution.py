"""Whose plan an executed plan is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgadvisor.model.executed_plan import ExecutedPlan
from pgadvisor.model.execution import Execution
from pgadvisor.model.statement import Statement
from pgadvisor.parse.statement import StatementError, fingerprint


def executions_of(
    plans: Sequence[ExecutedPlan], source: str, statements: Iterable[Statement] = ()
) -> tuple[Execution, ...]:
    """Tell whose plans these are: by their query identifier, else by the text that came with them.

    Args:
        plans: Plans of one source, in its order.
        source: Its name, for people.
        statements: The workload.
    """
    by_id: dict[str, Statement] = {}
    by_fingerprint: dict[str, Statement] = {}
    for statement in statements:
        by_id.setdefault(statement.id, statement)
        if statement.fingerprint:
            by_fingerprint.setdefault(statement.fingerprint, statement)
    executions: list[Execution] = []
    for number, plan in enumerate(plans, start=1):
        found = _fingerprint(plan)
        known = by_id.get(str(plan.query_identifier)) or by_fingerprint.get(found)
        executions.append(
            Execution(
                plan=plan,
                source=source if len(plans) == 1 else f"plan {number} of {source}",
                fingerprint=found or (known.fingerprint if known else ""),
                statement_id=known.id if known else None,
            )
        )
    return tuple(executions)


def _fingerprint(plan: ExecutedPlan) -> str:
    if not plan.query_text:
        return ""
    try:
        return fingerprint(plan.query_text)
    except StatementError:  # a text that was cut off, say: the plan is still worth reading
        return ""
