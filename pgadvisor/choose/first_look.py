"""What the workload costs now, and with every candidate that there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pgadvisor.choose.appraisal import Appraise
from pgadvisor.choose.calibration import Calibration
from pgadvisor.choose.inquiry import Progress
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.candidate import Candidate, WeightedStatement
from pgadvisor.whatif.backend import Backend, Configuration, NotPlanned

BATCH = 200
"""Statements that are planned between two tellings of the progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A statement that some candidate could serve, as it is planned now."""

    statement: WeightedStatement
    usable: tuple[int, ...]
    """Numbers of the candidates that it could use."""
    base_cost: float
    """As it was appraised."""
    base_planner_cost: float


def look(
    statements: Sequence[WeightedStatement],
    candidates: Mapping[int, Candidate],
    backend: Backend,
    appraise: Appraise,
    calibration: Calibration,
    progress: Progress | None = None,
) -> tuple[tuple[Look, ...], tuple[tuple[str, str], ...]]:
    """Plan the statements that a candidate could serve as the database is.

    Args:
        statements: The workload.
        candidates: Those that were built, by number.
        backend: The planner.
        appraise: What a plan is believed to cost.
        calibration: Is told the plans of today.
        progress: Told after each batch.

    Returns:
        What was planned, and the id of each statement that the planner refuses, with its reason.
    """
    by_column: dict[tuple[int, str], list[int]] = {}
    by_statement: dict[str, list[int]] = {}
    for number, candidate in candidates.items():
        by_column.setdefault(leading_column(candidate.definition), []).append(number)
        for statement_id in candidate.statement_ids:
            by_statement.setdefault(statement_id, []).append(number)
    served = [(one, _usable(one, by_column, by_statement.get(one.id, ()))) for one in statements]
    served = [(one, usable) for one, usable in served if usable]
    looks: list[Look] = []
    refused: list[tuple[str, str]] = []
    for begin in range(0, len(served), BATCH):
        batch = served[begin : begin + BATCH]
        plans = backend.plans(
            [(one.text, Configuration(settings=one.settings)) for one, _ in batch]
        )
        for (one, usable), plan in zip(batch, plans, strict=True):
            if isinstance(plan, NotPlanned):
                refused.append((one.id, plan.reason))
                continue
            cost = appraise(plan)
            calibration.begin(one.id, plan, cost)
            found = Look(
                statement=one, usable=usable, base_cost=cost, base_planner_cost=plan.total_cost
            )
            looks.append(found)
        if progress is not None:
            progress("costing statements", begin + len(batch), len(served))
    return tuple(looks), tuple(refused)


def leading_column(definition: IndexDefinition) -> tuple[int, str]:
    """The table's OID and the first key, a column's name or an expression's text."""
    first = definition.keys[0]
    return (definition.table_oid, first.column or first.expression or "")


def _usable(
    statement: WeightedStatement,
    by_column: Mapping[tuple[int, str], Iterable[int]],
    own: Iterable[int],
) -> tuple[int, ...]:
    """Its own candidates, and those of others that begin with something that it names."""
    named = (number for column in statement.columns for number in by_column.get(column, ()))
    return tuple(sorted({*named, *own}))
