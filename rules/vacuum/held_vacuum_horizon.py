"""Whoever keeps vacuum from removing rows that nobody needs any more."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MS_PER_DAY,
    WRAPAROUND_AGE,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    OpenTransaction,
    Outcome,
    Provenance,
    Server,
    Severity,
    SkipRule,
    format_count,
    format_ms,
    known,
    quote_literal,
    require_sessions,
    rule,
)

_MAINTENANCE = frozenset({"vacuum", "analyze", "copy", "create index", "reindex", "refresh"})
"""What takes long by its nature and ends by itself: backups are COPY."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may be held back, for how long."""

    min_held_count: int = 50_000_000
    """Transactions since which no dead row may be removed, however short that time was."""

    min_age_ms: float = MS_PER_DAY
    """How old a holder may become, whatever is written meanwhile."""

    min_busy_count: int = 100_000
    """Fewer transactions in that time leave hardly anything to remove."""

    critical_ratio: float = 0.25
    """Share of all transaction numbers that are held back: freezing cannot advance either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holder:
    """Somebody for whom dead rows are kept."""

    identity: str
    """Stable as long as it is the same one: ``slot:cdc``."""
    name: str
    held: int
    """In transactions."""
    age_ms: float | None
    source: str
    finding_sql: str
    """Finds it, with what it takes to end it."""
    ending: str
    """A sentence about how to end it."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def held_vacuum_horizon(case: Case, limits: Limits) -> Outcome:
    """Vacuum may not remove dead rows, since an old transaction, slot or standby might read them.

    ## Why it matters
    A row that was deleted or replaced stays until nobody can need it any more.  One holder of an
    old snapshot is enough: every table of the database grows, vacuum runs in vain, scans read
    ever more dead rows, and transaction numbers are not frozen.  It need not even look at those
    tables.

    ## What it leaves alone
    Holders younger than a day, unless fifty million transactions have begun since; older ones
    where hardly anything was written; backups, vacuums, index builds and refreshes that run;
    transactions in other databases, which hold up their own database alone.

    ## Before you act
    Find out what the holder does.  What ends a session rolls its work back.  A logical slot
    that is dropped makes its subscriber start anew; a prepared transaction may belong to a
    two-phase commit that a transaction manager is going to finish.

    ## Example
        SELECT pid, usename, state, xact_start FROM pg_stat_activity
        WHERE greatest(age(backend_xid), age(backend_xmin)) > 50000000;
        SELECT pg_terminate_backend(4711);
    """
    server = case.snapshot.server
    require_sessions(server)
    if server.is_in_recovery:
        raise SkipRule("this is a standby: its primary vacuums, and holds what it is asked for")
    worst: dict[str, _Holder] = {}
    for holder in _holders(server):
        is_old = holder.age_ms is not None and holder.age_ms >= limits.min_age_ms
        if holder.held >= limits.min_held_count or (
            is_old and holder.held >= limits.min_busy_count
        ):
            before = worst.get(holder.identity)
            if before is None or before.held < holder.held:
                worst[holder.identity] = holder
    for holder in sorted(worst.values(), key=lambda one: -one.held):
        yield _finding(holder, limits)


def _holders(server: Server) -> Iterator[_Holder]:
    for one in known(server.open_transactions, "open transactions"):
        held = one.horizon_age
        is_maintenance = one.command in _MAINTENANCE and not one.is_idle
        if held is not None and one.is_in_this_database and not is_maintenance:
            yield _session(one, held)
    yield from _prepared(server)
    yield from _slots(server)
    for standby in known(server.wal_senders, "standbys"):
        if standby.transaction_age is not None:
            yield _Holder(
                identity=f"standby:{standby.application_name}",
                name=f"a statement on the standby {standby.application_name or 'without a name'}",
                held=standby.transaction_age,
                age_ms=None,
                source="pg_stat_replication.backend_xmin",
                finding_sql="SELECT pid, xact_start, backend_xmin FROM pg_stat_activity "
                "WHERE backend_xmin IS NOT NULL ORDER BY xact_start",
                ending="Run that on the standby, and end the oldest transaction there; "
                "`hot_standby_feedback` tells this server to wait for it.",
            )


