"""Servers that will soon refuse connections."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    ConnectionCount,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    Severity,
    format_count,
    format_ratio,
    known,
    number_of,
    quote_identifier,
    require_sessions,
    rule,
)

_MAX = "max_connections"
_RESERVED = ("superuser_reserved_connections", "reserved_connections")
"""The second one is of PostgreSQL 16."""
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How full is too full."""

    min_used_ratio: float = 0.8
    """Connections of now, as a share of those that ordinary roles may make."""

    critical_used_ratio: float = 0.95
    """From here on the next deployment or burst is refused."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def exhausted_connections(case: Case, limits: Limits) -> Outcome:
    """Nearly all connections that the server allows are taken.

    ## Why it matters
    The next client is refused with "too many clients already".  It happens in the worst moment:
    when statements are slow, pools open more connections, and the people who want to help cannot
    get in either.

    ## What it leaves alone
    Servers with a fifth of their connections free.  Those that are reserved for superusers count
    as taken.

    ## Before you act
    More connections are seldom the answer: each takes memory, and more that work at once than
    the machine has cores and disks make all of them slower.  Mostly they are idle, and a pooler,
    or smaller pools, need a tenth of them.  ``max_connections`` takes a restart, and on standbys
    it has to be raised first.

    ## Example
        SELECT usename, state, count(*) FROM pg_stat_activity
        WHERE backend_type = 'client backend' GROUP BY 1, 2 ORDER BY 3 DESC;
        ALTER ROLE shop CONNECTION LIMIT 50;
    """
    server = case.snapshot.server
    require_sessions(server)
    connections = known(server.connections, "connections")
    reserved = sum(
        number_of(server, name) for name in _RESERVED if server.setting(name) is not None
    )
    room = number_of(server, _MAX) - reserved
    used = sum(one.count for one in connections)
    if room > 0 and used >= limits.min_used_ratio * room:
        is_critical = used >= limits.critical_used_ratio * room
        severity = Severity.CRITICAL if is_critical else Severity.WARNING
        yield _finding(connections, used, int(room), severity)


def _finding(
    connections: tuple[ConnectionCount, ...], used: int, room: int, severity: Severity
) -> Finding:
    idle = sum(one.count for one in connections if one.state == "idle")
    roles = _by_role(connections)
    return Finding(
        subject=_MAX,
        summary=f"{format_count(used)} of {format_count(room)} connections are taken, "
        f"{format_count(idle)} of them idle",
        evidence=tuple(_evidence(used, idle, room, roles)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        remedies=(_remedy(roles, idle, used),),
        impact=Impact(risk="the next clients are refused"),
        severity=severity,
    )


def _by_role(connections: tuple[ConnectionCount, ...]) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for one in connections:
        if one.role is not None:
            counts[one.role] += one.count
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]


def _evidence(used: int, idle: int, room: int, roles: list[tuple[str, int]]) -> Iterator[Evidence]:
    view = "pg_stat_activity, client backends"
    yield Evidence(name="connections", value=used, unit="connections", source=view)
    yield Evidence(name="idle", value=idle, unit="connections", source=view)
    yield Evidence(
        name="allowed to ordinary roles",
        value=room,
        unit="connections",
        source="pg_settings: max_connections without the reserved ones",
    )
    for role, count in roles:
        yield Evidence(name=f"of {role}", value=count, unit="connections", source=view)


def _remedy(roles: list[tuple[str, int]], idle: int, used: int) -> ManualSteps:
    steps = [
        (
            f"{format_ratio(idle / used)} of them are idle: lower the sizes of the pools, or put a "
            "pooler such as PgBouncer between, in transaction mode where the application allows it."
        ),
        (
            "See that programs which crash or are replaced close their connections; "
            "`tcp_keepalives_idle` finds those whose client is gone."
        ),
    ]
    steps += [
        f"`ALTER ROLE {quote_identifier(role)} CONNECTION LIMIT ...` keeps {role} from taking all; "
        f"the way back, if there was none: `ALTER ROLE {quote_identifier(role)} CONNECTION LIMIT "
        "-1`."
        for role, _ in roles[:1]
    ]
    return ManualSteps(title="Leave connections free", steps=tuple(steps))
