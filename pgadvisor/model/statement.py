"""Statements of the workload: what was run, how often, at what expense."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from pgadvisor.model.counters import STATEMENT_COUNTERS
from pgadvisor.model.plan import Plan

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement with its counters; its text has parameters instead of literals.

    Block counts are in blocks of the server's block size.
    """

    id: str
    """Stable within a snapshot: ``queryid``, or the name of the workload file."""
    text: str
    """Normalised: ``$n`` for literals, no comments."""
    source: str = "pg_stat_statements"
    """``pg_stat_statements``, or ``workload`` for a file that the user gave."""
    fingerprint: str = ""
    """pglast's; it ignores aliases, literals and the schema of a name."""
    roles: tuple[str, ...] = ()
    """Who ran it, the one with the most time first; entries of several roles are added up."""
    is_top_level: bool = True
    calls: int = 0
    total_time_ms: float = 0.0
    """Execution time of all calls, planning not included."""
    mean_time_ms: float = 0.0
    min_time_ms: float = 0.0
    max_time_ms: float = 0.0
    stddev_time_ms: float = 0.0
    planning_time_ms: float = 0.0
    """Of all calls; zero unless ``pg_stat_statements.track_planning`` is on."""
    rows: int = 0
    shared_blocks_hit: int = 0
    shared_blocks_read: int = 0
    shared_blocks_dirtied: int = 0
    shared_blocks_written: int = 0
    local_blocks_read: int = 0
    """Of temporary tables, which had left ``temp_buffers`` before."""
    temp_blocks_read: int = 0
    temp_blocks_written: int = 0
    block_read_time_ms: float = 0.0
    """Zero unless ``track_io_timing`` is on."""
    block_write_time_ms: float = 0.0
    temp_block_time_ms: float = 0.0
    """Writing and reading temporary files; zero before version 1.10 of pg_stat_statements, too."""
    wal_bytes: int = 0
    jit_time_ms: float = 0.0
    since: datetime | None = None
    """When counting began for this entry (PostgreSQL 17 and later)."""
    weight: float = 1.0
    """Of a workload file: how many calls a day it stands for."""

    @property
    def blocks_per_call(self) -> float:
        """Blocks of tables and indexes that a call touches, in memory or not."""
        return (self.shared_blocks_hit + self.shared_blocks_read) / max(self.calls, 1)

    @property
    def calls_or_weight(self) -> float:
        """Calls that were counted; of a workload file, its weight."""
        return float(self.calls) if self.source == "pg_stat_statements" else self.weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """The statements of a snapshot, the most expensive first."""

    rows: tuple[Statement, ...] = ()

    def __iter__(self) -> Iterator[Statement]:
        """Yield the statements in order."""
        return iter(self.rows)

    def __len__(self) -> int:
        """The number of statements."""
        return len(self.rows)

    def __getitem__(self, position: int) -> Statement:
        """The statement at that place, the most expensive first."""
        return self.rows[position]

    def to_pandas(self) -> pd.DataFrame:
        """Return one row a statement, one column a field, units in the column names."""
        # pandas takes half a second to import, and most commands do without it.
        import pandas as pd  # noqa: PLC0415

        columns = list(Statement.__dataclass_fields__)
        return pd.DataFrame([asdict(s) for s in self.rows], columns=columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPlan:
    """The original server's own plan of a statement, or why there is none."""

    statement_id: str
    plan: Plan | None = None
    explained_text: str | None = None
    """The text that was explained, where it had to be repaired (``interval $1``)."""
    reason: str | None = None
    """Why there is no plan, where there is none."""
    sqlstate: str | None = None


def merge_statements(entries: Sequence[Statement]) -> Statement:
    """Add up the entries of one statement that several roles, or several nodes, ran."""
    if len(entries) == 1:
        return entries[0]
    first = entries[0]
    sums = {name: sum(getattr(entry, name) for entry in entries) for name in STATEMENT_COUNTERS}
    calls = sums["calls"]
    mean = sums["total_time_ms"] / calls if calls else 0.0
    # The variance within the entries and the one between their means.
    squares = sum(
        entry.calls * (entry.stddev_time_ms**2 + (entry.mean_time_ms - mean) ** 2)
        for entry in entries
    )
    starts = [entry.since for entry in entries if entry.since is not None]
    return replace(
        first,
        roles=_busiest_first(entries),
        mean_time_ms=mean,
        min_time_ms=min(entry.min_time_ms for entry in entries),
        max_time_ms=max(entry.max_time_ms for entry in entries),
        stddev_time_ms=math.sqrt(squares / calls) if calls else 0.0,
        since=min(starts, default=None),
        **sums,
    )


def _busiest_first(entries: Iterable[Statement]) -> tuple[str, ...]:
    """The roles, by the time that the statement took in their hands."""
    times: defaultdict[str, float] = defaultdict(float)
    for entry in entries:
        for role in entry.roles:
            times[role] += entry.total_time_ms
    return tuple(sorted(times, key=lambda role: (-times[role], role)))
