"""Where an executed plan's estimates of rows begin to be wrong.

EXPLAIN compares what the planner expected of a node with what came, but not every difference is
an error: a LIMIT, EXISTS or a merge join stops what is below it early, a merge join reads rows
again, bitmaps count no rows, and an average over loops is rounded.  Where a node may have been
stopped, what came is the least that there was: then it can only have been expected too little.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pgadvisor.model.executed_plan import ExecutedNode
from pgadvisor.model.node_use import NodeUse, PlanUse
from pgadvisor.rulekit.case import Case
from pgadvisor.rulekit.executions import PlacedNode
from pgadvisor.rulekit.measured import measured_nodes
from pgadvisor.units import format_count

SCANS = frozenset(
    {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan", "Foreign Scan"}
    | {"Sample Scan", "Function Scan", "Table Function Scan"}
)
JOINS = frozenset({"Nested Loop", "Hash Join", "Merge Join"})
_GROUPS = frozenset({"Aggregate", "Group"})
_HALF_JOINS = frozenset({"Semi", "Anti", "Right Semi", "Right Anti"})
_UNCOUNTED = frozenset(
    {"BitmapAnd", "BitmapOr", "Bitmap Index Scan", "ModifyTable", "Recursive Union"}
    | {"WorkTable Scan"}
)
_APPENDS = frozenset({"Append", "Merge Append"})
_READS_ALL = frozenset({"Sort", "Hash", "Bitmap Heap Scan"})
_HALF = 0.5
_HUNDREDTH = 0.005
_LEADER_SHARE_PER_WORKER = 0.3
"""The planner takes the leader for that much less of a worker with each worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Misestimate:
    """A node of which far more or far fewer rows came than were expected.

    What it works on was expected about right.
    """

    node: PlacedNode
    expected_rows: float
    """For each time that it was run, by all processes together."""
    actual_rows: float
    """The same; on average."""
    is_least: bool
    """It may have been stopped early: there were at least so many."""
    times: tuple[float, ...]
    """Of each node of the plan: see ``times_expected``."""

    @property
    def is_underestimate(self) -> bool:
        """More came than were expected."""
        return self.actual_rows > self.expected_rows

    @property
    def expectation(self) -> str:
        """``100 were expected``."""
        told = format_count(self.expected_rows)
        return f"{told} {'was' if told == '1' else 'were'} expected"

    @property
    def factor(self) -> float:
        """The larger number over the smaller one; both count as one at least."""
        low, high = sorted((max(self.expected_rows, 1.0), max(self.actual_rows, 1.0)))
        return high / low


@dataclass(frozen=True, slots=True)
class _Compared:
    """One node while its plan is looked through."""

    expected: float
    actual: float
    runs: float
    is_least: bool
    is_repeated: bool
    """A merge join may have read its rows more than once."""
    error: float
    """Logarithm of actual over expected rows, 0 where they cannot be compared."""
    inputs: tuple[int, ...]
    """Positions of the nodes that its rows come from."""


def misestimates(case: Case, *, min_factor: float, min_rows: float) -> Iterator[Misestimate]:
    """Yield the nodes where estimates begin to be wrong, of each plan from the top.

    Of nodes at the same place in the branches of one Append, as those of partitions are, it is
    the one that is furthest off.

    Args:
        case: With its executions.
        min_factor: Between expected and actual rows; by so much the node itself adds to what was
            wrong below it already.
        min_rows: That came too many or too few, over all runs, of it or of a node above to which
            it passed that on.
    """
    plans: dict[int, tuple[tuple[_Compared, ...], tuple[float, ...]]] = {}
    worst: dict[tuple[int, tuple[int, int]], Misestimate] = {}
    for node in measured_nodes(case):
        number = node.execution_number
        if number not in plans:
            made = _compare(node.uses)
            plans[number] = made, _times(made)
        compared, times = plans[number]
        if _begins(node, compared, min_factor=min_factor, min_rows=min_rows):
            one = compared[node.position]
            found = Misestimate(
                node=node,
                expected_rows=one.expected,
                actual_rows=one.actual,
                is_least=one.is_least,
                times=times,
            )
            place = number, _place(node)
            known = worst.get(place)
            if known is None or _missed(found) > _missed(known):
                worst[place] = found
    yield from sorted(worst.values(), key=lambda e: (e.node.execution_number, e.node.position))


