"""What changed between two plans of one statement, in words, and why it matters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from pgadvisor.emit.plaintext import one_line, shortened
from pgadvisor.emit.plan_tree import head_of
from pgadvisor.emit.plan_view import ExplainedPlan
from pgadvisor.emit.regression_view import RegressionView, view_regression
from pgadvisor.emit.words import format_short, format_short_ms
from pgadvisor.history.plan_changes import compare_plans
from pgadvisor.model.node_use import NodeUse
from pgadvisor.model.plan_comparison import ChangeKind, NodePair, PlanChange, PlanComparison
from pgadvisor.units import format_count, format_ms, format_ratio, format_size

_LOWER_IS_BETTER = {
    *(ChangeKind.TIME, ChangeKind.REMOVED_ROWS, ChangeKind.BUFFERS, ChangeKind.SPILL),
    *(ChangeKind.JIT, ChangeKind.PLANNING),
}
_MAX_TEXT = 200
_SAME_TIME = 0.1
"""Two runs of one plan differ by as much."""

_REASONS: Mapping[ChangeKind, str] = {
    ChangeKind.JOIN_ORDER: "What is joined first decides how many rows each later join handles.",
    ChangeKind.JOIN_SIDES: (
        "The inner side is the one that is hashed, or run again for each outer row, so it should "
        "be the smaller or the cheaper one."
    ),
    ChangeKind.INDEX: "Another index reads other blocks, and gives the rows in another order.",
    ChangeKind.CONDITION: (
        "What an index condition excludes is not read at all; what a filter excludes is read and "
        "thrown away."
    ),
    ChangeKind.ROWS: "All that stands above handles as many rows more or fewer.",
    ChangeKind.REMOVED_ROWS: "Rows that are read and thrown away are work for nothing.",
    ChangeKind.ESTIMATE: (
        "The planner chooses by its estimates: statistics, values or the statement are not the "
        "same."
    ),
    ChangeKind.BUFFERS: (
        "Blocks hardly differ between two runs of one plan, so this is a difference of the work."
    ),
    ChangeKind.WORKERS: (
        "Workers share the time on the clock and not the work; the server starts no more than "
        "max_parallel_workers allows at that moment."
    ),
    ChangeKind.SETTING: "Plans depend on it: compare plans that were made with the same settings.",
    ChangeKind.JIT: "Compiling takes its time each time the statement is executed.",
}
_READ_BY: Mapping[str, str] = {
    "Seq Scan": (
        "The whole table is read: right for a large part of its rows, dear for a few of them."
    ),
    "Index Scan": "An index finds the rows, and each is fetched from the table.",
    "Index Only Scan": "The index alone answers, as far as the visibility map is up to date.",
    "Bitmap Heap Scan": "An index finds the blocks, which are then read in their order.",
    "Nested Loop": "The inner side runs once for each outer row: cheap while these are few.",
    "Hash Join": "The inner side is read once into a hash table, which should fit into memory.",
    "Merge Join": "Both sides are read in order; what does not come in order is sorted first.",
    "Incremental Sort": "A part of the order is there already, and groups of rows are sorted.",
    "Sort": "All rows are read before the first one is returned.",
}
_NEW: Mapping[str, str] = {
    "Sort": "The rows do not come in the order that is needed any more.",
    "Memoize": "Results of the inner side are kept for outer values that come again.",
    "Materialize": "Rows are kept, since they are needed more than once.",
    "Gather": "Workers run what is below it side by side.",
    "Gather Merge": "Workers run what is below it side by side.",
}
_GONE: Mapping[str, str] = {
    "Sort": "The rows come in the order that is needed.",
    "Memoize": "Results of the inner side are no longer kept.",
    "Gather": "No worker shares the work any more.",
    "Gather Merge": "No worker shares the work any more.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """One change in words."""

    change: PlanChange
    place: str
    """``#5 -> #3 Seq Scan on orders``, or ``the whole plan``."""
    what: str
    """``blocks 1,909 -> 845``."""
    reason: str
    """Why it matters; empty: it goes without saying."""
    is_better: bool | None
    """None: it is neither."""

    @property
    def summary(self) -> str:
        """Both in one sentence."""
        return f"{self.place}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedNode:
    """A node of both plans, or of one of them."""

    mark: str
    """``=`` the same, ``~`` done otherwise, ``-`` gone, ``+`` new."""
    depth: int
    title: str
    """``#5 -> #3 Index Scan using orders_day on orders``."""
    was: str
    """Own time, or cost where there are no times."""
    now: str
    rows_was: str
    rows_now: str
    blocks_was: str
    blocks_now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonView:
    """Two plans of one statement in words."""

    title: str
    verdict: str
    is_better: bool | None
    regression: RegressionView | None
    """None: the plan is the same, or not much slower, or has more rows to return or to read."""
    changes: tuple[ChangeView, ...]
    nodes: tuple[ComparedNode, ...]
    is_timed: bool
    comparison: PlanComparison


