"""Generate snapshots of business applications: ``python -m tests.benchmarks.generated_schema``.

A snapshot of any size, made without a server and the same for the same seed: tables as
applications have them (customers, orders and their lines, events, queues, ...) in modules of ten
that refer to one another, with statistics, indexes that are used, useless, redundant and missing,
and a workload of reads and writes whose times and calls fit the tables and their counters.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice, repeat
from random import Random

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.server import DatabaseActivity, Setting, StatementsInfo
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import Statement, Statements
from pgadvisor.parse.usage import usage_of
from pgadvisor.testing import a_snapshot
from pgadvisor.units import MS_PER_DAY
from tests.benchmarks.generated.access import Envelope
from tests.benchmarks.generated.calls import Timed, loads
from tests.benchmarks.generated.composed import Composer
from tests.benchmarks.generated.counters import Counters
from tests.benchmarks.generated.drafts import Draft, Heat
from tests.benchmarks.generated.signatures import signatures
from tests.benchmarks.generated.tables import Module, modules

DAYS = 7.0
"""That the counters cover: enough for advice about new indexes, not for dropping any."""
_SIGNATURE_SHARE = 0.7
"""Of a module's statements; the others are composed."""
_FIRST = {Heat.INSERT: 0, Heat.HOT: 1}
"""Typical statements that no application lacks."""
_TIMEOUT_MS = 60_000.0
"""What takes longer gets cancelled, and soon nobody runs it any more."""
_SETTINGS = (
    ("effective_cache_size", "3145728", "8kB"),
    ("random_page_cost", "1.1", None),
    ("work_mem", "16384", "kB"),
    ("max_parallel_workers_per_gather", "2", None),
    ("autovacuum_vacuum_scale_factor", "0.2", None),
    ("autovacuum_vacuum_threshold", "50", None),
    ("autovacuum_vacuum_max_threshold", "100000000", None),
    ("autovacuum_analyze_scale_factor", "0.1", None),
    ("TimeZone", "UTC", None),
)


def generated_snapshot(
    tables: int, statements: int, seed: int = 1, *, days: float = DAYS, eagerness: float = 1.0
) -> Snapshot:
    """Generate a snapshot; equal arguments, equal snapshots.

    Args:
        tables: How many; five statements for each give a workload that touches them all.
        statements: How many, all different.
        seed: Of what is left to chance.
        days: That the counters cover.
        eagerness: How many times each index was thought of: with more, fewer are missing.
    """
    built = tuple(modules(tables, seed, eagerness=eagerness))
    snapshot = _schema(built, days)
    catalog = Catalog(snapshot)
    timed: list[Timed] = []
    seen: set[str] = set()
    for number, module in enumerate(built):
        rng = Random(f"{seed} statements {number}")
        envelope = Envelope(catalog, rng)
        wanted = statements * (number + 1) // len(built) - statements * number // len(built)
        drafts = _drafts(module, round(wanted * _SIGNATURE_SHARE), rng, seen)
        of_module = (_timed(draft, catalog, envelope) for draft in drafts)
        bearable = (one for one in of_module if one.estimate.time_ms < _TIMEOUT_MS)
        timed += islice(bearable, wanted)
    rng = Random(f"{seed} calls")
    counters = Counters(catalog, rng)
    rows = [
        counters.run(one, load)
        for one, load in zip(timed, loads(timed, built, days, rng), strict=True)
    ]
    return _counted(snapshot, rows, counters)


def _schema(built: Sequence[Module], days: float) -> Snapshot:
    tables = [one for module in built for one in module.tables]
    settings = (
        Setting(name=name, value=value, unit=unit, source="configuration file")
        for name, value, unit in _SETTINGS
    )
    return a_snapshot(
        (one.table for one in tables),
        (index for one in tables for index in one.indexes),
        (constraint for one in tables for constraint in one.constraints),
        (one.sequence for one in tables),
        (row for one in tables for row in one.statistics),
        settings,
        statistics_age_days=days,
        collation="en_US.UTF-8",
        character_type="en_US.UTF-8",
    )


def _drafts(module: Module, typical: int, rng: Random, seen: set[str]) -> Iterator[Draft]:
    """Yield different statements without end: so many typical ones, then composed ones."""
    known = list(signatures(module))
    rng.shuffle(known)
    known.sort(key=lambda draft: _FIRST.get(draft.heat, len(_FIRST)))
    composer = Composer(module, rng)
    composed = (composer.compose() for _ in repeat(None))
    for draft in chain(known[:typical], composed):
        if draft.text not in seen:
            seen.add(draft.text)
            yield draft


def _timed(draft: Draft, catalog: Catalog, envelope: Envelope) -> Timed:
    digest = hashlib.blake2b(draft.text.encode(), digest_size=8).digest()
    number = str(int.from_bytes(digest, signed=True))
    usage = usage_of(number, draft.text, catalog)
    if usage is None or usage.unresolved:
        raise ValueError(f"not resolved: {draft.text}")
    return Timed(draft=draft, id=number, usage=usage, estimate=envelope.estimate(usage, draft.text))


def _counted(snapshot: Snapshot, rows: Sequence[Statement], counters: Counters) -> Snapshot:
    ranked = sorted(rows, key=lambda row: -row.total_time_ms)
    server = snapshot.server
    info = StatementsInfo(
        extension_version="1.12",
        schema="public",
        entries=len(rows),
        max_entries=max(5_000, 2 * len(rows)),
        deallocations=0,
        reset_at=server.statistics_reset_at,
        track="top",
    )
    activity = DatabaseActivity(
        commits=sum(row.calls for row in rows),
        blocks_hit=sum(row.shared_blocks_hit for row in rows),
        blocks_read=sum(row.shared_blocks_read for row in rows),
    )
    return replace(
        snapshot,
        server=replace(server, statements_info=info, activity=activity),
        statements=Statements(rows=tuple(ranked)),
        table_activity=counters.tables(),
        index_activity=counters.indexes(),
    )


def main() -> None:
    """Generate one, and say what is in it."""
    parser = argparse.ArgumentParser(description="Generate the snapshot of an application.")
    parser.add_argument("--tables", type=int, default=20)
    parser.add_argument("--statements", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    started = time.perf_counter()
    snapshot = generated_snapshot(options.tables, options.statements, options.seed)
    print(f"made in {time.perf_counter() - started:.1f} s")
    describe(snapshot)


def describe(snapshot: Snapshot) -> None:
    """Print what is in it, and its twenty most expensive statements."""
    size_gib = sum(relation.size_bytes for relation in snapshot.tables) / 2**30
    index_gib = sum(relation.size_bytes for relation in snapshot.indexes) / 2**30
    total_ms = sum(row.total_time_ms for row in snapshot.statements)
    busy = total_ms / MS_PER_DAY / (snapshot.server.statistics_age_days or DAYS)
    print(
        f"{len(snapshot.tables):,} tables of {size_gib:,.1f} GiB, {len(snapshot.indexes):,} "
        f"indexes of {index_gib:,.1f} GiB, {len(snapshot.statements):,} statements that keep "
        f"{busy:.1f} cores busy"
    )
    for row in snapshot.statements.rows[:20]:
        share = row.total_time_ms / total_ms
        print(f"{share:6.1%} {row.calls:12,} x {row.mean_time_ms:12,.3f} ms  {row.text}")


if __name__ == "__main__":
    main()