def _session(one: OpenTransaction, held: int) -> _Holder:
    role = one.role or one.backend_type
    state = "an idle transaction" if one.is_idle else "a transaction"
    column = "backend_type" if one.role is None else "usename"
    return _Holder(
        identity=f"session:{role}",
        name=f"{state} of {role}",
        held=held,
        age_ms=one.age_ms,
        source="pg_stat_activity.backend_xmin, backend_xid",
        finding_sql="SELECT pid, state, xact_start, client_addr, application_name "  # noqa: S608
        "FROM pg_stat_activity WHERE greatest(age(backend_xid), age(backend_xmin)) >= "
        f"{held // 2} AND {column} = {quote_literal(role)}",
        ending="End it where it was begun, else with `SELECT pg_terminate_backend(pid)`: its work "
        "is rolled back. Make the program commit, or set idle_in_transaction_session_timeout.",
    )


def _prepared(server: Server) -> Iterator[_Holder]:
    for one in known(server.prepared_transactions, "prepared transactions"):
        if one.is_in_this_database:
            yield _Holder(
                identity=f"prepared:{one.role}",
                name=f"a prepared transaction of {one.role}",
                held=one.transaction_id_age,
                age_ms=one.age_ms,
                source="pg_prepared_xacts.transaction",
                finding_sql="SELECT gid, prepared, owner FROM pg_prepared_xacts ORDER BY prepared",
                ending="Ask its transaction manager first; then `COMMIT PREPARED 'gid'` or "
                "`ROLLBACK PREPARED 'gid'`. It survives restarts and also keeps its locks.",
            )


def _slots(server: Server) -> Iterator[_Holder]:
    for slot in known(server.replication_slots, "replication slots"):
        ages = [a for a in (slot.transaction_age, slot.catalog_transaction_age) if a is not None]
        if ages:
            yield _Holder(
                identity=f"slot:{slot.name}",
                name=f"the replication slot {slot.name}",
                held=max(ages),
                age_ms=slot.inactive_time_ms,
                source="pg_replication_slots.xmin, catalog_xmin",
                finding_sql="SELECT active, active_pid, xmin, catalog_xmin "
                "FROM pg_replication_slots WHERE slot_name = " + quote_literal(slot.name),
                ending="Start whoever reads from it. If nobody will again: "
                f"`SELECT pg_drop_replication_slot({quote_literal(slot.name)})`, which cannot be "
                "undone: the reader has to begin with a new copy.",
            )


def _finding(holder: _Holder, limits: Limits) -> Finding:
    is_critical = holder.held >= limits.critical_ratio * WRAPAROUND_AGE
    since = "" if holder.age_ms is None else f", for {format_ms(holder.age_ms)}"
    return Finding(
        subject=holder.name,
        identity=holder.identity,
        summary=f"{holder.name[0].upper()}{holder.name[1:]} keeps vacuum from removing what died "
        f"in the last {format_count(holder.held)} transactions{since}",
        evidence=tuple(_evidence(holder)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        guards=("it is no backup, vacuum or index build that runs",),
        remedies=(
            ManualSteps(
                title=f"End {holder.name}",
                steps=(f"Find it: `{holder.finding_sql}`.", holder.ending),
            ),
        ),
        impact=Impact(risk="tables grow, and transaction numbers are not frozen, while it stays"),
        severity=Severity.CRITICAL if is_critical else Severity.WARNING,
    )


def _evidence(holder: _Holder) -> Iterator[Evidence]:
    yield Evidence(
        name="transactions held back",
        value=holder.held,
        unit="transactions",
        source=holder.source,
    )
    if holder.age_ms is not None:
        yield Evidence(
            name="held for", value=round(holder.age_ms), unit="ms", source="the same row"
        )