def view_comparison(
    before: ExplainedPlan, after: ExplainedPlan, *, indexes: Collection[str] | None = None
) -> ComparisonView:
    """Compare two plans and put it into words.

    Args:
        before: The first plan.
        after: The second one.
        indexes: Names of all indexes that there are now; None: not known.
    """
    comparison = compare_plans((before.plan, before.use), (after.plan, after.use))
    words = _Words(before=before, after=after)
    is_timed = comparison.was_ms is not None and comparison.now_ms is not None
    ratio = comparison.time_ratio if is_timed else None
    otherwise = {
        (change.before, change.after)
        for change in comparison.changes
        if change.kind in {ChangeKind.NODE_TYPE, ChangeKind.INDEX}
    }
    return ComparisonView(
        title=f"{before.execution.source} -> {after.execution.source}",
        verdict=_verdict(comparison, words),
        is_better=None if ratio is None or abs(ratio - 1) < _SAME_TIME else ratio < 1,
        regression=view_regression(before, after, comparison, indexes=indexes),
        changes=tuple(words.change(change) for change in comparison.changes),
        nodes=tuple(words.node(pair, otherwise, is_timed=is_timed) for pair in comparison.pairs),
        is_timed=is_timed,
        comparison=comparison,
    )


def _verdict(comparison: PlanComparison, words: _Words) -> str:
    old, new = words.before, words.after
    same = "the plan is the same" if old.plan.shape == new.plan.shape else "the plan is another one"
    if comparison.was_ms is None or comparison.now_ms is None:
        return (
            f"Cost {old.plan.total_cost:,.2f} -> {new.plan.total_cost:,.2f}; {same}. At least one "
            "of the two has no times, so costs are compared."
        )
    blocks = [each.plan.root.buffers.touched_blocks for each in (old, new)]
    counted = (
        f", {format_count(blocks[0])} -> {format_count(blocks[1])} blocks" if any(blocks) else ""
    )
    ratio = comparison.time_ratio
    times = f"{format_ms(comparison.was_ms)} -> {format_ms(comparison.now_ms)}"
    return f"{times}{_by(ratio)}{counted}; {same}."


def _by(ratio: float | None) -> str:
    """`` (8.2 times faster)``; empty where it is not known."""
    if not ratio:
        return ""
    if abs(ratio - 1) < _SAME_TIME:
        return " (about the same)"
    times = 1 / ratio if ratio < 1 else ratio
    shown = f"{times:.1f}" if times < 10 else format_count(times)  # noqa: PLR2004
    return f" ({shown} times {'faster' if ratio < 1 else 'slower'})"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """Knows both plans, and what their nodes are called."""

    before: ExplainedPlan
    after: ExplainedPlan

    def node(
        self, pair: NodePair, done_otherwise: set[tuple[int | None, int | None]], *, is_timed: bool
    ) -> ComparedNode:
        """Put a pair of nodes into words."""
        old, new = self._use(self.before, pair.before), self._use(self.after, pair.after)
        shown = new or old
        assert shown is not None  # noqa: S101 - a pair has one of them
        mark = "~" if (pair.before, pair.after) in done_otherwise else "="
        took = _took if is_timed else _cost
        return ComparedNode(
            mark="+" if old is None else "-" if new is None else mark,
            depth=shown.depth,
            title=f"{self._number(pair.before, pair.after)} {head_of(shown.node)}",
            was=took(old),
            now=took(new),
            rows_was=_rows(old),
            rows_now=_rows(new),
            blocks_was=_blocks(old),
            blocks_now=_blocks(new),
        )

    def change(self, change: PlanChange) -> ChangeView:
        """Put a change into words."""
        write = _SENTENCES.get(change.kind)
        what = write(self, change) if write else f"{change.kind} {_arrow(change, _plain)}"
        is_better = None
        if change.kind in _LOWER_IS_BETTER:
            is_better = change.difference < 0
        return ChangeView(
            change=change,
            place=self.place(change),
            what=one_line(what),
            reason=self._reason(change),
            is_better=is_better,
        )

    def place(self, change: PlanChange) -> str:
        """The node that a change is about: ``#5 -> #3 Seq Scan on orders``."""
        use = self._use(self.after, change.after) or self._use(self.before, change.before)
        if use is None:
            return "the whole plan"
        return f"{self._number(change.before, change.after)} {head_of(use.node)}"

    def old_head(self, change: PlanChange) -> str:
        """What the first plan does there."""
        use = self._use(self.before, change.before)
        return head_of(use.node) if use is not None else ""

    @staticmethod
    def _number(before: int | None, after: int | None) -> str:
        if before is None or after is None:
            position = after if before is None else before
            return f"#{(position or 0) + 1}"
        return f"#{after + 1}" if before == after else f"#{before + 1} -> #{after + 1}"

    @staticmethod
    def _use(explained: ExplainedPlan, position: int | None) -> NodeUse | None:
        return None if position is None else explained.use.nodes[position]

    def _reason(self, change: PlanChange) -> str:  # noqa: PLR0911  (one for each kind)
        match change.kind:
            case ChangeKind.NODE_TYPE:
                use = self._use(self.after, change.after)
                return _READ_BY.get(use.node.node_type, "") if use is not None else ""
            case ChangeKind.NEW:
                return _NEW.get(str(change.now), "")
            case ChangeKind.GONE:
                return _GONE.get(str(change.was), "")
            case ChangeKind.SPILL if change.difference > 0:
                return "It does not fit into work_mem (of hash tables: times hash_mem_multiplier)."
            case ChangeKind.SPILL:
                return "More of it fits into memory."
            case ChangeKind.TIME:
                return self._share(change)
            case ChangeKind.INDEX if change.was is None or change.now is None:
                return ""
            case kind:
                return _REASONS.get(kind, "")

    def _share(self, change: PlanChange) -> str:
        """How much of the whole difference is at one node."""
        old, new = self.before.use.total_time_ms, self.after.use.total_time_ms
        if old is None or new is None or (new - old) * change.difference <= 0:
            return ""
        share = change.difference / (new - old)
        return f"That is {format_ratio(share)} of the whole difference." if share <= 1 else ""


