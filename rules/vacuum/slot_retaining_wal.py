"""Replication slots for which WAL piles up."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    GiB,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    ReplicationSlot,
    Setting,
    Severity,
    SkipRule,
    format_ms,
    format_size,
    known,
    quote_literal,
    rule,
)

_CAP = "max_slot_wal_keep_size"
_IDLE = "idle_replication_slot_timeout"
"""Of PostgreSQL 18."""
_IN_DANGER = frozenset({"unreserved", "lost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much WAL a slot may keep."""

    min_inactive_bytes: int = 1 * GiB
    """Kept for a slot from which nobody reads now."""

    min_active_bytes: int = 10 * GiB
    """Kept for one that is read, but too slowly."""

    min_inactive_ms: float = 3_600_000.0
    """A reader that is restarted is away for less, where the server tells (PostgreSQL 17)."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def slot_retaining_wal(case: Case, limits: Limits) -> Outcome:
    """A replication slot keeps WAL that nobody fetches.

    ## Why it matters
    A slot keeps all WAL that its reader has not confirmed.  If the reader is gone for good, that
    is all WAL from then on, until the disk is full and the server stops.  It is a usual end of
    databases whose standby or change capture was taken down without its slot.

    ## What it leaves alone
    Slots that keep little; a reader that is behind by less than ten gigabytes; one that has been
    away for less than an hour, where the server tells; temporary slots, which go with their
    session.

    ## Before you act
    Find out whose slot it is.  Without it, a standby has to be copied anew if WAL that it needs
    is gone, and a logical subscriber has to begin with a new copy of its tables.

    ## Example
        SELECT pg_drop_replication_slot('old_standby');
        ALTER SYSTEM SET max_slot_wal_keep_size = '100GB';
    """
    server = case.snapshot.server
    slots = known(server.replication_slots, "replication slots")
    if server.is_in_recovery:
        raise SkipRule("this is a standby, whose slots may be copies that its primary advances")
    for slot in slots:
        if _is_reported(slot, limits):
            yield _finding(slot, server.setting(_CAP), server.setting(_IDLE))


def _is_reported(slot: ReplicationSlot, limits: Limits) -> bool:
    if slot.is_temporary:
        return False
    if slot.wal_status in _IN_DANGER:
        return True
    if slot.retained_bytes is None:
        return False
    if slot.is_active:
        return slot.retained_bytes >= limits.min_active_bytes
    is_away_shortly = (
        slot.inactive_time_ms is not None and slot.inactive_time_ms < limits.min_inactive_ms
    )
    return slot.retained_bytes >= limits.min_inactive_bytes and not is_away_shortly


def _finding(slot: ReplicationSlot, cap: Setting | None, idle: Setting | None) -> Finding:
    return Finding(
        subject=slot.name,
        summary=_summary(slot),
        detail=_detail(slot, cap),
        evidence=tuple(_evidence(slot, cap)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=("it is no temporary slot",),
        remedies=(_remedy(slot, cap, idle),),
        impact=Impact(
            freed_bytes=None if slot.is_active else slot.retained_bytes,
            risk="its reader has to start anew"
            if slot.wal_status in _IN_DANGER
            else "WAL fills the disk, and the server stops",
        ),
    )


def _summary(slot: ReplicationSlot) -> str:
    if slot.wal_status == "lost":
        return f"The slot {slot.name} is of no use any more: WAL that its reader needs is gone"
    size = format_size(slot.retained_bytes or 0)
    if slot.wal_status == "unreserved":
        return f"The slot {slot.name} is about to lose WAL that its reader needs, {size} behind"
    if slot.is_active:
        return f"The reader of the slot {slot.name} is {size} of WAL behind"
    since = "" if slot.inactive_time_ms is None else f" for {format_ms(slot.inactive_time_ms)}"
    return f"Nobody reads from the slot {slot.name}{since}, for which {size} of WAL are kept"


def _detail(slot: ReplicationSlot, cap: Setting | None) -> str:
    if slot.wal_status in _IN_DANGER:
        return ""
    if cap is not None and cap.value == "-1":
        return f"{_CAP} is not set, so that it may grow until the disk is full."
    if slot.safe_bytes is not None:
        return f"After {format_size(slot.safe_bytes)} more of WAL the slot is given up, by {_CAP}."
    return ""


def _evidence(slot: ReplicationSlot, cap: Setting | None) -> Iterator[Evidence]:
    view = "pg_replication_slots"
    if slot.retained_bytes is not None:
        yield Evidence(
            name="WAL kept",
            value=slot.retained_bytes,
            unit="bytes",
            source=f"{view}: pg_current_wal_lsn() - restart_lsn",
        )
    yield Evidence(name="active", value=slot.is_active, source=f"{view}.active")
    yield Evidence(name="kind", value=slot.kind, source=f"{view}.slot_type")
    if slot.wal_status is not None:
        yield Evidence(name="WAL status", value=slot.wal_status, source=f"{view}.wal_status")
    if cap is not None:
        yield Evidence(
            name=_CAP, value=cap.value, unit=cap.unit or "", source="pg_settings.setting"
        )


def _remedy(slot: ReplicationSlot, cap: Setting | None, idle: Setting | None) -> ManualSteps:
    drop = f"`SELECT pg_drop_replication_slot({quote_literal(slot.name)})`"
    steps = [
        f"Find out who reads from {slot.name}, and start it, or find out what makes it slow.",
        f"If nobody will read from it again: {drop}. It cannot be undone.",
    ]
    if cap is not None and cap.value == "-1":
        steps.append(
            f"`ALTER SYSTEM SET {_CAP} = '...'` to at most half of the room for WAL, and `SELECT "
            "pg_reload_conf()`, gives such a slot up before the disk is full; the way back is "
            f"`ALTER SYSTEM SET {_CAP} = -1`."
        )
    if idle is not None and idle.value == "0" and not slot.is_active:
        steps.append(
            f"`ALTER SYSTEM SET {_IDLE} = '2d'`, with the same reload, gives slots up from which "
            "nobody has read for so long; take longer than any reader is ever away. The way back "
            f"is `ALTER SYSTEM SET {_IDLE} = 0`."
        )
    return ManualSteps(title=f"Let WAL of {slot.name} go", steps=tuple(steps))
