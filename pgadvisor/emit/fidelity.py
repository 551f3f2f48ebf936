"""How well the planner that was asked plans like the original, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.model.estimate import Fidelity
from pgadvisor.units import format_ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannerNames:
    """What a report calls the planner that was asked."""

    label: str
    """Before :func:`describe_fidelity`."""
    note: str
    differs: str


_TWIN = PlannerNames(label="Planner twin", note="Note on the twin", differs="Twin differs")


def planner_names(fidelity: Fidelity) -> PlannerNames:
    """The names for the twin, or for HypoPG, which is the server itself."""
    if fidelity.is_by_twin:
        return _TWIN
    name = fidelity.planner
    return PlannerNames(label=name, note=f"Note on {name}", differs="Server differs")


def describe_fidelity(fidelity: Fidelity) -> str:
    """One clause: ``21 of 21 plans the same, median cost error 0.0 %``.

    Statements that the original did not plan for us (most often writes, which a reading role may
    not explain) are called unverified.  What planned, and why that, is told at the end.
    """
    error = fidelity.median_cost_error_ratio
    if error is None:
        return f"no plan of the original to compare with{_planned_by(fidelity)}"
    same = sum(statement.is_same_shape for statement in fidelity.statements)
    count = len(fidelity.statements) + len(fidelity.not_planned)
    text = f"{same} of {count} plans the same, median cost error {error:.1%}"
    if fidelity.not_compared:
        text += f"; {fidelity.not_compared} unverified, without a plan of the original"
    return text.replace("%", " %") + _planned_by(fidelity)


def describe_differences(fidelity: Fidelity) -> Iterator[str]:
    """One clause for each statement that the twin plans otherwise, the worst first."""
    for statement_id, reason in fidelity.not_planned:
        yield f"statement {statement_id} cannot be planned: {reason}"
    for row in fidelity.differing:
        if row.is_same_shape:
            what = f"the same plan, its cost off by {format_ratio(row.cost_error_ratio)}"
        else:
            what = "another plan"
        yield f"statement {row.statement_id}: {what}{f'; {row.reason}' if row.reason else ''}"


def _planned_by(fidelity: Fidelity) -> str:
    return f"; planned by {fidelity.binaries}" if fidelity.binaries else ""