def times_expected(case: Case) -> Mapping[int, tuple[float, ...]]:
    """For each node of each plan, actual over expected rows; 1: about right, or not comparable.

    Returns:
        By the plan's number; plans without times are left out.
    """
    known: dict[int, tuple[float, ...]] = {}
    for node in measured_nodes(case):
        if node.execution_number not in known:
            known[node.execution_number] = _times(_compare(node.uses))
    return known


def _times(compared: tuple[_Compared, ...]) -> tuple[float, ...]:
    return tuple(math.exp(one.error) for one in compared)


def _begins(
    node: PlacedNode, compared: tuple[_Compared, ...], *, min_factor: float, min_rows: float
) -> bool:
    """Whether an estimate is wrong by more than what is wrong below it."""
    one = compared[node.position]
    if abs(one.error) < math.log(min_factor) or not _is_judged(node.node):
        return False
    if _most_missed(node, compared, min_factor=min_factor) < min_rows:
        return False
    own = one.error - _error_below(node.node, one, compared)
    return one.error * own > 0 and abs(own) >= math.log(min_factor)


def _most_missed(node: PlacedNode, compared: tuple[_Compared, ...], *, min_factor: float) -> float:
    """By how many rows a node was wrong, or one above to which it passed that on.

    A join makes many rows of the few that come too many.
    """
    one = compared[node.position]
    most = abs(one.actual - one.expected) * one.runs
    below = node
    for above in node.ancestors():
        if _is_subquery(below.node):
            break
        below, passed = above, compared[above.position]
        if abs(passed.error) < math.log(min_factor) or passed.error * one.error < 0:
            break
        most = max(most, abs(passed.actual - passed.expected) * passed.runs)
    return most


def _place(node: PlacedNode) -> tuple[int, int]:
    """Where a node is, the same for nodes at the same place in the branches of one Append."""
    branch, above = node.position, node.use.parent
    while above is not None:
        if node.uses.nodes[above].node.node_type in _APPENDS:
            return above, node.position - branch
        branch, above = above, node.uses.nodes[above].parent
    return node.position, 0


def _missed(found: Misestimate) -> float:
    return abs(found.actual_rows - found.expected_rows)


def _is_judged(node: ExecutedNode) -> bool:
    if node.node_type in _GROUPS:
        return bool(node.group_keys) and node.partial_mode != "Partial" and node.filter is None
    return node.node_type in SCANS or (
        node.node_type in JOINS and node.join_type not in _HALF_JOINS
    )


def _error_below(node: ExecutedNode, one: _Compared, compared: tuple[_Compared, ...]) -> float:
    """What the inputs explain of a node's error; groups do not grow with rows."""
    errors = [compared[position].error for position in one.inputs]
    if node.node_type in _GROUPS:
        worst = max(errors, key=abs, default=0.0)
        return one.error if abs(worst) >= math.log(2) else 0.0
    return sum(errors)


