"""The choice among six indexes, beside what planning all sets of them on PostgreSQL tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import pytest

from pgadvisor.choose.chooser import (
    BUILD_EVERY_DAYS,
    BUILD_MS_PER_MIB,
    NO_STRICTNESS,
    IndexChooser,
    Strictness,
)
from pgadvisor.choose.search import CLOSE_ENOUGH_RATIO
from pgadvisor.choose.workload import weigh
from pgadvisor.choose.write_cost import WRITE_MS_PER_ENTRY, WriteCost
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.budget import Budget
from pgadvisor.model.candidate import Candidate, WeightedStatement
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.choice import Choice
from pgadvisor.model.plan import Plan
from pgadvisor.model.schema import IndexKey, Table
from pgadvisor.model.statement import Statement
from pgadvisor.parse.usage import usage_of
from pgadvisor.testing import (
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    column_statistics,
    table_activity,
)
from pgadvisor.units import MiB
from pgadvisor.whatif.backend import Built, Configuration
from pgadvisor.whatif.twin import Twin

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("choice_on_a_twin")]

CUSTOMERS = a_table("customers", "id bigint not null", "country text", rows=100_000)
ORDERS = a_table(
    "orders",
    "id bigint not null",
    "customer_id bigint",
    "status text",
    "created_at timestamptz",
    "total bigint",
    rows=1_000_000,
)
EVENTS = a_table(
    "events",
    "id bigint not null",
    "order_id bigint",
    "kind text",
    "at timestamptz",
    rows=2_000_000,
)
DISTINCT: Mapping[Table, Mapping[str, float]] = {
    CUSTOMERS: {"id": -1.0, "country": 60.0},
    ORDERS: {
        "id": -1.0,
        "customer_id": 80_000.0,
        "status": 25.0,
        "created_at": -1.0,
        "total": -0.5,
    },
    EVENTS: {"id": -1.0, "order_id": -0.3, "kind": 500.0, "at": -1.0},
}
CATALOG = Catalog(
    a_snapshot(
        *DISTINCT,
        *(a_primary_key(table, "id") for table in DISTINCT),
        *(
            column_statistics(table, column, n_distinct=distinct)
            for table, columns in DISTINCT.items()
            for column, distinct in columns.items()
        ),
        table_activity(ORDERS, rows_inserted=9_000_000),
        table_activity(EVENTS, rows_inserted=90_000_000),
    )
)
DAYS = 90.0
STATEMENTS = (
    a_statement("select * from orders where customer_id = $1", calls=9_000_000, mean_time_ms=8.0),
    a_statement(
        "select * from orders where status = $1 and created_at > $2",
        calls=450_000,
        mean_time_ms=60.0,
    ),
    a_statement(
        "select o.id, count(*) from orders o join events e on e.order_id = o.id "
        "where o.customer_id = $1 group by o.id",
        calls=90_000,
        mean_time_ms=300.0,
    ),
    a_statement(
        "select * from events where kind = $1 order by at desc limit 20",
        calls=900_000,
        mean_time_ms=25.0,
    ),
    a_statement(
        "select c.id, o.total from customers c join orders o on o.customer_id = c.id "
        "where c.country = $1 and c.id between $2 and $3",
        calls=180_000,
        mean_time_ms=90.0,
    ),
)
LOG = a_statement(
    "insert into events (order_id, kind) values ($1, $2)", calls=90_000_000, mean_time_ms=0.02
)


def candidate(table: Table, *columns: str) -> Candidate:
    definition = IndexDefinition(
        table_oid=table.oid,
        schema="public",
        table=table.name,
        keys=tuple(IndexKey(column=column) for column in columns),
    )
    return Candidate(definition=definition, statement_ids=(), reason="")


CANDIDATES = (
    candidate(ORDERS, "customer_id"),
    candidate(ORDERS, "status"),
    candidate(ORDERS, "status", "created_at"),
    candidate(EVENTS, "order_id"),
    candidate(EVENTS, "kind", "at"),
    candidate(CUSTOMERS, "country"),
)
FREE = Budget(min_saving_ratio=0.0)
"""An index is worth having whatever it saves."""
BUDGETS = (
    FREE,
    replace(FREE, max_indexes=0),
    replace(FREE, max_indexes=1),
    replace(FREE, max_indexes=2),
    replace(FREE, max_indexes=3),
    replace(FREE, index_bytes=0),
    replace(FREE, index_bytes=8 * MiB),
    replace(FREE, index_bytes=16 * MiB),
    replace(FREE, index_bytes=40 * MiB),
    replace(FREE, index_bytes=70 * MiB),
    replace(FREE, max_indexes_per_table=1),
    replace(FREE, index_bytes=60 * MiB, max_indexes=2, max_indexes_per_table=1),
)


def weighted(*statements: Statement) -> tuple[WeightedStatement, ...]:
    usages = {one.id: usage_of(one.id, one.text, CATALOG) for one in statements}
    return weigh(statements, usages, CATALOG, DAYS).statements


def chooser(
    twin: Twin,
    statements: Sequence[Statement] = STATEMENTS,
    candidates: Sequence[Candidate] = CANDIDATES,
    strictness: Strictness = NO_STRICTNESS,
) -> IndexChooser:
    workload = weighted(*statements)
    usages = [usage_of(one.id, one.text, CATALOG) for one in statements]
    write_cost = WriteCost(CATALOG, usages, DAYS, workload)
    return IndexChooser(workload, candidates, twin, write_cost, strictness=strictness)


def names(choice: Choice) -> set[str]:
    return {index.name for index in choice.chosen}


def tables(choice: Choice) -> set[str]:
    return {index.candidate.definition.table for index in choice.chosen}


def refused(choice: Choice) -> dict[str, str]:
    return {
        f"{one.candidate.definition.table}({', '.join(map(str, columns))})": one.code
        for one in choice.rejected
        if (columns := one.candidate.definition.key_columns)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What each set of candidates saves a day, and takes; every statement was planned with it."""

    saved: Mapping[frozenset[IndexDefinition], float]
    sizes_bytes: Mapping[IndexDefinition, int]
    plan_count: int

    def best(self, budget: Budget) -> float:
        """The most that a set within the budget saves."""
        return max(saved for chosen, saved in self.saved.items() if self._allows(budget, chosen))

    def _allows(self, budget: Budget, chosen: frozenset[IndexDefinition]) -> bool:
        on_table = [one.table for one in chosen]
        return (
            (budget.max_indexes is None or len(chosen) <= budget.max_indexes)
            and all(on_table.count(t) <= budget.max_indexes_per_table for t in on_table)
            and (
                budget.index_bytes is None
                or sum(self.sizes_bytes[one] for one in chosen) <= budget.index_bytes
            )
        )


