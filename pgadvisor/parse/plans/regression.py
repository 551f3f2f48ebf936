"""Whether a statement got slower since it has another plan, and why.

Two executions of one statement are compared.  Where the second one has another plan, takes half
as long again or more and returns about as many rows, the two plans are looked through for what
may have changed the planner's mind.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pgadvisor.model.executed_plan import ExecutedNode
from pgadvisor.model.execution import Execution
from pgadvisor.model.node_use import NodeUse, PlanUse
from pgadvisor.model.plan_regression import PlanRegression, RegressionCause
from pgadvisor.parse.plans.exclusive import plan_use
from pgadvisor.units import format_count, format_ms

_MIN_RATIO = 1.5
"""Of time or blocks."""
_MIN_LOST_MS = 50.0
_SIMILAR = 1.5
"""Times as many rows: with more, it is the data that grew."""
_FEW_ROWS = 10.0
"""A difference that says nothing of the data."""
_OTHER_ESTIMATE = 2.0
_COLD_SHARE = 0.5
"""Of the blocks touched that were read, or of the time lost that went into reads."""
_GATHERS = {"Gather", "Gather Merge"}


@dataclass(frozen=True, slots=True)
class _Side:
    """One execution, and what its nodes took."""

    execution: Execution
    use: PlanUse

    @property
    def root(self) -> ExecutedNode:
        return self.execution.plan.root

    @property
    def took_ms(self) -> float:
        return max(self.execution.plan.execution_time_ms or 0.0, self.use.total_time_ms or 0.0)

    @property
    def read_ratio(self) -> float:
        buffers = self.root.buffers
        read = buffers.shared_read_blocks + buffers.local_read_blocks
        return read / max(buffers.touched_blocks, 1)


def regressions(
    before: Execution, after: Execution, *, indexes: Collection[str] | None = None
) -> tuple[PlanRegression, ...]:
    """Tell why the second execution of a statement is slower than the first.

    Args:
        before: The first execution.
        after: The second one.
        indexes: Names of all indexes that there are now; None: not known.

    Returns:
        The causes, the most likely first; none where it is no regression: another statement,
        the same plan, about the same time and blocks, or more rows to return or to read.
    """
    old, new = (_Side(each, plan_use(each.plan)) for each in (before, after))
    if not _is_comparable(old, new) or not _is_slower(old, new) or _has_grown(old, new):
        return ()
    found = [
        *_cold_cache(old, new),
        *_settings(old, new),
        *_lost_indexes(old, new, indexes),
        *_estimates(old, new),
    ]
    if not found:
        told = "The plan is another one, and the two plans do not tell why."
        found.append((RegressionCause.UNKNOWN, told, ()))
    return tuple(
        PlanRegression(
            cause=cause,
            told=told,
            lost_ms=new.took_ms - old.took_ms,
            time_ratio=new.took_ms / old.took_ms if old.took_ms else 1.0,
            block_ratio=_block_ratio(old, new),
            nodes=nodes,
        )
        for cause, told, nodes in found
    )


_Cause = tuple[RegressionCause, str, tuple[int, ...]]


def _is_comparable(old: _Side, new: _Side) -> bool:
    prints = {side.execution.fingerprint for side in (old, new)} - {""}
    has_times = old.use.total_time_ms is not None and new.use.total_time_ms is not None
    return (
        len(prints) <= 1
        and has_times
        and old.execution.plan.shape != new.execution.plan.shape
        and _relations(old) == _relations(new)
    )


def _relations(side: _Side) -> frozenset[str]:
    """The tables that a plan names; another set of them is another statement, or other values."""
    return frozenset(use.node.relation for use in side.use.nodes if use.node.relation)


def _is_slower(old: _Side, new: _Side) -> bool:
    block_ratio = _block_ratio(old, new)
    return new.took_ms - old.took_ms >= _MIN_LOST_MS and (
        new.took_ms >= _MIN_RATIO * old.took_ms
        or (block_ratio is not None and block_ratio >= _MIN_RATIO)
    )


def _block_ratio(old: _Side, new: _Side) -> float | None:
    was, now = (side.root.buffers.touched_blocks for side in (old, new))
    return now / was if was and now else None


def _has_grown(old: _Side, new: _Side) -> bool:
    """More rows are returned, or a table that both read from end to end has more of them."""
    pairs = [(old.use.nodes[0].rows, new.use.nodes[0].rows)]
    was, now = _read_rows(old), _read_rows(new)
    pairs += [(was[name], now[name]) for name in was.keys() & now.keys()]
    return any(now > _SIMILAR * was and now - was > _FEW_ROWS for was, now in pairs)


def _read_rows(side: _Side) -> dict[str, float]:
    """By alias, the rows of tables that were read from end to end, each time that they were.

    Several processes read one such table side by side, or each of them the whole of it.
    """
    found: dict[str, float] = {}
    for use in side.use.nodes:
        name = use.node.alias or use.node.relation
        if use.node.node_type == "Seq Scan" and name and use.loops:
            times = use.loops / (use.processes if use.node.parallel_aware else 1.0)
            found[name] = (use.rows + use.removed_rows) / times
    return found


def _cold_cache(old: _Side, new: _Side) -> Iterator[_Cause]:
    lost = new.took_ms - old.took_ms
    waited = new.root.buffers.read_time_ms - old.root.buffers.read_time_ms
    is_timed = new.root.buffers.read_time_ms > 0
    is_cold = new.read_ratio >= _COLD_SHARE > old.read_ratio
    if is_cold and (not is_timed or waited >= _COLD_SHARE * lost):
        read = new.root.buffers.shared_read_blocks
        time = f", {format_ms(waited)} longer than before" if is_timed else ""
        yield (
            RegressionCause.COLD_CACHE,
            (
                f"{format_count(read)} blocks were read that the first execution mostly found in "
                f"memory{time}: run it again before you blame the plan."
            ),
            (),
        )


def _settings(old: _Side, new: _Side) -> Iterator[_Cause]:
    was, now = (dict(side.execution.plan.settings) for side in (old, new))
    changed = sorted(n for n in was.keys() | now.keys() if was.get(n) != now.get(n))
    if changed:
        told = "; ".join(
            f"{name} is {now.get(name, 'as usual')} and was {was.get(name, 'as usual')}"
            for name in changed
        )
        yield RegressionCause.SETTINGS_CHANGED, f"The planner was set otherwise: {told}.", ()


def _lost_indexes(old: _Side, new: _Side, indexes: Collection[str] | None) -> Iterator[_Cause]:
    """Indexes that only the first plan reads, unless they are known to be there."""
    used = {use.node.index_name for use in new.use.nodes}
    for use in old.use.nodes:
        name = use.node.index_name
        if not name or name in used or (indexes is not None and name in indexes):
            continue
        used.add(name)
        where = _scans_of(use, old, new)
        sure = "is not there any more" if indexes is not None else "is not used any more"
        kinds = " and ".join(sorted({new.use.nodes[n].node.node_type for n in where}))
        instead = f", and there is a {kinds} in its place" if kinds else ""
        told = f"Index {name} {sure}{instead}."
        if indexes is None:
            told += "  See whether it was dropped, or is not valid."
        yield RegressionCause.INDEX_GONE, told, where


def _scans_of(use: NodeUse, old: _Side, new: _Side) -> tuple[int, ...]:
    """What reads the same table in the second plan; a bitmap's table is that of its heap scan."""
    above: NodeUse | None = use
    while above is not None and not above.node.relation:
        above = old.use.nodes[above.parent] if above.parent is not None else None
    if above is None:
        return ()
    wanted = (above.node.relation, above.node.alias)
    return tuple(
        position
        for position, each in enumerate(new.use.nodes)
        if (each.node.relation, each.node.alias) == wanted
    )


