"""Whether a statement got slower, and why.

Two executions of one statement are compared.  Where the second one takes half as long again or
more, has another plan and returns about as many rows, the two plans are looked through for what
may have changed the planner's mind; where it has the same plan, for blocks that were not in
memory any more, and for rows that have come.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pgadvisor.history.plan_changes import compare_plans
from pgadvisor.model.executed_plan import ExecutedNode
from pgadvisor.model.execution import Execution
from pgadvisor.model.node_use import PlanUse
from pgadvisor.model.plan_comparison import ChangeKind, PlanComparison
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
    def read_blocks(self) -> int:
        buffers = self.root.buffers
        return buffers.shared_read_blocks + buffers.local_read_blocks

    @property
    def read_ratio(self) -> float:
        return self.read_blocks / max(self.root.buffers.touched_blocks, 1)


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
        about the same time and blocks, another plan with more rows to return or to read, or the
        same plan that was slower for a reason that it does not tell.
    """
    old, new = (_Side(each, plan_use(each.plan)) for each in (before, after))
    if not _is_comparable(old, new) or not _is_slower(old, new):
        return ()
    found = list(_of_the_same(old, new) if _is_same(old, new) else _of_another(old, new, indexes))
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


def _is_same(old: _Side, new: _Side) -> bool:
    return old.execution.plan.shape == new.execution.plan.shape


def _of_the_same(old: _Side, new: _Side) -> Iterator[_Cause]:
    """Causes that leave the plan as it is."""
    yield from _colder(old, new)
    yield from _more_rows(old, new)
    yield from _settings(_compared(old, new))


def _of_another(old: _Side, new: _Side, indexes: Collection[str] | None) -> Iterator[_Cause]:
    """Causes of another plan; none where there was more to do."""
    if _has_grown(old, new):
        return
    compared = _compared(old, new)
    found = [
        *_cold_cache(old, new),
        *_settings(compared),
        *_lost_indexes(old, new, compared, indexes),
        *_estimates(old, new, compared),
    ]
    told = "The plan is another one, and the two plans do not tell why."
    yield from found or [(RegressionCause.UNKNOWN, told, ())]


def _compared(old: _Side, new: _Side) -> PlanComparison:
    return compare_plans((old.execution.plan, old.use), (new.execution.plan, new.use))


def _is_comparable(old: _Side, new: _Side) -> bool:
    prints = {side.execution.fingerprint for side in (old, new)} - {""}
    has_times = old.use.total_time_ms is not None and new.use.total_time_ms is not None
    return len(prints) <= 1 and has_times and _relations(old) == _relations(new)


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


def _colder(old: _Side, new: _Side) -> Iterator[_Cause]:
    """Of the same plan, that reads explain what was lost: by their time, else by their number."""
    lost, read = new.took_ms - old.took_ms, new.read_blocks - old.read_blocks
    is_timed = new.root.buffers.read_time_ms > 0
    waited = new.root.buffers.read_time_ms - old.root.buffers.read_time_ms
    is_cold = new.read_ratio >= _COLD_SHARE > old.read_ratio
    if read > 0 and (waited >= _COLD_SHARE * lost if is_timed else is_cold):
        time = f", which took {format_ms(waited)} longer" if is_timed else ""
        yield (
            RegressionCause.SAME_PLAN_COLDER,
            (
                f"The plan is the same; {format_count(new.read_blocks)} of "
                f"{format_count(new.root.buffers.touched_blocks)} blocks were not found in shared "
                f"buffers, and before {format_count(old.read_blocks)} of "
                f"{format_count(old.root.buffers.touched_blocks)}{time}: run it again."
            ),
            (),
        )


