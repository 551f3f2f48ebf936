"""A join of numbers of customers, which the one table has as numeric."""

from __future__ import annotations

from tests.faults.fault import Calls, Fault

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
        create table imported_orders (
            number bigint generated always as identity primary key,
            customer_number bigint not null,
            total numeric(10, 2) not null
        );
        insert into imported_orders (customer_number, total)
        select n * 7 % 40000 + 1, n % 1000 from generate_series(1, 60000) n;
    """,
    plant=("alter table imported_orders alter customer_number type numeric",),
    workload=(
        Calls(
            text="select o.total, c.name from imported_orders o"
            " join customers c on c.id = o.customer_number where o.number between %s and %s",
            parameters=lambda n: (n, n + 5),
        ),
    ),
    mend=("alter table imported_orders alter customer_number type bigint",),
)
