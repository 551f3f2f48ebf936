"""Whose plan an executed plan is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pgadvisor.model.executed_plan import ExecutedPlan
from pgadvisor.model.execution import Execution
from pgadvisor.model.statement import Statement
from pgadvisor.parse.statement import StatementError, fingerprint


def executions_of(plans: Sequence[ExecutedPlan], source: str) -> tuple[Execution, ...]:
    """Give plans the fingerprints of the texts that came with them.

    Args:
        plans: Plans of one source, in its order.
        source: Its name, for people.
    """
    return tuple(
        Execution(
            plan=plan,
            source=source if len(plans) == 1 else f"plan {number} of {source}",
            fingerprint=_fingerprint(plan),
        )
        for number, plan in enumerate(plans, start=1)
    )


def with_statements(
    executions: Iterable[Execution], statements: Iterable[Statement]
) -> tuple[Execution, ...]:
    """Tell whose plans these are: by their query identifier, else by the text's fingerprint.

    Args:
        executions: Plans.
        statements: The workload.
    """
    by_id: dict[str, Statement] = {}
    by_fingerprint: dict[str, Statement] = {}
    for statement in statements:
        by_id.setdefault(statement.id, statement)
        if statement.fingerprint:
            by_fingerprint.setdefault(statement.fingerprint, statement)
    found: list[Execution] = []
    for one in executions:
        known = by_id.get(str(one.plan.query_identifier)) or by_fingerprint.get(one.fingerprint)
        if known is None:
            found.append(one)
            continue
        mark = one.fingerprint or known.fingerprint
        found.append(replace(one, statement_id=known.id, fingerprint=mark))
    return tuple(found)


def _fingerprint(plan: ExecutedPlan) -> str:
    if not plan.query_text:
        return ""
    try:
        return fingerprint(plan.query_text)
    except StatementError:  # a text that was cut off, say: the plan is still worth reading
        return ""
