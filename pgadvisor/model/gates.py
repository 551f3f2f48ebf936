"""Whether the statistics can carry a judgement: evaluated once, shown in every report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class GateState(StrEnum):
    """Open: judge; closed: the figures forbid it; unknown: there are no figures."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One precondition of many rules."""

    id: str
    """``usage-window``, ``drop-window``, ``eviction``, ``topology``, ``statements``,
    ``executed-plans``."""
    state: GateState
    detail: str
    """A clause with the figure and the limit: ``statistics cover 12.4 of 35 days``."""
    value: float | None = None
    limit: float | None = None
    is_limit_lowered: bool = False
    """The user set a limit below the default; every report says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """All gates of one snapshot."""

    rows: tuple[Gate, ...] = ()

    def gate(self, gate_id: str) -> Gate:
        """The gate of that id.

        Raises:
            KeyError: There is none.
        """
        for gate in self.rows:
            if gate.id == gate_id:
                return gate
        raise KeyError(gate_id)
