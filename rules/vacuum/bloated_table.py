"""Tables much of whose length is free space that nothing will fill soon."""

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
    RelationKind,
    Severity,
    SkipRule,
    Table,
    format_count,
    format_ratio,
    format_size,
    packed_bytes,
    qualified,
    quote_literal,
    rule,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When writing a table anew is worth it."""

    min_wasted_ratio: float = 0.4
    """Free space as a share of the table's length.  Autovacuum's own default lets a fifth of the
    rows be dead before it comes, so 30 %, where others begin, is what use makes of a table."""

    min_wasted_bytes: int = GiB
    """The same in bytes: rewriting a table is no small matter."""

    min_refill_days: float = 90.0
    """Where growth at its present rate fills the space sooner, it is left to that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bloat:
    """A table, or one partition, and what its rows need."""

    table: Table
    rows: float
    packed_bytes: int

    @property
    def wasted_bytes(self) -> int:
        return self.table.size_bytes - self.packed_bytes

    @property
    def wasted_ratio(self) -> float:
        return self.wasted_bytes / self.table.size_bytes


@rule(severity=Severity.WARNING, since="0.1", limits=Limits)
def bloated_table(case: Case, limits: Limits) -> Outcome:
    """A large part of a table is free space.

    ## Why it matters
    Vacuum makes room for new rows inside the table, but gives room back only at its end.  A
    mass of deletes or updates, or a time in which vacuum was kept away, leaves a table long for
    good: sequential scans, vacuums and backups read all of it, and the rows that are asked for
    together lie on more pages of the cache.

    ## What it leaves alone
    Small tables, materialised views, which a REFRESH writes anew, and free space that the
    table's own growth fills within three months.  What rows need is estimated from their widths,
    NULLs, alignment and fillfactor; for eight tables that were just written it was off by 8 % at
    most.  Where it cannot know, it says so: columns
    without statistics, statistics that are older than many changes, and dropped columns, which
    old rows still hold.  TOAST tables are not looked at.

    ## Before you act
    End what made the space first, or it comes back: autovacuum that is off or comes late, an old
    transaction, a job that rewrites the whole table.  VACUUM FULL locks the table against
    reads, too, for as long as it takes; pg_repack and pg_squeeze do not, but all need room for a
    second copy.

    ## Example
        SELECT * FROM pgstattuple_approx('orders');  -- measures what this rule estimates
        pg_repack --table=public.orders
    """
    if case.user_tables and not case.snapshot.table_activity:
        raise SkipRule("the counters of tables are not in the snapshot")
    for table in case.user_tables:
        for leaf in case.catalog.leaves(table):
            if leaf.size_bytes < limits.min_wasted_bytes or leaf.rows < 0:
                continue
            if leaf.kind is not RelationKind.TABLE:
                continue
            if missing := _without_statistics(case, leaf):
                yield case.skip_table(
                    leaf, f"what its rows need is not known: no statistics of {missing}"
                )
                continue
            found = _estimate(case, leaf)
            if not _is_bloated(found, limits) or _fills_soon(case, found, limits):
                continue
            if doubt := _doubt(case, found):
                yield case.skip_table(leaf, f"whether it is bloated is not known: {doubt}")
            else:
                yield _finding(case, found)


def _without_statistics(case: Case, table: Table) -> str:
    return ", ".join(
        column.name
        for column in table.columns
        if column.generated != "v" and case.own_statistics_of(table, column.name) is None
    )


def _estimate(case: Case, table: Table) -> _Bloat:
    known = {column.name: case.own_statistics_of(table, column.name) for column in table.columns}
    rows = case.catalog.rows_now(table)
    packed = packed_bytes(
        table,
        {name: row for name, row in known.items() if row is not None},
        rows,
        page_bytes=case.snapshot.server.block_size_bytes,
    )
    return _Bloat(table=table, rows=rows, packed_bytes=packed)


def _is_bloated(found: _Bloat, limits: Limits) -> bool:
    return (
        found.wasted_bytes >= limits.min_wasted_bytes
        and found.wasted_ratio >= limits.min_wasted_ratio
    )


