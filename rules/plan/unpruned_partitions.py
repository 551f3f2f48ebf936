"""Partitions that an executed plan read for nothing."""

import re
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
    rule,
    table_of,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    is_worth_it,
    measured,
    unmeasured,
)

_APPENDS = {"Append", "MergeAppend", "Merge Append"}
_ALIAS = re.compile(r"^(?P<name>.*?)(?:_[0-9]+)?$")
"""PostgreSQL numbers the partitions of ``log`` as ``log_1``, ``log_2``."""
_KEY = re.compile(r"^(?P<method>\w+) \((?P<columns>.+)\)$")
_COMPARED = r"(?:=|<=?|>=?)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When reading partitions for nothing is worth mentioning."""

    min_partitions_count: int = 10
    """That were read."""

    min_empty_ratio: float = 0.5
    """Of those, the ones that gave no row."""

    min_time_ms: float = 10.0
    """What the ones without a row took."""

    min_time_ratio: float = 0.1
    """The same as a share of the plan's time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cause:
    """Why no partition was left out, as far as the snapshot tells."""

    told: str
    step: str


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("executed-plans",))
def unpruned_partitions(case: Case, limits: Limits) -> Outcome:
    """Partitions are read that have no row for the statement.

    ## Why it matters
    The planner leaves out partitions whose bounds rule them out, when it plans or when the plan
    starts.  For that a condition has to compare the partition key itself: with a function around
    the key, with a value of another type that makes PostgreSQL cast the key, or without a
    condition on it, all partitions are read, and the statement gets slower with each new one.

    ## What it leaves alone
    Few partitions; those that gave rows, as they had to be read; partitions that were left out,
    when planning, at the start or as never executed; and branches of UNION ALL.  What can be
    saved is at most what the partitions without a row took, each with all below it.  Rows are
    averages over loops: of a partition that was read more than once, none is not sure, and it
    does not count.

    ## Before you act
    A join that finds the partitions by the other table's rows leaves them out only where it is a
    nested loop.  Where the statement knows more than it says (an order belongs to a month), say
    so in a condition.

    ## Example
        EXPLAIN SELECT * FROM log WHERE date_trunc('month', at) = '2024-03-01';  -- reads them all
        EXPLAIN SELECT * FROM log WHERE at >= '2024-03-01' AND at < '2024-04-01';  -- reads one
    """
    yield from unmeasured(case)
    found = (
        _finding(case, node, empty)
        for node in executed_nodes(case)
        if node.node.node_type in _APPENDS
        and (read := _partitions(case, node))
        and len(read) >= limits.min_partitions_count
        and (empty := [each for each in read if _gave_nothing(each)])
        and len(empty) >= limits.min_empty_ratio * len(read)
        and is_worth_it(node, _took_ms(empty), limits)
    )
    yield from worst_of_each(found)


def _partitions(case: Case, node: PlacedNode) -> tuple[PlacedNode, ...]:
    """The children that read a partition, all of one table; empty: it is a UNION ALL."""
    children = [
        child
        for child in node.children
        if not child.node.never_executed and child.node.parent_relationship != "InitPlan"
    ]
    scans = [
        next((each for each in child.walk() if each.node.relation), None) for child in children
    ]
    names = {_ALIAS.sub(r"\g<name>", scan.node.alias or "") if scan else "" for scan in scans}
    roots = {_root(case, scan) for scan in scans if scan is not None}
    is_one_table = len(names) == 1 and names != {""} and len(roots) == 1
    return tuple(children) if is_one_table else ()


def _root(case: Case, scan: PlacedNode) -> Table | None:
    table = table_of(case, scan.node)
    return case.catalog.root_of(table) if table is not None else None


def _gave_nothing(child: PlacedNode) -> bool:
    return child.use.loops == 1 and child.use.rows == 0


def _took_ms(nodes: list[PlacedNode]) -> float:
    return sum(below.exclusive_ms for node in nodes for below in node.walk())


def _finding(case: Case, node: PlacedNode, empty: list[PlacedNode]) -> Finding:
    read = _partitions(case, node)
    scan = next(each for each in node.walk() if each.node.relation)
    root = _root(case, scan)
    name = root.qualified_name if root is not None else _base_alias(scan)
    cause = _cause(root, scan)
    finding = Finding(
        subject=name,
        summary=f"{format_count(len(empty))} of {format_count(len(read))} partitions of {name} "
        f"are read and give no row: {format_ms(_took_ms(empty))} "
        f"({format_ratio(_took_ms(empty) / (node.total_ms or 1.0))} of the plan)",
        detail=cause.told,
        evidence=tuple(_evidence(node, root, read, empty)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH if root is not None else Confidence.MEDIUM,
        guards=(
            "partitions that were left out or never executed are not counted",
            "partitions that gave rows are not counted",
        ),
        remedies=(
            ManualSteps(
                title=f"Compare the partition key of {name} with a value",
                steps=(
                    cause.step,
                    (
                        "Then see that EXPLAIN shows only the partitions that have rows, or "
                        "`Subplans Removed`."
                    ),
                ),
            ),
        ),
    )
    return at_nodes(
        finding, [node, *(b for each in empty for b in each.walk())], saved_ms=_took_ms(empty)
    )


def _base_alias(scan: PlacedNode) -> str:
    return _ALIAS.sub(r"\g<name>", scan.node.alias or "")


def _evidence(
    node: PlacedNode, root: Table | None, read: tuple[PlacedNode, ...], empty: list[PlacedNode]
) -> Iterator[Evidence]:
    yield measured(node, "partitions read", len(read))
    yield measured(node, "partitions that gave no row", len(empty))
    yield measured(node, "time of those", _took_ms(empty), "ms")
    if root is not None and root.partition_key:
        yield Evidence(name="partition key", value=root.partition_key, source="pg_get_partkeydef")


def _key_columns(root: Table | None) -> tuple[str, ...]:
    match = _KEY.match(root.partition_key or "") if root is not None else None
    if match is None or root is None:
        return ()
    names = (part.strip().strip('"') for part in match["columns"].split(","))
    return tuple(name for name in names if root.column(name) is not None)


def _cause(root: Table | None, scan: PlacedNode) -> _Cause:
    """Look at how the conditions of a partition use the key."""
    columns = _key_columns(root)
    node = scan.node
    conditions = " ".join(
        text for text in (node.filter, node.index_condition, node.recheck_condition) if text
    )
    if not columns:
        return _Cause(
            told="",
            step="Compare the partition key itself, with neither a function nor a cast around it, "
            "with a constant or a parameter of its own type.",
        )
    used = [column for column in columns if re.search(rf"\b{re.escape(column)}\b", conditions)]
    if not used:
        key = ", ".join(columns)
        return _Cause(
            told=f"No condition is about the partition key, {key}.",
            step=f"Add a condition on {key}, if the statement knows which values can matter.",
        )
    column = used[0]
    if not _is_compared_bare(column, conditions):
        return _Cause(
            told=f"A condition has a function or a cast around the partition key, {column}.",
            step=f"Compare {column} itself: a range (`{column} >= ... AND {column} < ...`) in the "
            "place of a function of it, and a value of its own type in the place of a cast.",
        )
    return _Cause(
        told=f"A condition compares the partition key, {column}, with what is not known when the "
        "plan starts.",
        step=f"Compare {column} with a constant, a parameter or a scalar subquery, and not with a "
        "column of another table or a volatile function.",
    )


def _is_compared_bare(column: str, conditions: str) -> bool:
    name = rf'(?:\w+\.)?"?{re.escape(column)}"?'
    left = rf"(?<![\w.]){name} {_COMPARED}"
    right = rf"{_COMPARED} {name}(?!\w|::|\s*\()"
    is_left = any(
        not re.search(r"::\w*$|\w\($", conditions[: match.start()])
        for match in re.finditer(left, conditions)
    )
    return is_left or re.search(right, conditions) is not None
