"""Judging the statistics themselves, before anything is judged by them."""

from __future__ import annotations

from pgadvisor.config import GateLimits
from pgadvisor.model.gates import Gate, Gates, GateState
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.window import Window, counter_window, shortest_window, statement_window
from pgadvisor.units import MS_PER_DAY, format_ms

_DEFAULTS = GateLimits()
_EVICTED_RATIO = 0.05
"""Share of its entries that pg_stat_statements gives up each time (USAGE_DEALLOC_PERCENT)."""


def evaluate_gates(snapshot: Snapshot, limits: GateLimits, *, executions: int = 0) -> Gates:
    """Evaluate all gates of a snapshot.

    Args:
        snapshot: What is to be judged.
        limits: Where the gates open; those below the defaults are marked.
        executions: How many executed plans there are beside it.
    """
    return Gates(
        rows=(
            _usage_window(snapshot, limits),
            _drop_window(snapshot, limits),
            _eviction(snapshot, limits),
            _topology(snapshot),
            _statements(snapshot),
            _executed_plans(executions),
        )
    )


def _usage_window(snapshot: Snapshot, limits: GateLimits) -> Gate:
    return _window_gate(
        "usage-window",
        counter_window(snapshot),
        limits.usage_window_days,
        _DEFAULTS.usage_window_days,
    )


def _drop_window(snapshot: Snapshot, limits: GateLimits) -> Gate:
    """Refuse also where the statements were reset after the tables, or a standby's counters."""
    return _window_gate(
        "drop-window",
        shortest_window(snapshot),
        limits.drop_window_days,
        _DEFAULTS.drop_window_days,
    )


def _window_gate(gate_id: str, window: Window, limit: float, default: float) -> Gate:
    if window.days is None:
        return Gate(
            id=gate_id,
            state=GateState.UNKNOWN,
            detail=f"nobody knows how long the counters run: {window.note}",
            limit=limit,
            is_limit_lowered=limit < default,
        )
    is_open = window.days >= limit
    covered = format_ms(window.days * MS_PER_DAY)
    word = "at least " if window.is_lower_bound else ""
    needed = "" if is_open else f", {format_ms(limit * MS_PER_DAY)} are needed"
    return Gate(
        id=gate_id,
        state=GateState.OPEN if is_open else GateState.CLOSED,
        detail=f"statistics cover {word}{covered}{needed} ({window.note})",
        value=window.days,
        limit=limit,
        is_limit_lowered=limit < default,
    )


def _eviction(snapshot: Snapshot, limits: GateLimits) -> Gate:
    limit = limits.max_evictions_per_day_ratio
    info = snapshot.server.statements_info
    days = statement_window(snapshot).days
    if info is None or info.deallocations is None or not days:
        return Gate(
            id="eviction",
            state=GateState.UNKNOWN,
            detail="pg_stat_statements does not say how many entries it has lost",
            limit=limit,
        )
    ratio = info.deallocations * _EVICTED_RATIO / days
    return Gate(
        id="eviction",
        state=GateState.OPEN if ratio <= limit else GateState.CLOSED,
        detail=f"pg_stat_statements loses {ratio:.1%} of its entries a day, "
        f"{limit:.1%} are allowed",
        value=ratio,
        limit=limit,
    )


def _topology(snapshot: Snapshot) -> Gate:
    count, looked_at = _streaming(snapshot), len(snapshot.standbys)
    if snapshot.server.is_in_recovery:
        state, detail = GateState.CLOSED, "this is a standby, which counts its own scans alone"
    elif count is None:
        state, detail = GateState.UNKNOWN, "pg_stat_replication may not be read"
    elif count > looked_at:
        state, detail = GateState.CLOSED, _unseen(count, looked_at)
    elif looked_at:
        all_of_them = "its standby" if looked_at == 1 else f"all {looked_at} standbys"
        state, detail = GateState.OPEN, f"the scans of {all_of_them} are counted in"
    else:
        state, detail = GateState.OPEN, "no standby streams from this server"
    return Gate(id="topology", state=state, detail=detail, value=count)


def _unseen(count: int, looked_at: int) -> str:
    streams = "1 standby streams" if count == 1 else f"{count} standbys stream"
    if not looked_at:
        return f"{streams} from this server, and what runs there is not counted here"
    were = "was" if looked_at == 1 else "were"
    return f"{streams} from this server, of which only {looked_at} {were} looked at"


def _streaming(snapshot: Snapshot) -> int | None:
    """Standbys of the server, and those that stream from its standbys in turn."""
    counts = [snapshot.server.streaming_replica_count]
    counts += [standby.streaming_replica_count for standby in snapshot.standbys]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _known(count: int) -> str:
    return "1 statement is known" if count == 1 else f"{count:,} statements are known"


def _statements(snapshot: Snapshot) -> Gate:
    info = snapshot.server.statements_info
    count = len(snapshot.statements)
    if count > 0 and info is not None and info.track == "none":
        state = GateState.CLOSED
        detail = f"pg_stat_statements.track is none: its {count} statements are not counted on"
    elif count > 0:
        state, detail = GateState.OPEN, _known(count)
    else:
        why = "pg_stat_statements is not usable" if info is None else "no statement was recorded"
        state = GateState.CLOSED
        detail = f"{why}, and no workload files were given"
    return Gate(id="statements", state=state, detail=detail, value=count)


def _executed_plans(count: int) -> Gate:
    if count == 0:
        state, detail = GateState.CLOSED, "no executed plans were given"
    elif count == 1:
        state, detail = GateState.OPEN, "1 executed plan was read"
    else:
        state, detail = GateState.OPEN, f"{count:,} executed plans were read"
    return Gate(id="executed-plans", state=state, detail=detail, value=count)
