"""What executed plans tell of the plans that other indexes would bring.

The planner's costs say what share of a statement is saved.  Where the plan of today was executed,
it is known what each of its nodes really took, and two mistakes can be seen in advance:

* What stays takes as long as it did.  A sort that takes most of the time and hardly counts as
  cost takes most of the time with a faster scan below it, too: no plan is believed to cost less
  than the share of the time that nodes took which it has as well.
* More rows came out of a scan than the planner had expected.  Another scan that is to fetch the
  same rows will meet as many: it is believed to cost so much more, up to what the scan cost that
  it is to take the place of.

Both make a plan dearer, neither cheaper: an executed plan never makes advice bolder.  Where the
planner would make another plan today than the one that was executed, it tells nothing of it.
So does what the counters tell of subplans that calls have not run, see ``idle_subplans``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pgadvisor.choose.idle_subplans import IdleSubplans
from pgadvisor.model.execution import Execution
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.parse.plans.exclusive import plan_use

_REPEATED = "Inner"
_KEPT_ONCE = frozenset({"Hash", "Materialize", "Sort", "Incremental Sort", "Memoize"})
"""What is below the inner side of a loop and read once, or not for each row."""

Signature = tuple[object, ...]
"""What a node does, to which rows, how often: equal, and it takes as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scan:
    """A scan of the plan that was executed."""

    signature_rows: str
    """Its estimated rows, as signatures have them."""
    rows_ratio: float
    """Rows that came out of it, over those that were expected."""
    exclusive_cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """The plan of today, with what its nodes took."""

    cost: float
    """What it is believed to cost."""
    shares: Mapping[Signature, tuple[float, ...]]
    """The shares of the time that nodes took, the greatest first."""
    scans: Mapping[tuple[str | None, str | None], _Scan]
    """By relation and alias, those that stand there once."""


class Calibration:
    """Corrects what plans are believed to cost by what executed ones took.

    Args:
        executions: Executed plans; those of no known statement are passed over.
        idle: What the counters tell of subplans; None: nothing.
    """

    def __init__(
        self, executions: Iterable[Execution] = (), idle: IdleSubplans | None = None
    ) -> None:
        self._idle = idle or IdleSubplans()
        self._executions: dict[str, list[Execution]] = defaultdict(list)
        for execution in executions:
            if execution.statement_id is not None and execution.plan.was_executed:
                self._executions[execution.statement_id].append(execution)
        self._measured: dict[str, _Measured] = {}
        self._notes: dict[str, str] = {}

    @property
    def notes(self) -> tuple[tuple[str, str], ...]:
        """By statement id, what its executed plans were good for."""
        return tuple(sorted(self._notes.items()))

    def begin(self, statement_id: str, plan: Plan, cost: float) -> None:
        """Take a statement's plan of today; its executed plans are looked through for that one.

        Args:
            statement_id: Of the workload.
            plan: What the planner makes of it now.
            cost: What that is believed to cost.
        """
        self._idle.begin(statement_id, plan)
        known = self._executions.get(statement_id, ())
        same = [one for one in known if one.plan.shape == plan.shape]
        timed = [one for one in same if one.plan.execution_time_ms or _time_ms(one) > 0]
        if timed:
            middle = sorted(timed, key=_time_ms)[len(timed) // 2]
            self._measured[statement_id] = _measured(plan, cost, middle)
            count = len(timed)
            which = "1 executed plan" if count == 1 else f"the middle one of {count} executed plans"
            self._notes[statement_id] = f"{which}, which the planner would make today as well"
        elif same:
            self._notes[statement_id] = "none: the executed plan has no times"
        elif known:
            self._notes[statement_id] = "none: today the planner would make another plan"

    def cost(self, statement_id: str, plan: Plan, cost: float) -> float:
        """What a plan of a statement is believed to cost, no less than without executed plans.

        Args:
            statement_id: Of the workload.
            plan: With other indexes.
            cost: What it is believed to cost without looking at executed plans.
        """
        cost += self._idle.taken_back(statement_id, plan)
        measured = self._measured.get(statement_id)
        if measured is None:
            return cost
        taken: Counter[Signature] = Counter()
        kept, added = 0.0, 0.0
        for node, signature in _nodes(plan.root):
            shares = measured.shares.get(signature, ())
            if taken[signature] < len(shares):
                kept += shares[taken[signature]]
                taken[signature] += 1
            else:
                added += _surprise(node, measured)
        return max(cost + added, measured.cost * min(kept, 1.0))


NO_CALIBRATION = Calibration()


def _measured(plan: Plan, cost: float, execution: Execution) -> _Measured:
    uses = plan_use(execution.plan)
    total = uses.total_time_ms or 1.0
    shares: dict[Signature, list[float]] = defaultdict(list)
    scans: dict[tuple[str | None, str | None], list[_Scan]] = defaultdict(list)
    for (node, signature), use in zip(_nodes(plan.root), uses.nodes, strict=True):
        shares[signature].append((use.exclusive_time_ms or 0.0) / total)
        if node.relation is not None and use.loops == 1:
            scan = _Scan(
                signature_rows=_rounded(node.rows),
                rows_ratio=use.rows / max(node.rows, 1.0),
                exclusive_cost=_exclusive_cost(node),
            )
            scans[node.relation, node.alias].append(scan)
    return _Measured(
        cost=cost,
        shares=MappingProxyType(
            {signature: tuple(sorted(found, reverse=True)) for signature, found in shares.items()}
        ),
        scans=MappingProxyType(
            {place: found[0] for place, found in scans.items() if len(found) == 1}
        ),
    )


def _surprise(node: PlanNode, measured: _Measured) -> float:
    """What a scan that was not executed costs more, since more rows are there than expected."""
    scan = measured.scans.get((node.relation, node.alias)) if node.relation else None
    if scan is None or scan.rows_ratio <= 1.0 or _rounded(node.rows) != scan.signature_rows:
        return 0.0
    own = _exclusive_cost(node)
    return max(min(own * scan.rows_ratio, scan.exclusive_cost) - own, 0.0)


def _time_ms(execution: Execution) -> float:
    actual = execution.plan.root.actual
    return (actual.total_time_ms or 0.0) * actual.loops if actual is not None else 0.0


def _exclusive_cost(node: PlanNode) -> float:
    return max(node.total_cost - sum(child.total_cost for child in node.children), 0.0)


def _nodes(node: PlanNode, loops: float = 1.0) -> Iterator[tuple[PlanNode, Signature]]:
    """Yield the nodes with what tells whether two do the same, from the top, left to right."""
    names = (node.node_type, node.join_type, node.strategy, node.partial_mode, node.operation)
    places = (node.relation, node.alias, node.index_name, node.scan_direction)
    keys = (node.sort_keys, node.group_keys)
    yield node, (*names, *places, *keys, _rounded(node.rows * loops))
    for child in node.children:
        if node.node_type == "Nested Loop" and child.parent_relationship == _REPEATED:
            yield from _nodes(child, loops * max(node.children[0].rows, 1.0))
        else:
            yield from _nodes(child, 1.0 if node.node_type in _KEPT_ONCE else loops)


def _rounded(rows: float) -> str:
    """Rows to two digits: estimates of one set of rows differ a little from path to path."""
    return f"{rows:.1e}"
