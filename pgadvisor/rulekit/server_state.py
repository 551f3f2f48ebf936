"""What a rule asks of the server as a whole, and how it says that it does not know."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from pgadvisor.model.server import Server
from pgadvisor.rulekit.case import SkipRule
from pgadvisor.units import MS_PER_DAY, SECONDS_PER_DAY, format_ms

_T = TypeVar("_T")


def known(value: _T | None, what: str) -> _T:
    """The value, where it was read.

    Args:
        value: A field of the server.
        what: Its name in the plural, for the reason: ``replication slots``.

    Raises:
        SkipRule: It was not read: the role may not, or the file is from before it was kept.
    """
    if value is None:
        raise SkipRule(f"{what} are not in the snapshot")
    return value


def require_sessions(server: Server) -> None:
    """Go on only where the sessions of all roles could be seen.

    Raises:
        SkipRule: They are hidden from the collecting role, or were not read.
    """
    known(server.connections, "connections")
    if server.hides_sessions:
        raise SkipRule(
            "what sessions of other roles do is hidden: the role is not a member of pg_monitor"
        )


def number_of(server: Server, name: str) -> float:
    """The value of a numeric setting, in its own base unit.

    Raises:
        SkipRule: It is not in the snapshot.
    """
    return float(known(server.setting(name), f"values of {name}").value)


def days_since(server: Server, reset_at: datetime | None, needed_days: float) -> float:
    """Days that some counters of the server cover.

    Args:
        server: That counts.
        reset_at: When these counters were reset.
        needed_days: Fewer days say nothing.

    Raises:
        SkipRule: Nobody knows, or they are fewer.
    """
    if reset_at is None:
        raise SkipRule("nobody knows since when the server counts")
    days = max((server.collected_at - reset_at).total_seconds(), 0.0) / SECONDS_PER_DAY
    if days < needed_days or days == 0:
        counted, wanted = (format_ms(each * MS_PER_DAY) for each in (days, needed_days))
        raise SkipRule(f"the server has counted for {counted}, {wanted} are needed")
    return days