@pytest.fixture(scope="module")
def truth() -> Truth:
    """Plans of all statements with all sets, from a twin of their own: nothing is known before."""
    definitions = [one.definition for one in CANDIDATES]
    every = [
        frozenset(chosen)
        for count in range(len(definitions) + 1)
        for chosen in combinations(definitions, count)
    ]
    workload = weighted(*STATEMENTS)
    write_cost = WriteCost(CATALOG, (), DAYS, workload)
    with Twin(CATALOG.snapshot) as twin:
        built = [one for one in twin.build(definitions) if isinstance(one, Built)]
        sizes_bytes = {one.definition: one.size_bytes for one in built}
        paid = {
            one: write_cost.entries_per_day(one) * WRITE_MS_PER_ENTRY
            + size_bytes / MiB * BUILD_MS_PER_MIB / BUILD_EVERY_DAYS
            for one, size_bytes in sizes_bytes.items()
        }
        costs = {chosen: [cost(twin, one, chosen) for one in workload] for chosen in every}
    times = [one.time_ms_per_day or 0.0 for one in workload]
    saved = {
        chosen: sum(
            time * (1 - after / before)
            for time, before, after in zip(times, costs[frozenset()], costs[chosen], strict=True)
        )
        - sum(paid[one] for one in chosen)
        for chosen in every
    }
    return Truth(saved=saved, sizes_bytes=sizes_bytes, plan_count=len(every) * len(workload))


