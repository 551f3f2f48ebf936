"""varying-in-list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps, RewriteStatement
from pgadvisor.model.finding import Severity
from pgadvisor.model.statement import Statement
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
)

RULE = "varying-in-list"
ORDERS = a_table("orders")
TEN_LENGTHS = (*range(1, 10), 20)


def run(*objects: SnapshotPart, version: int = 170006) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, *objects, version_num=version))


def listing(length: int, condition: str = "id in ({})", **fields: object) -> Statement:
    values = ", ".join(f"${number}" for number in range(1, length + 1))
    text = f"select * from orders where {condition.format(values)}"
    return replace(a_statement(text), fingerprint="f", **fields)  # type: ignore[arg-type]


def variants(lengths: Iterable[int], condition: str = "id in ({})") -> tuple[Statement, ...]:
    return tuple(listing(length, condition) for length in lengths)


def test_reports_a_list_in_many_lengths() -> None:
    [finding] = run(variants(TEN_LENGTHS)).findings

    assert finding.key == "varying-in-list:public.orders.id"
    assert finding.summary == (
        "Lists of up to 20 values of public.orders.id make 10 entries of one statement"
    )
    assert finding.detail == (
        "With arrays there would be 9 fewer; pg_stat_statements has room for 5,000."
    )
    assert finding.severity is Severity.INFO
    assert len(finding.statement_ids) == 10
    action, rewrite = finding.remedies
    assert isinstance(action, ManualSteps)
    assert '`"id" = ANY ($1::bigint[])`' in action.steps[0]
    assert isinstance(rewrite, RewriteStatement)
    assert rewrite.before == listing(min(TEN_LENGTHS)).text
    assert rewrite.after == "SELECT * FROM orders WHERE id = ANY(CAST($1 AS bigint[]))"
    assert rewrite.condition == "the application passes the values as an array in $1"


def test_reports_one_long_list() -> None:
    [finding] = run(listing(500)).findings

    assert finding.summary == (
        "Lists of up to 500 values of public.orders.id make 1 entry of one statement"
    )
    assert finding.detail == ""
    # A text of five hundred parameters shows nobody anything.
    assert len(finding.remedies) == 1


@pytest.mark.parametrize(
    "condition", ["id not in ({})", "id = any (array[{}])", "customer_id = $1 and id in ({})"]
)
def test_sees_other_forms_of_a_list(condition: str) -> None:
    [finding] = run(variants(TEN_LENGTHS, condition)).findings

    assert finding.subject == "public.orders.id"


def test_names_the_longest_of_several_lists() -> None:
    [finding] = run(variants(TEN_LENGTHS, "id in ({}) and status in ($1, $2)")).findings

    assert finding.subject == "public.orders.id"


def test_takes_statements_on_one_column_together() -> None:
    others = [
        replace(each, text=each.text.replace("*", "note"), id=f"n{each.id}", fingerprint="g")
        for each in variants(TEN_LENGTHS)
    ]

    [finding] = run(variants(TEN_LENGTHS), others).findings

    assert finding.summary.endswith("make 20 entries of 2 statements")


@pytest.mark.parametrize(
    ("lengths", "count"),
    [
        pytest.param(TEN_LENGTHS, 1, id="ten"),
        pytest.param(TEN_LENGTHS[1:], 0, id="nine"),
        pytest.param((*range(1, 10), 19), 0, id="all-short"),
        pytest.param([20] * 10, 0, id="all-equal"),
    ],
)
def test_asks_for_ten_lengths_and_twenty_values(lengths: Iterable[int], count: int) -> None:
    found = [
        replace(each, id=f"{each.id}-{number}") for number, each in enumerate(variants(lengths))
    ]

    assert len(run(found).findings) == count


@pytest.mark.parametrize(("length", "count"), [(500, 1), (499, 0)])
def test_asks_for_five_hundred_values(length: int, count: int) -> None:
    assert len(run(listing(length)).findings) == count


@pytest.mark.parametrize(("rest", "count"), [(999.0, 1), (999.1, 0)])
def test_a_long_list_asks_for_a_share_of_the_time(rest: float, count: int) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    assert len(run(listing(500, total_time_ms=1.0), other).findings) == count


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("select * from orders where id = any ($1)", id="array"),
        pytest.param("select * from orders where id = $1", id="one-value"),
    ],
)
def test_leaves_alone(text: str) -> None:
    assert run(a_statement(text)).is_clear


def test_leaves_different_statements_alone() -> None:
    found = [replace(each, fingerprint=f"f{each.id}") for each in variants(TEN_LENGTHS)]

    assert run(found).is_clear


def test_leaves_workload_files_alone() -> None:
    assert run([replace(each, source="workload") for each in variants(TEN_LENGTHS)]).is_clear


def test_cannot_judge_where_all_lengths_are_one_statement() -> None:
    outcome = run(variants(TEN_LENGTHS), version=180000)

    assert outcome.reasons == ("PostgreSQL 18 counts lists of all lengths as one statement",)
    assert run(variants(TEN_LENGTHS), version=179999).findings


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
