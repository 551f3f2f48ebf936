"""row-by-row-lookup."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.server import StatementsInfo
from pgadvisor.model.statement import Statement
from pgadvisor.testing import (
    COLLECTED_AT,
    Outcome,
    SnapshotPart,
    a_foreign_key,
    a_primary_key,
    a_server,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
)

RULE = "row-by-row-lookup"
CUSTOMERS = a_table("customers", "id bigint not null", "name text")
ORDERS = a_table("orders")
FOREIGN_KEY = a_foreign_key(ORDERS, "customer_id", CUSTOMERS)
KEYS = (a_primary_key(ORDERS, "id"), a_primary_key(CUSTOMERS, "id"))
LIST = a_statement(
    "select * from orders where status = $1 order by created_at limit $2",
    calls=2_000,
    rows=100_000,
)
LOOKUP = a_statement(
    "select * from customers where id = $1 limit $2",
    calls=100_000,
    rows=100_000,
    mean_time_ms=0.1,
)
LIST_OF_CUSTOMERS = a_statement("select * from customers", calls=2_000, rows=100_000)
THEIR_ORDERS = a_statement(
    "select * from orders where customer_id = $1",
    calls=100_000,
    rows=300_000,
    mean_time_ms=0.1,
)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(CUSTOMERS, ORDERS, *KEYS[0], *KEYS[1], *objects))


def pair(lookup: Statement = LOOKUP, listed: Statement = LIST) -> Outcome:
    return run(FOREIGN_KEY, lookup, listed)


def test_reports_a_lookup_for_each_row_of_a_list() -> None:
    [finding] = pair().findings

    assert finding.key == "row-by-row-lookup:public.customers.id"
    assert finding.summary == (
        "A lookup by public.customers.id ran 100,000 times, about once for each of the 100,000 "
        "rows of a list of public.orders"
    )
    assert finding.detail.startswith("For each call of the list there are 50 lookups.")
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.MEDIUM
    assert finding.statement_ids == (LOOKUP.id, LIST.id)
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert '`... FROM "public"."customers" WHERE "id" = ANY ($1)`' in action.steps[1]


def test_reports_the_rows_of_each_parent() -> None:
    [finding] = pair(THEIR_ORDERS, LIST_OF_CUSTOMERS).findings

    assert finding.key == "row-by-row-lookup:public.orders.customer_id"
    assert finding.summary.endswith("rows of a list of public.customers")


def test_names_the_list_that_fits_best() -> None:
    other = a_statement("select id, customer_id from orders", calls=2_000, rows=105_000)

    [finding] = run(FOREIGN_KEY, LOOKUP, other, LIST).findings

    assert finding.statement_ids == (LOOKUP.id, LIST.id)


def test_sees_a_key_beside_other_conditions() -> None:
    text = "select * from orders where customer_id = $1 and status = $2 order by id"

    [finding] = pair(replace(THEIR_ORDERS, text=text), LIST_OF_CUSTOMERS).findings

    assert finding.subject == "public.orders.customer_id"


def test_takes_lookups_by_one_column_together() -> None:
    other = a_statement("select name from customers where id = $1", calls=99_000, mean_time_ms=0.2)

    [finding] = run(FOREIGN_KEY, LOOKUP, other, LIST).findings

    assert finding.statement_ids == (other.id, LOOKUP.id, LIST.id)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("select * from customers where id = any ($1)", id="several-values"),
        pytest.param("select * from customers where id in ($1, $2)", id="a-list"),
        pytest.param("select * from customers where id = $1 for update", id="locks"),
        pytest.param("select * from customers where id > $1", id="a-range"),
        pytest.param("select * from customers where id = $1 or name = $2", id="below-or"),
        pytest.param("select * from customers where name = $1", id="no-key"),
        pytest.param("update customers set name = $2 where id = $1", id="writes"),
        pytest.param(
            "select * from customers c join orders o on o.customer_id = c.id where c.id = $1",
            id="joined-already",
        ),
    ],
)
def test_leaves_other_lookups_alone(text: str) -> None:
    assert pair(replace(LOOKUP, text=text)).is_clear


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "select * from orders o join customers c on c.id = o.customer_id", id="joins-already"
        ),
        pytest.param("select customer_id from orders group by customer_id", id="groups"),
        pytest.param("select 1 from (select customer_id from orders limit $1) o", id="inside"),
        pytest.param("select * from customers", id="another-table"),
        pytest.param("select * from orders for update", id="locks"),
        pytest.param("update orders set status = $1 returning id", id="writes"),
    ],
)
def test_leaves_other_lists_alone(text: str) -> None:
    assert pair(listed=replace(LIST, text=text)).is_clear


def test_needs_a_foreign_key_between_the_two() -> None:
    assert run(LOOKUP, LIST).is_clear
    assert run(THEIR_ORDERS, LIST_OF_CUSTOMERS).is_clear


def test_needs_a_key_that_finds_one_row() -> None:
    tables = (CUSTOMERS, ORDERS, FOREIGN_KEY)

    assert diagnose(RULE, a_snapshot(*tables, LOOKUP, LIST)).is_clear


@pytest.mark.parametrize(
    ("roles", "count"), [(("web",), 1), (("jobs", "web"), 1), (("jobs",), 0), ((), 1)]
)
def test_the_same_role_runs_both(roles: tuple[str, ...], count: int) -> None:
    found = pair(replace(LOOKUP, roles=roles), replace(LIST, roles=("web",))).findings

    assert len(found) == count


@pytest.mark.parametrize(
    ("rows", "count"), [(111_111, 1), (111_112, 0), (90_910, 1), (90_909, 0), (0, 0)]
)
def test_calls_and_rows_are_about_equal(rows: int, count: int) -> None:
    assert len(pair(listed=replace(LIST, rows=rows)).findings) == count


@pytest.mark.parametrize(("calls", "count"), [(20_000, 1), (20_001, 0), (0, 0)])
def test_the_list_returns_five_rows_a_call(calls: int, count: int) -> None:
    assert len(pair(listed=replace(LIST, calls=calls)).findings) == count


@pytest.mark.parametrize(("rows", "count"), [(10_000_000, 1), (10_000_001, 0)])
def test_the_lookup_returns_a_hundred_rows_at_most(rows: int, count: int) -> None:
    assert len(pair(replace(THEIR_ORDERS, rows=rows), LIST_OF_CUSTOMERS).findings) == count


@pytest.mark.parametrize(("calls", "count"), [(10_000, 1), (9_999, 0)])
def test_asks_for_ten_thousand_calls(calls: int, count: int) -> None:
    listed = replace(LIST, calls=200, rows=10_000)

    assert len(pair(replace(LOOKUP, calls=calls), listed).findings) == count


@pytest.mark.parametrize(("mean", "count"), [(1.0, 1), (1.1, 0)])
def test_leaves_slow_lookups_alone(mean: float, count: int) -> None:
    assert len(pair(replace(LOOKUP, mean_time_ms=mean)).findings) == count


@pytest.mark.parametrize(
    ("calls", "time", "count"),
    [
        pytest.param(10**9, 98.0, 1, id="two-percent-of-time"),
        pytest.param(10**9, 98.1, 0, id="less-of-both"),
        pytest.param(4_900_000 - 2_000, 10**9, 1, id="two-percent-of-calls"),
    ],
)
def test_asks_for_a_share_of_time_or_calls(calls: int, time: float, count: int) -> None:
    other = replace(a_statement("select 1"), calls=calls, total_time_ms=time)
    lookup = replace(LOOKUP, total_time_ms=2.0)

    found = run(FOREIGN_KEY, lookup, replace(LIST, total_time_ms=0.0), other).findings

    assert len(found) == count


@pytest.mark.parametrize(
    "lookup",
    [
        pytest.param(replace(LOOKUP, is_top_level=False), id="inside-a-function"),
        pytest.param(replace(LOOKUP, source="workload"), id="from-a-file"),
    ],
)
def test_leaves_alone_what_is_not_counted_as_the_application_calls_it(lookup: Statement) -> None:
    assert pair(lookup).is_clear


def test_cannot_judge_where_entries_come_and_go() -> None:
    info = a_server().statements_info
    assert isinstance(info, StatementsInfo)
    evicted = replace(info, deallocations=100_000, reset_at=COLLECTED_AT.replace(month=1, day=1))

    outcome = diagnose(
        RULE,
        a_snapshot(CUSTOMERS, ORDERS, FOREIGN_KEY, LOOKUP, LIST, statements_info=evicted),
    )

    [reason] = outcome.reasons
    assert reason.startswith("pg_stat_statements loses ")


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
