"""A small shop, for a twin of it, that no server was asked for."""

from __future__ import annotations

from pgadvisor.model.schema import Function
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.testing import (
    a_foreign_key,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    column_statistics,
)

CUSTOMERS = a_table("customers", "id bigint not null", "email text", rows=50_000)
ORDERS = a_table(
    "orders",
    "id bigint not null",
    "customer_id bigint not null",
    "status text not null",
    "created_at timestamptz not null",
    rows=1_000_000,
)


SLEEPING = Function(
    oid=1,
    schema="public",
    name="sleeping",
    arguments="",
    language="sql",
    volatility="i",
    definition="create function public.sleeping() returns int language sql immutable as "
    "$$ select 1 from pg_sleep(60) $$",
)
"""Whoever plans a call of it waits for it."""


def a_shop(**server: object) -> Snapshot:
    """Customers, a million orders, and what is asked of them."""
    return a_snapshot(
        *(CUSTOMERS, ORDERS, SLEEPING),
        a_primary_key(CUSTOMERS, "id"),
        a_primary_key(ORDERS, "id"),
        an_index(ORDERS, "created_at"),
        a_foreign_key(ORDERS, "customer_id", CUSTOMERS),
        column_statistics(ORDERS, "id", n_distinct=-1.0),
        column_statistics(ORDERS, "customer_id", n_distinct=50_000.0),
        column_statistics(ORDERS, "status", most_common=[("done", 0.99), ("open", 0.01)]),
        a_statement("select * from orders where customer_id = $1", calls=900),
        a_statement("select count(*) from customers", calls=10),
        **server,
    )
