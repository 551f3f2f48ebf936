"""How well the planner that was asked plans like the original, in words."""

from __future__ import annotations

from pgadvisor.model.estimate import Fidelity


def describe_fidelity(fidelity: Fidelity) -> str:
    """One clause: ``21 of 21 plans the same, median cost error 0.0 %``.

    Statements that the original did not plan for us (most often writes, which a reading role may
    not explain) are called unverified.  What planned, and why that, is told at the end.
    """
    error = fidelity.median_cost_error_ratio
    if error is None:
        return f"no plan of the original to compare with{_planned_by(fidelity)}"
    same = sum(statement.is_same_shape for statement in fidelity.statements)
    text = f"{same} of {len(fidelity.statements)} plans the same, median cost error {error:.1%}"
    if fidelity.not_compared:
        text += f"; {fidelity.not_compared} unverified, without a plan of the original"
    return text.replace("%", " %") + _planned_by(fidelity)


def _planned_by(fidelity: Fidelity) -> str:
    return f"; planned by {fidelity.binaries}" if fidelity.binaries else ""