def _compare(uses: PlanUse) -> tuple[_Compared, ...]:
    compared: list[_Compared] = []
    partial = _partial(uses)
    inputs: dict[int, list[int]] = defaultdict(list)
    for position, use in enumerate(uses.nodes):
        if use.parent is not None and not _is_subquery(use.node):
            inputs[use.parent].append(position)
    for position, use in enumerate(uses.nodes):
        above = compared[use.parent] if use.parent is not None else None
        is_least, is_repeated = False, False
        if above is not None and use.parent is not None:
            parent = uses.nodes[use.parent]
            is_first = inputs[use.parent][:1] == [position]
            reads_all = _reads_all(parent.node)
            beside = [uses.nodes[other] for other in inputs[use.parent] if other != position]
            is_least = _stops(parent, use, beside, is_first=is_first) or (
                above.is_least and not reads_all
            )
            is_repeated = (above.is_repeated and not reads_all) or (
                parent.node.node_type == "Merge Join" and not is_first
            )
        divisor = _divisor(uses, position) if partial[position] else 1.0
        one = _one(use, divisor, is_least=is_least, is_repeated=is_repeated)
        compared.append(replace(one, inputs=tuple(inputs[position])))
    return tuple(compared)


def _one(use: NodeUse, divisor: float, *, is_least: bool, is_repeated: bool) -> _Compared:
    actual = use.node.actual
    expected = max(use.node.rows * divisor, 1.0)
    if actual is None or actual.loops == 0:
        return _Compared(expected, 0.0, 0.0, is_least, is_repeated, 0.0, ())
    processes = use.processes if divisor > 1 else 1.0
    runs = actual.loops / processes
    came = actual.rows * processes
    slack = _rounding(actual.rows, actual.loops) * processes
    error = 0.0
    if use.node.node_type not in _UNCOUNTED:
        if came - slack > expected and not is_repeated:
            error = math.log((came - slack) / expected)
        elif came + slack < expected and not is_least:
            error = -math.log(expected / max(came + slack, 1.0))
    return _Compared(expected, came, runs, is_least, is_repeated, error, ())


def _rounding(rows: float, loops: float) -> float:
    """By how much an average may be wrong as it is printed: whole before PostgreSQL 18."""
    if loops <= 1:
        return 0.0
    return _HALF if rows == int(rows) else _HUNDREDTH


def _stops(parent: NodeUse, use: NodeUse, beside: list[NodeUse], *, is_first: bool) -> bool:
    """Whether the node above may stop asking for rows before there are no more."""
    above = parent.node
    if _is_subquery(use.node):
        return True  # EXISTS asks for one row, and a CTE is read as far as it is asked for
    if above.node_type == "Limit":
        rows = above.actual.rows if above.actual is not None else 0.0
        return rows >= above.rows or parent.loops > 1
    if above.node_type == "Merge Join":
        return True
    if above.node_type == "Nested Loop":
        return not is_first and (above.join_type in _HALF_JOINS or above.inner_unique is not False)
    if above.node_type == "Hash Join":
        return is_first and any(
            other.node.node_type == "Hash" and other.rows < 1 for other in beside
        )
    return False


def _reads_all(node: ExecutedNode) -> bool:
    return node.node_type in _READS_ALL or (
        node.node_type == "Aggregate" and node.strategy in {"Hashed", "Plain", "Mixed"}
    )


def _is_subquery(node: ExecutedNode) -> bool:
    return node.parent_relationship in {"InitPlan", "SubPlan"}


def _partial(uses: PlanUse) -> list[bool]:
    """Which nodes return a part of their rows in each of several processes."""
    found = [use.node.parallel_aware for use in uses.nodes]
    for position in range(len(uses.nodes) - 1, 0, -1):
        use = uses.nodes[position]
        parent = uses.nodes[use.parent or 0]
        if found[position] and not _is_subquery(use.node) and use.parent is not None:
            found[use.parent] |= not parent.node.node_type.startswith("Gather")
    return found


def _divisor(uses: PlanUse, position: int) -> float:
    """By how much the planner has divided the rows of a partial node."""
    use = uses.nodes[position]
    while use.parent is not None:
        use = uses.nodes[use.parent]
        if use.node.node_type.startswith("Gather"):
            planned = use.node.workers_planned or 0
            return planned + max(1.0 - _LEADER_SHARE_PER_WORKER * planned, 0.0)
    return 1.0