def cost(
    twin: Twin, statement: WeightedStatement, chosen: frozenset[IndexDefinition] = frozenset()
) -> float:
    plan = twin.plan(statement.text, Configuration(create=chosen))
    assert isinstance(plan, Plan)
    return plan.total_cost


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    """A twin that has not been asked."""
    with Twin(CATALOG.snapshot) as twin:
        yield twin


@pytest.fixture(scope="module")
def chosen(twin: Twin) -> Mapping[Budget, Choice]:
    """The choice for each budget, by one chooser."""
    one = chooser(twin)
    return {budget: one.choose(budget) for budget in BUDGETS}


@pytest.mark.parametrize("budget", BUDGETS, ids=range(len(BUDGETS)))
def test_chooses_a_set_that_none_is_better_than(
    budget: Budget, chosen: Mapping[Budget, Choice], truth: Truth
) -> None:
    choice = chosen[budget]

    definitions = frozenset(index.candidate.definition for index in choice.chosen)
    assert choice.optimality is not None
    assert choice.optimality.saved_per_day == pytest.approx(truth.saved[definitions])
    assert choice.optimality.saved_per_day == pytest.approx(truth.best(budget))


@pytest.mark.parametrize("budget", BUDGETS, ids=range(len(BUDGETS)))
def test_proves_that_none_is_better(
    budget: Budget, chosen: Mapping[Budget, Choice], truth: Truth
) -> None:
    proven = chosen[budget].optimality

    assert proven is not None
    near = CLOSE_ENOUGH_RATIO * proven.total_per_day
    rounding = 1e-6 * proven.total_per_day
    assert proven.bound_per_day >= truth.best(budget) - rounding
    assert 0.0 <= proven.bound_per_day - proven.saved_per_day + rounding <= near + 2 * rounding
    assert not proven.is_cut_short


def test_needs_few_plans_for_all_budgets_together(truth: Truth) -> None:
    with Twin(CATALOG.snapshot) as fresh:
        one = chooser(fresh)
        for budget in BUDGETS:
            one.choose(budget)

        assert truth.plan_count == 320
        assert fresh.call_count <= 25


@pytest.mark.parametrize("workers", [1, 2])
def test_chooses_the_same_again_with_any_number_of_workers(
    workers: int, chosen: Mapping[Budget, Choice]
) -> None:
    with Twin(CATALOG.snapshot, workers=workers) as fresh:
        one = chooser(fresh)

        again = {budget: one.choose(budget) for budget in BUDGETS}

    assert {budget: replace(choice, what_if_calls=0) for budget, choice in again.items()} == {
        budget: replace(choice, what_if_calls=0) for budget, choice in chosen.items()
    }


@pytest.mark.parametrize("shift", range(1, len(STATEMENTS)))
def test_chooses_the_same_set_in_any_order_of_statements(
    shift: int, twin: Twin, chosen: Mapping[Budget, Choice]
) -> None:
    one = chooser(twin, (*STATEMENTS[shift:], *STATEMENTS[:shift]))

    assert [names(one.choose(budget)) for budget in BUDGETS] == [
        names(chosen[budget]) for budget in BUDGETS
    ]


def test_chooses_the_same_set_in_any_order_of_candidates_and_of_budgets(
    twin: Twin, chosen: Mapping[Budget, Choice]
) -> None:
    one = chooser(twin, candidates=CANDIDATES[::-1])

    assert {budget: names(one.choose(budget)) for budget in BUDGETS[::-1]} == {
        budget: names(choice) for budget, choice in chosen.items()
    }


def test_accounts_for_the_whole_set(chosen: Mapping[Budget, Choice]) -> None:
    choice = chosen[FREE]

    assert choice.optimality is not None
    paid = sum(index.write_ms_per_day or 0.0 for index in choice.chosen)
    gained = sum(effect.saved_ms_per_day or 0.0 for effect in choice.effects)
    shares = sum(index.saved_ms_per_day or 0.0 for index in choice.chosen)
    assert choice.optimality.saved_per_day == pytest.approx(gained - paid)
    assert shares == pytest.approx(gained)
    assert all(index.marginal_per_day > 0 for index in choice.chosen)
    assert choice.costed_statements == choice.total_statements == 5


