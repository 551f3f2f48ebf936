"""Which existing indexes a candidate would make useless."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pgadvisor.choose.superseded import Credit, credits_of
from pgadvisor.choose.write_cost import WRITE_MS_PER_ENTRY, WriteCost
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Index, IndexKey
from pgadvisor.testing import a_snapshot, a_table, an_index, table_activity

ORDERS = a_table("orders", "id bigint", "customer_id bigint", "status text", "at timestamptz")
OLD = an_index(ORDERS, "customer_id")


def candidate(*columns: str, predicate: str | None = None) -> IndexDefinition:
    return IndexDefinition(
        table_oid=ORDERS.oid,
        schema="public",
        table="orders",
        keys=tuple(IndexKey(column=column) for column in columns),
        predicate=predicate,
    )


WIDER = candidate("customer_id", "at")


def earned(
    *candidates: IndexDefinition,
    old: Index = OLD,
    protected: tuple[str, ...] = (),
    is_measured: bool = True,
) -> tuple[Credit, ...]:
    catalog = Catalog(
        a_snapshot(ORDERS, old, table_activity(ORDERS, rows_inserted=700, rows_updated=0))
    )
    return credits_of(
        catalog,
        dict(enumerate(candidates)),
        WriteCost(catalog, (), 7.0),
        protected=protected,
        is_measured=is_measured,
    )


def test_what_begins_with_all_its_keys_takes_its_place_and_spares_its_entries() -> None:
    [credit] = earned(candidate("status"), WIDER, candidate("customer_id", "status"))

    assert credit.index == OLD
    assert credit.heirs == {1, 2}
    assert credit.freed_entries_per_day == pytest.approx(100.0)
    assert credit.value == pytest.approx(100.0 * WRITE_MS_PER_ENTRY)


def test_without_measured_times_entries_have_no_price() -> None:
    [credit] = earned(WIDER, is_measured=False)

    assert credit.freed_entries_per_day == pytest.approx(100.0)
    assert credit.value == 0.0


@pytest.mark.parametrize(
    "other",
    [
        candidate("at", "customer_id"),
        candidate("status"),
        candidate("customer_id", "at", predicate="status = 'open'"),
        replace(WIDER, access_method="brin"),
    ],
    ids=["another order", "another column", "some rows", "another method"],
)
def test_what_holds_less_takes_nobodys_place(other: IndexDefinition) -> None:
    assert earned(other) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"is_unique": True},
        {"constraint_name": "orders_key"},
        {"is_valid": False},
        {"is_replica_identity": True},
        {"is_clustered": True},
        {"is_extension_member": True},
        {"predicate": "status = 'open'"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_does_more_than_being_scanned_stays(change: dict[str, Any]) -> None:
    assert earned(WIDER, old=replace(OLD, **change)) == ()


@pytest.mark.parametrize("name", ["orders_customer_id_idx", "public.orders_customer_id_idx"])
def test_what_is_protected_stays(name: str) -> None:
    assert earned(WIDER, protected=(name,)) == ()
    assert earned(WIDER, protected=("another",)) != ()
