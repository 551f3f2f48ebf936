"""Planners that are told of more cache than the machine has memory."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    OWN_SOURCES,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Outcome,
    Provenance,
    Setting,
    Severity,
    SkipRule,
    change_where_set,
    data_bytes_of,
    format_size,
    memory_bytes_of,
    rule,
)

_CACHE = "effective_cache_size"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is too much, and what is proposed."""

    max_memory_ratio: float = 0.9
    """Of the machine's memory; the rest is taken by sessions and the system itself."""

    proposed_ratio: float = 0.75
    """Of the machine's memory."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits)
def overstated_cache(case: Case, limits: Limits) -> Outcome:
    """The planner is told of more cache than the machine has memory.

    ## Why it matters
    ``effective_cache_size`` takes no memory.  It tells the planner how much of the data stays in
    memory while a query runs.  If that is more than there is, the planner takes repeated look-ups
    by index for cheap, and each of them reads from the disk.  It happens after a move to a smaller
    machine, or into a container.

    ## What it leaves alone
    Databases that fit into the memory: they are cached, whatever the planner is told.  How much
    memory there is the server cannot tell: where ``[machine]`` of the configuration does not say,
    the rule is skipped.

    ## Before you act
    In a container its limit counts, not the memory of the host.  Plans may change: try the
    expensive statements with the new value first.

    ## Example
        ALTER SYSTEM SET effective_cache_size = '24GB';
        SELECT pg_reload_conf();
    """
    server = case.snapshot.server
    cache = server.setting(_CACHE)
    if cache is None:
        raise SkipRule(f"{_CACHE} is not in the snapshot")
    if cache.source in OWN_SOURCES:
        raise SkipRule(
            f"what the server says of {_CACHE} is hidden by the collecting role's own value"
        )
    memory_bytes = memory_bytes_of(case)
    told_bytes = int(cache.value) * server.block_size_bytes
    is_too_much = told_bytes > limits.max_memory_ratio * memory_bytes
    if is_too_much and data_bytes_of(case) > memory_bytes:
        yield _finding(case, cache, told_bytes, memory_bytes, limits)


def _finding(
    case: Case, cache: Setting, told_bytes: int, memory_bytes: int, limits: Limits
) -> Finding:
    server = case.snapshot.server
    wanted = round(limits.proposed_ratio * memory_bytes) // server.block_size_bytes
    told, memory = format_size(told_bytes), format_size(memory_bytes)
    return Finding(
        subject=_CACHE,
        summary=f"{_CACHE} is {told}, of {memory} of memory that the machine has",
        evidence=tuple(_evidence(case, cache, told_bytes, memory_bytes)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=(
            "the data are larger than the memory",
            "it is no value of the collecting role",
        ),
        remedies=(change_where_set(server, _CACHE, str(wanted)),),
        impact=Impact(risk="repeated look-ups by index are taken for cheap, and read the disk"),
    )


def _evidence(case: Case, cache: Setting, told_bytes: int, memory_bytes: int) -> Iterator[Evidence]:
    yield Evidence(
        name=_CACHE,
        value=told_bytes,
        unit="bytes",
        source=f"pg_settings.setting, from: {cache.source}",
    )
    yield Evidence(
        name="memory",
        value=memory_bytes,
        unit="bytes",
        source="[machine] of the configuration",
    )
    yield Evidence(
        name="tables and indexes",
        value=data_bytes_of(case),
        unit="bytes",
        source="pg_relation_size",
    )
