"""A database with one of every kind of object, and statements that plan with each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from pgadvisor.cluster.launch import Cluster
from tests.fixtures.databases import FORGET, fresh_database

_HERE = Path(__file__).parent
_SINCE = (14, 15, 18)
_FAST = "tablespace fast"
SEARCH_PATH = "everything, tools, public"

STATEMENTS: tuple[tuple[int, str], ...] = (
    # Types
    (13, "select * from typed where mood = 'happy' order by id limit 5"),
    (13, "select * from typed where mood > 'ok'"),
    (13, "select * from typed where moods @> array['sad']::mood[]"),
    (13, "select id from typed where many_moods = array['ok']::mood[]::moods"),
    (13, "select * from typed where place = row(3, 4, 5.00)::point3"),
    (13, "select * from typed where (place).x = 3 and (place).y < 9"),
    (13, "select id from typed where places[1] = row(2, 1, 2.5)::point3"),
    (13, "select grade, count(*) from typed where good > 5 group by grade"),
    (13, "select * from typed where code like 'B12%'"),
    (13, "select * from typed where span && span(10, 12)"),
    (13, "select * from typed where days @> date '2024-02-02'"),
    (13, "select * from typed where days << daterange('2024-02-01', '2024-02-03')"),
    (13, "select * from typed where label = 'label 17'"),
    (13, "select * from typed where properties -> 'colour' = 'red'"),
    (13, "select id from typed where path <@ 'top.c'"),
    (13, "select * from typed where bits = b'00001111' or flags = b'0000000011'"),
    (13, "select network, count(*) from typed where address << '10.1.7.0/24' group by network"),
    (13, "select * from typed where worth > 800::money and lasts < '5 hours'"),
    (13, "select * from typed where at_time < '02:00+00' and mac > '08:00:2b:01:02:f0'"),
    (13, "select * from typed where spot <@ box '((1,1),(5,5))'"),
    (13, "select * from typed where area && box '((1,1),(5,5))'"),
    (13, "select * from typed where variable like 'v12%' and short = 'K'"),
    (13, "select * from typed where unique_id = 'a87ff679-a2f3-e71d-9181-a67b7542122c'"),
    (13, "select * from typed where document ->> 'a' = '7' or document -> 'b' ->> 'c' = 'x3'"),
    (13, "select kind, max(ratio) from typed where matrix[1][1] = 4 group by kind"),
    (13, "select * from typed where id between 100 and 140 and raw > '\\xf0'"),
    (
        13,
        "insert into typed (id, mood, grade, code) values (9001, 'sad', 4, 'Abc')",
    ),
    (13, "update typed set good = good + 1 where mood = 'over the moon' and grade = 3"),
    # Collations
    (13, "select * from names where bytewise like 'name 12%'"),
    (13, "select * from names where usual like 'name 12%'"),
    (13, "select * from names where own < 'name 150' order by own desc nulls last"),
    (13, "select * from names where usual collate \"C\" > 'name 790'"),
    (13, "select a.id from names a join names b on a.bytewise = b.bytewise and a.id < b.id"),
    # Functions, operators, aggregates
    (13, "select * from things where dear(number)"),
    (13, "select * from things where cheap(number) and dear(id)"),
    (13, "select * from some_rows(5) r join things on things.id = r"),
    (13, "select * from few_rows(1, 25) r join things on things.id = r"),
    (13, "select * from things where in_parallel(number) = 17"),
    (13, "select * from things where hushed(number)"),
    (13, "select * from things where inlined(number)"),
    (13, "select * from things where as_definer(number)"),
    (13, "select * from grades_of('v17')"),
    (13, "select id from typed where foreign_code(variable, 'v1') < 2"),
    (13, "select * from things where upper_name = built_in('thing 4')"),
    (13, "select * from names where usual === 'name 17'"),
    (13, "select a.id from names a join names b on a.usual === b.own where b.id < 30"),
    (13, "select longest_of(name) from things where number = 5"),
    (13, "select name, longest_of(name) over (partition by number) from things where id < 100"),
    (13, "select * from things where number % 10 = 3 and lower(name) = 'thing 5'"),
    (13, "select name from things where twice between 10 and 14"),
    (13, "select id from things where number > 395"),
    (13, "update things set number = number + 1 where twice = 10"),
    # Tables
    (13, "select kind, count(*) from fleeting group by kind"),
    (13, "select * from holder where (whole).kind = 3 and ordinary is not null"),
    (13, "select * from of_type where a = 17 or b = 'b7'"),
    (13, "select * from level1 where id = 5000"),
    (13, "select * from level2 where id between 3990 and 4010"),
    (13, "select * from level1 where a = 7 order by id limit 5"),
    (13, "update level1 set a = a + 1 where id = 7005"),
    (13, "select * from other1 where o = 2"),
    (13, "select * from measures where region = 'ne' and taken_on > '2024-12-01'"),
    (13, "select * from measures where region is null or region = 'odd'"),
    (13, "select * from measures where id = 77 and region = 's'"),
    (13, "select count(*) from measures where taken_on = '2024-05-05'"),
    (13, "select region, avg(value) from measures group by region"),
    (13, "select * from measures where region = 'x' and value > 990"),
    (13, "select * from measures_north where id = 700"),
    (13, "select * from measures_gone where value = 5"),
    (13, "insert into measures values (1, 'n', '2024-01-01', 5)"),
    (13, "update measures set value = 0 where region = 'n' and taken_on = '2024-07-07'"),
    (13, "delete from measures where taken_on = '2024-02-05'"),
    (
        13,
        "select a.id from measures a join measures b using (region, id) where a.value > 970",
    ),
    (13, "select * from pets p join owners o on o.id = p.owner_id where o.name = 'owner 7'"),
    (13, "select p.id, m.kind from pets p left join pets m on m.id = p.mother_id"),
    (13, "select * from owners o where not exists (select from pets p where p.owner_id = o.id)"),
    (13, "select distinct p.id from pets p where p.chip = 'chip 77'"),
    (13, "select * from pets where owner_id = 5 and born && daterange('2021-01-01', '2021-02-01')"),
    (13, "delete from owners where id = 77"),
    (
        13,
        (
            "insert into owners values (5, 'x', 'o5@example.org') on conflict (id) do update"
            " set name = excluded.name"
        ),
    ),
    # Views
    (13, "select * from old_cats where owner_id < 100"),
    (13, "select * from guarded where dear(id) and name = 'thing 7'"),
    (13, "select * from guarded where cheap(number) and id < 100"),
    (13, "update checked set number = 9 where id = 4"),
    (13, "select * from ancestors"),
    (13, "select * from per_owner where id = 3"),
    (13, "select * from many order by pets desc limit 3"),
    (13, "select * from per_count where owners > 10"),
    # Foreign tables
    (13, "select * from remote_things where number = 7"),
    (13, "select * from remote_things where name like 'thing 1%' order by number"),
    (13, "select number, count(*), max(name) from remote_things group by number"),
    (13, "select count(*) from remote_things"),
    (
        13,
        (
            "select t.id, r.mood from remote_things t join remote_typed r on r.id = t.id"
            " where t.number < 20"
        ),
    ),
    (
        13,
        (
            "select count(*) from remote_things t join remote_typed r on r.id = t.number"
            " where t.id < 3 and r.id < 3"
        ),
    ),
    (13, "select * from remote_typed where label = 'label 17'"),
    (13, "select * from remote_typed where mood = 'happy' and half > 500"),
    (13, "select * from far_pets p join remote_things t on t.id = p.owner_id"),
    (13, "select * from far_pets p join owners o on o.id = p.owner_id where o.id < 20"),
    (13, "select * from far_pets where id < 0"),
    (13, "select * from never_analyzed where owner_id = 7"),
    (13, "select * from spread where id between 1990 and 2010"),
    (13, "select kind, count(*) from spread group by kind"),
    (13, "select * from remote_things order by number limit 10"),
    (13, "update remote_things set number = number + 1 where id = 7"),
    (13, "update remote_typed set grade = 2 where id in (select id from owners where id < 9)"),
    (13, "delete from far_pets where owner_id = 6"),
    (13, "insert into remote_typed (id, mood) values (99999, 'sad')"),
    (13, "insert into spread select id + 100, kind from spread where id < 50"),
    # Tablespaces
    (13, "select * from on_fast where kind = 7"),
    (13, "select * from on_fast where id between 10 and 500"),
    (13, "select count(*) from on_fast"),
    (13, "select * from on_slow where kind = 7"),
    (13, "select f.id from on_fast f join on_slow s using (kind) where s.id = 9"),
    # Later majors
    (14, "select * from spans where free @> 17"),
    (14, "select * from scattered where kind = 'k3'"),
    (14, "update scattered set kind = 'k9' where id = 4000"),
    (
        14,
        "select * from spans where others && datemultirange(daterange('2024-02-01', '2024-02-03'))",
    ),
    (14, "select * from things where standard_body(number)"),
    (15, "select * from once where id = 7 and tag is null"),
    (15, "select * from invoker where usual = 'x' or id = 105"),
    (
        15,
        (
            "merge into pets p using owners o on o.id = p.owner_id and o.id < 50"
            " when matched and p.kind = 'cat' then delete"
            " when not matched then insert (owner_id, kind) values (o.id, 'dog')"
        ),
    ),
    (18, "select * from computed where taxed > 400 and kept < 450"),
    (18, "select * from computed where kept = 17"),
    (18, "select * from computed where price is null"),
    (18, "select * from loose where id is null or a = 3"),
    (18, "select * from stays where room = 7 and during @> date '2024-05-05'"),
    (18, "select * from meals join stays using (room, during) where room = 3"),
    (18, "select * from claims c join computed p on p.id = c.stay where p.id < 100"),
)
"""The first major that has it, and the statement."""

GIN_STATEMENTS = ("select * from typed where words @@ to_tsquery('simple', 'word3 & word5')",)
"""Of these the cost rests on what a GIN index's metapage counts."""

