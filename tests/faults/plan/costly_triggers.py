"""Deleting customers, each with a search through all orders."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.shops import ORDERS

FAULT = Fault(
    subject="orders_customer_id_fkey",
    schema=ORDERS
    + "insert into customers (name) select 'customer ' || n from generate_series(1, 4000) n;",
    plant=("drop index orders_customer_id_idx",),
    explained=(
        (
            "delete from customers where id in"
            " (select id from customers where id > 2000 order by id limit 100)"
        ),
    ),
    beside={"unindexed-foreign-key": "it is the same key"},
)
