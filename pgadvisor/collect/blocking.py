"""Who waits for a lock, and who is in the way of all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from pgadvisor.collect.session import Record, Session
from pgadvisor.model.blocking import BlockingSession

_PREPARED = 0
"""What PostgreSQL gives as the process of a prepared transaction."""
_KEPT = (
    *("role", "backend_type", "state", "is_in_this_database", "age_ms", "state_age_ms"),
    "command",
)


def read_blocking_sessions(session: Session) -> tuple[BlockingSession, ...]:
    """Read who keeps others waiting, those first that most wait for.

    Raises:
        ReadError: It failed.
    """
    return blocking_sessions(session.read("lock_waits"))


def blocking_sessions(rows: Sequence[Record]) -> tuple[BlockingSession, ...]:
    """Find those at the head of each queue; numbers of processes are left behind here.

    Args:
        rows: One for each session that waits for a lock or is waited for, with the ``pid`` of
            each and the ``blockers`` that it waits for.
    """
    by_pid = {row["pid"]: row for row in rows}
    waiters: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        for blocker in row["blockers"]:
            waiters[blocker].add(row["pid"])
    found = [
        _blocking(by_pid.get(pid), waiters, by_pid)
        for pid in sorted(waiters)
        # Who is not among the rows has ended meanwhile, and lets the others go.
        if pid == _PREPARED or (pid in by_pid and not by_pid[pid]["blockers"])
    ]
    return tuple(sorted(found, key=lambda one: (-one.waiter_count, -one.longest_wait_ms)))


def _blocking(
    own: Record | None, waiters: Mapping[int, AbstractSet[int]], by_pid: Mapping[int, Record]
) -> BlockingSession:
    root = _PREPARED if own is None else own["pid"]
    behind = _behind(root, waiters)
    tables = {by_pid[pid]["table_oid"] for pid in behind} - {None}
    head: Record = {"backend_type": "prepared transaction"}
    if own is not None:
        head = {name: own[name] for name in _KEPT}
    return BlockingSession(
        **head,
        waiter_count=len(behind),
        indirect_waiter_count=len(behind - waiters[root]),
        longest_wait_ms=max(by_pid[pid]["wait_ms"] or 0.0 for pid in behind),
        table_oids=tuple(sorted(tables)),
    )


def _behind(root: int, waiters: Mapping[int, AbstractSet[int]]) -> set[int]:
    """All that wait for one, each once, even where some wait for each other."""
    found: set[int] = set()
    new = set(waiters[root])
    while new:
        found |= new
        new = {pid for each in new for pid in waiters.get(each, ())} - found
    return found
