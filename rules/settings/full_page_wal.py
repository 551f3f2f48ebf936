"""WAL that is mostly whole pages."""

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
    Server,
    Setting,
    Severity,
    SkipRule,
    WalActivity,
    change_where_set,
    days_since,
    format_ratio,
    format_size,
    known,
    rule,
)

_COMPRESSION = "wal_compression"
_TIMEOUT = "checkpoint_timeout"
_CHEAP = "lz4"
_PREFERRED = (_CHEAP, "pglz", "on")
"""The first one that the server takes; until PostgreSQL 14 it is on or off."""
_LONG_S = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When whole pages are worth a word."""

    min_page_ratio: float = 0.5
    """Whole pages as a share of all WAL bytes."""

    min_daily_bytes: int = 10 * GiB
    """WAL a day; less is no load for anybody."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits)
def full_page_wal(case: Case, limits: Limits) -> Outcome:
    """Most of the WAL is whole pages, written uncompressed.

    ## Why it matters
    The first change of a page after a checkpoint writes all of it into WAL, so that a crash in
    the middle of writing it can be mended.  Pages compress well: in a trial, WAL became a sixth
    of what it was, and with it all that is sent to standbys and kept in archives.  And the longer
    the time between checkpoints, the fewer such pages there are: that is named, and left to you.

    ## What it leaves alone
    Servers that write little WAL, or mostly other WAL; those that compress already, of whose
    pages nobody knows how large they became; standbys.

    ## Before you act
    Compression takes processor time of the sessions that write: in the same trial, on a machine
    with no processor time to spare, ``pglz`` cost a tenth to a third of the throughput, so it is
    left to review.  ``lz4`` costs far less, where the server was built with it.  Never turn
    ``full_page_writes`` off for this.

    ## Example
        ALTER SYSTEM SET wal_compression = 'lz4';
        SELECT pg_reload_conf();
    """
    server = case.snapshot.server
    if server.is_in_recovery:
        raise SkipRule("this is a standby, which writes no WAL of its own")
    wal = known(server.wal_activity, "counters of WAL, which PostgreSQL 14 and later have,")
    compression = known(server.setting(_COMPRESSION), f"values of {_COMPRESSION}")
    if compression.value != "off":
        return
    days = days_since(server, wal.reset_at, case.limits.usage_window_days)
    # Uncompressed, a page goes into WAL but for the hole between its tuples.
    page_bytes = min(wal.full_page_images * server.block_size_bytes, wal.wal_bytes)
    if (
        wal.wal_bytes >= limits.min_daily_bytes * days
        and page_bytes >= limits.min_page_ratio * wal.wal_bytes
    ):
        yield _finding(server, compression, wal, page_bytes, days)


def _finding(
    server: Server, compression: Setting, wal: WalActivity, page_bytes: int, days: float
) -> Finding:
    ratio = page_bytes / wal.wal_bytes
    return Finding(
        subject=_COMPRESSION,
        summary=f"Up to {format_ratio(ratio)} of the {format_size(wal.wal_bytes / days)} of WAL a "
        "day are whole pages, uncompressed",
        detail="A page is written without the free room in it, so it may be less.",
        evidence=tuple(_evidence(server, wal, ratio, days)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=("WAL is not compressed",),
        remedies=tuple(_remedies(server, compression)),
        impact=Impact(risk="disks, standbys and archives take several times the WAL"),
    )


def _evidence(server: Server, wal: WalActivity, ratio: float, days: float) -> Iterator[Evidence]:
    yield Evidence(
        name="WAL a day",
        value=round(wal.wal_bytes / days),
        unit="bytes",
        source="pg_stat_wal.wal_bytes over its window",
    )
    yield Evidence(
        name="whole pages",
        value=wal.full_page_images,
        unit="pages",
        source="pg_stat_wal.wal_fpi",
    )
    yield Evidence(
        name="share of whole pages",
        value=round(ratio, 4),
        unit="ratio",
        source=f"wal_fpi x {server.block_size_bytes} bytes / wal_bytes, at most",
    )
    yield Evidence(name="counted for", value=round(days, 1), unit="days", source="pg_stat_wal")


def _remedies(server: Server, compression: Setting) -> Iterator[Action]:
    method = _method(compression)
    yield change_where_set(
        server,
        compression.name,
        method,
        review_reason=""
        if method == _CHEAP
        else f"see first that processors have time to spare: {method} takes a tenth to a third of "
        "what sessions that write could do otherwise",
    )
    yield ManualSteps(
        title="See what compression takes",
        steps=(
            "Compare processor time and throughput of a busy hour with the day before.",
            *_longer_checkpoints(server),
        ),
    )


def _longer_checkpoints(server: Server) -> Iterator[str]:
    """A second way, for a person to weigh: it is no part of the first one."""
    timeout = server.setting(_TIMEOUT)
    if timeout is not None and float(timeout.value) < _LONG_S:
        yield (
            f"Fewer checkpoints write fewer whole pages: with a `{_TIMEOUT}` of {_LONG_S} s, and a "
            "max_wal_size that allows for it, recovery after a crash may take up to "
            f"{_LONG_S / float(timeout.value):.1f} times as long as now, from {timeout.value} s."
        )


def _method(compression: Setting) -> str:
    if compression.value_type == "bool":
        return "on"
    return next((name for name in _PREFERRED if name in compression.enum_values), "on")
