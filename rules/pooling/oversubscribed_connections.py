"""Pools that may together open more connections than the server lets in."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Pool,
    Provenance,
    Severity,
    SkipRule,
    format_count,
    number_of,
    rule,
)

_MAX = "max_connections"
_RESERVED = ("superuser_reserved_connections", "reserved_connections")
"""The second one is of PostgreSQL 16."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may be promised, and what is proposed."""

    max_promised_ratio: float = 1.0
    """What all pools may open, as a share of what ordinary roles may."""

    headroom_ratio: float = 0.1
    """Of these, what the proposed sizes leave free: for people, jobs and new versions that start
    before the old ones have ended."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def oversubscribed_connections(case: Case, limits: Limits) -> Outcome:
    """The pools may open more connections than the server lets in.

    ## Why it matters
    Each instance of an application has a pool of its own, and what counts is their sum.  As long
    as the pools are half empty nobody notices.  When statements are slow all of them fill up, and
    the last ones are refused with "too many clients already", in the worst moment.

    ## What it leaves alone
    Pools whose sum fits into ``max_connections``, without the connections that are reserved for
    superusers.  Which pools there are the server cannot tell: where ``[[pools]]`` of the
    configuration names none, the rule is skipped.

    ## Before you act
    Is there a pooler between?  Then name the pool of the pooler alone.  A smaller pool seldom
    makes anything slower: what works at the same time is bounded by the cores and the disks of
    the server.  More instances for the next campaign count as well.

    ## Example
        [[pools]]  # in pgadvisor.toml
        name = "web"
        size = 20
        instances = 6
    """
    if not case.pools:
        raise SkipRule("which pools connect is not said: name them in [[pools]] of pgadvisor.toml")
    server = case.snapshot.server
    reserved = sum(
        number_of(server, name) for name in _RESERVED if server.setting(name) is not None
    )
    room = int(number_of(server, _MAX) - reserved)
    promised = sum(pool.connections for pool in case.pools)
    if promised > limits.max_promised_ratio * room:
        yield _finding(case.pools, promised, room, limits)


def _finding(pools: tuple[Pool, ...], promised: int, room: int, limits: Limits) -> Finding:
    return Finding(
        subject=_MAX,
        summary=f"The pools may open {format_count(promised)} connections, "
        f"{format_count(room)} are allowed",
        evidence=tuple(_evidence(pools, promised, room)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=("connections that are reserved for superusers are not counted",),
        remedies=(_remedy(pools, promised, room, limits),),
        impact=Impact(risk="clients are refused when all pools fill up"),
    )


def _evidence(pools: tuple[Pool, ...], promised: int, room: int) -> Iterator[Evidence]:
    source = "[[pools]] of the configuration"
    for pool in pools:
        yield Evidence(
            name=f"pool {pool.name}",
            value=pool.connections,
            unit="connections",
            source=f"{source}: {pool.size} in each of {pool.instances}",
        )
    yield Evidence(name="of all pools", value=promised, unit="connections", source=source)
    yield Evidence(
        name="allowed to ordinary roles",
        value=room,
        unit="connections",
        source="pg_settings: max_connections without the reserved ones",
    )


def _remedy(pools: tuple[Pool, ...], promised: int, room: int, limits: Limits) -> ManualSteps:
    share = (1 - limits.headroom_ratio) * max(room, 0) / promised
    sizes = ", ".join(
        f"{pool.name} {max(math.floor(share * pool.size), 1)} instead of {pool.size}"
        for pool in pools
    )
    return ManualSteps(
        title="Let the pools promise no more than there is",
        steps=(
            f"Lower their sizes: {sizes} would fit with some to spare, if all give way alike.",
            (
                "Where that leaves an instance too few, put a pooler such as PgBouncer between, so "
                "that all of them share one pool."
            ),
            (
                f"A larger {_MAX} takes memory and a restart, on standbys first, and lets more "
                "statements work at once than the machine may bear: it is the last resort."
            ),
        ),
    )