def _more_rows(old: _Side, new: _Side) -> Iterator[_Cause]:
    """Of the same plan, the scan that had most rows more to read; nodes are in the same places."""
    pairs = [
        (now.rows + now.removed_rows, was.rows + was.removed_rows, position)
        for position, (was, now) in enumerate(zip(old.use.nodes, new.use.nodes, strict=True))
        if now.node.relation
    ]
    now, was, position = max(pairs, key=lambda pair: pair[0] - pair[1], default=(0.0, 0.0, 0))
    if now > _SIMILAR * was and now - was > _FEW_ROWS:
        name = new.use.nodes[position].node.alias or new.use.nodes[position].node.relation
        yield (
            RegressionCause.SAME_PLAN_MORE_ROWS,
            (
                f"The plan is the same, and had more to do: {format_count(now)} rows of {name} "
                f"were read, and {format_count(was)} before.  The table has grown, or the values "
                "are others."
            ),
            (position,),
        )


def _settings(compared: PlanComparison) -> Iterator[_Cause]:
    changed = [change for change in compared.changes if change.kind is ChangeKind.SETTING]
    if changed:
        told = "; ".join(
            f"{change.subject} is {change.now or 'as usual'} and was {change.was or 'as usual'}"
            for change in changed
        )
        yield RegressionCause.SETTINGS_CHANGED, f"The planner was set otherwise: {told}.", ()


def _lost_indexes(
    old: _Side, new: _Side, compared: PlanComparison, indexes: Collection[str] | None
) -> Iterator[_Cause]:
    """Indexes that only the first plan reads, unless they are known to be there."""
    partners = {pair.before: pair.after for pair in compared.pairs}
    used = {use.node.index_name for use in new.use.nodes}
    for position, use in enumerate(old.use.nodes):
        name = use.node.index_name
        if not name or name in used or (indexes is not None and name in indexes):
            continue
        used.add(name)
        instead = partners.get(_scan_of(old, position))
        sure = "is not there any more" if indexes is not None else "is not used any more"
        told = f"Index {name} {sure}"
        if instead is not None:
            told += f", and there is a {new.use.nodes[instead].node.node_type} in its place"
        told += "."
        if indexes is None:
            told += "  See whether it was dropped, or is not valid."
        yield RegressionCause.INDEX_GONE, told, () if instead is None else (instead,)


def _scan_of(side: _Side, position: int) -> int | None:
    """What reads the table of an index: the scan itself, or the heap scan above its bitmap."""
    nodes, above = side.use.nodes, position
    while not nodes[above].node.relation:
        parent = nodes[above].parent
        if parent is None:
            return None
        above = parent
    return above


def _estimates(old: _Side, new: _Side, compared: PlanComparison) -> Iterator[_Cause]:
    """The estimate that changed most, of nodes that do the same work; where it begins to.

    A node passes on what is below it: about as large a change is told of the lowest one.
    """
    was, now = _expected(old), _expected(new)
    changed = [
        (round(_times(before, after), 1), pair.after, before, after)
        for pair in compared.pairs
        if pair.after is not None
        and (before := was.get(pair.before)) is not None
        and (after := now.get(pair.after)) is not None
    ]
    _, place, before, after = max(changed, default=(0.0, 0, 0.0, 0.0))
    if _times(before, after) >= _OTHER_ESTIMATE:
        node = new.use.nodes[place].node
        what = ", ".join(sorted({n.alias or n.relation or "" for n in node.walk() if n.relation}))
        yield (
            RegressionCause.ESTIMATE_CHANGED,
            (
                f"The planner expects {format_count(after)} rows of {what}, and expected "
                f"{format_count(before)} before: statistics or values are others."
            ),
            (place,),
        )


def _times(before: float, after: float) -> float:
    """How many times more the larger one is; rows that are less than one count as one."""
    return max(before, after, 1.0) / max(min(before, after), 1.0)


def _expected(side: _Side) -> dict[int | None, float]:
    """By the position of a node that reads tables, its expected rows.

    Left out is what is expected for each loop or process: the inner side of a nested loop, and
    what is below a Gather.
    """
    nodes, found = side.use.nodes, dict[int | None, float]()
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
        stops = above is not None and above.node.node_type == "Limit"
        is_counted = use.node.node_type not in {"Limit", "Aggregate", "ModifyTable"} and not stops
        if not is_partial[position] and is_counted and any(n.relation for n in use.node.walk()):
            found[position] = use.node.rows
    return found
