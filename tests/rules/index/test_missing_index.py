"""missing-index."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import CreateIndex, IndexDefinition, PartitionIndex
from pgadvisor.model.candidate import Candidate, StatementEffect
from pgadvisor.model.choice import Choice, ChosenIndex
from pgadvisor.model.estimate import Fidelity, StatementFidelity
from pgadvisor.model.finding import Confidence, Provenance, Severity
from pgadvisor.model.schema import IndexKey, RelationKind
from pgadvisor.testing import Outcome, a_snapshot, a_statement, a_table, diagnose
from pgadvisor.units import MiB

RULE = "missing-index"
ORDERS = a_table("orders")
STATEMENT = a_statement("select * from orders where customer_id = $1")
DEFINITION = IndexDefinition(
    table_oid=ORDERS.oid, schema="public", table="orders", keys=(IndexKey(column="customer_id"),)
)
GAIN = StatementEffect(
    statement_id=STATEMENT.id,
    calls_per_day=1_000,
    cost_before=20_000.0,
    cost_after=8.5,
    mean_time_ms=50.0,
)
CHOSEN = ChosenIndex(
    candidate=Candidate(
        definition=DEFINITION,
        statement_ids=(STATEMENT.id,),
        reason="equality on customer_id",
        size_bytes=20 * MiB,
    ),
    name="pgadv_orders_customer_id_abc123",
    effects=(GAIN,),
    saved_ms_per_day=49_978.75,
    written_entries_per_day=500.0,
)
ALIKE = StatementFidelity(
    statement_id=STATEMENT.id, is_same_shape=True, original_cost=100.0, twin_cost=100.0
)
CHOICE = Choice(
    chosen=(CHOSEN,),
    costed_statements=1,
    total_statements=1,
    covered_time_ratio=1.0,
    fidelity=Fidelity(statements=(ALIKE,)),
)


def run(choice: Choice) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, STATEMENT), choice=choice)


def test_turns_the_choice_into_findings() -> None:
    [finding] = run(CHOICE).findings

    assert finding.key == "missing-index:public.orders (customer_id)"
    assert finding.summary == (
        "An index on public.orders (customer_id) saves 50 s a day in 1 statement, "
        "100 % of all execution time"
    )
    assert finding.provenance is Provenance.SIMULATED
    assert finding.confidence is Confidence.HIGH
    assert finding.impact.saved_ms_per_day == 49_978.75
    assert finding.impact.added_bytes == 20 * MiB
    assert finding.statement_ids == (STATEMENT.id,)
    assert [(e.name, e.value) for e in finding.evidence] == [
        (f"cost of {STATEMENT.id} before", 20_000.0),
        (f"cost of {STATEMENT.id} after", 8.5),
        ("predicted size", 20 * MiB),
    ]
    assert finding.remedies == (CreateIndex(index=DEFINITION, name=CHOSEN.name),)


@pytest.mark.parametrize(
    ("saved", "severity"),
    [
        pytest.param(1_000.0, Severity.WARNING, id="a-second-a-day"),
        pytest.param(999.0, Severity.INFO, id="a-little-less"),
        pytest.param(None, Severity.WARNING, id="not-measured"),
    ],
)
def test_is_a_remark_where_it_saves_less_than_a_second_a_day(
    saved: float | None, severity: Severity
) -> None:
    [finding] = run(replace(CHOICE, chosen=(replace(CHOSEN, saved_ms_per_day=saved),))).findings

    assert finding.severity is severity


@pytest.mark.parametrize(
    ("mean_time_ms", "severity"),
    [
        pytest.param(0.1, Severity.WARNING, id="half-of-a-tenth-of-a-millisecond"),
        pytest.param(0.099, Severity.INFO, id="a-little-less"),
    ],
)
def test_is_a_remark_where_no_call_is_felt_to_be_faster(
    mean_time_ms: float, severity: Severity
) -> None:
    by_key = replace(GAIN, cost_before=8.0, cost_after=4.0, mean_time_ms=mean_time_ms)
    covering = replace(CHOSEN, effects=(by_key,), saved_ms_per_day=3_000.0)

    [finding] = run(replace(CHOICE, chosen=(covering,))).findings

    assert finding.severity is severity


def test_says_nothing_of_time_where_none_was_measured() -> None:
    [finding] = run(replace(CHOICE, chosen=(replace(CHOSEN, saved_ms_per_day=None),))).findings

    assert finding.summary == ("An index on public.orders (customer_id) makes 1 statement cheaper")


def test_says_what_is_not_known_of_the_size_and_is_as_sure() -> None:
    unknown = replace(CHOSEN, size_notes=("its size is from 1 MiB to 20 MiB: nobody knows",))

    [finding] = run(replace(CHOICE, chosen=(unknown,))).findings

    assert "It will take about 20 MB. Its size is from 1 MiB to 20 MiB: nobody knows." in (
        finding.detail
    )
    assert finding.confidence is Confidence.HIGH


def test_is_clear_when_nothing_was_chosen() -> None:
    assert run(replace(CHOICE, chosen=())).is_clear


OTHERS = tuple(replace(ALIKE, statement_id=f"other {number}") for number in range(9))
PARTIAL = replace(CHOSEN.candidate, definition=replace(DEFINITION, predicate="note = 'x'"))


def fidelity(*, is_same_shape: bool = True, cost: float = 100.0) -> Fidelity:
    return Fidelity(statements=(replace(ALIKE, is_same_shape=is_same_shape, twin_cost=cost),))


@pytest.mark.parametrize(
    ("choice", "confidence", "why"),
    [
        pytest.param(
            replace(CHOICE, fidelity=None),
            Confidence.MEDIUM,
            "could not be compared with the original's",
            id="not-compared",
        ),
        pytest.param(
            replace(CHOICE, fidelity=fidelity(is_same_shape=False)),
            Confidence.MEDIUM,
            "the twin plans only 0 % as the original does",
            id="other-plans",
        ),
        pytest.param(
            replace(CHOICE, fidelity=fidelity(cost=110.2)),
            Confidence.MEDIUM,
            "the twin's costs are off by 10.2 %",
            id="other-costs",
        ),
        pytest.param(
            replace(CHOICE, chosen=(replace(CHOSEN, notes=("no statistics of lower(a || b)",)),)),
            Confidence.MEDIUM,
            "Less sure, because no statistics of lower(a || b).",
            id="planner-defaults",
        ),
        pytest.param(
            replace(CHOICE, covered_time_ratio=0.79),
            Confidence.MEDIUM,
            "only 79 % of the workload's time was costed",
            id="little-coverage",
        ),
        pytest.param(
            replace(CHOICE, covered_time_ratio=0.79, fidelity=None),
            Confidence.LOW,
            "only 79 % of the workload's time was costed",
            id="two-doubts",
        ),
        pytest.param(
            replace(
                CHOICE, fidelity=Fidelity(statements=(*OTHERS, replace(ALIKE, is_same_shape=False)))
            ),
            Confidence.MEDIUM,
            "the twin plans 1 of its statements otherwise than the original does",
            id="its-own-plan",
        ),
        pytest.param(
            replace(
                CHOICE,
                fidelity=Fidelity(
                    statements=(*OTHERS, replace(ALIKE, twin_cost=112.0, reason="it has grown"))
                ),
            ),
            Confidence.MEDIUM,
            "the twin's costs of 1 of its statements are off (it has grown)",
            id="its-own-cost",
        ),
        pytest.param(
            replace(CHOICE, fidelity=Fidelity(statements=OTHERS)),
            Confidence.MEDIUM,
            "the original's own plans of its statements are not known",
            id="unknown-plan",
        ),
        pytest.param(
            replace(
                CHOICE,
                chosen=(replace(CHOSEN, candidate=PARTIAL),),
                assumed=((STATEMENT.id, "note = 'x'"),),
            ),
            Confidence.MEDIUM,
            "the statement was planned for note = 'x', and a plan that is made without the value "
            "(a generic plan) cannot use the index",
            id="assumed-value",
        ),
    ],
)
def test_is_less_sure(choice: Choice, confidence: Confidence, why: str) -> None:
    [finding] = run(choice).findings

    assert finding.confidence is confidence
    assert why in finding.detail


def test_is_less_sure_of_what_was_counted_for_a_short_time() -> None:
    young = a_snapshot(ORDERS, STATEMENT, statistics_age_days=6.9)

    [finding] = diagnose(RULE, young, choice=CHOICE).findings

    assert finding.confidence is Confidence.MEDIUM
    assert "statistics cover 6.9 days, 7 days are needed" in finding.detail


def test_is_as_sure_of_what_a_log_tells_as_of_what_was_counted_for_long() -> None:
    logged = replace(STATEMENT, source="workload")
    young = a_snapshot(ORDERS, logged, statistics_age_days=6.9)

    [finding] = diagnose(RULE, young, choice=CHOICE).findings

    assert finding.confidence is Confidence.HIGH


def test_is_sure_at_the_limits() -> None:
    choice = replace(CHOICE, covered_time_ratio=0.8, fidelity=fidelity(cost=110.0))

    assert run(choice).findings[0].confidence is Confidence.HIGH


def test_shows_the_costs_of_a_few_statements_only() -> None:
    effects = tuple(replace(GAIN, statement_id=str(number)) for number in range(9))

    [finding] = run(replace(CHOICE, chosen=(replace(CHOSEN, effects=effects),))).findings

    assert len(finding.evidence) == 2 * 5 + 1
    assert len(finding.statement_ids) == 9


def test_names_the_partitions_to_build_on() -> None:
    parent = replace(ORDERS, kind=RelationKind.PARTITIONED_TABLE)
    part = a_table("orders_1", parent_oids=(parent.oid,), is_partition=True)

    [finding] = diagnose(RULE, a_snapshot(parent, part, STATEMENT), choice=CHOICE).findings

    [action] = finding.remedies
    assert isinstance(action, CreateIndex)
    assert action.is_partitioned
    assert action.partitions == (PartitionIndex(schema="public", table="orders_1"),)


def test_says_how_many_statements_it_could_not_judge() -> None:
    outcome = run(replace(CHOICE, total_statements=2, uncosted=(("9", "no such function"),)))

    assert len(outcome.findings) == 1
    [skipped] = outcome.skipped
    assert skipped.subject == "1 of 2 statements"
    assert skipped.reason == "they could not be planned on the twin: no such function"


def test_cannot_judge_when_nothing_could_be_planned() -> None:
    outcome = run(Choice(total_statements=3, uncosted=(("9", "no such function"),)))

    assert outcome.reasons == ("not one statement could be planned on the twin",)


def test_has_nothing_to_say_when_no_index_could_serve_and_so_nothing_was_planned() -> None:
    assert run(Choice(total_statements=3)).is_clear


def test_cannot_judge_without_statements() -> None:
    outcome = diagnose(RULE, a_snapshot(ORDERS))

    assert outcome.reasons == ("no statement was recorded, and no workload files were given",)


def test_says_why_it_cannot_judge_where_nothing_could_be_chosen() -> None:
    choice = Choice(unavailable_reason="the planner twin failed: there is no room")

    outcome = diagnose("missing-index", a_snapshot(a_statement("select 1")), choice=choice)

    assert outcome.reasons == ("the planner twin failed: there is no room",)
