"""Index-only scans of an executed plan that went to the table after all."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    ManualSteps,
    Outcome,
    PlacedNode,
    Provenance,
    Severity,
    Table,
    at_nodes,
    executed_nodes,
    format_count,
    format_ms,
    format_ratio,
    qualified,
    rule,
    table_of,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    is_worth_it,
    measured,
    own_time,
    unmeasured,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When going to the table is worth mentioning."""

    min_fetches_count: int = 1_000
    """Rows that were looked up in the table, over all loops."""

    min_fetched_ratio: float = 0.2
    """The same as a share of the entries that the index gave."""

    min_time_ms: float = 5.0
    """What the scan takes by itself."""

    min_time_ratio: float = 0.1
    """The same as a share of the plan's time."""


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("executed-plans",))
def heap_fetches(case: Case, limits: Limits) -> Outcome:
    """An index-only scan looks rows up in the table, as its pages are not marked as visible.

    ## Why it matters
    An index does not tell which of its rows are visible to whom.  An index-only scan is spared
    the table only for pages that vacuum has marked as visible to all; each row on another page
    costs a look into the table, as an ordinary index scan does.

    ## What it leaves alone
    Scans with few such rows, all in all or as a share of what the index gave; and scans that take
    little of the plan's time.  What can be saved is at most what the scan took by itself: how
    much of it the looks took is not told.

    ## Before you act
    VACUUM marks the pages, and blocks neither readers nor writers; an old transaction that may
    still see the rows otherwise keeps it from that.  Where rows change all the time the marks
    are gone as soon as they are set, and more vacuums change nothing.

    ## Example
        EXPLAIN (ANALYZE, BUFFERS) SELECT count(*) FROM orders WHERE customer_id < 500;
        -- Index Only Scan using orders_customer_id_idx ... Heap Fetches: 14970
        VACUUM orders;
    """
    yield from unmeasured(case)
    found = (
        _finding(case, node)
        for node in executed_nodes(case)
        if (fetches := node.node.heap_fetches or 0.0) > 0
        and fetches >= limits.min_fetches_count
        and _fetched_ratio(node) >= limits.min_fetched_ratio
        and is_worth_it(node, node.exclusive_ms, limits)
    )
    yield from worst_of_each(found)


def _entries(node: PlacedNode) -> float:
    """What the index gave; rows are rounded, and a fetched row that nobody sees is not among them.

    So there are never fewer than were fetched.
    """
    return max(node.use.rows + node.use.removed_rows, node.node.heap_fetches or 0.0)


def _fetched_ratio(node: PlacedNode) -> float:
    return (node.node.heap_fetches or 0.0) / _entries(node)


def _finding(case: Case, node: PlacedNode) -> Finding:
    table = table_of(case, node.node)
    finding = Finding(
        subject=node.name,
        summary=f"{node.name} looks {format_count(node.node.heap_fetches or 0)} rows up in the "
        f"table ({format_ratio(_fetched_ratio(node))} of its entries) and takes "
        f"{format_ms(node.exclusive_ms)}",
        detail=_detail(case, table),
        evidence=tuple(_evidence(case, node, table)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH,
        guards=("its rows come out of an index alone",),
        remedies=(ManualSteps(title="Vacuum the table", steps=tuple(_steps(case, node, table))),),
    )
    return at_nodes(finding, [node])


def _detail(case: Case, table: Table | None) -> str:
    if table is None:
        return ""
    if table.is_autovacuum_off:
        return "Autovacuum is off for this table."
    activity = case.catalog.activity_of(table)
    if activity.last_vacuum is None and activity.last_autovacuum is None:
        return "No vacuum of the table is known."
    return ""


def _evidence(case: Case, node: PlacedNode, table: Table | None) -> Iterator[Evidence]:
    yield measured(node, "heap fetches", node.node.heap_fetches or 0.0, "rows")
    yield measured(node, "entries that the index gave", round(_entries(node)), "rows")
    yield own_time(node)
    if table is not None and table.size_bytes:
        pages = table.size_bytes / case.snapshot.server.block_size_bytes
        yield Evidence(
            name="pages marked as visible to all",
            value=round(min(table.all_visible_pages / pages, 1.0), 4),
            unit="ratio",
            source="pg_class.relallvisible, pg_relation_size",
        )


def _steps(case: Case, node: PlacedNode, table: Table | None) -> Iterator[str]:
    schema = table.schema if table is not None else node.node.schema
    name = node.node.relation or ""
    target = qualified(schema, name) if schema else name
    yield f"`VACUUM {target}`; it blocks neither readers nor writers."
    yield (
        "Then run the statement again: where rows are still fetched, end the transaction that is "
        "open for long, or drop the replication slot that nobody reads."
    )
    if case.snapshot.server.is_in_recovery:
        yield "This is a standby: it is the primary that vacuums."
    yield (
        f"Where it comes back, let autovacuum come earlier: `ALTER TABLE {target} SET "
        "(autovacuum_vacuum_scale_factor = 0.02)`, and for a table that is only inserted into, "
        "`autovacuum_vacuum_insert_scale_factor = 0.02`."
    )