NOTES = (
    (
        "foreign table everything.from_file is stood in for by one of postgres_fdw: "
        "only that wrapper plans without what file_fdw reads"
    ),
    (
        "function everything.built_in(text) is stood in for by one that does nothing: "
        "its language is internal"
    ),
    (
        "function everything.few_rows(integer, integer) is stood in for by one that does nothing: "
        "its language is internal"
    ),
    (
        "function everything.foreign_code(text, text) is stood in for by one that does nothing: "
        "its language is c"
    ),
    (
        'index everything.turned_number is left out: operator class "everything.backwards_ops" '
        'does not exist for access method "btree"'
    ),
    "text search configuration everything.plain_words is stood in for by pg_catalog.simple",
)
"""What cannot be as on the original."""


def statements(major: int) -> list[str]:
    """The statements that a major understands."""
    return [statement for since, statement in STATEMENTS if since <= major]


@contextmanager
def everything_database(cluster: Cluster) -> Iterator[str]:
    """Make a database with everything in it, analysed; yields its DSN."""
    directory = cluster.directory / "fast"
    directory.mkdir(mode=0o700, exist_ok=True)
    if cluster.owner is not None:
        os.chown(directory, *cluster.owner)
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute(
            f"create {_FAST} location '{directory}' with (random_page_cost = 1.1,"
            " seq_page_cost = 0.5)".encode()
        )
    with fresh_database(cluster) as dsn:
        fill(dsn)
        yield dsn
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute(f"drop {_FAST}".encode())


def fill(dsn: str) -> None:
    """Make the objects that the server's major knows, and analyse them."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        major = connection.info.server_version // 10_000
        connection.execute((_HERE / "everything.sql").read_bytes())
        for since in _SINCE:
            if major >= since:
                connection.execute((_HERE / f"everything_{since}.sql").read_bytes())
        database = connection.info.dbname
        connection.execute(f'alter database "{database}" set search_path = {SEARCH_PATH}'.encode())
        connection.execute("vacuum analyze")
        # Foreign tables are analysed by name only.
        for (name,) in connection.execute(
            "select oid::regclass::text from pg_class where relkind = 'f'"
            " and relname <> 'never_analyzed' and relname <> 'no_such_file'"
        ).fetchall():
            connection.execute(f"analyze {name}".encode())
        connection.execute(f"set search_path = {SEARCH_PATH}".encode())
        connection.execute(FORGET)
        for statement in statements(major):
            if statement.startswith("select"):  # functions are collected that somebody calls
                connection.execute(statement.encode())
