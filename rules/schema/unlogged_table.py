"""Unlogged tables whose rows are kept as if they were safe."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    RelationKind,
    Severity,
    Table,
    TableActivity,
    foreign_keys_of,
    format_count,
    format_size,
    qualified,
    rule,
)

_UNLOGGED = "u"
_TRANSIENT = {
    # Words in a name by which its owner says that the rows can be lost.
    *("buffer", "cache", "cached", "etl", "import", "load", "queue", "scratch", "session"),
    *("stage", "staging", "stg", "temp", "temporary", "throttle", "tmp", "unlogged"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What looks like rows that are meant to stay."""

    max_changed_ratio: float = 0.1
    """Share of the rows that may have been updated, deleted or thrown away in the window; with
    more, the table is a cache or is loaded again and again."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("usage-window",))
def unlogged_table(case: Case, limits: Limits) -> Outcome:
    """An unlogged table holds rows that are kept.

    ## Why it matters
    PostgreSQL empties an unlogged table after a crash, a power cut or a kill of the server,
    without a word.  No standby has its rows, so after a failover it is empty, too; nor has a
    backup of the files.  Tables are made unlogged for a fast first load, and stay so.

    ## What it leaves alone
    Small tables; tables whose rows come and go, which are caches, queues and staging areas;
    tables whose name or schema says so (cache, session, staging, tmp and the like); and
    temporary tables.

    ## Before you act
    SET LOGGED writes the whole table to the WAL, and nobody can read it meanwhile.  From then on
    each write costs WAL.  If its rows can be made again from others, it is well as it is:
    suppress this, and say how.

    ## Example
        ALTER TABLE invoices SET LOGGED;  -- rewrites the table
    """
    counted = {row.table_oid for row in case.snapshot.table_activity}
    for table in case.user_tables:
        for leaf in case.catalog.leaves(table):
            if not _is_candidate(case, leaf):
                continue
            if leaf.oid not in counted:
                yield case.skip_table(leaf, "it is unlogged, and its counters are not known")
                continue
            counters = case.catalog.activity_of(leaf)
            rows = case.catalog.rows_now(leaf)
            if _changed(counters, rows) <= limits.max_changed_ratio * rows:
                yield _finding(case, leaf, counters, rows)


def _is_candidate(case: Case, table: Table) -> bool:
    return (
        table.persistence == _UNLOGGED
        and table.kind is RelationKind.TABLE
        and case.is_large_enough(table)
        and not _is_transient(table)
    )


def _is_transient(table: Table) -> bool:
    words = f"{table.schema}_{table.name}".lower().replace("-", "_").split("_")
    return any(word in _TRANSIENT or word.removesuffix("s") in _TRANSIENT for word in words)


def _changed(counters: TableActivity, rows: float) -> float:
    """Rows that did not stay as they were: TRUNCATE is not counted, but what is missing tells."""
    missing = max(counters.rows_inserted - counters.rows_deleted - rows, 0.0)
    return counters.rows_updated + counters.rows_deleted + missing


def _finding(case: Case, table: Table, counters: TableActivity, rows: float) -> Finding:
    size_bytes = table.size_bytes
    standbys = case.snapshot.server.streaming_replica_count or 0
    return Finding(
        subject=table.qualified_name,
        summary=f"{table.qualified_name} is unlogged, and a crash empties it: "
        f"{format_count(rows)} rows that are hardly ever changed",
        detail="After a failover to a standby it is empty, too." if standbys else "",
        evidence=tuple(_evidence(table, counters, rows)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=(
            "its rows stay as they are",
            "its name does not say that they can be lost",
            "the table is not small",
            case.gates.gate("usage-window").detail,
        ),
        remedies=(_remedy(case, table),),
        impact=Impact(
            risk=f"{format_size(size_bytes)} of rows are lost when the server crashes",
        ),
    )


def _evidence(table: Table, counters: TableActivity, rows: float) -> Iterator[Evidence]:
    yield Evidence(name="persistence", value=table.persistence, source="pg_class.relpersistence")
    yield Evidence(
        name="rows",
        value=round(rows),
        unit="rows",
        source="pg_class.reltuples, scaled by the length now",
    )
    for name, value, column in (
        ("rows inserted", counters.rows_inserted, "n_tup_ins"),
        ("rows updated", counters.rows_updated, "n_tup_upd"),
        ("rows deleted", counters.rows_deleted, "n_tup_del"),
    ):
        yield Evidence(name=name, value=value, unit="rows", source=f"pg_stat_user_tables.{column}")


def _remedy(case: Case, table: Table) -> ManualSteps:
    alter = f"ALTER TABLE {qualified(table.schema, table.name)}"
    first = dict.fromkeys(
        referenced.qualified_name
        for key in foreign_keys_of(case, table)
        if (referenced := case.catalog.tables.get(key.referenced_table_oid or 0))
        and referenced.persistence == _UNLOGGED
        and referenced.oid != table.oid
    )
    steps = [
        "Ask whether all of its rows can be made again from others. If so, leave it.",
        (
            f"`{alter} SET LOGGED`, with a lock timeout. It rewrites the table and its indexes, "
            "and nobody can read it meanwhile."
        ),
        f"The way back is `{alter} SET UNLOGGED`, which rewrites it again.",
    ]
    if first:
        steps.insert(1, f"Do the same with {', '.join(first)} first: it refers to them.")
    return ManualSteps(title=f"Make {table.qualified_name} safe", steps=tuple(steps))
