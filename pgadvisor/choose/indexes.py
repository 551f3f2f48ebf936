"""The choice of indexes, from candidates to the set with its proof."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from pgadvisor.choose.confirm import Confirmed, confirm
from pgadvisor.choose.greedy import greedy
from pgadvisor.choose.narrow import narrow
from pgadvisor.choose.optimiser import Optimiser, Price, Problem, Solution
from pgadvisor.choose.plans import Progress, leading_column, plan_table
from pgadvisor.choose.value import WRITE_MS_PER_ENTRY, Valuation, WriteCost, valuation
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.budget import Budget
from pgadvisor.model.candidate import Candidate, Rejected, WeightedStatement
from pgadvisor.model.choice import Choice, ChosenIndex
from pgadvisor.whatif.backend import Backend, Built, NotBuilt


def choose_indexes(
    statements: Sequence[WeightedStatement],
    candidates: Sequence[Candidate],
    backend: Backend,
    write_cost: WriteCost,
    budget: Budget,
    *,
    optimiser: Optimiser = greedy,
    progress: Progress | None = None,
) -> Choice:
    """Choose the candidates that save most under the budget, and make no statement worse.

    Args:
        statements: The workload, the most expensive first.
        candidates: What might help.
        backend: The planner that is asked.
        write_cost: What each index costs those who write.
        budget: Bounds of the choice.
        optimiser: How to choose among the costed candidates.
        progress: Told as statements are costed.

    Raises:
        TwinError: The planner is gone.
    """
    by_definition = {candidate.definition: candidate for candidate in candidates}
    outcomes = backend.build(tuple(by_definition))
    built = {o.definition: o for o in outcomes if isinstance(o, Built)}
    names = {name: o.definition for o in built.values() for name in (o.name, *o.part_names)}
    served = _served(statements, built)
    table = plan_table(served, built, backend, names, progress)
    value = valuation(statements, table.rows)
    prices = {d: _price(o, value, write_cost) for d, o in built.items()}
    problem = Problem(table=table, prices=prices, valuation=value, budget=budget)
    solution = narrow(problem, optimiser(problem), backend)
    solution, confirmed = confirm(problem, solution, backend, names)
    not_built = [o for o in outcomes if isinstance(o, NotBuilt)]
    return Choice(
        chosen=tuple(
            _chosen(by_definition[d], prices[d], confirmed, built[d]) for d in solution.chosen
        ),
        rejected=tuple(_rejected(by_definition, prices, not_built, solution)),
        effects=confirmed.effects,
        what_if_calls=backend.call_count,
        costed_statements=len(served) - len(table.uncosted),
        total_statements=len(statements),
        uncosted=table.uncosted,
    )


def _rejected(
    by_definition: Mapping[IndexDefinition, Candidate],
    prices: Mapping[IndexDefinition, Price],
    not_built: Iterable[NotBuilt],
    solution: Solution,
) -> Iterator[Rejected]:
    for outcome in not_built:
        candidate = by_definition[outcome.definition]
        yield Rejected(candidate=candidate, code="not-built", reason=outcome.reason)
    for definition, refusal in solution.refused.items():
        candidate = _sized(by_definition[definition], prices[definition])
        yield Rejected(candidate=candidate, code=refusal.code, reason=refusal.reason)


def _served(
    statements: Sequence[WeightedStatement], built: dict[IndexDefinition, Built]
) -> list[WeightedStatement]:
    """Statements that a candidate could serve; the others cost the same whatever is chosen."""
    columns = {leading_column(definition) for definition in built}
    return [statement for statement in statements if statement.columns & columns]


def _price(outcome: Built, value: Valuation, write_cost: WriteCost) -> Price:
    entries = write_cost.entries_per_day(outcome.definition)
    # Without measured times nothing says how a planner unit compares with a write.
    return Price(
        size_bytes=outcome.size_bytes,
        entries_per_day=entries,
        write_value=entries * WRITE_MS_PER_ENTRY if value.is_time else 0.0,
        name=outcome.name,
    )


def _chosen(candidate: Candidate, price: Price, confirmed: Confirmed, built: Built) -> ChosenIndex:
    definition = candidate.definition
    effects = tuple(e for e in confirmed.effects if definition in confirmed.uses[e.statement_id])
    shares = [
        saved / len(confirmed.uses[effect.statement_id])
        for effect in effects
        if (saved := effect.saved_ms_per_day) is not None
    ]
    return ChosenIndex(
        candidate=_sized(candidate, price),
        name=price.name,
        effects=effects,
        saved_ms_per_day=sum(shares) if shares else None,
        written_entries_per_day=price.entries_per_day,
        notes=built.notes,
        size_notes=built.size_notes,
    )


def _sized(candidate: Candidate, price: Price) -> Candidate:
    return replace(candidate, size_bytes=price.size_bytes)
