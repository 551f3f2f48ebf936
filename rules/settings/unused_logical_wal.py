"""WAL that is written for logical decoding, which nobody does."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Action,
    Case,
    Confidence,
    Evidence,
    Finding,
    GiB,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    Setting,
    Severity,
    SkipRule,
    change_where_set,
    days_since,
    format_count,
    format_size,
    known,
    rule,
)

_LEVEL = "wal_level"
_DECODED = "logical"
_ENOUGH = "replica"
_DECODES_ON_STANDBYS = 16
"""Since this version a standby may have logical slots, for which its primary writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When it is worth a restart."""

    min_daily_bytes: int = 10 * GiB
    """WAL a day; less is no load for anybody."""

    min_updates_per_day_count: float = 1_000_000.0
    """Rows of this database that are updated a day: it is updates that get longer."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("usage-window",))
def unused_logical_wal(case: Case, limits: Limits) -> Outcome:
    """WAL is written for logical decoding, and nobody decodes it.

    ## Why it matters
    With ``wal_level`` at ``logical`` an update writes the whole new row into WAL, and no longer
    the part of it that changed.  In a trial, an update of one number in rows of 600 bytes wrote
    683 bytes of WAL in the place of 74.  Disks, standbys and archives take all of it.

    ## What it leaves alone
    Servers with a logical slot, of whatever database and whether or not anybody reads from it
    now; those that write little WAL or update little.  Primaries of PostgreSQL 16 and later with
    a standby, which may have logical slots of its own.  Managed services, on which it follows
    from other switches.

    ## Before you act
    Ask who is to decode: a slot may be made for a move and dropped after it, and the next one
    takes another restart.  Publications without a subscriber need the level as soon as there is
    one.  Inserts, and updates that change most of a row, write as much as before.

    ## Example
        SELECT slot_name, plugin, active FROM pg_replication_slots WHERE slot_type = 'logical';
        ALTER SYSTEM SET wal_level = 'replica';  -- and a restart
    """
    server = case.snapshot.server
    level = known(server.setting(_LEVEL), f"values of {_LEVEL}")
    if level.value != _DECODED:
        return
    if server.is_in_recovery:
        raise SkipRule("this is a standby, whose WAL is what its primary writes")
    if server.service is not None:
        raise SkipRule(f"on {server.service} {_LEVEL} follows from another switch")
    slots = known(server.replication_slots, "replication slots")
    if any(slot.kind == _DECODED for slot in slots):
        return
    if server.major >= _DECODES_ON_STANDBYS and server.streaming_replica_count != 0:
        raise SkipRule("a standby may decode, whose slots are not in the snapshot")
    wal = known(server.wal_activity, "counters of WAL, which PostgreSQL 14 and later have,")
    bytes_per_day = wal.wal_bytes / days_since(server, wal.reset_at, case.limits.usage_window_days)
    updates = _updates_per_day(case)
    if bytes_per_day >= limits.min_daily_bytes and updates >= limits.min_updates_per_day_count:
        yield _finding(case, level, bytes_per_day, updates)


def _updates_per_day(case: Case) -> float:
    days = case.counter_window.days
    updated = sum(
        counters.rows_updated
        for table in case.user_tables
        for counters in case.activities_of(table)
    )
    return updated / days if days else 0.0


def _finding(case: Case, level: Setting, bytes_per_day: float, updates: float) -> Finding:
    return Finding(
        subject=_LEVEL,
        summary=f"WAL is written for logical decoding, {format_size(bytes_per_day)} a day, and no "
        "slot decodes it",
        detail=f"Each of {format_count(updates)} updates a day writes its whole new row.",
        evidence=tuple(_evidence(level, bytes_per_day, updates)),
        provenance=Provenance.STATISTICS,
        # Whether somebody is to decode tomorrow, no counter tells.
        confidence=Confidence.LOW,
        guards=(
            "no database has a logical slot",
            case.gates.gate("usage-window").detail,
        ),
        remedies=_remedies(case),
        impact=Impact(risk="disks, standbys and archives take WAL that nobody needs"),
    )


def _evidence(level: Setting, bytes_per_day: float, updates: float) -> Iterator[Evidence]:
    yield Evidence(
        name=_LEVEL, value=level.value, source=f"pg_settings.setting, from: {level.source}"
    )
    yield Evidence(
        name="logical slots", value=0, unit="slots", source="pg_replication_slots.slot_type"
    )
    yield Evidence(
        name="WAL a day",
        value=round(bytes_per_day),
        unit="bytes",
        source="pg_stat_wal.wal_bytes over its window",
    )
    yield Evidence(
        name="rows updated a day",
        value=round(updates),
        unit="rows",
        source="pg_stat_user_tables.n_tup_upd over the window, of this database",
    )


def _remedies(case: Case) -> tuple[Action, ...]:
    return (
        change_where_set(case.snapshot.server, _LEVEL, _ENOUGH),
        ManualSteps(
            title="Make sure first that nobody is to decode",
            steps=(
                (
                    "Ask for change capture, logical replication and moves with little downtime: "
                    "`SELECT * FROM pg_publication` in each database shows what was published."
                ),
                (
                    "With a logical slot on it, a server does not start at a lower level; it says "
                    "so, and starts again at the old one."
                ),
            ),
        ),
    )
