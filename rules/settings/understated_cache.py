"""Planners that are told of less cache than the server has for itself."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    OWN_SOURCES,
    Action,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    Setting,
    Severity,
    SkipRule,
    change_where_set,
    data_bytes_of,
    format_size,
    rule,
)

_CACHE = "effective_cache_size"
_BUFFERS = "shared_buffers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is too little, and what is proposed, where the memory is known."""

    min_memory_ratio: float = 0.5
    """Of the machine's memory."""

    proposed_ratio: float = 0.75
    """Of the machine's memory."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits)
def understated_cache(case: Case, limits: Limits) -> Outcome:
    """The planner is told of less cache than there is.

    ## Why it matters
    ``effective_cache_size`` takes no memory.  It tells the planner how much of the data stays
    in memory while a query runs: in ``shared_buffers`` and in the system's cache together.  If
    it is below ``shared_buffers`` alone, it is wrong, whatever memory the machine has: repeated
    index scans look more expensive than they are.  The default of 4 GB is overtaken as soon as
    ``shared_buffers`` grows and nobody thinks of the other one.  Where ``[machine]`` of the
    configuration says how much memory there is, less than half of that is too little as well.

    ## What it leaves alone
    Databases that are smaller than what the planner is told of: nothing is fetched twice then.

    ## Before you act
    Plans may change.  Try the expensive statements with the new value first.  Where other
    programs share the memory, or in a container, say in the configuration what is left to the
    server.

    ## Example
        ALTER SYSTEM SET effective_cache_size = '16GB';
        SELECT pg_reload_conf();
    """
    server = case.snapshot.server
    cache, buffers = server.setting(_CACHE), server.setting(_BUFFERS)
    if cache is None or buffers is None:
        raise SkipRule(f"{_CACHE} and {_BUFFERS} are not in the snapshot")
    if cache.source in OWN_SOURCES:
        raise SkipRule(
            f"what the server says of {_CACHE} is hidden by the collecting role's own value"
        )
    told_bytes, data_bytes = _bytes(case, cache), data_bytes_of(case)
    memory_bytes = case.machine.memory_bytes
    is_below_buffers = told_bytes < _bytes(case, buffers)
    is_below_half = told_bytes < limits.min_memory_ratio * (memory_bytes or 0)
    if (is_below_buffers or is_below_half) and data_bytes > told_bytes:
        yield _finding(case, cache, buffers, limits)


def _bytes(case: Case, setting: Setting) -> int:
    """Both settings are in blocks."""
    return int(setting.value) * case.snapshot.server.block_size_bytes


def _finding(case: Case, cache: Setting, buffers: Setting, limits: Limits) -> Finding:
    told, own = format_size(_bytes(case, cache)), format_size(_bytes(case, buffers))
    is_below_buffers = _bytes(case, cache) < _bytes(case, buffers)
    compared = f"less than the {own} of {_BUFFERS} alone"
    if not is_below_buffers and case.machine.memory_bytes is not None:
        compared = f"of {format_size(case.machine.memory_bytes)} of memory that the machine has"
    return Finding(
        subject=_CACHE,
        summary=f"{_CACHE} is {told}, {compared}",
        detail=f"The database has {format_size(data_bytes_of(case))} of tables and indexes, so "
        "that it matters to plans with repeated index scans.",
        evidence=tuple(_evidence(case, cache, buffers)),
        provenance=Provenance.CATALOG,
        # That the memory is the server's own the user has said, and nobody has measured.
        confidence=Confidence.HIGH if is_below_buffers else Confidence.MEDIUM,
        guards=(
            "the data are larger than what the planner is told of",
            "it is no value of the collecting role",
        ),
        remedies=_remedies(case, buffers, limits),
        impact=Impact(risk="the planner avoids index scans that would be found in memory"),
    )


def _evidence(case: Case, cache: Setting, buffers: Setting) -> Iterator[Evidence]:
    for setting in (cache, buffers):
        yield Evidence(
            name=setting.name,
            value=_bytes(case, setting),
            unit="bytes",
            source=f"pg_settings.setting, from: {setting.source}",
        )
    if case.machine.memory_bytes is not None:
        yield Evidence(
            name="memory",
            value=case.machine.memory_bytes,
            unit="bytes",
            source="[machine] of the configuration",
        )
    yield Evidence(
        name="tables and indexes",
        value=data_bytes_of(case),
        unit="bytes",
        source="pg_relation_size",
    )


def _remedies(case: Case, buffers: Setting, limits: Limits) -> tuple[Action, ...]:
    server = case.snapshot.server
    if case.machine.memory_bytes is not None:
        wanted = round(limits.proposed_ratio * case.machine.memory_bytes)
        blocks = max(wanted // server.block_size_bytes, int(buffers.value))
        return (change_where_set(server, _CACHE, str(blocks)),)
    return (
        change_where_set(case.snapshot.server, _CACHE, buffers.value),
        ManualSteps(
            title="Then tell the planner of the system's cache, too",
            steps=(
                (
                    "Add what the system's cache holds in an hour of much work; it is not in the "
                    "snapshot, and in a container its limit counts."
                ),
            ),
        ),
    )