def test_an_index_is_worth_what_the_set_without_it_saves_less(
    chosen: Mapping[Budget, Choice], truth: Truth
) -> None:
    choice = chosen[FREE]

    whole = frozenset(index.candidate.definition for index in choice.chosen)
    for index in choice.chosen:
        rest = whole - {index.candidate.definition}
        assert index.marginal_per_day == pytest.approx(truth.saved[whole] - truth.saved[rest])


def test_the_frontier_saves_more_the_more_storage_there_is(twin: Twin, truth: Truth) -> None:
    choice = chooser(twin).choose(replace(FREE, index_bytes=40 * MiB), with_frontier=True)

    points = choice.frontier
    assert len(points) >= 4
    assert [point.saved_per_day for point in points] == sorted(p.saved_per_day for p in points)
    assert [point.index_bytes for point in points if point.is_chosen] == [
        sum(index.candidate.size_bytes for index in choice.chosen)
    ]
    for point in points:
        best = truth.best(replace(FREE, index_bytes=point.budget_bytes))
        assert point.saved_per_day == pytest.approx(best)
        assert point.index_bytes <= point.budget_bytes


def test_puts_no_index_where_it_makes_a_frequent_insert_too_dear(twin: Twin) -> None:
    one = chooser(twin, (*STATEMENTS, LOG))

    strict = one.choose(replace(FREE, max_regression_ratio=0.1))
    loose = one.choose(replace(FREE, max_regression_ratio=0.25))

    assert "events" not in tables(strict)
    assert refused(strict)["events(order_id)"] == "regression"
    assert refused(strict)["events(kind, at)"] == "regression"
    assert len([i for i in loose.chosen if i.candidate.definition.table == "events"]) == 2


@pytest.mark.parametrize("name", ["orders", "public.orders"])
def test_puts_no_index_on_a_forbidden_table(name: str, twin: Twin) -> None:
    choice = chooser(twin).choose(replace(FREE, forbidden=frozenset({name})))

    assert tables(choice) == {"events", "customers"}
    assert refused(choice) == {
        "orders(customer_id)": "forbidden",
        "orders(status)": "forbidden",
        "orders(status, created_at)": "forbidden",
    }


def test_an_index_has_to_save_its_share_of_the_time(twin: Twin, truth: Truth) -> None:
    choice = chooser(twin).choose(replace(FREE, min_saving_ratio=0.1))

    assert tables(choice) == {"orders", "events"}
    assert refused(choice)["customers(country)"] == "too-little"
    assert choice.optimality is not None
    assert choice.optimality.saved_per_day < truth.best(FREE)


def test_reports_a_statement_that_the_planner_refuses_and_goes_on_without_it(
    twin: Twin, chosen: Mapping[Budget, Choice]
) -> None:
    wrong = a_statement("select missing from orders where customer_id = $1")

    choice = chooser(twin, (*STATEMENTS, wrong)).choose(FREE)

    [(statement_id, reason)] = choice.uncosted
    assert statement_id == wrong.id
    assert reason == 'column "missing" does not exist'
    assert names(choice) == names(chosen[FREE])
    assert (choice.costed_statements, choice.total_statements) == (5, 6)


def test_does_not_hope_for_an_early_end(twin: Twin) -> None:
    hoping = a_statement("select * from orders where status = $1 order by created_at limit 10")
    walked, found = candidate(ORDERS, "created_at"), candidate(ORDERS, "status", "created_at")

    alone = chooser(twin, (hoping,), (walked,)).choose(FREE)
    both = chooser(twin, (hoping,), (walked, found)).choose(FREE)

    [statement] = weighted(hoping)
    walking = cost(twin, statement, frozenset({walked.definition}))
    assert walking < 0.01 * cost(twin, statement)
    assert refused(alone) == refused(both) == {"orders(created_at)": "not-used"}
    assert [index.candidate.definition for index in both.chosen] == [found.definition]


def test_of_nothing_nothing_is_chosen(twin: Twin) -> None:
    choice = chooser(twin, candidates=()).choose(FREE, with_frontier=True)

    assert (choice.chosen, choice.rejected, choice.effects) == ((), (), ())
    assert choice.optimality is not None
    assert choice.optimality.gap_ratio == 0.0
    assert choice.geometric_mean_ratio is None
