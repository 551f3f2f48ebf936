"""A database with one of nearly everything, for the tests of the collector."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from pgadvisor.cluster.launch import Cluster
from tests.fixtures.databases import FORGET, fresh_database

SCHEMA = """
create schema app;
create schema "We""ird Näme";
create schema ext;
create extension pg_trgm schema ext;

create type app.mood as enum ('sad', 'ok', 'happy');
create domain app.email as text check (value like '%@%');
create domain app.work_email as app.email not null;
create type app.address as (street text, zip varchar(10));
create type app.span as range (subtype = integer);

create function app.slug(name text) returns text immutable language sql
    as $$ select lower(replace(name, ' ', '-')) $$;
create function app.tenant() returns bigint stable language sql as $$ select 1::bigint $$;

create sequence app.numbers increment by 5;

create table app.tenants (
    id integer generated always as identity primary key,
    name text not null unique,
    mail app.work_email,
    home app.address,
    mood app.mood default 'ok',
    slug text generated always as (lower(name)) stored
);
create table app.orders (
    id bigserial primary key,
    tenant_id integer not null references app.tenants (id) on delete cascade,
    number bigint not null default nextval('app.numbers'),
    status text not null,
    dropped integer,
    note varchar(200) collate "C",
    amount numeric(12, 2) check (amount >= 0),
    tags text[],
    valid int4range,
    created_at timestamptz not null default now(),
    constraint no_overlap exclude using gist (valid with &&)
);
alter table app.orders drop column dropped;
alter table app.orders alter column status set statistics 250;
alter table app.orders set (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02);
create index orders_open_idx on app.orders (created_at desc nulls last, tenant_id)
    include (amount) where status = 'open';
create index orders_slug_idx on app.orders (app.slug(note), (id + 1));
create index orders_note_trgm_idx on app.orders using gin (note ext.gin_trgm_ops);
create index orders_tags_idx on app.orders using gin (tags);
create index orders_note_pattern_idx on app.orders (note varchar_pattern_ops);
create statistics app.orders_tenant_status (ndistinct, dependencies)
    on tenant_id, status from app.orders;

create table app.events (id bigint, at date not null, kind text) partition by range (at);
create table app.events_2025 partition of app.events
    for values from ('2025-01-01') to ('2026-01-01');
create table app.events_rest partition of app.events default;
create index events_at_idx on app.events (at);

create table app.notes (id integer primary key, body text);
create table app.long_notes (extra text) inherits (app.notes);
create unlogged table app.scratch (id integer);
create table "We""ird Näme"."sel-ect; -- " ("co""l ü" integer, "$1" text);
create index "We""ird Näme idx" on "We""ird Näme"."sel-ect; -- " ("co""l ü");

create view app.open_orders as
    select id, tenant_id, app.slug(note) as slug from app.orders where status = 'open';
create materialized view app.totals as
    select tenant_id, sum(amount) as amount from app.orders group by tenant_id;
"""

ROWS = """
insert into app.tenants (name, mail, mood, home)
    select 'Tenant ' || i, i || '@example.com', 'happy',
        row('High Street', ('AB ' || i)::varchar)::app.address
    from generate_series(1, 50) as i;
insert into app.orders (tenant_id, status, note, amount, tags, valid, created_at)
    select 1 + i % 50, case when i % 20 = 0 then 'open' else 'done' end, 'Note ' || i % 7,
        i % 100, array['a', 'b' || i % 3, 'with "quote"'], int4range(i, i + 1),
        timestamptz '2025-01-01 00:00+00' + i * interval '1 hour'
    from generate_series(1, 2000) as i;
insert into app.events select i, date '2025-12-01' + i % 60, 'kind ' || i % 3
    from generate_series(1, 300) as i;
insert into app.notes select i, 'body' from generate_series(1, 30) as i;
insert into app.long_notes select i, 'body', 'extra' from generate_series(31, 90) as i;
insert into "We""ird Näme"."sel-ect; -- " select i, 'x' from generate_series(1, 40) as i;
refresh materialized view app.totals;
analyze;
"""

WORKLOAD = (
    "select * from app.orders where tenant_id = 7 and status = 'open' order by created_at",
    """select o.id, t.name from app.orders o join app.tenants t on t.id = o.tenant_id
    where o.created_at > timestamptz '2025-02-01 00:00+00' - interval '3 days'""",
    "select count(*) from app.events where at between '2025-12-05' and '2025-12-06'",
    "update app.orders set amount = amount + 1 where id = 5 /* secret: 42 */",
    "insert into app.scratch values (1)",
    "select coalesce(note, 'none') from app.orders where note like 'Note 1%' limit 3",
)
"""Statements that are really run, each once."""


def fill(dsn: str, *, workload: bool = True) -> None:
    """Create everything, analyse it, and run the workload."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for text in (SCHEMA, ROWS):
            connection.execute(text.encode())
        connection.execute(FORGET)
        for text in WORKLOAD if workload else ():
            connection.execute(text.encode())


@contextmanager
def rich_database(cluster: Cluster) -> Iterator[str]:
    """Yield the DSN of such a database."""
    with fresh_database(cluster) as dsn:
        fill(dsn)
        yield dsn


def run(dsn: str, *statements: str) -> None:
    """Run statements as the superuser, each in its own transaction."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