def _fills_soon(case: Case, found: _Bloat, limits: Limits) -> bool:
    counters, days = case.catalog.activity_of(found.table), case.counter_window.days
    if not days or found.rows < 1:
        return False
    growth_rows = (counters.rows_inserted - counters.rows_deleted) / days
    growth_bytes = growth_rows * found.packed_bytes / found.rows
    return growth_bytes * limits.min_refill_days > found.wasted_bytes


def _doubt(case: Case, found: _Bloat) -> str:
    table = found.table
    modified = case.catalog.activity_of(table).rows_modified_since_analyze
    if modified > case.limits.max_modified_ratio * max(found.rows, 1.0):
        return f"{format_count(modified)} rows were changed since it was analysed"
    dropped = max(column.number for column in table.columns) - len(table.columns)
    if dropped > 0:
        word = "column was" if dropped == 1 else "columns were"
        return f"{dropped} {word} dropped, and rows from before still hold what was in them"
    return ""


def _finding(case: Case, found: _Bloat) -> Finding:
    table = found.table
    return Finding(
        subject=table.qualified_name,
        summary=f"{table.qualified_name} takes {format_size(table.size_bytes)}, and its rows "
        f"would fit into {format_size(found.packed_bytes)}",
        evidence=tuple(_evidence(case, found)),
        provenance=Provenance.ESTIMATED,
        confidence=Confidence.MEDIUM,
        guards=(
            "alignment, NULLs, fillfactor and values in the TOAST table are taken into account",
            "no column was dropped, and the statistics are fresh",
            "its growth does not fill the space soon",
        ),
        remedies=(_remedy(case, table),),
        impact=Impact(freed_bytes=found.wasted_bytes),
    )


def _evidence(case: Case, found: _Bloat) -> Iterator[Evidence]:
    counters = case.catalog.activity_of(found.table)
    yield Evidence(
        name="size", value=found.table.size_bytes, unit="bytes", source="pg_relation_size"
    )
    yield Evidence(
        name="what its rows need",
        value=found.packed_bytes,
        unit="bytes",
        source="pg_stats.avg_width, null_frac, pg_class.reltuples",
    )
    yield Evidence(
        name="rows",
        value=round(found.rows),
        unit="rows",
        source="pg_class.reltuples, scaled by the length now",
    )
    yield Evidence(
        name="free", value=format_ratio(found.wasted_ratio), source="size and what its rows need"
    )
    yield Evidence(
        name="dead rows now",
        value=counters.dead_rows,
        unit="rows",
        source="pg_stat_user_tables.n_dead_tup",
    )
    yield Evidence(
        name="rows updated and deleted",
        value=counters.rows_updated + counters.rows_deleted,
        unit="rows",
        source="pg_stat_user_tables.n_tup_upd, n_tup_del",
    )


def _remedy(case: Case, table: Table) -> ManualSteps:
    has_squeeze = any(one.name == "pg_squeeze" for one in case.snapshot.server.extensions)
    tool = (
        f"`SELECT squeeze.squeeze_table('{table.schema}', '{table.name}')`"
        if has_squeeze
        else f"`pg_repack --table={table.qualified_name}`, or pg_squeeze"
    )
    target = quote_literal(qualified(table.schema, table.name))
    measure = f"SELECT * FROM pgstattuple_approx({target})"  # noqa: S608  (shown, not run)
    return ManualSteps(
        title=f"Write {table.qualified_name} anew",
        steps=(
            (
                f"Measure, with the extension pgstattuple: `{measure}`; it reads the pages that "
                "are not known to be visible to all."
            ),
            (
                "End what made the space: see what else is reported of this table and its vacuum, "
                "and look for jobs that update or delete most of it at once."
            ),
            (
                f"With room for a second copy of the table and its indexes: {tool}. Both lock it "
                "for a moment at the end; set a lock timeout and expect to try again."
            ),
            "Not `VACUUM FULL`, unless nobody needs the table while it runs.",
        ),
    )
