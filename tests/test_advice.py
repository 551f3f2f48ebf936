"""What an analysis hands to its user, put together."""

from __future__ import annotations

from pgadvisor.advice import TOP_STATEMENTS, Advice
from pgadvisor.choose.simulate import Simulation
from pgadvisor.config import Config
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.advice import Migration
from pgadvisor.model.budget import Budget
from pgadvisor.model.candidate import Candidate, StatementEffect
from pgadvisor.model.choice import Choice, ChosenIndex, SupersededIndex
from pgadvisor.model.finding import Diagnosis
from pgadvisor.model.machine import Machine, Pool
from pgadvisor.model.schema import IndexKey
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.pipeline import build_case
from pgadvisor.testing import a_snapshot, a_statement, a_table, an_index
from pgadvisor.units import GiB

ORDERS = a_table("orders", "id bigint not null", "total numeric")
OLD = an_index(ORDERS, "total")
BUDGET = Budget(max_indexes=3)


def advice(snapshot: Snapshot, choice: Choice) -> Advice:
    return Advice.assemble(
        case=build_case(snapshot),
        diagnosis=Diagnosis(findings=(), skipped=(), clear=(), suppressed=(), broken=()),
        simulation=Simulation(choice=choice),
        recommendations=(),
        migration=Migration(),
        budget=BUDGET,
        lowered_limits=(),
        analysis_time_ms=1.0,
    )


def test_keeps_the_choice_with_its_bounds_and_names() -> None:
    choice = Choice(superseded=(SupersededIndex(index_oid=OLD.oid, by=("new",), size_bytes=1),))

    made = advice(a_snapshot(ORDERS, OLD, an_index(ORDERS, "id")), choice)

    assert made.choice is choice
    assert made.budget is BUDGET
    assert made.index_names == ((OLD.oid, "public.orders_total_idx"),)


def test_keeps_the_text_of_a_statement_that_an_index_is_there_for() -> None:
    statements = [a_statement(f"select {n}", calls=1_000 - n) for n in range(TOP_STATEMENTS + 2)]
    rare = statements[-1]
    loss = StatementEffect(statement_id=rare.id, calls_per_day=1, cost_before=1, cost_after=9)
    definition = IndexDefinition(
        table_oid=ORDERS.oid, schema="public", table="orders", keys=(IndexKey(column="id"),)
    )
    chosen = ChosenIndex(
        candidate=Candidate(definition=definition, statement_ids=(rare.id,), reason="equality"),
        name="new",
        effects=(),
        saved_ms_per_day=None,
        losses=(loss,),
    )

    made = advice(a_snapshot(ORDERS, *statements), Choice(chosen=(chosen,)))

    assert rare.text in {statement.text for statement in made.statements}
    assert len(made.statements) == TOP_STATEMENTS + 1


def test_rules_are_given_what_the_user_says_of_machine_and_pools() -> None:
    machine, pool = Machine(memory_bytes=GiB, cpu_count=4), Pool(name="web", size=5)

    case = build_case(a_snapshot(ORDERS), Config(machine=machine, pools=(pool,)))

    assert (case.machine, case.pools) == (machine, (pool,))
    assert (build_case(a_snapshot(ORDERS)).machine, build_case(a_snapshot()).pools) == (
        Machine(),
        (),
    )
