"""What the published algorithms choose from."""

from pgadvisor.testing import a_table
from tests.benchmarks.advisors.cost_model import Query, attributes_of, permutations_of

ORDERS = a_table("orders", "id bigint", "customer integer", "day date")
ITEMS = a_table("items", "order_id bigint", "day date")
TEXT = "select Customer from orders where id > 7 and day < now()"


def test_columns_of_named_tables_count_wherever_they_stand_in_the_text() -> None:
    found = attributes_of(TEXT, [ORDERS, ITEMS])
    assert [(one.table, one.key_columns) for one in found] == [
        ("orders", ("customer",)),
        ("orders", ("day",)),
        ("orders", ("id",)),
    ]


def test_candidates_are_all_orders_of_up_to_so_many_columns_of_one_table() -> None:
    text = f"{TEXT} and exists (select from items where order_id = id)"
    query = Query(id="1", text=text, attributes=attributes_of(text, [ORDERS, ITEMS]))
    assert [(one.table, one.key_columns) for one in permutations_of(query, 2)] == [
        ("items", ("day",)),
        ("items", ("order_id",)),
        ("orders", ("customer",)),
        ("orders", ("day",)),
        ("orders", ("id",)),
        ("items", ("day", "order_id")),
        ("items", ("order_id", "day")),
        ("orders", ("customer", "day")),
        ("orders", ("customer", "id")),
        ("orders", ("day", "customer")),
        ("orders", ("day", "id")),
        ("orders", ("id", "customer")),
        ("orders", ("id", "day")),
    ]
