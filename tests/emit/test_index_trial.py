"""New indexes for a statement, with values and without."""

from __future__ import annotations

import json

import pytest

from pgadvisor.emit.explain_json import render_explained_json
from pgadvisor.emit.index_trial import (
    IndexTrial,
    StatementTrial,
    render_index_trial,
    shown_trial,
)
from pgadvisor.emit.what_if import TriedIndex, WhatIf
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.candidate import Candidate, Rejected
from pgadvisor.model.choice import Choice, ChosenIndex
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.schema import IndexKey
from pgadvisor.parse.plans.redact import redacted_expression
from pgadvisor.sqltext.index import create_index_sql

PREDICATE = "status = 'secret'"
PARTIAL = IndexDefinition(
    table_oid=1,
    schema="public",
    table="orders",
    keys=(IndexKey(column="created_at"),),
    predicate=PREDICATE,
    access_method="brin",
    options=(("pages_per_range", "32"),),
)
EXPRESSION = IndexDefinition(
    table_oid=1,
    schema="public",
    table="orders",
    keys=(IndexKey(column=None, expression="note || 'secret'"),),
)
SQL = create_index_sql(PARTIAL, "orders_5", concurrently=True)


def node(
    node_type: str,
    *,
    filter: str | None = None,  # noqa: A002
    index_name: str | None = None,
) -> Plan:
    return Plan(
        root=PlanNode(
            node_type=node_type,
            relation="orders",
            startup_cost=0.0,
            total_cost=50.0,
            rows=5.0,
            width_bytes=8,
            filter=filter,
            index_name=index_name,
        )
    )


def trial(*, chosen: IndexDefinition = PARTIAL, sql: str = SQL) -> IndexTrial:
    wanted = Candidate(definition=chosen, statement_ids=("s",), reason="a beginning")
    rejected = Candidate(definition=EXPRESSION, statement_ids=("s",), reason="an expression")
    return IndexTrial(
        tried=WhatIf(
            statement="select 1 from orders where status = 'secret'",
            before=node("Seq Scan", filter="(status = 'secret'::text)"),
            after=node("Index Scan", index_name="orders_5"),
            created=(
                TriedIndex(
                    statement=sql,
                    name="orders_5",
                    size_bytes=8_192,
                    notes=(f"it serves only statements that say {PREDICATE} themselves",),
                ),
            ),
        ),
        choice=Choice(
            chosen=(
                ChosenIndex(candidate=wanted, name="orders_5", effects=(), saved_ms_per_day=1),
            ),
            rejected=(
                Rejected(
                    candidate=rejected, code="covered", reason=f"another holds {PREDICATE}, 5 times"
                ),
            ),
        ),
        sql=(sql,),
    )


def test_a_value_in_the_sql_of_a_partial_index_is_left_out_and_the_sql_a_comment() -> None:
    out = render_index_trial(shown_trial(trial(), redacted_expression), width=100)

    assert "secret" not in out
    assert out.splitlines()[-2:] == [
        "-- Not run: a value of the statement was left out; --show-literals shows it.",
        (
            '--     CREATE INDEX CONCURRENTLY "orders_5" ON "public"."orders" USING "brin" '
            """("created_at") WITH ("pages_per_range" = 32) WHERE status = '?';"""
        ),
    ]


def test_with_its_values_it_can_be_run() -> None:
    shown = shown_trial(trial(), str)

    assert shown == trial()
    assert render_index_trial(shown, width=100).splitlines()[-1] == f"{SQL};"


def test_what_holds_no_value_is_shown_as_it_is() -> None:
    plain = IndexDefinition(
        table_oid=1, schema="public", table="orders_5", keys=(IndexKey(column="n"),)
    )
    sql = create_index_sql(plain, "orders_5")

    shown = shown_trial(trial(chosen=plain, sql=sql), redacted_expression)

    assert (shown.sql, shown.is_runnable) == ((sql,), True)


@pytest.mark.parametrize(("is_shown", "count"), [(True, 5), (False, 0)])
def test_the_same_as_json(is_shown: bool, count: int) -> None:  # noqa: FBT001
    shown = shown_trial(trial(), str if is_shown else redacted_expression)
    untried = StatementTrial(source="b.sql", why_not="its text does not parse")

    text = render_explained_json([], tried=[StatementTrial(source="a.sql", trial=shown), untried])

    assert text.count("secret") == count
    first, second = json.loads(text)["index_trials"]
    assert (first["source"], first["cost_before"], first["cost_after"]) == ("a.sql", 50.0, 50.0)
    assert first["is_runnable"] is is_shown
    assert first["indexes"][0]["is_used"]
    assert first["plan_before"][0].startswith("Seq Scan on orders")
    assert first["rejected"][0]["code"] == "covered"
    assert second["reason_untried"] == "its text does not parse"
    assert second["cost_before"] is None
