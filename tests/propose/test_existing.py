"""Whether an existing index serves a proposed one."""

from __future__ import annotations

import pytest

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.schema import IndexKey
from pgadvisor.propose.existing import covers, leads, serves
from pgadvisor.testing import a_table, an_index

ORDERS = a_table("orders", "id bigint", "customer_id bigint", "created_at timestamptz")


def definition(*keys: IndexKey | str, predicate: str | None = None) -> IndexDefinition:
    return IndexDefinition(
        table_oid=ORDERS.oid,
        schema=ORDERS.schema,
        table=ORDERS.name,
        keys=tuple(IndexKey(column=k) if isinstance(k, str) else k for k in keys),
        predicate=predicate,
    )


DESCENDING = IndexKey(column="created_at", is_descending=True, nulls_first=True)


def test_an_index_that_begins_with_the_wanted_keys_serves() -> None:
    existing = an_index(ORDERS, "customer_id", "created_at")

    assert serves((existing,), definition("customer_id"))


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(definition("created_at"), id="not-a-leading-key"),
        pytest.param(definition("created_at", "customer_id"), id="another-order"),
        pytest.param(definition("customer_id", DESCENDING), id="another-direction"),
        pytest.param(definition("customer_id", "created_at", "id"), id="too-narrow"),
    ],
)
def test_other_keys_are_not_served(wanted: IndexDefinition) -> None:
    existing = an_index(ORDERS, "customer_id", "created_at")

    assert not serves((existing,), wanted)


def test_an_index_read_backwards_serves_too() -> None:
    existing = an_index(ORDERS, "created_at")

    assert serves((existing,), definition(DESCENDING))


def test_an_invalid_index_serves_nothing() -> None:
    existing = an_index(ORDERS, "customer_id", is_valid=False)

    assert not serves((existing,), definition("customer_id"))


def test_a_partial_index_serves_only_its_own_condition() -> None:
    existing = an_index(ORDERS, "customer_id", predicate="(created_at IS NULL)")

    assert not serves((existing,), definition("customer_id"))
    assert serves((existing,), definition("customer_id", predicate="(created_at IS NULL)"))


def test_a_full_index_covers_a_partial_one_with_the_same_keys() -> None:
    full, partial = definition("customer_id", "id"), definition("customer_id", predicate="id > 5")

    assert covers(full, partial)
    assert not covers(partial, full)


def test_the_order_of_keys_that_are_compared_for_equality_makes_no_difference() -> None:
    existing = an_index(ORDERS, "id", "customer_id", "created_at")
    wanted = definition("customer_id", "id", "created_at")

    assert serves((existing,), wanted, equal_count=2)
    assert not serves((existing,), wanted, equal_count=1)


def test_spelling_makes_no_difference_to_predicates_and_expressions() -> None:
    lower = IndexKey(column=None, expression="lower((status)::text)")
    existing = an_index(ORDERS, lower, predicate="(customer_id = 5)")
    wanted = IndexKey(column=None, expression="lower(status)")

    assert serves((existing,), definition(wanted, predicate='"customer_id" = 5'))
    assert not serves((existing,), definition(wanted, predicate='"customer_id" = 6'))
    assert not serves((existing,), definition(wanted))


def test_an_index_leads_with_a_key_for_all_rows() -> None:
    key = IndexKey(column="customer_id")

    assert leads((an_index(ORDERS, "customer_id", "id"),), "btree", key)
    assert not leads((an_index(ORDERS, "id", "customer_id"),), "btree", key)
    assert not leads((an_index(ORDERS, "customer_id"),), "hash", key)
    assert not leads((an_index(ORDERS, "customer_id", predicate="(id > 5)"),), "btree", key)
    assert not leads((an_index(ORDERS, "customer_id", is_valid=False),), "btree", key)
