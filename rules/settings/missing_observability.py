"""Servers that do not record what would explain a slow hour."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Action,
    Case,
    ChangeSetting,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    Service,
    Severity,
    Skipped,
    SkipRule,
    change_where_set,
    rule,
)

_EXTENSION = "pg_stat_statements"
_PRELOAD = "shared_preload_libraries"
_SERVER_WIDE = frozenset({"default", "environment variable", "configuration file", "command line"})
"""Sources that hold for every session that says nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may be missing."""

    min_missing_count: int = 2
    """A single one that is off may well be somebody's choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """A setting that makes the server record something."""

    name: str
    off: str
    """The value with which it records nothing."""
    on: str
    """In the setting's own base unit."""
    shows: str


_RECORDS = (
    _Record(name="track_counts", off="off", on="on", shows="how often tables and indexes are used"),
    _Record(name="track_activities", off="off", on="on", shows="what each session is doing"),
    _Record(
        name="compute_query_id",
        off="off",
        on="auto",
        shows="which statement a session or a line of the log belongs to",
    ),
    _Record(
        name="track_io_timing",
        off="off",
        on="on",
        shows="how much of a statement's time goes into reading; where the clock of the machine "
        "is slow (`pg_test_timing` on it tells), leave it off",
    ),
    _Record(
        name="log_lock_waits",
        off="off",
        on="on",
        shows="who waited for a lock for longer than deadlock_timeout, and for whom",
    ),
    _Record(
        name="log_checkpoints",
        off="off",
        on="on",
        shows="why each checkpoint came and how long it took",
    ),
    _Record(
        name="log_autovacuum_min_duration",
        off="-1",
        on="600000",
        shows="vacuums of more than ten minutes, and what kept them from removing rows",
    ),
    _Record(
        name="log_temp_files",
        off="-1",
        on="10240",
        shows="which statements wrote temporary files of more than 10 MB",
    ),
)


@rule(severity=Severity.INFO, since="0.1", limits=Limits)
def missing_observability(case: Case, limits: Limits) -> Outcome:
    """The server does not record what would explain a slow hour.

    ## Why it matters
    When a database was slow at three in the morning, one can only look at what it wrote down:
    which statements ran, who waited for whom, why a checkpoint came.  What was not recorded
    cannot be found out afterwards.

    ## What it leaves alone
    Servers on which one thing alone is off.  ``log_temp_files`` where no temporary file was
    written.  Values of a role or a database hide those of the server, which then are not
    judged.  Nothing here asks for ``log_statement``, which costs much and holds secrets.

    ## Before you act
    ``pg_stat_statements`` takes a restart, which is left to you; the others do not.  Where the
    clock of the machine is slow, ``track_io_timing`` costs more than it tells: try
    ``pg_test_timing`` first.

    ## Example
        ALTER SYSTEM SET track_io_timing = on;
        ALTER SYSTEM SET log_lock_waits = on;
        SELECT pg_reload_conf();
    """
    if not any(case.snapshot.server.setting(record.name) for record in _RECORDS):
        raise SkipRule("the settings are not in the snapshot")
    changes: dict[str, ChangeSetting] = {}
    for record in _RECORDS:
        if _is_missing(case, record):
            yield from _changed(case, record.name, record.on, changes)
    lacks_statements = _lacks_statements(case)
    if lacks_statements:
        wanted = ",".join((*(_libraries(case) or ()), _EXTENSION))
        yield from _changed(case, _PRELOAD, wanted, changes)
    if lacks_statements is None:
        yield Skipped(
            rule_id="",
            subject=_EXTENSION,
            reason=f"{_PRELOAD} may not be read; pg_read_all_settings is needed",
        )
    for record in _RECORDS:
        if source := _hiding_source(case, record):
            reason = f"what the server says is hidden by a value of narrower scope: {source}"
            yield Skipped(rule_id="", subject=record.name, reason=reason)
    if len(changes) >= limits.min_missing_count:
        yield _finding(case, changes)


def _changed(
    case: Case, name: str, value: str, changes: dict[str, ChangeSetting]
) -> Iterator[Skipped]:
    """Add a change to those that there are, or say why there is none."""
    try:
        changes[name] = change_where_set(case.snapshot.server, name, value)
    except SkipRule as skip:
        yield Skipped(rule_id="", subject=name, reason=str(skip))


def _is_missing(case: Case, record: _Record) -> bool:
    setting = case.snapshot.server.setting(record.name)
    if setting is None or setting.value != record.off or setting.source not in _SERVER_WIDE:
        return False
    return record.name != "log_temp_files" or case.snapshot.server.activity.temp_files > 0


def _hiding_source(case: Case, record: _Record) -> str | None:
    setting = case.snapshot.server.setting(record.name)
    return None if setting is None or setting.source in _SERVER_WIDE else setting.source


def _lacks_statements(case: Case) -> bool | None:
    """The library is not loaded; None: nobody can tell."""
    if case.snapshot.server.statements_info is not None:
        return False
    libraries = _libraries(case)
    return None if libraries is None else _EXTENSION not in libraries


def _libraries(case: Case) -> tuple[str, ...] | None:
    setting = case.snapshot.server.setting(_PRELOAD)
    if setting is None:
        return None
    names = (name.strip().strip('"') for name in setting.value.split(","))
    return tuple(name for name in names if name)


def _finding(case: Case, changes: dict[str, ChangeSetting]) -> Finding:
    shows = {record.name: record.shows for record in _RECORDS}
    names = [_EXTENSION] * (_PRELOAD in changes) + [name for name in changes if name != _PRELOAD]
    return Finding(
        subject="server",
        summary=f"What would explain a slow hour is not recorded: {', '.join(names)}",
        detail=". ".join(f"{name} shows {shows[name]}" for name in changes if name in shows),
        evidence=tuple(_evidence(case, changes)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=("these are the values of the server, not of a role or a database",),
        remedies=tuple(_remedies(case, changes)),
        impact=Impact(risk="what made the database slow cannot be found out afterwards"),
    )


def _evidence(case: Case, changes: dict[str, ChangeSetting]) -> Iterator[Evidence]:
    server = case.snapshot.server
    for name in sorted(changes, key=lambda name: name != _PRELOAD):
        setting = server.setting(name)
        if setting is not None:
            yield Evidence(name=name, value=setting.value, source="pg_settings.setting")
        if name == "log_temp_files":
            yield Evidence(
                name="temporary files",
                value=server.activity.temp_files,
                source="pg_stat_database.temp_files",
            )


def _remedies(case: Case, changes: dict[str, ChangeSetting]) -> Iterator[Action]:
    yield from changes.values()
    is_created = any(e.name == _EXTENSION for e in case.snapshot.server.extensions)
    # learn.microsoft.com/azure/postgresql: "Allow extensions".
    is_on_azure = case.snapshot.server.service is Service.AZURE
    allow = f"Add {_EXTENSION} to azure.extensions, which says what may be created."
    if _PRELOAD in changes and not is_created:
        yield ManualSteps(
            title=f"Create {_EXTENSION} after the restart",
            steps=(
                *([allow] if is_on_azure else []),
                f"`CREATE EXTENSION {_EXTENSION}` in this database.",
                f"The way back, before the library is taken out: `DROP EXTENSION {_EXTENSION}`.",
            ),
        )
