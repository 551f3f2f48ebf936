"""What each statement can cost: its atomic plans, found by peeling.

With all candidates switched on at once, one EXPLAIN gives a statement's lowest cost and
the indexes that it takes.  Those are removed, and the next EXPLAIN gives the runner-up,
until nothing is gained any more.  A plan found under configuration C that used U holds for
every configuration between U and C, since the planner takes the cheapest plan there is: so
a handful of calls tells the cost under any set of indexes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.candidate import WeightedStatement
from pgadvisor.model.plan import Plan
from pgadvisor.whatif.backend import Backend, Configuration, NotPlanned

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""

MAX_ROUNDS = 5
"""Plans looked at per statement; later ones are hardly better than no index."""
MIN_GAIN_RATIO = 0.02
"""A plan that is not this much cheaper than the present one is no alternative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtomicPlan:
    """A plan with the candidate indexes that it needs; its cost is in planner units."""

    cost: float
    uses: frozenset[IndexDefinition]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPlans:
    """A statement's present cost, and what it could cost with which indexes."""

    statement: WeightedStatement
    base_cost: float
    alternatives: tuple[AtomicPlan, ...] = ()
    """The cheapest first."""

    def cost_under(self, chosen: frozenset[IndexDefinition]) -> float:
        """The cost when those indexes exist: of the cheapest plan that needs no others."""
        for plan in self.alternatives:
            if plan.uses <= chosen:
                return min(plan.cost, self.base_cost)
        return self.base_cost


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTable:
    """The atomic plans of all statements that were costed."""

    rows: tuple[StatementPlans, ...]
    uncosted: tuple[tuple[str, str], ...]
    """Id and reason of each statement that the planner refuses."""


def plan_table(
    statements: Sequence[WeightedStatement],
    built: Iterable[IndexDefinition],
    backend: Backend,
    names: Mapping[str, IndexDefinition],
    progress: Progress | None = None,
) -> PlanTable:
    """Cost each statement without and with the indexes that it could use.

    Args:
        statements: The workload; those that no candidate can serve are costed once.
        built: Candidates that the backend has built.
        backend: The planner.
        names: The candidates by the name that plans call them.
        progress: Told after each statement.
    """
    by_column: dict[tuple[int, str], list[IndexDefinition]] = {}
    for definition in built:
        by_column.setdefault(leading_column(definition), []).append(definition)
    rows, uncosted = [], []
    for position, statement in enumerate(statements, start=1):
        usable = frozenset(
            definition
            for column in sorted(statement.columns)
            for definition in by_column.get(column, ())
        )
        found = _peel(statement, usable, backend, names)
        if isinstance(found, NotPlanned):
            uncosted.append((statement.id, found.reason))
        else:
            rows.append(found)
        if progress is not None:
            progress("costing statements", position, len(statements))
    return PlanTable(rows=tuple(rows), uncosted=tuple(uncosted))


def leading_column(definition: IndexDefinition) -> tuple[int, str]:
    """The table's OID and the first key, a column's name or an expression's text."""
    first = definition.keys[0]
    return (definition.table_oid, first.column or first.expression or "")


def used_candidates(plan: Plan, names: Mapping[str, IndexDefinition]) -> frozenset[IndexDefinition]:
    """The candidates among the indexes that a plan reads."""
    return frozenset(names[name] for name in plan.index_names if name in names)


def _peel(
    statement: WeightedStatement,
    usable: frozenset[IndexDefinition],
    backend: Backend,
    names: Mapping[str, IndexDefinition],
) -> StatementPlans | NotPlanned:
    settings = statement.settings
    base = backend.plan(statement.text, Configuration(settings=settings))
    if isinstance(base, NotPlanned):
        return base
    alternatives: list[AtomicPlan] = []
    left = usable
    for _ in range(MAX_ROUNDS):
        if not left:
            break
        plan = backend.plan(statement.text, Configuration(create=left, settings=settings))
        if isinstance(plan, NotPlanned):
            return plan
        uses = used_candidates(plan, names)
        if not uses or plan.total_cost > base.total_cost * (1 - MIN_GAIN_RATIO):
            break
        hopeful = _hopeful(plan, names)
        if not hopeful:
            alternatives.append(AtomicPlan(cost=plan.total_cost, uses=uses))
        left -= hopeful or uses
    return StatementPlans(
        statement=statement, base_cost=base.total_cost, alternatives=tuple(alternatives)
    )


def _hopeful(plan: Plan, names: Mapping[str, IndexDefinition]) -> frozenset[IndexDefinition]:
    """Candidates that are walked in order, row by row, until enough rows pass a filter.

    Under a LIMIT the planner takes that for cheap, since it believes the matching rows to be
    spread evenly.  Where they are not (the oldest jobs are all done), it reads everything.  No
    index is proposed on such a hope.
    """
    return frozenset(
        names[node.index_name]
        for node in plan.root.walk()
        if node.index_name and node.index_name in names
        if node.filter and not node.index_condition
    )
