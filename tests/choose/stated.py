"""A planner by the book: it takes the cheapest of the plans that a statement is said to have.

It stands for what the theory assumes of planners, not for PostgreSQL: what PostgreSQL does is
tested in ``test_choice_on_a_twin.py``, on PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from pgadvisor.choose.bounds import Price
from pgadvisor.choose.inquiry import Inquirer
from pgadvisor.choose.knowledge import StatementKnowledge
from pgadvisor.choose.pool import Pool
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.candidate import Candidate, WeightedStatement
from pgadvisor.model.estimate import Fidelity, RebuiltSize
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.schema import IndexKey
from pgadvisor.whatif.backend import AS_IS, Built, Configuration, NotBuilt, NotPlanned


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedPlan:
    """A plan that a statement has when some indexes are there."""

    cost: float
    uses: frozenset[int] = frozenset()
    """Numbers of the candidates that it needs."""
    hopes: frozenset[int] = frozenset()
    """Those of them that it walks in order under a LIMIT, until a filter has let enough pass."""
    extra: float = 0.0
    """What it takes beyond the planner's cost."""
    filter: str = ""
    """Which rows a scan of the table ``orders`` keeps; empty: it has none."""

    @property
    def appraised_cost(self) -> float:
        """What it takes in truth."""
        return self.cost + self.extra


def a_plan(cost: float, *uses: int, hopes: Iterable[int] = (), extra: float = 0.0) -> StatedPlan:
    """Build a plan that needs candidates."""
    return StatedPlan(cost=cost, uses=frozenset(uses), hopes=frozenset(hopes), extra=extra)


def appraise(plan: Plan) -> float:
    """What a stated plan takes in truth."""
    return plan.total_cost + plan.root.startup_cost


def a_candidate(number: int, *columns: str, table: str = "orders", table_oid: int = 1) -> Candidate:
    """Build a candidate that can be told from others by its number."""
    keys = columns or (f"c{number}",)
    definition = IndexDefinition(
        table_oid=table_oid,
        schema="public",
        table=table,
        keys=tuple(IndexKey(column=column) for column in keys),
    )
    return Candidate(definition=definition, statement_ids=(), reason=f"candidate {number}")


def a_weighted(
    name: str = "1", *, calls: float = 1.0, mean_time_ms: float | None = None, rows: float = 1.0
) -> WeightedStatement:
    """Build a statement of the workload."""
    return WeightedStatement(
        id=name, text=name, calls_per_day=calls, mean_time_ms=mean_time_ms, rows_per_call=rows
    )


def cheapest(plans: Sequence[StatedPlan], shown: Iterable[int]) -> StatedPlan:
    """The plan that is taken under a set."""
    present = frozenset(shown)
    possible = [plan for plan in plans if plan.uses <= present]
    return min(possible, key=lambda plan: (plan.cost, len(plan.uses), sorted(plan.uses)))


def honest(plans: Sequence[StatedPlan], shown: Iterable[int]) -> StatedPlan:
    """The plan that is taken without what is only hoped for."""
    present = frozenset(shown)
    while (plan := cheapest(plans, present)).hopes:
        present -= plan.hopes
    return plan


class StatedPlanner:
    """Plans by lists of plans.

    Args:
        plans: Of each statement, by its text.
        candidates: The candidates, by number.
        sizes_bytes: Of the candidates.
    """

    def __init__(
        self,
        plans: Mapping[str, Sequence[StatedPlan]],
        candidates: Sequence[Candidate],
        sizes_bytes: Sequence[int] = (),
    ) -> None:
        self._plans = plans
        self._numbers = {one.definition: number for number, one in enumerate(candidates)}
        self._sizes_bytes = sizes_bytes or [1] * len(candidates)
        self.call_count = 0

    def fidelity(self) -> Fidelity:
        """Nothing is compared."""
        return Fidelity()

    def build(self, definitions: Sequence[IndexDefinition]) -> tuple[Built | NotBuilt, ...]:
        """Every index is built, and called by its number."""
        return tuple(
            Built(
                definition=one,
                name=str(self._numbers[one]),
                size_bytes=self._sizes_bytes[self._numbers[one]],
            )
            for one in definitions
        )

    def plan(self, statement: str, configuration: Configuration = AS_IS) -> Plan | NotPlanned:
        """Take the cheapest plan whose indexes are there."""
        self.call_count += 1
        taken = self.taken(statement, {self._numbers[one] for one in configuration.create})
        scans = tuple(
            PlanNode(
                node_type="Index Scan",
                index_name=str(number),
                filter="f" if number in taken.hopes else None,
                index_condition=None if number in taken.hopes else "c",
            )
            for number in sorted(taken.uses)
        )
        if taken.filter:
            scans += (
                PlanNode(
                    node_type="Seq Scan", schema="public", relation="orders", filter=taken.filter
                ),
            )
        return Plan(
            root=PlanNode(
                node_type="Limit",
                startup_cost=taken.extra,
                total_cost=taken.cost,
                children=scans,
            )
        )

    def taken(self, statement: str, shown: Collection[int]) -> StatedPlan:
        """The plan of a statement under a set."""
        return cheapest(self._plans[statement], shown)

    def plans(
        self, questions: Sequence[tuple[str, Configuration]]
    ) -> tuple[Plan | NotPlanned, ...]:
        """Plan one after the other."""
        return tuple(self.plan(*question) for question in questions)

    def rebuilt_sizes(self, oids: Collection[int]) -> tuple[RebuiltSize, ...]:  # noqa: ARG002
        """Nothing is known of existing indexes."""
        return ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass


def a_price(number: int, *, size_bytes: int = 1, table_oid: int = 1, **costs: float) -> Price:
    """Build the price of a candidate."""
    return Price(name=str(number), table_oid=table_oid, size_bytes=size_bytes, **costs)


def an_inquirer(planner: StatedPlanner, candidates: Sequence[Candidate]) -> Inquirer:
    """Build who asks it."""
    numbers = {str(number): number for number in range(len(candidates))}
    return Inquirer(planner, [one.definition for one in candidates], numbers, appraise)


def a_pool(
    plans: Mapping[str, Sequence[StatedPlan]],
    *,
    statements: Iterable[WeightedStatement] = (),
    values: Mapping[str, float] | None = None,
    min_gain_ratio: float = 0.0,
) -> Pool:
    """Build what is known before anything is asked: what each statement costs now.

    Args:
        plans: Of each statement, by its id.
        statements: Those that are more than an id.
        values: What a unit of cost is worth a day, by id; 1 unless given.
        min_gain_ratio: What a plan has to take off the cost.
    """
    weighted = {one.id: one for one in statements}
    return Pool(
        [
            StatementKnowledge(
                weighted.get(name) or a_weighted(name),
                sorted({number for plan in its for number in plan.uses}),
                (values or {}).get(name, 1.0),
                cheapest(its, ()).cost,
                min_gain_ratio,
            )
            for name, its in plans.items()
        ]
    )
