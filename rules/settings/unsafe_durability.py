"""Settings under which a crash loses more than what was not committed."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MS_PER_DAY,
    Action,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    Severity,
    Skipped,
    SkipRule,
    change_where_set,
    format_ms,
    rule,
)

_SECONDS_PER_DAY = 86_400.0
_WAL_WRITER_ROUNDS = 3
"""A commit that waits for no flush is on disk after three rounds of the WAL writer at most."""
_SERVER_WIDE = frozenset({"default", "environment variable", "configuration file", "command line"})
"""Sources that hold for every session that says nothing else."""
_ROLE_ALL = "global"
"""``ALTER ROLE ALL SET``: every session of the server, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which server is worth a word."""

    min_age_days: float = 1.0
    """A server that neither runs nor counts for so long is taken for one that tests set up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hazard:
    """One setting, and the value with which it is unsafe."""

    name: str
    unsafe: str
    safe: str
    summary: str
    detail: str
    after: str
    """What is to be done once the setting is safe again."""
    severity: Severity = Severity.CRITICAL


_HAZARDS = (
    _Hazard(
        name="fsync",
        unsafe="off",
        safe="on",
        summary="fsync is off: a crash of the machine can corrupt the whole database",
        detail="The server never waits until the disk has what was written.  After a loss of power "
        "data files and WAL do not fit together, and only a backup helps.",
        after="Force to disk what the system still caches: run `sync` on the machine.  Until "
        "it has returned, nothing is safer than before.",
    ),
    _Hazard(
        name="full_page_writes",
        unsafe="off",
        safe="on",
        summary="full_page_writes is off: a page that a crash tears in two cannot be mended",
        detail="A crash in the middle of a write leaves half of the old page and half of the new "
        "one.  Recovery mends it with the copy in WAL, which is not written here.",
        after="Run `CHECKPOINT`: whole pages are written for changes after it.  WAL grows.",
    ),
    _Hazard(
        name="zero_damaged_pages",
        unsafe="on",
        safe="off",
        summary="zero_damaged_pages is on: a damaged page is emptied instead of reported",
        detail="All rows of the page are gone, with no more than a warning in the log.  It is for "
        "saving what can be saved, in one session, after a copy was made.",
        after="Search the log for `invalid page`: such pages may have been emptied already.",
    ),
    _Hazard(
        name="synchronous_commit",
        unsafe="off",
        safe="on",
        summary="synchronous_commit is off for the whole server: a crash loses transactions that "
        "were confirmed",
        detail="Nothing is corrupted, but clients were told that their work is safe.",
        after="Where the speed is needed and a loss is harmless, keep it for that work alone: "
        "`SET LOCAL synchronous_commit = off` in its transactions, or `ALTER ROLE ... SET`.",
        severity=Severity.WARNING,
    ),
)


@rule(severity=Severity.CRITICAL, since="0.1", limits=Limits)
def unsafe_durability(case: Case, limits: Limits) -> Outcome:
    """A setting lets a crash lose or corrupt data.

    ## Why it matters
    ``fsync``, ``full_page_writes`` and ``zero_damaged_pages`` decide whether the database is
    still there after a loss of power.  With ``synchronous_commit`` off, it is, but the last
    transactions are not, although clients were told so.  Speed that is bought with them is
    paid back on one day.

    ## What it leaves alone
    Servers that neither run nor count for a day, as those do that tests set up.
    ``synchronous_commit`` that is off for a role, a database or a session: that is how it is
    meant to be used.  ``full_page_writes`` where ``wal_recycle`` or ``wal_init_zero`` are off,
    too, as on file systems that copy on write and so tear no page.  Services that keep data in a
    storage of their own (Aurora, AlloyDB, Neon): Neon runs with ``fsync`` off, and is safe.

    ## Before you act
    Commits get slower by a flush of the disk each.  Several sessions that commit at once share
    one.

    ## Example
        ALTER SYSTEM SET fsync = on;
        SELECT pg_reload_conf();
    """
    if not any(case.snapshot.server.setting(hazard.name) for hazard in _HAZARDS):
        raise SkipRule("the settings are not in the snapshot")
    results = [result for hazard in _HAZARDS for result in _judged(case, hazard)]
    findings = [result for result in results if isinstance(result, Finding)]
    if findings and _is_young(case, limits):
        names = ", ".join(finding.subject for finding in findings)
        raise SkipRule(
            f"{names}: unsafe, but the server neither runs nor counts for "
            f"{format_ms(limits.min_age_days * MS_PER_DAY)}, and may be one for tests"
        )
    yield from results


