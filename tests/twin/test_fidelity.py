"""The twin plans as the original does."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from pgadvisor.model.plan import Plan
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.parse.explain import plan_from_object
from pgadvisor.whatif.twin import Twin

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("shop")]

STATEMENTS = {
    "a row by its key": "select * from customers where id = $1",
    "a foreign key": "select * from orders where customer_id = $1",
    "an enum": "select count(*) from orders where state = 'returned'",
    "a partial index": "select id from orders where state = 'new' order by created_at limit 10",
    "an expression index": "select id from customers where lower(email) = $1",
    "a function of the user's": "select count(*) from customers where initial(name) = 'C'",
    "a range": "select sum(total) from orders where created_at between $1 and $2",
    "a histogram": "select sum(total) from orders where total > 90",
    "nulls": "select count(*) from orders where note is null",
    "an array": "select id from orders where tags @> array['t3']",
    "a join": "select c.name, o.total from orders o join customers c on c.id = o.customer_id "
    "where c.region = 3 and o.created_at > '2025-11-01'",
    "an aggregate": "select state, count(*), avg(total) from orders group by state",
    "a sort": "select * from customers order by name, id limit 50",
    "two columns grouped": "select state, year, count(*) from orders group by state, year",
    "a view": "select * from open_orders where customer_id = $1",
    "a view on a view": "select count(*) from recent_open_orders",
    "a materialised view": "select * from region_totals where region = 4",
    "all partitions": "select count(*) from events where order_id = 5",
    "one partition": "select count(*) from events where happened_on = '2026-02-03'",
    "partitions by parameter": "select * from events where happened_on = $1 and kind = $2",
    "a semi join": "select count(*) from customers c where exists "
    "(select from orders o where o.customer_id = c.id and o.state = 'returned')",
    "a generated column": "select count(*) from orders where year = 2025",
    "an insert": "insert into orders (customer_id, state, total, created_at) "
    "values ($1, $2, $3, $4)",
    "an update": "update orders set state = 'sent' where id = $1",
    "a delete": "delete from events where order_id = $1",
}
INDEXES = {
    "one column": ("create index {name} on shop.orders (total)", "a histogram"),
    "two columns": (
        "create index {name} on shop.orders (state, created_at desc)",
        "select id from orders where state = $1 order by created_at desc limit 5",
    ),
    "an expression": (
        "create index {name} on shop.orders (upper(note))",
        "select id from orders where upper(note) = $1",
    ),
    "a condition": (
        "create index {name} on shop.orders (customer_id) where state = 'returned'",
        "select id from orders where state = 'returned' and customer_id = $1",
    ),
    "more columns": (
        "create index {name} on shop.customers (region) include (name)",
        "select name from customers where region = $1",
    ),
    "a partitioned table": (
        "create index {name} on shop.events (kind, happened_on)",
        "select count(*) from events where kind = $1 and happened_on > '2026-11-01'",
    ),
}


@pytest.fixture
def original(shop: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(shop) as connection:
        yield connection
        connection.rollback()


def plan_of(connection: psycopg.Connection, statement: str) -> Plan:
    text = f"explain (generic_plan, verbose, settings, format json) {statement}"
    row = connection.execute(text.encode()).fetchone()
    assert row is not None
    return plan_from_object(row[0])


def statement_of(text: str) -> str:
    return STATEMENTS.get(text, text)


def test_rebuilds_everything_but_the_values_of_extended_statistics(
    shop_twin: Twin, shop_snapshot: Snapshot
) -> None:
    assert shop_snapshot.unavailable[0].what == "the protection of a reading role"
    assert shop_twin.notes == ("values of statistics shop.orders_state_year are not in the twin",)


@pytest.mark.parametrize("name", STATEMENTS)
def test_plans_as_the_original_does(
    name: str, shop_twin: Twin, original: psycopg.Connection
) -> None:
    expected = plan_of(original, STATEMENTS[name])

    found = shop_twin.explain(STATEMENTS[name])

    assert found.shape == expected.shape
    # Beside rounding, this leaves room for what GIN and BRIN read from their metapages alone.
    assert found.total_cost == pytest.approx(expected.total_cost, rel=0.0001, abs=0.1)


@pytest.mark.parametrize("kind", INDEXES)
def test_a_hypothetical_index_is_as_good_as_a_real_one(
    kind: str, shop_twin: Twin, original: psycopg.Connection
) -> None:
    create, text = INDEXES[kind]
    name = "real_" + kind.replace(" ", "_")
    original.execute(create.format(name=name).encode())
    expected = plan_of(original, statement_of(text))

    found = shop_twin.explain(statement_of(text), create=(create.format(name=name),))

    assert found.shape == expected.shape
    assert found.total_cost == pytest.approx(expected.total_cost, rel=0.01)


def test_predicts_the_size_of_a_btree(shop_twin: Twin, original: psycopg.Connection) -> None:
    texts = {
        "size_customer": "create index size_customer on shop.orders (customer_id)",
        "size_created": "create index size_created on shop.orders (created_at)",
        "size_state": "create index size_state on shop.orders (state)",
        "size_note": "create index size_note on shop.orders (note)",
        "size_name": "create index size_name on shop.customers (name)",
        "size_region": "create index size_region on shop.customers (region, id)",
        "size_total": "create index size_total on shop.orders (total)",
    }
    errors = {}
    for name, text in texts.items():
        original.execute(text.encode())
        row = original.execute("select pg_relation_size(%s)", (f"shop.{name}",)).fetchone()
        assert row is not None
        shop_twin.explain("select 1", create=(text,))
        made = shop_twin._hypothetical[text]
        assert not isinstance(made, str)
        errors[name] = made.size_bytes / row[0] - 1

    assert all(abs(error) < 0.1 for error in errors.values()), errors
