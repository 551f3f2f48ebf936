"""The parts of the JSON report that tell which time counters cover, and on which nodes."""

from __future__ import annotations

from datetime import datetime

from pgadvisor.emit import document as doc
from pgadvisor.model.earlier import EarlierSnapshot
from pgadvisor.model.standby import Standby
from pgadvisor.model.window import Window


def window_part(window: Window) -> doc.WindowPart:
    """The time that counters cover."""
    return doc.WindowPart(
        days=window.days,
        note=window.note,
        since=_moment(window.since),
        is_lower_bound=window.is_lower_bound,
        is_difference=window.is_difference,
    )


def earlier_part(earlier: EarlierSnapshot) -> doc.EarlierPart:
    """The earlier snapshot."""
    return doc.EarlierPart(
        collected_at=earlier.collected_at.isoformat(),
        counters=earlier.counters.value,
        statements=earlier.statements.value,
        notes=earlier.notes,
    )


def standby_part(standby: Standby) -> doc.StandbyPart:
    """A standby that was looked at."""
    return doc.StandbyPart(
        name=standby.name,
        collected_at=standby.collected_at.isoformat(),
        counted_since=_moment(standby.counted_since),
        note=standby.note,
        statements=standby.statement_count,
        notes=standby.notes,
    )


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
