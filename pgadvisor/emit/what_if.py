"""One statement planned twice: as the database is, and as it could be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.emit.plaintext import one_line, shortened
from pgadvisor.emit.plan_tree import tree_lines
from pgadvisor.emit.side_by_side import render_plans
from pgadvisor.model.plan import Plan
from pgadvisor.units import format_ratio, format_size
from pgadvisor.whatif.planner_settings import is_for_execution

_SHOWN_STATEMENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedIndex:
    """A hypothetical index, and what became of it in one plan."""

    statement: str
    """The CREATE INDEX."""
    name: str
    size_bytes: int
    """What it is predicted to take."""
    part_names: tuple[str, ...] = ()
    """On a partitioned table: what plans call its parts."""
    notes: tuple[str, ...] = ()
    """What is not known of it, as clauses."""
    reason_unused: str = ""
    """Why the plan leaves it alone, as a clause; empty where it does not, or nobody knows."""

    def is_used(self, plan: Plan) -> bool:
        """Whether a plan reads it, or a part of it."""
        return not plan.index_names.isdisjoint({self.name, *self.part_names})


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """A statement's plans before and after a change that was not made."""

    statement: str
    before: Plan
    after: Plan | None = None
    """None: nothing was to be different."""
    created: tuple[TriedIndex, ...] = ()
    dropped: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def is_same_plan(self) -> bool:
        """Whether the change leaves the plan as it is, whatever becomes of its cost."""
        return self.after is not None and self.after.shape == self.before.shape

    @property
    def cost_ratio(self) -> float | None:
        """Cost after / cost before; None without an after, or for a statement without cost."""
        if self.after is None or not self.before.total_cost:
            return None
        return self.after.total_cost / self.before.total_cost


def render_what_if(tried: WhatIf, *, width: int, color: bool = False) -> str:
    """Render the plans and what the change comes to.

    Args:
        tried: What was planned.
        width: Columns; from 120 on the plans stand beside each other.
        color: Use ANSI colours.
    """
    if tried.after is None:
        lines = [*tree_lines(tried.before, width), "", f"cost {_cost(tried.before)}"]
    elif tried.is_same_plan:
        lines = [*tree_lines(tried.after, width), "", *_outcome(tried, tried.after)]
    else:
        plans = render_plans(tried.before, tried.after, width=width, color=color)
        lines = [plans, "", *_outcome(tried, tried.after)]
    return "\n".join(lines)


def render_heading(tried: WhatIf, number: int, count: int) -> str:
    """One line that tells which of several statements follows."""
    return f"{number} of {count}: {shortened(tried.statement, _SHOWN_STATEMENT)}"


def describe_index(index: TriedIndex) -> str:
    """What a hypothetical index is: ``orders_customer_id_idx, estimated 1.2 MB: create ...``."""
    size = format_size(index.size_bytes)
    return f"{one_line(index.name)}, estimated {size}: {one_line(index.statement)}"


def _outcome(tried: WhatIf, after: Plan) -> Iterator[str]:
    head = "same plan, " if tried.is_same_plan else ""
    used = [index for index in tried.created if index.is_used(after)]
    uses = "".join(
        f", uses {one_line(index.name)} (estimated {format_size(index.size_bytes)})"
        for index in used
    )
    yield f"{head}cost {_change(tried.before, after, tried.cost_ratio)}{uses}"
    for index in tried.created:
        yield from (f"{one_line(index.name)}: {one_line(note)}" for note in index.notes)
        if index not in used:
            reason = f": {index.reason_unused}" if index.reason_unused else ""
            size = format_size(index.size_bytes)
            yield f"does not use {one_line(index.name)} (estimated {size}){reason}"
    yield from _others(tried.dropped, tried.settings)


def _others(dropped: Sequence[str], settings: Sequence[tuple[str, str]]) -> Iterator[str]:
    if dropped:
        yield f"without {', '.join(map(one_line, dropped))}"
    for name, value in settings:
        unseen = ", which the planner does not look at" if is_for_execution(name) else ""
        yield f"with {one_line(name)} = {one_line(value)}{unseen}"


def _change(before: Plan, after: Plan, ratio: float | None) -> str:
    if before.total_cost == after.total_cost:
        return _cost(before)
    share = f" ({format_ratio(ratio)})" if ratio is not None else ""
    return f"{_cost(before)} -> {_cost(after)}{share}"


def _cost(plan: Plan) -> str:
    return f"{plan.total_cost:,.2f}"
