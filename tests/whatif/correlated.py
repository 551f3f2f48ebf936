"""Tables whose columns depend on one another, statistics that say so, and statements that ask."""

from __future__ import annotations

import psycopg

TABLES = """
create schema corr;
set search_path = corr;
create type state as enum ('new', 'open', 'done');
create domain amount as numeric(10, 2) check (value >= 0);
create type place as (street text, number integer);
create table orders (
    gone text, region integer, city text collate "C", day date, amount amount, state state,
    note text, code char(4), tags text[], home place, span int4range
);
insert into orders
    select null, i % 40, 'city "' || i % 40 / 4 || '"', date '2024-01-01' + i % 80 / 2,
        i % 20 * 1.25, (enum_range(null::state))[1 + i % 40 / 20],
        case when i % 40 < 30 then 'Note, \\ ' || i % 10 end, 'c' || i % 8, array['t' || i % 5],
        row('s, "' || i % 4, i % 4)::place, int4range(i % 4, 10)
    from generate_series(1, 12000) as i;
insert into orders
    select null, i % 613, 'town ' || i % 97, date '2024-01-01' + i % 300, i % 1009 / 4.0, 'done',
        'Other ' || i % 307, 'd' || i % 13, array['u' || i % 11], null, int4range(i % 9, 12)
    from generate_series(1, 3000) as i;
alter table orders drop column gone;
-- No btree: the planner would ask it for the least region and the greatest.
create index orders_region on orders using hash (region);
create index orders_city_day on orders (city, day);

create table events (kind integer, day date, source text, size integer) partition by range (day);
create table events_1 partition of events for values from ('2024-01-01') to ('2024-02-01');
create table events_2 (source text, junk integer, size integer, day date, kind integer);
alter table events_2 drop column junk;
alter table events attach partition events_2 for values from ('2024-02-01') to ('2024-04-01');
insert into events select i % 30, date '2024-01-01' + i % 60, 's' || i % 30 / 3, i % 15
    from generate_series(1, 9000) as i;

create table animals (kind text, legs integer, name text);
create table birds (wings integer) inherits (animals);
insert into animals select 'k' || i % 12, i % 4, 'n' || i from generate_series(1, 3000) as i;
insert into birds select 'b' || i % 6, i % 2, 'n' || i, i % 2 from generate_series(1, 3000) as i;
"""
KINDS = {
    "ndistinct": "create statistics {name} (ndistinct) on {columns} from {table}",
    "dependencies": "create statistics {name} (dependencies) on {columns} from {table}",
    "mcv": "create statistics {name} (mcv) on {columns} from {table}",
    "all": "create statistics {name} on {columns} from {table}",
}
"""How each kind of statistics is made by itself, and all of them together."""
OBJECTS = (
    ("wide", "state, region, day, city, note", "orders"),
    ("odd", "code, span, region, amount", "orders"),
    ("rows", "home, tags, region", "orders"),
    ("partitioned", "kind, source, size", "events"),
    ("one_part", "source, kind, size", "events_2"),
    ("family", "kind, legs", "animals"),
)
EXPRESSIONS = (
    "create statistics halves on (region / 4) from orders",
    (
        "create statistics months on (date_trunc('week', day::timestamp)), (lower(note)), city,"
        " tags from orders"
    ),
    "create statistics thirds on (kind / 3), source from events",
)
"""Of PostgreSQL 14 and later."""

STATEMENTS = (
    "select * from orders where region = 3 and city = 'city \"0\"'",
    "select * from orders where region = 3 and city = 'city \"1\"' and state = 'new'",
    "select * from orders where region = 25 and city = 'city \"6\"' and day = '2024-01-13'",
    "select * from orders where region in (1, 2, 21) and city in ('city \"0\"', 'city \"5\"')",
    "select * from orders where region < 8 and city < 'city \"2\"' and amount < 12",
    "select * from orders where note is null and region > 30 and state <> 'new'",
    "select * from orders where (region = 7 or city = 'town 5') and state = 'new'",
    "select * from orders where region = 7 and code = 'c7' and span = '[3,10)'",
    "select * from orders where home = row('s, \"1', 1)::place and region = 1",
    "select * from orders where tags = array['t1'] and region = 1",
    "select region, city, count(*) from orders group by region, city",
    "select region, day, state, code, count(*) from orders group by 1, 2, 3, 4",
    (
        "select o.city, e.kind from orders o join events e on e.kind = o.region"
        " where o.region = 5 and o.city = 'city \"1\"' and e.source = 's1'"
    ),
    "select * from events where kind = 4 and source = 's1'",
    "select kind, source, count(*) from events group by kind, source",
    "select * from events_2 where kind = 4 and source = 's1' and size = 4",
    "select kind, source, size, count(*) from events_2 group by 1, 2, 3",
    "select * from animals where kind = 'k3' and legs = 3",
    "select * from only animals where kind = 'k3' and legs = 3",
    "select kind, legs, count(*) from animals group by kind, legs",
    "select * from orders where region / 4 = 3",
    "select region / 4, count(*) from orders group by 1",
    "select * from orders where lower(note) = 'note, \\ 3' and city = 'city \"3\"'",
    (
        "select * from orders where date_trunc('week', day::timestamp) = '2024-01-08' and"
        " city = 'city \"4\"'"
    ),
    (
        "select date_trunc('week', day::timestamp), lower(note), city, count(*) from orders"
        " group by 1, 2, 3"
    ),
    "select * from events where kind / 3 = 2 and source = 's2'",
    "update orders set note = 'x' where region = 3 and city = 'city \"0\"' and state = 'new'",
)


def fill(dsn: str, kind: str = "all") -> None:
    """Make the tables with statistics of a kind, and analyse them."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(TABLES.encode())
        for name, columns, table in OBJECTS:
            text = KINDS[kind].format(name=name, columns=columns, table=table)
            connection.execute(text.encode())
        if kind == "all" and connection.info.server_version >= 14_00_00:
            for text in EXPRESSIONS:
                connection.execute(text.encode())
        connection.execute("analyze")
