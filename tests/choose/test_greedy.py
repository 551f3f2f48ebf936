"""The greedy choice, on plan tables built by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.choose.greedy import greedy
from pgadvisor.choose.optimiser import Price, Problem
from pgadvisor.choose.plans import AtomicPlan, PlanTable, StatementPlans
from pgadvisor.choose.value import valuation
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.budget import Budget
from pgadvisor.model.candidate import WeightedStatement
from pgadvisor.model.schema import IndexKey
from pgadvisor.units import MiB


def index(*columns: str, table: str = "orders") -> IndexDefinition:
    return IndexDefinition(
        table_oid=sum(table.encode()),
        schema="public",
        table=table,
        keys=tuple(IndexKey(column=column) for column in columns),
    )


def statement(
    name: str,
    *alternatives: tuple[float, IndexDefinition | tuple[IndexDefinition, ...]],
    base: float = 100.0,
    calls_per_day: float = 1000.0,
    mean_time_ms: float | None = 10.0,
) -> StatementPlans:
    """A statement that costs ``base``, or less with an index or with several together."""
    plans = sorted(
        (
            AtomicPlan(
                cost=cost,
                uses=frozenset(uses) if isinstance(uses, tuple) else frozenset({uses}),
            )
            for cost, uses in alternatives
        ),
        key=lambda plan: plan.cost,
    )
    weighted = WeightedStatement(
        id=name, text="select 1", calls_per_day=calls_per_day, mean_time_ms=mean_time_ms
    )
    return StatementPlans(statement=weighted, base_cost=base, alternatives=tuple(plans))


def problem(
    *rows: StatementPlans,
    budget: Budget | None = None,
    sizes: dict[IndexDefinition, int] | None = None,
    write_values: dict[IndexDefinition, float] | None = None,
) -> Problem:
    definitions = {d for row in rows for plan in row.alternatives for d in plan.uses}
    definitions |= set(sizes or {})
    return Problem(
        table=PlanTable(rows=rows, uncosted=()),
        prices={
            d: Price(
                size_bytes=(sizes or {}).get(d, MiB),
                entries_per_day=0.0,
                write_value=(write_values or {}).get(d, 0.0),
                name="_".join(str(key.column) for key in d.keys),
            )
            for d in sorted(definitions, key=str)
        },
        valuation=valuation([row.statement for row in rows], rows),
        budget=budget or Budget(),
    )


def test_takes_the_index_that_saves_time() -> None:
    solution = greedy(problem(statement("s", (1.0, index("a")))))

    assert solution.chosen == (index("a"),)
    assert solution.refused == {}


def test_prefers_the_index_that_saves_more_per_byte() -> None:
    wide, narrow = index("a", "b"), index("a")
    rows = (statement("s", (1.0, wide), (2.0, narrow)),)

    solution = greedy(problem(*rows, sizes={wide: 100 * MiB, narrow: MiB}))

    assert solution.chosen == (narrow,)
    assert solution.refused[wide].code == "covered"


def test_takes_two_indexes_that_only_pay_together() -> None:
    left, right = index("a"), index("b", table="lines")

    solution = greedy(problem(statement("s", (1.0, (left, right)))))

    assert set(solution.chosen) == {left, right}


def test_leaves_out_what_does_not_fit_the_budget() -> None:
    large = index("a")
    budget = Budget(index_bytes=10 * MiB)

    solution = greedy(problem(statement("s", (1.0, large)), sizes={large: 11 * MiB}, budget=budget))

    assert solution.chosen == ()
    assert solution.refused[large].code == "over-budget"
    assert solution.refused[large].reason == "needs 11 MB, and 10 MB of the budget are left"


def test_leaves_out_what_writes_cost_more_than_reads_save() -> None:
    definition = index("a")
    rows = (statement("s", (50.0, definition)),)

    solution = greedy(problem(*rows, write_values={definition: 5_001.0}))

    assert solution.refused[definition].code == "write-cost"


def test_leaves_out_what_saves_too_little_of_the_workload() -> None:
    rare = statement("rare", (1.0, index("a")), calls_per_day=1.0)
    frequent = statement("frequent", calls_per_day=1_000.0)

    solution = greedy(problem(rare, frequent))

    assert solution.refused[index("a")].code == "too-little"


def test_leaves_out_a_gain_within_the_error_of_the_estimates() -> None:
    solution = greedy(problem(statement("s", (81.0, index("a")))))

    assert solution.refused[index("a")].code == "too-little"


def test_says_of_an_index_that_no_plan_takes_that_it_is_not_used() -> None:
    idle = index("z")

    solution = greedy(problem(statement("s", (1.0, index("a"))), sizes={idle: MiB}))

    assert solution.refused[idle].code == "not-used"


def test_holds_the_number_of_indexes() -> None:
    rows = (statement("s", (1.0, index("a"))), statement("t", (2.0, index("b"))))

    solution = greedy(problem(*rows, budget=Budget(max_indexes=1)))

    assert solution.chosen == (index("a"),)
    assert solution.refused[index("b")].code == "too-many"


def test_values_a_workload_without_times_by_planner_cost() -> None:
    rows = (
        statement("cheap", (1.0, index("a")), base=10.0, mean_time_ms=None),
        statement("dear", (1.0, index("b")), base=1_000.0, mean_time_ms=None),
    )

    solution = greedy(problem(*rows, budget=Budget(max_indexes=1)))

    assert solution.chosen == (index("b"),)


COLUMNS = st.sampled_from("abcdef")
DEFINITIONS = st.builds(index, COLUMNS, table=st.sampled_from(["orders", "lines"]))
ALTERNATIVES = st.lists(
    st.tuples(st.floats(0.1, 99.0), DEFINITIONS), max_size=4, unique_by=lambda p: p[1]
)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    rows = [
        statement(f"s{number}", *alternatives, calls_per_day=draw(st.floats(1, 1e6)))
        for number, alternatives in enumerate(draw(st.lists(ALTERNATIVES, min_size=1, max_size=6)))
    ]
    definitions = {d for row in rows for plan in row.alternatives for d in plan.uses}
    return problem(
        *rows,
        sizes={d: draw(st.integers(1, 100 * MiB)) for d in sorted(definitions, key=str)},
        budget=Budget(
            index_bytes=draw(st.none() | st.integers(0, 200 * MiB)),
            max_indexes=draw(st.none() | st.integers(0, 4)),
        ),
    )


@given(problems())
def test_never_exceeds_the_budget(given_problem: Problem) -> None:
    solution = greedy(given_problem)

    budget = given_problem.budget
    used = sum(given_problem.prices[d].size_bytes for d in solution.chosen)
    assert budget.index_bytes is None or used <= budget.index_bytes
    assert budget.max_indexes is None or len(solution.chosen) <= budget.max_indexes


@given(problems())
def test_says_of_every_index_either_that_it_is_chosen_or_why_not(given_problem: Problem) -> None:
    solution = greedy(given_problem)

    assert set(solution.chosen) | set(solution.refused) == set(given_problem.prices)
    assert set(solution.chosen) & set(solution.refused) == set()


@given(problems())
def test_is_the_same_each_time(given_problem: Problem) -> None:
    assert greedy(given_problem) == greedy(given_problem)


@given(problems())
def test_never_makes_a_statement_dearer(given_problem: Problem) -> None:
    chosen = frozenset(greedy(given_problem).chosen)

    assert all(row.cost_under(chosen) <= row.base_cost for row in given_problem.table.rows)
