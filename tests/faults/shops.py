"""Schemas that faults are planted into: sound, and large enough to be judged."""

from __future__ import annotations

from tests.faults.fault import Calls

CUSTOMERS = """
create table customers (
    id bigint generated always as identity primary key,
    name text not null
);
insert into customers (name) select 'customer ' || n from generate_series(1, 2000) n;
"""

ORDERS = (
    CUSTOMERS
    + """
create table orders (
    id bigint generated always as identity primary key,
    customer_id bigint not null references customers (id),
    status text not null,
    total numeric(10, 2) not null,
    created_at timestamptz not null,
    note text not null
);
insert into orders (customer_id, status, total, created_at, note)
select n * 7 % 2000 + 1, case n % 20 when 0 then 'open' else 'done' end, n % 1000,
       now() - n * interval '1 minute', repeat('x', 120)
from generate_series(1, 60000) n;
create index orders_customer_id_idx on orders (customer_id);
"""
)
"""Customers and their orders: 60,000 rows, 12 MiB."""

ADDRESSES = """
create table addresses (
    id bigint primary key,
    country text not null,
    region text not null,
    city text not null,
    zip text not null,
    street text not null
);
insert into addresses
select n, 'country ' || n % 5, 'region ' || n % 5, 'city ' || n % 5, n % 5, 'street ' || n
from generate_series(1, 200000) n;
"""
"""Of five towns, so that each column tells all others."""

IN_ONE_TOWN = "country = 'country 1' and region = 'region 1' and city = 'city 1' and zip = '1'"
"""A fifth of the addresses, though the planner takes it for the fourth power of a fifth."""

EVENTS = """
create table events (
    id bigint primary key,
    tenant_id int not null,
    code text not null,
    at timestamptz not null,
    note text not null
);
insert into events
select n, n / 50001, md5(n::text), now() - (200000 - n) * interval '1 minute', repeat('x', 60)
from generate_series(1, 200000) n;
"""
"""Of four tenants, one after the other: 200,000 rows."""

JOBS = """
create table jobs (
    id bigint generated always as identity primary key,
    state text not null,
    created_at timestamptz not null,
    payload text not null
);
insert into jobs (state, created_at, payload)
select 'done', now() - n * interval '1 minute', repeat('x', 120)
from generate_series(1, 60000) n;
"""
"""A queue of which all jobs are done."""

POLL = Calls(
    text="select id from jobs where state = 'pending' order by created_at limit 1"
    " for update skip locked",
    times=5_000,
)
"""What its workers ask."""
