"""What a change does to one statement, in words."""

from __future__ import annotations

from dataclasses import dataclass

from pgadvisor.emit.plaintext import shortened
from pgadvisor.emit.words import format_large
from pgadvisor.model.advice import AdviceData
from pgadvisor.model.candidate import StatementEffect
from pgadvisor.units import format_count, format_ms, format_ratio

_STATEMENT_LENGTH = 160
_FEW_CALLS = 10
_MUCH_CHEAPER_RATIO = 0.1
"""From there on, and from its inverse on, a factor says more than a share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectView:
    """What a change does to one statement."""

    statement_id: str
    text: str
    before: str
    """Planner cost."""
    after: str
    change: str
    """In words: ``97 % cheaper``."""
    calls: str
    """A day."""
    time_before: str
    """Of a call, measured; empty where it was not."""
    time_after: str
    """In proportion to the costs; empty without a time before."""
    saved: str
    """A day: time, or planner cost x calls where no time was measured; with a minus: lost."""

    @property
    def lost(self) -> str:
        """A day, of a change for the worse."""
        return self.saved.removeprefix("-")

    @property
    def saving(self) -> str:
        """As a clause: ``saves 20 s a day``, ``costs 3 s a day more``."""
        is_worse = self.saved.startswith("-")
        return f"costs {self.lost} a day more" if is_worse else f"saves {self.saved} a day"


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectWriter:
    """Puts effects into words, with the texts of the statements."""

    texts: dict[str, str]
    verified: frozenset[str]
    """Statements of which the planner was compared with the original."""

    @classmethod
    def of(cls, advice: AdviceData) -> EffectWriter:
        """Take from an advice what it says of its statements."""
        compared = advice.fidelity.statements if advice.fidelity else ()
        return cls(
            texts={statement.id: statement.text for statement in advice.statements},
            verified=frozenset(each.statement_id for each in compared),
        )

    def view(self, effect: StatementEffect) -> EffectView:
        """Put one effect into words."""
        change = _change(effect.ratio)
        if self.verified and effect.statement_id not in self.verified:
            # Where nothing was compared at all, the report's head says so.
            change += ", unverified"
        time_ms, saved_ms = effect.mean_time_ms, effect.saved_ms_per_day
        calls = effect.calls_per_day
        return EffectView(
            statement_id=effect.statement_id,
            text=shortened(self.texts.get(effect.statement_id, ""), _STATEMENT_LENGTH),
            before=f"{effect.cost_before:,.2f}",
            after=f"{effect.cost_after:,.2f}",
            change=change,
            calls=f"{calls:.2g}" if 0 < calls < _FEW_CALLS else format_count(calls),
            time_before="" if time_ms is None else format_ms(time_ms),
            time_after="" if time_ms is None else format_ms(time_ms * effect.ratio),
            saved=f"{format_large(effect.saved_cost_per_day)} of cost"
            if saved_ms is None
            else format_ms(saved_ms),
        )


def _change(ratio: float) -> str:
    if ratio >= 1 / _MUCH_CHEAPER_RATIO:
        return f"{ratio:,.0f} times dearer"
    if ratio > 1:
        return f"{format_ratio(ratio - 1)} dearer"
    if ratio <= _MUCH_CHEAPER_RATIO:
        return f"{1 / ratio:,.0f} times cheaper" if ratio > 0 else "free"
    return f"{format_ratio(1 - ratio)} cheaper"
