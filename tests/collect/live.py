"""A small database whose statements are planned and executed, and all that lurks in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from pgadvisor.collect.live_gate import LiveOptions
from tests.collect.rich import run
from tests.collect.roles import reading_role

SCHEMA = """
create table t (id integer primary key, at timestamptz, note text);
insert into t select i, timestamptz '2026-01-01' + i * interval '1 h', 'n' || i % 10
    from generate_series(1, 5000) as i;
create table written (id integer);
create sequence numbers;
analyze;
"""
TRAPS = """
create function acting(integer) returns integer volatile language plpgsql as
    $$ begin perform dblink_exec('dbname=' || current_database(), 'insert into written values (1)');
    return $1; end $$;
create function pretending(integer) returns integer immutable language sql as 'select $1';
create function computed(t) returns integer volatile language sql as 'select acting(1)';
create domain checked as integer check (acting(value) > 0);
create table holder (held checked);
create type holding as (held checked[]);
create type mine as (n integer);
create function to_mine(text) returns mine volatile language sql as 'select row(acting(1))::mine';
create cast (text as mine) with function to_mine(text);
create operator ==> (leftarg = integer, rightarg = integer, function = acting_twice);
create view reading as select acting(id) as a from t;
create view through as select * from reading;
create view counting as select nextval('numbers') as n;
create view locking as select * from t for update;
create view nested as select (select count(*) from t where id in (select acting(id) from t)) as n;
create table guarded (id integer);
alter table guarded enable row level security;
create policy guard on guarded using (acting(id) > 0);
insert into guarded values (1);
create extension file_fdw;
create server files foreign data wrapper file_fdw;
create foreign table elsewhere (line text) server files options (program 'false');
"""
ALLOWED = LiveOptions(analyze=True, allow_primary=True, allow_superuser=True)
"""What only a test may say of a server that it has started."""
READ_ONLY = LiveOptions(analyze=True, allow_primary=True)
"""Enough for a role that may only read."""


def fill(dsn: str, *, traps: bool = False) -> None:
    """Make the tables, and if wanted what must not be reached through them."""
    run(dsn, SCHEMA)
    if traps:
        twice = "create function acting_twice(integer, integer) returns integer volatile"
        run(dsn, "create extension dblink")
        run(dsn, f"{twice} language sql as 'select $1'", TRAPS)


@contextmanager
def reader(dsn: str) -> Iterator[str]:
    """A role that may read the tables, and what is beside them."""
    with reading_role(dsn, "public") as reading:
        yield reading


def written(dsn: str) -> tuple[int, int]:
    """Rows that a trap wrote, and the number that a sequence has come to."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(
            "select (select count(*) from written), (select last_value from numbers)"
        ).fetchone()
    assert row is not None
    return row
