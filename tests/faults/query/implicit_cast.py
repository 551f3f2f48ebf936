"""Customers are looked up by a number that the driver sends as a decimal."""

from __future__ import annotations

from decimal import Decimal

from tests.faults.fault import Calls, Fault

TEXT = "select name from customers where id = %s"
FAULT = Fault(
    subject="public.customers.id",
    schema="""
        create table customers (
            id bigint generated always as identity primary key,
            name text not null,
            about text not null
        );
        insert into customers (name, about)
        select 'customer ' || n, repeat('x', 300) from generate_series(1, 40000) n;
    """,
    workload=(Calls(text=TEXT, times=50, parameters=lambda n: (Decimal(n + 1),)),),
    mend=(),
    rewritten=(Calls(text=TEXT, times=50, parameters=lambda n: (n + 1,)),),
)
