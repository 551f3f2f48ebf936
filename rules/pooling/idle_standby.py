"""Standbys that answer nothing, while their primary is busy with reads."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MS_PER_DAY,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    Severity,
    SkipRule,
    Standby,
    Statement,
    StatementKind,
    format_ms,
    format_ratio,
    known,
    rule,
)

_VOLATILE = "v"
_WRITING = frozenset(
    {
        *("nextval", "setval", "currval", "lastval", "set_config", "pg_notify"),
        *("txid_current", "pg_current_xact_id", "lo_create", "lo_from_bytea"),
    }
)
"""What of the server's own a statement that is to run elsewhere may not call."""
_LOCKING = "pg_advisory"
_TRY_LOCKING = "pg_try_advisory"
_SHOWN_COUNT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a standby could help."""

    min_busy_count: float = 1.0
    """Statements at work on the primary at the same time, on average of the window."""

    min_read_ratio: float = 0.2
    """Time of statements that only read, as a share of all."""

    max_standby_ratio: float = 0.05
    """What the standby does, as a share of what the primary does."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements", "eviction"))
def idle_standby(case: Case, limits: Limits) -> Outcome:
    """A standby answers nothing, while its primary is busy with reads.

    ## Why it matters
    A hot standby has all the data, and a machine of its own.  Reports, searches and exports can
    run there without a place in the primary's cache, and without holding up its vacuum, as long
    as nobody has asked for that.

    ## What it leaves alone
    Primaries that are hardly busy, or that mostly write; standbys that already do a twentieth of
    their work.  Where a standby streams that was not looked at, the rule is skipped: add
    ``--replica`` with its address.

    ## Before you act
    Who reads there reads what was true a moment ago: not what the same user has just written.
    A statement within a transaction that writes has to stay; that cannot be told from here.  A
    standby that is to take over has to bear the primary's work alone.  Long reports there are
    cancelled, or hold replay back: see ``recovery-conflicts``.

    ## Example
        pgadvisor analyze postgresql://primary/shop --replica postgresql://standby/shop
        psql "host=standby,primary target_session_attrs=prefer-standby dbname=shop"
    """
    snapshot = case.snapshot
    if snapshot.server.is_in_recovery:
        raise SkipRule("this is a standby: it takes its primary's snapshot, with --replica")
    if not snapshot.standbys:
        if known(snapshot.server.streaming_replica_count, "standbys that stream") == 0:
            return
        raise SkipRule("a standby streams that was not looked at: add --replica")
    days = case.statement_window.days
    if not days:
        raise SkipRule(f"nobody knows how often statements run: {case.statement_window.note}")
    elsewhere_ms = sum(_busy_ms(standby) for standby in snapshot.standbys)
    primary_ms = case.total_time_ms / days - elsewhere_ms
    reads = _reads(case)
    read_ratio = case.share_of_all(reads)
    if primary_ms < limits.min_busy_count * MS_PER_DAY or read_ratio < limits.min_read_ratio:
        return
    for standby in snapshot.standbys:
        if _busy_ms(standby) <= limits.max_standby_ratio * primary_ms:
            yield _finding(standby, reads, primary_ms, read_ratio)


def _busy_ms(standby: Standby) -> float:
    if standby.busy_ms_per_day is None:
        raise SkipRule(f"nobody knows for how long the statements of {standby.name} were counted")
    return standby.busy_ms_per_day


def _reads(case: Case) -> tuple[Statement, ...]:
    """Statements that only read, as far as they tell, the most expensive first."""
    own = {one.name for one in case.snapshot.functions if one.volatility == _VOLATILE}
    return tuple(
        statement
        for statement in case.snapshot.statements
        if _only_reads(case, statement, own | _WRITING)
    )


def _only_reads(case: Case, statement: Statement, writing: set[str]) -> bool:
    usage = case.usage.get(statement.id)
    if usage is None or usage.kind is not StatementKind.SELECT or usage.unresolved:
        return False
    names = {name.rsplit(".", 1)[-1] for name in usage.functions}
    locks = any(name.startswith((_LOCKING, _TRY_LOCKING)) for name in names)
    is_touching = any(one.lock_strength or one.is_write_target for one in usage.relations)
    return bool(usage.relations) and not is_touching and not locks and not names & writing


def _finding(
    standby: Standby, reads: tuple[Statement, ...], primary_ms: float, read_ratio: float
) -> Finding:
    return Finding(
        subject=standby.name,
        summary=f"{standby.name.capitalize()} hardly answers anything, while "
        f"{format_ratio(read_ratio)} of the primary's execution time goes into statements that "
        "only read",
        evidence=tuple(_evidence(standby, primary_ms, read_ratio)),
        provenance=Provenance.STATISTICS,
        # Whether answers may be a moment old, and what is read before a write, nobody has said.
        confidence=Confidence.LOW,
        guards=("the standby was looked at", "they lock no rows, and call nothing that writes"),
        remedies=(_remedy(standby, reads),),
        impact=Impact(risk="the primary does alone what two machines could do"),
        statement_ids=tuple(statement.id for statement in reads[:_SHOWN_COUNT]),
    )


def _evidence(standby: Standby, primary_ms: float, read_ratio: float) -> Iterator[Evidence]:
    source = "pg_stat_statements.total_exec_time"
    yield Evidence(
        name="statements at work on the primary, on average",
        value=round(primary_ms / MS_PER_DAY, 2),
        source=f"{source} over the window",
    )
    yield Evidence(
        name="share of those that only read",
        value=round(read_ratio, 4),
        unit="ratio",
        source=source,
    )
    yield Evidence(
        name=f"execution time a day of {standby.name}",
        value=format_ms(_busy_ms(standby)),
        source=f"{source}, counted there",
    )


def _remedy(standby: Standby, reads: tuple[Statement, ...]) -> ManualSteps:
    first = ", ".join(statement.id for statement in reads[:_SHOWN_COUNT])
    return ManualSteps(
        title=f"Let {standby.name} answer what may be a moment old",
        steps=(
            f"Ask how old the answers of these may be, the most expensive first: {first}.",
            (
                "Begin with reports and exports: a role and a pool of their own that connect to "
                "the standby, with `target_session_attrs=prefer-standby`."
            ),
            (
                "Watch the standby's replay: `max_standby_streaming_delay` says how long it waits "
                "for a report, and `hot_standby_feedback` lets the primary keep dead rows for it."
            ),
        ),
    )
