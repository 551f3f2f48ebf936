"""WITH queries that are materialised, and of which little is used."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Outcome,
    PlanNode,
    Provenance,
    Severity,
    Skipped,
    Statement,
    fold_with_query,
    format_count,
    format_ratio,
    lets_conditions_in,
    rule,
    share_of_time,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When the fence costs something."""

    min_rows: float = 10_000.0
    """That the WITH query makes, by the planner's estimate."""

    max_used_ratio: float = 0.1
    """Share of them that the condition outside leaves over."""

    min_share_ratio: float = 0.005
    """Share of the statement in the workload's execution time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fence:
    """A WITH query that is run in full, and the one place that reads it."""

    name: str
    rows: float
    scan: PlanNode


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements",))
def materialized_cte(case: Case, limits: Limits) -> Outcome:
    """WITH ... AS MATERIALIZED computes many rows of which few are used.

    ## Why it matters
    MATERIALIZED makes PostgreSQL run the WITH query in full and keep its rows.  A condition that
    stands outside comes too late: it cannot use an index inside.  Without the word, a WITH query
    that is read once is folded into the query around it.

    ## What it leaves alone
    WITH queries that are read more than once, whose rows are mostly used, or whose conditions
    could not pass inside anyway: with LIMIT, groups, window functions, locks or recursion; and
    statements with little time.

    ## Before you act
    Somebody wrote the word, perhaps because the planner chose badly without it.  Compare both
    with EXPLAIN (ANALYZE, BUFFERS) for several values.

    ## Example
        WITH recent AS MATERIALIZED (SELECT * FROM orders WHERE created_at > $1)
        SELECT * FROM recent WHERE customer_id = $2;
        WITH recent AS (SELECT * FROM orders WHERE created_at > $1)
        SELECT * FROM recent WHERE customer_id = $2;
    """
    plans = {known.statement_id: known for known in case.snapshot.plans}
    groups: dict[tuple[str, str], list[tuple[Statement, _Fence]]] = defaultdict(list)
    for statement in case.snapshot.statements:
        text = _plain(statement)
        if (
            "as materialized" not in text
            or case.share_of_all((statement,)) < limits.min_share_ratio
        ):
            continue
        known = plans.get(statement.id)
        if known is None or known.plan is None:
            yield Skipped(
                rule_id="",
                subject=f"statement {statement.id}",
                reason="the original server's plan of it is not in the snapshot",
            )
            continue
        for fence in _fences(known.plan.root):
            if f"{fence.name} as materialized" in text and _is_wasteful(fence, limits):
                groups[case.shape_of(statement), fence.name].append((statement, fence))
    for found in groups.values():
        yield _finding(case, found)


def _plain(statement: Statement) -> str:
    """The text in lower case, without quotes and with single spaces."""
    return " ".join(statement.text.lower().replace('"', "").split())


def _fences(root: PlanNode) -> Iterator[_Fence]:
    nodes = tuple(root.walk())
    for node in nodes:
        kind, _, name = (node.subplan_name or "").partition(" ")
        if kind != "CTE" or not lets_conditions_in(node):
            continue
        scans = [
            scan
            for scan in nodes
            if scan.node_type == "CTE Scan" and dict(scan.extra).get("CTE Name") == f'"{name}"'
        ]
        if len(scans) == 1 and scans[0].filter is not None:
            yield _Fence(name=name.lower(), rows=node.rows, scan=scans[0])


def _is_wasteful(fence: _Fence, limits: Limits) -> bool:
    return fence.rows >= limits.min_rows and fence.scan.rows <= limits.max_used_ratio * fence.rows


def _finding(case: Case, found: Sequence[tuple[Statement, _Fence]]) -> Finding:
    statement, fence = found[0]
    share = case.share_of_all((statement,))
    return Finding(
        subject=f"statement {statement.id}",
        identity=f"{case.shape_of(statement)}:{fence.name}",
        summary=f"WITH {fence.name} AS MATERIALIZED makes {format_count(fence.rows)} rows, of "
        f"which a condition outside leaves {format_count(fence.scan.rows)} "
        f"({format_ratio(share)} of all time)",
        evidence=(
            Evidence(
                name="rows that the WITH query makes",
                value=round(fence.rows),
                unit="rows",
                source="EXPLAIN on the original server",
            ),
            Evidence(
                name="rows that are left",
                value=round(fence.scan.rows),
                unit="rows",
                source="EXPLAIN on the original server",
            ),
            Evidence(
                name="condition outside",
                value=fence.scan.filter or "",
                source="EXPLAIN on the original server",
            ),
            share_of_time(share),
        ),
        provenance=Provenance.ESTIMATED,
        confidence=Confidence.LOW,
        guards=("it is read once", "a condition can pass inside"),
        remedies=(fold_with_query(fence.name),),
        impact=Impact(risk="all its rows are computed and kept in each call"),
        statement_ids=tuple(dict.fromkeys(each.id for each, _ in found)),
    )