def _estimates(old: _Side, new: _Side) -> Iterator[_Cause]:
    """The estimate that changed most, of the same tables read or joined."""
    was, now = _expected(old), _expected(new)
    changed = [
        (max(was[n][0], now[n][0], 1.0) / max(min(was[n][0], now[n][0]), 1.0), n)
        for n in was.keys() & now.keys()
    ]
    factor, tables = max(
        changed, key=lambda one: (one[0], sorted(one[1])), default=(1.0, frozenset())
    )
    if factor >= _OTHER_ESTIMATE:
        what = ", ".join(sorted(tables))
        yield (
            RegressionCause.ESTIMATE_CHANGED,
            (
                f"The planner expects {format_count(now[tables][0])} rows of {what}, and expected "
                f"{format_count(was[tables][0])} before: statistics or values are others."
            ),
            (now[tables][1],),
        )


def _expected(side: _Side) -> dict[frozenset[str], tuple[float, int]]:
    """By the tables below a node, its expected rows and its position; the topmost such node.

    Left out is what is expected for each loop or process: the inner side of a nested loop, and
    what is below a Gather.
    """
    nodes, found = side.use.nodes, dict[frozenset[str], tuple[float, int]]()
    is_partial = [False] * len(nodes)
    for position, use in enumerate(nodes):
        above = nodes[use.parent] if use.parent is not None else None
        is_inner = (
            above is not None
            and above.node.node_type == "Nested Loop"
            and above.node.children[-1] is use.node
        )
        is_below = above is not None and (
            above.node.node_type in _GATHERS or is_partial[use.parent or 0]
        )
        is_partial[position] = is_inner or is_below or use.node.node_type.startswith("Bitmap Index")
        names = frozenset(n.alias or n.relation for n in use.node.walk() if n.relation)
        stops = above is not None and above.node.node_type == "Limit"
        is_counted = use.node.node_type not in {"Limit", "Aggregate", "ModifyTable"} and not stops
        if not is_partial[position] and names and is_counted:
            found.setdefault(frozenset(name for name in names if name), (use.node.rows, position))
    return found
