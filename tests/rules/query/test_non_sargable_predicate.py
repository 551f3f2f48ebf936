"""non-sargable-predicate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import CreateIndex, IndexDefinition, ManualSteps, RewriteStatement
from pgadvisor.model.candidate import Candidate
from pgadvisor.model.choice import Choice, ChosenIndex
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.schema import Index, IndexKey
from pgadvisor.model.server import Extension
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    diagnose,
)

RULE = "non-sargable-predicate"
ORDERS = a_table("orders")
BY_DAY = a_statement("select count(*) from orders where date(created_at) = $1")
LOWERED = a_statement("select id from orders where lower(note) = $1")
LOWER_NOTE = IndexKey(column=None, expression="lower(note)")


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, *objects))


def test_rewrites_a_day_as_a_range() -> None:
    [finding] = run(BY_DAY).findings

    assert finding.key == "non-sargable-predicate:public.orders:date(created_at)"
    assert finding.summary == (
        "date(created_at) on public.orders keeps indexes on created_at out of 1 statement "
        "(100 % of all time)"
    )
    assert finding.confidence is Confidence.HIGH
    [action] = finding.remedies
    assert isinstance(action, RewriteStatement)
    assert action.before == BY_DAY.text
    assert "date(" not in action.after.lower()
    assert "created_at >=" in action.after
    assert action.condition == (
        "the session's TimeZone is the same for both and never sets its clocks back across "
        "midnight (as Atlantic/Azores and America/Havana do) and the application passes dates and "
        "no date asked for is infinite or beyond the year 294275"
    )


def test_says_what_to_do_by_hand_where_there_is_no_rewrite() -> None:
    [finding] = run(LOWERED).findings

    assert finding.confidence is Confidence.MEDIUM
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert "lower(note)" in action.steps[1]


def test_takes_the_index_on_the_expression_that_the_planner_chose() -> None:
    index = IndexDefinition(
        table_oid=ORDERS.oid, schema="public", table="orders", keys=(LOWER_NOTE,)
    )
    chosen = ChosenIndex(
        candidate=Candidate(definition=index, statement_ids=(LOWERED.id,), reason=""),
        name="pgadv_orders_lower_note",
        effects=(),
        saved_ms_per_day=1.0,
    )

    [finding] = diagnose(
        RULE, a_snapshot(ORDERS, LOWERED), choice=Choice(chosen=(chosen,))
    ).findings

    assert finding.confidence is Confidence.HIGH
    assert finding.remedies == (CreateIndex(index=index, name="pgadv_orders_lower_note"),)


def test_groups_statements_by_condition() -> None:
    other = a_statement("select note from orders where lower(note) = $1", mean_time_ms=99.0)

    [finding] = run(LOWERED, other).findings

    assert finding.statement_ids == (other.id, LOWERED.id)


def test_leaves_patterns_to_the_rule_on_them_where_there_are_no_trigrams() -> None:
    find = a_statement("select id from orders where lower(note) like $1")
    trigrams = Extension(name="pg_trgm", version="1.6", schema="public")

    assert run(find).is_clear
    assert len(run(find, trigrams).findings) == 1


@pytest.mark.parametrize(("kind", "count"), [("json", 0), ("jsonb", 1)])
def test_leaves_json_to_the_rule_on_json(kind: str, count: int) -> None:
    table = a_table("orders", "id bigint not null", f"note {kind}")
    find = a_statement("select id from orders where note ->> 'kind' = $1")

    assert len(diagnose(RULE, a_snapshot(table, find)).findings) == count


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("select id from orders where note = lower($1)", id="function-of-the-other"),
        pytest.param("select id from orders where lower(note) = $1 or id = $2", id="below-or"),
        pytest.param("select lower(note) from orders", id="no-condition"),
    ],
)
def test_leaves_alone(text: str) -> None:
    assert run(a_statement(text)).is_clear


@pytest.mark.parametrize(
    ("index", "count"),
    [
        pytest.param(an_index(ORDERS, LOWER_NOTE), 0, id="on-the-expression"),
        pytest.param(an_index(ORDERS, LOWER_NOTE, is_valid=False), 1, id="invalid"),
        pytest.param(an_index(ORDERS, "note", LOWER_NOTE), 1, id="not-leading"),
        pytest.param(an_index(ORDERS, "note"), 1, id="on-the-bare-column"),
    ],
)
def test_an_index_on_the_expression_is_enough(index: Index, count: int) -> None:
    assert len(run(LOWERED, index).findings) == count


def test_an_index_may_serve_an_expression_with_a_parameter_in_it() -> None:
    statement = a_statement("select id from orders where left(note, $2) = $1")
    first_three = an_index(ORDERS, IndexKey(column=None, expression="left(note, 3)"))

    assert run(statement, first_three).is_clear
    assert len(run(statement, an_index(ORDERS, LOWER_NOTE)).findings) == 1


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("length(note) > $1", 0),
        ("octet_length(note) <= $1", 0),
        ("length(note) = $1", 1),
        ("lower(note) > $1", 1),
    ],
)
def test_leaves_lengths_above_and_below_a_bound_alone(condition: str, count: int) -> None:
    average = a_statement(f"select avg(length(note)) from orders where {condition}")

    assert len(run(average).findings) == count


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("1 - (embedding <=> $1) > $2", 0),
        ("embedding <-> $1 < $2", 0),
        ("norm(embedding - $1) < $2", 1),
    ],
)
def test_leaves_a_distance_alone_that_no_index_is_searched_by(condition: str, count: int) -> None:
    documents = a_table("documents", "id bigint", "embedding vector(3)")
    nearest = a_statement(f"select id from documents where {condition}")

    assert len(diagnose(RULE, a_snapshot(documents, nearest)).findings) == count


@pytest.mark.parametrize(("rows", "count"), [(200_000, 1), (200_001, 0)])
def test_leaves_a_statement_alone_that_takes_a_good_part_of_the_table(
    rows: int, count: int
) -> None:
    statement = a_statement("delete from orders where id % $2 = $1", calls=2, rows=2 * rows)

    assert len(run(statement).findings) == count


def test_leaves_a_row_alone_that_is_found_by_its_key() -> None:
    statement = a_statement("select * from orders where id = $1 and lower(note) = $2")

    assert run(statement, a_primary_key(ORDERS, "id")).is_clear
    assert len(run(statement).findings) == 1


@pytest.mark.parametrize(
    ("rest", "severity"),
    [(199.0, Severity.WARNING), (200.0, Severity.INFO), (999.0, Severity.INFO), (1_000.0, None)],
)
def test_asks_for_a_share_of_the_time(rest: float, severity: Severity | None) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    found = run(replace(LOWERED, total_time_ms=1.0), other).findings

    assert [finding.severity for finding in found] == ([severity] if severity else [])


def test_leaves_small_tables_alone() -> None:
    small = a_table("orders", rows=9_999)

    assert diagnose(RULE, a_snapshot(small, LOWERED)).is_clear


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
