"""Planners that are told of less cache than the server has for itself."""

from collections.abc import Iterator

from pgadvisor.rulekit import (
    OWN_SOURCES,
    Action,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    NoLimits,
    Outcome,
    Provenance,
    Setting,
    Severity,
    SkipRule,
    change_where_set,
    format_size,
    rule,
)

_CACHE = "effective_cache_size"
_BUFFERS = "shared_buffers"


@rule(severity=Severity.INFO, since="0.1", limits=NoLimits)
def understated_cache(case: Case, _limits: NoLimits) -> Outcome:
    """The planner is told of less cache than the server's own.

    ## Why it matters
    ``effective_cache_size`` takes no memory.  It tells the planner how much of the data stays
    in memory while a query runs: in ``shared_buffers`` and in the system's cache together.  If
    it is below ``shared_buffers`` alone, it is wrong, whatever memory the machine has: repeated
    index scans look more expensive than they are.  The default of 4 GB is overtaken as soon as
    ``shared_buffers`` grows and nobody thinks of the other one.

    ## What it leaves alone
    Databases that are smaller than what the planner is told of: nothing is fetched twice then.
    How much more the system caches is not known, so that too large a value is not looked for.

    ## Before you act
    Plans may change.  Try the expensive statements with the new value first.

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
    data_bytes = _data_bytes(case)
    is_understated = int(cache.value) < int(buffers.value)
    if is_understated and data_bytes > _bytes(case, cache):
        yield _finding(case, cache, buffers, data_bytes)


def _bytes(case: Case, setting: Setting) -> int:
    """Both settings are in blocks."""
    return int(setting.value) * case.snapshot.server.block_size_bytes


def _data_bytes(case: Case) -> int:
    tables = sum(case.size_of(table) for table in case.user_tables)
    return tables + sum(case.size_of_index(index) for _, index in case.user_indexes)


def _finding(case: Case, cache: Setting, buffers: Setting, data_bytes: int) -> Finding:
    told, own = format_size(_bytes(case, cache)), format_size(_bytes(case, buffers))
    return Finding(
        subject=_CACHE,
        summary=f"{_CACHE} is {told}, less than the {own} of {_BUFFERS} alone",
        detail=f"The database has {format_size(data_bytes)} of tables and indexes, so that it "
        "matters to plans with repeated index scans.",
        evidence=tuple(_evidence(case, cache, buffers, data_bytes)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=(
            "the data are larger than what the planner is told of",
            "it is no value of the collecting role",
        ),
        remedies=_remedies(case, buffers),
        impact=Impact(risk="the planner avoids index scans that would be found in memory"),
    )


def _evidence(case: Case, cache: Setting, buffers: Setting, data_bytes: int) -> Iterator[Evidence]:
    for setting in (cache, buffers):
        yield Evidence(
            name=setting.name,
            value=_bytes(case, setting),
            unit="bytes",
            source=f"pg_settings.setting, from: {setting.source}",
        )
    yield Evidence(
        name="tables and indexes", value=data_bytes, unit="bytes", source="pg_relation_size"
    )


def _remedies(case: Case, buffers: Setting) -> tuple[Action, ...]:
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
