"""What an analysis is given beside a snapshot, put together."""

from __future__ import annotations

from pgadvisor.inputs import Added, gather
from pgadvisor.model.execution import Execution
from pgadvisor.model.log import LogDigest, LoggedPlan, LoggedStatement, Times
from pgadvisor.parse.plans.execution import executions_of
from pgadvisor.parse.plans.read import read_plans
from pgadvisor.parse.statement import fingerprint
from pgadvisor.testing import a_snapshot, a_statement, a_table

ORDERS = a_table("orders", "id bigint", "note text", rows=1_000)
KNOWN = "select id from orders where note = $1"
PLAN = (
    "Query Text: {}\n"
    "Seq Scan on orders  (cost=0.00..1.00 rows=1 width=4) (actual time=0.1..8 rows=1 loops=1)\n"
    "Execution Time: 10.000 ms\n"
)
SNAPSHOT = a_snapshot(ORDERS, a_statement(KNOWN, id="42", fingerprint=fingerprint(KNOWN)))


def plans_of(*texts: str) -> tuple[Execution, ...]:
    found = "\n".join(PLAN.format(text) for text in texts)
    return executions_of(read_plans(found), "slow.txt")


def test_a_plan_of_a_known_statement_adds_none() -> None:
    added = Added(plans=plans_of("select id from orders where note = 'x'"))

    found = gather(SNAPSHOT, None, (), added)

    assert [one.statement_id for one in found.executions] == ["42"]
    assert found.snapshot == SNAPSHOT


def test_a_plan_of_an_unknown_statement_brings_it_along_without_its_values() -> None:
    text = "select note from orders where id = 4711"

    found = gather(SNAPSHOT, None, (), Added(plans=plans_of(text, text)))

    _, new = found.snapshot.statements
    assert new.text == "select note from orders where id = $1"
    assert (new.source, new.weight, new.mean_time_ms) == ("workload", 1.0, 10.0)
    assert [one.statement_id for one in found.executions] == [new.id, new.id]


def test_plans_of_other_databases_and_of_no_statement_bring_none() -> None:
    plans = plans_of("select 1 from somewhere_else", "select (", "vacuum orders")

    found = gather(SNAPSHOT, None, (), Added(plans=plans))

    assert found.snapshot == SNAPSHOT
    assert len(found.executions) == 3


def test_plans_in_logs_are_taken_and_those_that_cannot_be_read_are_told() -> None:
    text = "select note from orders where id = $1"
    logged = LoggedStatement(
        fingerprint=fingerprint(text),
        database="",
        text=text,
        calls=3,
        times=Times(count=3, total_ms=60.0),
        plans=(
            LoggedPlan(text=PLAN.format(text), format="text", time_ms=10.0),
            LoggedPlan(text='[{"Plan": ', format="json", time_ms=5.0),
        ),
    )
    digest = LogDigest(
        statements=(logged,), first_at="2026-03-01 00:00:00", last_at="2026-03-02 00:00:00"
    )

    found = gather(SNAPSHOT, None, (), Added(logs=digest))

    [execution] = found.executions
    _, new = found.snapshot.statements
    assert execution.source == "auto_explain in the log"
    assert execution.statement_id == new.id
    assert (new.weight, new.mean_time_ms) == (3.0, 20.0)
    assert [one.what for one in found.snapshot.unavailable] == [
        "some plans of auto_explain in the log"
    ]


def test_no_literal_of_a_plan_is_kept_unless_it_is_to_be_shown() -> None:
    plans = plans_of("select id from orders where note = 'secret'")

    hidden = gather(SNAPSHOT, None, (), Added(plans=plans))
    shown = gather(SNAPSHOT, None, (), Added(plans=plans, show_literals=True))

    assert "secret" not in repr(hidden.executions)
    assert "secret" in repr(shown.executions)
    assert [one.statement_id for one in hidden.executions] == ["42"]
