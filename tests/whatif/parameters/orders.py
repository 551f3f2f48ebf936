"""Orders of two thousand tenants, one of whom has an eighth of them."""

SCHEMA = """
create table tenants (id integer primary key, name text not null unique);
insert into tenants select i, 'tenant ' || i from generate_series(1, 2000) i;
create table orders (
    id bigint primary key,
    tenant text not null,
    tenant_id integer not null references tenants,
    city text not null,
    zip text not null,
    total numeric(10, 2) not null,
    created_at timestamptz not null
);
alter table orders alter tenant set statistics 1000, alter tenant_id set statistics 1000;
insert into orders
select i, 'tenant ' || number, number, 'City ' || i % 40, 'Zip ' || i % 40 || '-' || i % 80,
    i % 1000, timestamptz '2026-01-01 00:00+00' + i * interval '1 min'
from generate_series(1, 60000) i,
    lateral (select case when i % 100 < 12 then 1 else 2 + (i::bigint * 7919) % 1999 end) n(number);
create index orders_tenant on orders (tenant);
create index orders_tenant_id on orders (tenant_id);
create index orders_created on orders (created_at);
create index orders_city on orders (city, zip);
create statistics orders_place (mcv) on city, zip from orders;
create table events (id bigint, at timestamptz not null) partition by range (at);
create table events_1 partition of events
    for values from ('2026-01-01 00:00+00') to ('2026-02-01 00:00+00');
create table events_2 partition of events
    for values from ('2026-02-01 00:00+00') to ('2026-03-01 00:00+00');
create index events_at on events (at);
alter table events_1 alter at set statistics 1000;
alter table events_2 alter at set statistics 1000;
insert into events select i, timestamptz '2026-01-01 00:00+00' + i * interval '1 min'
from generate_series(1, 80000) i;
"""
