"""Standbys that are far behind."""

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
    Severity,
    SkipRule,
    WalSender,
    format_ms,
    format_size,
    known,
    rule,
)

_SYNCHRONOUS = frozenset({"sync", "quorum"})
_STREAMING = frozenset({"streaming", "catchup"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far is too far."""

    min_lag_bytes: int = 1 * GiB
    """WAL that was written here and not replayed there."""

    min_lag_ms: float = 300_000.0
    """From a commit here to its being seen there."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits)
def lagging_standby(case: Case, limits: Limits) -> Outcome:
    """A standby is far behind its primary.

    ## Why it matters
    What is read there is old, and if it has to take over, it first has to replay what it lacks,
    or what was never sent is lost.  If commits wait for it, everybody does.

    ## What it leaves alone
    Standbys that are behind by less than a gigabyte and five minutes; those that have replayed
    all by now, whatever time was measured last; base backups and whoever else streams without
    replaying.

    ## Before you act
    One snapshot sees one moment: a large load leaves every standby behind for a while.  A
    standby that is delayed on purpose (``recovery_min_apply_delay``) cannot be told from here.

    ## Example
        SELECT application_name, state, replay_lag,
            pg_wal_lsn_diff(pg_current_wal_lsn(), sent_lsn) AS unsent_bytes,
            pg_wal_lsn_diff(sent_lsn, replay_lsn) AS unreplayed_bytes
        FROM pg_stat_replication;
    """
    standbys = known(case.snapshot.server.wal_senders, "standbys")
    if any(one.state is None for one in standbys):
        raise SkipRule("the state of standbys is hidden: the role is not a member of pg_monitor")
    for one in standbys:
        if one.state in _STREAMING and _is_behind(one, limits):
            yield _finding(one)


def _is_behind(one: WalSender, limits: Limits) -> bool:
    if not one.replay_lag_bytes:  # it only receives, or has replayed all since the last measurement
        return False
    return one.replay_lag_bytes >= limits.min_lag_bytes or (
        one.replay_lag_ms is not None and one.replay_lag_ms >= limits.min_lag_ms
    )


def _finding(one: WalSender) -> Finding:
    name = one.application_name or "without a name"
    lag_bytes = one.replay_lag_bytes or 0
    behind = format_size(lag_bytes)
    if one.replay_lag_ms is not None:
        behind += f" and {format_ms(one.replay_lag_ms)}"
    holds_commits = one.sync_state in _SYNCHRONOUS
    return Finding(
        subject=f"standby {name}",
        summary=f"The standby {name} is {behind} behind",
        detail=_detail(one, holds_commits=holds_commits),
        evidence=tuple(_evidence(one)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.MEDIUM,
        guards=("it streams and replays",),
        remedies=(_remedy(one),),
        impact=Impact(risk="reads there are old, and taking over takes longer"),
        severity=Severity.WARNING if holds_commits else Severity.INFO,
    )


def _is_unsent(one: WalSender) -> bool:
    """Most of what it lacks has not left this server."""
    return 2 * (one.sent_lag_bytes or 0) >= (one.replay_lag_bytes or 0)


def _detail(one: WalSender, *, holds_commits: bool) -> str:
    where = (
        "Most of it was not even sent: the network, or the standby's receiving, is slow."
        if _is_unsent(one)
        else "It was sent: the standby replays too slowly, or waits for statements there."
    )
    return f"{where} Commits here wait for it." if holds_commits else where


def _evidence(one: WalSender) -> Iterator[Evidence]:
    view = "pg_stat_replication"
    if one.replay_lag_bytes is not None:
        yield Evidence(
            name="not replayed",
            value=one.replay_lag_bytes,
            unit="bytes",
            source=f"{view}: pg_current_wal_lsn() - replay_lsn",
        )
    if one.sent_lag_bytes is not None:
        yield Evidence(
            name="not sent",
            value=one.sent_lag_bytes,
            unit="bytes",
            source=f"{view}: pg_current_wal_lsn() - sent_lsn",
        )
    if one.replay_lag_ms is not None:
        yield Evidence(
            name="time to replay",
            value=round(one.replay_lag_ms),
            unit="ms",
            source=f"{view}.replay_lag",
        )
    if one.sync_state is not None:
        yield Evidence(name="synchronous state", value=one.sync_state, source=f"{view}.sync_state")


def _remedy(one: WalSender) -> ManualSteps:
    cause = (
        "Look at the network between the two and at the disk of WAL there."
        if _is_unsent(one)
        else "Look there for statements that recovery waits for (`max_standby_streaming_delay`), "
        "and whether its one replaying process has the processor or the disk for itself."
    )
    return ManualSteps(
        title="Find out where the standby loses time",
        steps=(
            (
                "Look again in some minutes, whether it catches up: `SELECT application_name, "
                "replay_lag FROM pg_stat_replication`."
            ),
            cause,
        ),
    )
