"""Walks through an order until enough rows match, which may be far away."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MIN_SHARE_OF_TIME,
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    ManualSteps,
    Outcome,
    PlanNode,
    Provenance,
    Severity,
    Skipped,
    Statement,
    block_evidence,
    format_count,
    format_ms,
    format_ratio,
    plan_of,
    rule,
    time_evidence,
)

_ORDERED = frozenset({"Index Scan", "Index Only Scan"})
_READS_ALL = frozenset({"Sort", "Hash", "Bitmap Heap Scan", "Incremental Sort"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When the walk is long."""

    min_blocks_per_row_count: float = 1_000.0
    """Blocks touched for each row that is returned, on average."""

    max_rows_per_call_count: float = 1_000.0
    """That are returned, on average."""

    min_share_ratio: float = 0.001
    """Share of the workload's execution time; below half a percent it is worth a remark only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """A statement, and the scan that it is waiting for."""

    statement: Statement
    scan: PlanNode


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def limit_on_ordered_scan(case: Case, limits: Limits) -> Outcome:
    """ORDER BY with LIMIT walks through an index and throws most rows away.

    ## Why it matters
    For ``WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT 20`` the planner may walk the index
    on created_at and throw away what is not the tenant's: twenty rows come soon if they are
    spread evenly.  For a tenant without recent rows it reads the whole table.  Such a statement
    is fast for years and then takes minutes, for one customer.

    ## What it leaves alone
    Walks without a filter, scans that an index condition narrows down, statements that touch few
    blocks for a row or return many, and those with little time.  It needs the original server's
    plan of the statement, which is the one for unknown values; a statement that touches as many
    blocks as its table has, and no more, reads the whole table for the values that it is given,
    and does not walk.

    ## Before you act
    An index on the filter's columns followed by the order serves every value alike.  Until it is
    there, `ORDER BY created_at + interval '0'` (or `id + 0`) keeps the planner off the walk, and
    makes it collect and sort what matches: better for rare values, worse for frequent ones.

    ## Example
        SELECT * FROM orders WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT 20;
        CREATE INDEX CONCURRENTLY ON orders (tenant_id, created_at DESC);
    """
    groups: dict[tuple[str, str], list[_Walk]] = defaultdict(list)
    for statement in case.snapshot.statements:
        usage = case.usage.get(statement.id)
        has_page = usage is not None and any(r.has_limit for r in usage.relations)
        if not has_page or not _reads_too_much(case, statement, limits):
            continue
        plan = plan_of(case, statement)
        if isinstance(plan, Skipped):
            yield plan
            continue
        for scan in _walks(plan.root, is_limited=False):
            if _reads_the_table(case, statement, scan):
                continue
            walk = _Walk(statement=statement, scan=scan)
            groups[case.shape_of(statement), scan.relation or ""].append(walk)
    for found in groups.values():
        yield _finding(case, found)


def _reads_too_much(case: Case, statement: Statement, limits: Limits) -> bool:
    rows = max(statement.rows, statement.calls)  # a call that finds nothing reads as much
    return (
        statement.calls > 0
        and case.share_of_all((statement,)) >= limits.min_share_ratio
        and statement.rows <= limits.max_rows_per_call_count * statement.calls
        and statement.blocks_per_call * statement.calls >= limits.min_blocks_per_row_count * rows
    )


def _reads_the_table(case: Case, statement: Statement, scan: PlanNode) -> bool:
    """A call touches what a sequential scan of the table would: another plan is what runs.

    A walk that comes to the end touches the blocks of the index as well.
    """
    table = case.catalog.tables_by_name.get((scan.schema or "", scan.relation or ""))
    if table is None:
        return False
    block_bytes = case.snapshot.server.block_size_bytes
    sizes = (i.size_bytes for i in case.indexes_of(table) if i.name == scan.index_name)
    beside_table = statement.blocks_per_call - table.pages
    return 0 <= beside_table < next(sizes, 0) / block_bytes / 2


def _walks(node: PlanNode, *, is_limited: bool) -> Iterator[PlanNode]:
    """Scans in the order of an index whose rows a filter throws away, below a LIMIT."""
    if is_limited and node.node_type in _ORDERED and node.filter and not node.index_condition:
        yield node
    stops_early = (is_limited or node.node_type == "Limit") and node.node_type not in _READS_ALL
    for child in node.children:
        yield from _walks(child, is_limited=stops_early)


def _finding(case: Case, found: Sequence[_Walk]) -> Finding:
    statements = tuple(dict.fromkeys(each.statement for each in found))
    statement, scan = found[0].statement, found[0].scan
    table = case.catalog.tables_by_name.get((scan.schema or "", scan.relation or ""))
    name = case.catalog.root_of(table).qualified_name if table else scan.relation or "a table"
    share = case.share_of_all(statements)
    rows = statement.rows / statement.calls
    return Finding(
        subject=name,
        identity=f"{name}:{case.shape_of(statement)}",
        summary=f"A page of {name} walks through {scan.index_name} and touches "
        f"{format_count(statement.blocks_per_call)} blocks to return {format_count(rows)} "
        f"row{'' if round(rows) == 1 else 's'} ({format_ratio(share)} of all time)",
        detail=f"A call takes {format_ms(statement.mean_time_ms)} on average and "
        f"{format_ms(statement.max_time_ms)} at most.",
        evidence=tuple(_evidence(case, statements, scan)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=("no condition narrows the index down", "it returns few rows"),
        remedies=(_remedy(name, scan),),
        impact=Impact(risk="for values without recent rows the whole table is read"),
        statement_ids=tuple(each.id for each in statements),
        severity=None if share >= MIN_SHARE_OF_TIME else Severity.INFO,
    )


def _evidence(case: Case, statements: tuple[Statement, ...], scan: PlanNode) -> Iterator[Evidence]:
    yield Evidence(
        name="filter of the walk", value=scan.filter or "", source="EXPLAIN on the original server"
    )
    yield block_evidence(statements[0])
    yield from time_evidence(case, statements)


def _remedy(name: str, scan: PlanNode) -> ManualSteps:
    return ManualSteps(
        title=f"Let an index of {name} hold what is asked for in its order",
        steps=(
            (
                f"Build an index that begins with the columns of `{scan.filter}` that are compared "
                f"by equality, and ends in the columns of {scan.index_name}."
            ),
            (
                "Until then, sort by an expression that no index has (`created_at + interval '0'`, "
                "`id + 0`), where the rare values matter more."
            ),
            (
                "Compare both with EXPLAIN (ANALYZE, BUFFERS) for a value with many recent rows "
                "and for one without."
            ),
        ),
    )