def _judged(case: Case, hazard: _Hazard) -> Outcome:
    server = case.snapshot.server
    setting = server.setting(hazard.name)
    if setting is None:
        yield _skipped(hazard, "it is not in the snapshot")
        return
    # What takes a reload is the same in every session.
    is_servers_own = setting.context == "sighup" or setting.source in {*_SERVER_WIDE, _ROLE_ALL}
    if not is_servers_own:
        yield _skipped(
            hazard, f"what the server says is hidden by a value of narrower scope: {setting.source}"
        )
    elif setting.value != hazard.unsafe:
        return
    elif hazard.name == "full_page_writes" and (sign := _sign_of_copy_on_write(case)):
        yield _skipped(
            hazard,
            f"it is off, and so is {sign}, as for file systems that tear no page; whether the data "
            "lie on one is not in the snapshot",
        )
    else:
        try:
            yield _finding(case, hazard)
        except SkipRule as skip:
            yield _skipped(hazard, f"it is {setting.value}, but {skip}")


def _skipped(hazard: _Hazard, reason: str) -> Skipped:
    return Skipped(rule_id="", subject=hazard.name, reason=reason)


def _sign_of_copy_on_write(case: Case) -> str | None:
    """A setting that is switched off for such file systems, and for nothing else."""
    for name in ("wal_recycle", "wal_init_zero"):
        setting = case.snapshot.server.setting(name)
        if setting is not None and setting.value == "off":
            return name
    return None


def _is_young(case: Case, limits: Limits) -> bool:
    """A restart does not make a server young: its counters outlive it."""
    server = case.snapshot.server
    if server.started_at is None:
        return False
    up_days = (server.collected_at - server.started_at).total_seconds() / _SECONDS_PER_DAY
    return max(up_days, case.counter_window.days or 0.0) < limits.min_age_days


def _finding(case: Case, hazard: _Hazard) -> Finding:
    return Finding(
        subject=hazard.name,
        summary=hazard.summary,
        detail=hazard.detail,
        evidence=tuple(_evidence(case, hazard)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=(
            "it is the value of the whole server, not of a role, a database or a session",
            "the server was not set up just now",
        ),
        remedies=_remedies(case, hazard),
        impact=Impact(risk=hazard.summary.partition(": ")[2]),
        severity=hazard.severity,
    )


def _evidence(case: Case, hazard: _Hazard) -> Iterator[Evidence]:
    server = case.snapshot.server
    setting = server.setting(hazard.name)
    if setting is not None:
        yield Evidence(name=hazard.name, value=setting.value, source="pg_settings.setting")
        yield Evidence(name="set by", value=setting.source, source="pg_settings.source")
    delay = server.setting("wal_writer_delay")
    if hazard.name == "synchronous_commit" and delay is not None:
        yield Evidence(
            name="commits that a crash may lose, at most",
            value=format_ms(_WAL_WRITER_ROUNDS * float(delay.value)),
            source="3 x pg_settings.wal_writer_delay",
        )


def _remedies(case: Case, hazard: _Hazard) -> tuple[Action, ...]:
    return (
        change_where_set(case.snapshot.server, hazard.name, hazard.safe),
        ManualSteps(
            title=f"Once {hazard.name} is {hazard.safe}",
            steps=(hazard.after,),
        ),
    )
