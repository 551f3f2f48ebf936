"""Subqueries that are run anew for each row of the query around them."""

import re
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
    format_count,
    format_ratio,
    join_subquery,
    plan_of,
    rule,
    tables_of,
    time_evidence,
)

_READS_ALL = frozenset({"Sort", "Hash", "Bitmap Heap Scan", "Aggregate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When running it again and again is most of the work."""

    min_runs_count: float = 10_000.0
    """Rows for which the subquery is run in a call, by the planner's estimate."""

    min_cost_ratio: float = 0.5
    """Share of all its runs in the planner's cost of the statement."""

    min_share_ratio: float = 0.005
    """Share of the statement in the workload's execution time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Repeated:
    """A subquery with the number of its runs."""

    statement: Statement
    name: str
    runs: float
    cost_ratio: float


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def per_row_subquery(case: Case, limits: Limits) -> Outcome:
    """A subquery is run anew for each of very many rows.

    ## Why it matters
    ``SELECT name, (SELECT max(at) FROM logins WHERE user_id = users.id) FROM users`` runs the
    subquery once for each user: a hundred thousand descents of an index, or worse, as many scans.
    PostgreSQL never makes a join of a subquery in the select list.  Joined with the grouped
    table, it is read once.

    ## What it leaves alone
    Subqueries that are run once, or whose rows are hashed, in the select list as well; those
    under a LIMIT, which run for a page only; those that are run for fewer rows or are a small
    part of the cost; and statements with little time.  It needs the original server's plan of the
    statement.

    ## Before you act
    A grouped join reads all of the inner table, which is worse where few outer rows are wanted.
    The figures are the planner's estimates: look at loops in EXPLAIN (ANALYZE, BUFFERS).  Keep
    rows without a partner with a LEFT JOIN, and a count of none with coalesce.

    ## Example
        SELECT u.name, (SELECT max(l.at) FROM logins l WHERE l.user_id = u.id) FROM users u;
        SELECT u.name, l.at FROM users u
          LEFT JOIN (SELECT user_id, max(at) AS at FROM logins GROUP BY user_id) l
            ON l.user_id = u.id;
    """
    groups: dict[tuple[str, str], list[_Repeated]] = defaultdict(list)
    for statement in case.snapshot.statements:
        if (
            statement.text.lower().count("select") < 2  # noqa: PLR2004  (one is no subquery)
            or case.share_of_all((statement,)) < limits.min_share_ratio
        ):
            continue
        plan = plan_of(case, statement)
        if isinstance(plan, Skipped):
            yield plan
            continue
        for name, runs, cost in _repeated(case, plan.root, _names(plan.root), is_limited=False):
            ratio = min(cost / plan.total_cost, 1.0) if plan.total_cost > 0 else 0.0
            if runs >= limits.min_runs_count and ratio >= limits.min_cost_ratio:
                found = _Repeated(statement=statement, name=name, runs=runs, cost_ratio=ratio)
                groups[case.shape_of(statement), name].append(found)
    for repeated in groups.values():
        yield _finding(case, repeated)


def _repeated(
    case: Case, node: PlanNode, names: frozenset[str], *, is_limited: bool
) -> Iterator[tuple[str, float, float]]:
    """Subqueries below a node with the number of their runs and the cost of them all."""
    for child in node.children:
        name = child.subplan_name or ""
        if child.parent_relationship == "SubPlan" and name.startswith("SubPlan"):
            if not is_limited and _is_run_anew(node, child, names):
                runs = _runs(case, node, name)
                yield name, runs, runs * child.total_cost
            continue  # what is below it is run by it
        is_page = (is_limited or node.node_type == "Limit") and node.node_type not in _READS_ALL
        yield from _repeated(case, child, names, is_limited=is_page)


def _is_run_anew(node: PlanNode, subplan: PlanNode, names: frozenset[str]) -> bool:
    """Not hashed.

    A filter shows that.  A select list is not in the plan: there, what is hashed is read once,
    and so none of its conditions can name a table of the query around it.
    """
    name = subplan.subplan_name or ""
    if node.filter is not None and name in node.filter:
        return f"hashed {name}" not in node.filter
    outer = names - _names(subplan)
    conditions = " ".join(filter(None, (text for n in subplan.walk() for text in _conditions(n))))
    return any(re.search(rf'(?<![\w"])"?{re.escape(name)}"?\.', conditions) for name in outer)


def _conditions(node: PlanNode) -> tuple[str | None, ...]:
    joins = (node.join_filter, node.hash_condition, node.merge_condition)
    return (node.index_condition, node.recheck_condition, node.filter, *joins)


def _names(node: PlanNode) -> frozenset[str]:
    """Of the tables below a node, as conditions have them: no two in a plan are the same."""
    names = (below.alias or below.relation for below in node.walk())
    return frozenset(name for name in names if name)


def _runs(case: Case, node: PlanNode, name: str) -> float:
    """How many rows it is run for.

    In a filter that is each row that is looked at, in the arguments of an aggregate each row that
    is read, else each that is returned.
    """
    if node.node_type == "Aggregate" and not node.group_keys and node.filter is None:
        return max((c.rows for c in node.children if c.subplan_name is None), default=node.rows)
    if node.filter is None or name not in node.filter or node.node_type != "Seq Scan":
        return node.rows
    table = case.catalog.tables_by_name.get((node.schema or "", node.relation or ""))
    return node.rows if table is None else case.catalog.rows_now(table)


def _finding(case: Case, found: Sequence[_Repeated]) -> Finding:
    first = found[0]
    statements = tuple(each.statement for each in found)
    name = tables_of(case, first.statement)
    share = case.share_of_all(statements)
    return Finding(
        subject=name,
        identity=f"{case.shape_of(first.statement)}:{first.name}",
        summary=f"A subquery of a statement on {name} is run for {format_count(first.runs)} rows "
        f"({format_ratio(share)} of all time)",
        evidence=(
            Evidence(
                name="runs of the subquery in a call",
                value=round(first.runs),
                unit="runs",
                source="EXPLAIN on the original server",
            ),
            Evidence(
                name="share of the subquery in the cost",
                value=round(first.cost_ratio, 4),
                unit="ratio",
                source="EXPLAIN on the original server",
            ),
            *time_evidence(case, statements),
        ),
        provenance=Provenance.ESTIMATED,
        confidence=Confidence.MEDIUM,
        guards=("it depends on the row, or is not hashed", "no LIMIT keeps it to a page"),
        remedies=(join_subquery(name),),
        impact=Impact(risk="the inner table is searched anew for each row outside"),
        statement_ids=tuple(each.id for each in statements),
    )