def _took(use: NodeUse | None) -> str:
    if use is None or use.loops == 0 or use.exclusive_time_ms is None:
        return ""
    return format_short_ms(use.exclusive_time_ms)


def _cost(use: NodeUse | None) -> str:
    return "" if use is None else format_short(use.node.total_cost)


def _rows(use: NodeUse | None) -> str:
    if use is None:
        return ""
    if use.node.never_executed:
        return "never"
    return format_short(use.rows if use.node.actual is not None else use.node.rows)


def _blocks(use: NodeUse | None) -> str:
    blocks = use.exclusive_buffers.touched_blocks if use is not None else 0
    return format_short(blocks) if blocks else ""


def _plain(value: float | str | None) -> str:
    if value is None:
        return "none"
    return format_count(value) if isinstance(value, float | int) else shortened(value, _MAX_TEXT)


def _ms(value: float | str | None) -> str:
    return format_ms(value) if isinstance(value, float | int) else "none"


def _size(value: float | str | None) -> str:
    return format_size(value) if isinstance(value, float | int) and value else "nothing"


def _arrow(change: PlanChange, form: Callable[[float | str | None], str]) -> str:
    return f"{form(change.was)} -> {form(change.now)}"


def _figure(
    what: str, form: Callable[[float | str | None], str] = _plain
) -> Callable[[_Words, PlanChange], str]:
    return lambda _, change: f"{what} {_arrow(change, form)}"


def _became(words: _Words, change: PlanChange) -> str:
    return f"was {words.old_head(change)}"


def _order(words: _Words, change: PlanChange) -> str:
    del words
    where = f" in {change.subject}" if change.subject else ""
    what = "the sides of a join" if change.kind is ChangeKind.JOIN_SIDES else "the order of joins"
    return f"{what}{where}: {_arrow(change, _plain)}"


def _setting(words: _Words, change: PlanChange) -> str:
    del words
    was, now = (value if value is not None else "its default" for value in (change.was, change.now))
    return f"{change.subject}: {was} -> {now}"


def _executed(words: _Words, change: PlanChange) -> str:
    del words
    return "is run now" if change.now else "is no longer run"


_SENTENCES: Mapping[ChangeKind, Callable[[_Words, PlanChange], str]] = {
    ChangeKind.TIME: _figure("own time", _ms),
    ChangeKind.NODE_TYPE: _became,
    ChangeKind.INDEX: _figure("index"),
    ChangeKind.JOIN_ORDER: _order,
    ChangeKind.JOIN_SIDES: _order,
    ChangeKind.CONDITION: _figure("condition"),
    ChangeKind.ROWS: _figure("rows"),
    ChangeKind.REMOVED_ROWS: _figure("rows read and thrown away"),
    ChangeKind.ESTIMATE: _figure("planned rows"),
    ChangeKind.BUFFERS: _figure("blocks"),
    ChangeKind.SPILL: _figure("written to temporary files", _size),
    ChangeKind.WORKERS: _figure("workers"),
    ChangeKind.EXECUTED: _executed,
    ChangeKind.GONE: lambda _words, _change: "is gone",
    ChangeKind.NEW: lambda _words, _change: "is new",
    ChangeKind.SETTING: _setting,
    ChangeKind.JIT: lambda _, change: f"compiling (JIT): {_arrow(change, _ms)}",
    ChangeKind.PLANNING: lambda _, change: f"planning: {_arrow(change, _ms)}",
}
