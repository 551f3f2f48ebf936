"""TPC-H as published comparisons of index advisors have it: not a single index, no key either."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.model.snapshot import Snapshot
from tests.benchmarks import tpch
from tests.benchmarks.advisors.cost_model import Query, attributes_of
from tests.fixtures.databases import SETTINGS
from tests.fixtures.hypopg import hypopg_binaries

SHARES = (0.05, 0.1, 0.25, 0.37, 0.5, 1.0)
"""Budgets, of what all tables take."""
LEFT_OUT = frozenset(("Q2", "Q17", "Q20"))
"""Statements that are left out of the published comparisons: without an index, the last one
alone makes up 99 % of the summed cost."""
_SETTINGS = SETTINGS | {"shared_buffers": "256MB", "max_wal_size": "4GB", "wal_level": "minimal"}
_SETTINGS |= {"max_wal_senders": "0"}
"""None of them is one of the planner's, which are all at their defaults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A database that is filled and analysed."""

    dsn: str
    snapshot: Snapshot
    queries: tuple[Query, ...]
    """All 22."""

    @property
    def heap_bytes(self) -> int:
        """What all tables take."""
        return sum(table.size_bytes for table in self.snapshot.tables)

    @property
    def published_queries(self) -> tuple[Query, ...]:
        """The 19 that published comparisons have."""
        return tuple(query for query in self.queries if query.id not in LEFT_OUT)

    def budget_bytes(self, share: float) -> int:
        """So much of what all tables take."""
        return int(self.heap_bytes * share)


@contextmanager
def bare_tpch(scale: float, *, kept: Path | None, dsn: str | None) -> Iterator[Loaded]:
    """Load TPC-H without keys.

    Args:
        scale: Of the rows.
        kept: A directory where rows and queries stay for the next time; None: they are removed.
        dsn: A database on a disposable server that has HypoPG, as superuser; it is filled where
            it is empty, and stays.  None: a server is started, and removed at the end.
    """
    with ExitStack() as opened:
        work = kept or Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="pgadv-tpch-")))
        rows = tpch.fetch_once(work, scale)
        if dsn is None:
            binaries = hypopg_binaries()
            dsn = opened.enter_context(Cluster(binaries=binaries, settings=_SETTINGS)).dsn()
        _fill(dsn, rows)
        snapshot = collect(dsn, options=CollectOptions(explain=False))
        yield Loaded(dsn=dsn, snapshot=snapshot, queries=_queries(rows.queries, snapshot))


def _fill(dsn: str, rows: tpch.Tpch) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for extension in ("pg_stat_statements", "hypopg"):
            connection.execute(f"create extension if not exists {extension}".encode())
        found = connection.execute("select to_regclass('lineitem')").fetchone()
    if found == (None,):
        tpch.load(dsn, rows, has_keys=False)


def _queries(texts: Sequence[str], snapshot: Snapshot) -> tuple[Query, ...]:
    return tuple(
        Query(id=f"Q{number}", text=text, attributes=attributes_of(text, snapshot.tables))
        for number, text in enumerate(texts, start=1)
    )
