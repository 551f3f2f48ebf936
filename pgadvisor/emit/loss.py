"""What statements would lose without one index of the chosen set."""

from __future__ import annotations

from dataclasses import replace

from pgadvisor.model.candidate import StatementEffect
from pgadvisor.model.choice import Choice, ChosenIndex


def timed_losses(chosen: ChosenIndex, choice: Choice) -> tuple[StatementEffect, ...]:
    """The losses with the time that a call takes with the whole set.

    A statement's mean time was measured as the database is now, and a loss starts from a
    database that has all chosen indexes: the time goes down with the cost first.
    """
    now = {effect.statement_id: effect for effect in choice.effects}
    return tuple(
        replace(loss, mean_time_ms=_time_ms(loss, now.get(loss.statement_id)))
        for loss in chosen.losses
    )


def _time_ms(loss: StatementEffect, now: StatementEffect | None) -> float | None:
    if now is None or now.mean_time_ms is None or now.cost_before <= 0:
        return None
    return now.mean_time_ms * loss.cost_before / now.cost_before
