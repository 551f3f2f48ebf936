"""What a real server gives: its values are not in the file, and its definitions still parse."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from pgadvisor.collect.assemble import collect
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.parse.grammar import parse
from pgadvisor.snapshotfile import Level, load, redact, save
from pgadvisor.snapshotfile.codec import content_of
from pgadvisor.whatif.twin import Twin
from tests.fixtures.databases import FORGET

pytestmark = pytest.mark.live

SCHEMA = """
create type mood as enum ('happy', 'sad');
create type place as (street text, number integer);
create domain mail as text check (value <> 'canary-check@example.org');
create table people (
    id uuid primary key,
    status text not null default 'canary default' check (status <> 'canary check'),
    note text,
    code char(2),
    mood mood,
    mail mail,
    home place,
    tags text[],
    data jsonb,
    secret bytea,
    address inet,
    salary bigint,
    team integer,
    score numeric(6, 2),
    born date,
    seen timestamptz,
    stay daterange,
    words tsvector
);
create function shout(what text) returns text language plpgsql immutable as $body$
-- canary comment
begin
    if what = 'canary body' then
        raise exception 'canary % body', what;
    end if;
    return upper(what) || '!';
end
$body$;
create index people_note_idx on people (lower(note)) where note <> 'canary predicate';
create index people_shout_idx on people (shout(note));
create index people_key_idx on people ((data ->> 'email')) where status = 'active';
create view birds as
    select *, 'canary column'::text as label from people where note like 'canary%view';
create materialized view kept_birds as select * from people where note = 'canary matview';
create statistics people_stats (dependencies, mcv) on status, mood from people;
create table events (at timestamptz not null, kind text not null) partition by range (at);
create table events_1 partition of events
    for values from ('2025-01-01 00:00+00') to ('2025-02-01 00:00+00');
create table by_kind (kind text not null) partition by list (kind);
create table by_kind_1 partition of by_kind for values in ('canary partition', 'other');
insert into people
select
    gen_random_uuid(),
    (array['active', 'active', 'closed'])[1 + i % 3],
    'canary note ' || i,
    chr(65 + i % 26) || chr(65 + i / 26 % 26),
    (array['happy', 'sad'])[1 + i % 2]::mood,
    'canary' || i || '@example.org',
    row('canary street ' || i % 400, i)::place,
    array['canary tag ' || i % 200, 'canary tag ' || i],
    jsonb_build_object('email', 'canary' || i, 'deep', jsonb_build_array('canary deep ' || i)),
    decode(md5('secret' || i), 'hex'),
    ('203.0.' || i / 250 || '.' || i % 250)::inet,
    7654321007 + i * 14,
    i * i % 311,
    i % 613 / 7.0,
    date '1950-01-01' + i * 7,
    timestamptz '2024-01-01 03:04:05+00' + i * interval '3 hours 1 minute 7 seconds',
    daterange(date '1960-01-01' + i * 3, date '1960-01-05' + i * 3),
    to_tsvector('simple', 'canary lexeme' || i)
from generate_series(1, 2000) as i;
insert into by_kind select 'other' from generate_series(1, 100);
analyze;
"""
QUERIES = (
    "select id from people where note = 'canary literal' and status = 'active'",
    "select id from people where data ->> 'email' = 'canary literal'",
    "select id from people where tags @> array['canary literal'] limit 10",
    "select 'canary literal' as label, count(*) from people where note like 'canary literal%'",
    "update people set note = 'canary literal' where salary = 7654321021",
    "select count(*) from events where at > '2025-01-15'",
)
SECRETS = ("canary", "203.0.")


@pytest.fixture
def snapshot(database: str) -> Snapshot:
    """A collected database that is full of canaries."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(SCHEMA)
        # On a busy machine its INSERT alone would make up nearly all of the time, and no plan of
        # a query be asked for.
        connection.execute(FORGET)
        for query in QUERIES:
            for _ in range(3):
                connection.execute(query)
    return collect(database)


@pytest.mark.parametrize("level", ["default", "all"])
def test_no_value_of_a_real_database_is_in_the_file(
    snapshot: Snapshot, database: str, tmp_path: Path, level: Level
) -> None:
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "select id::text, encode(secret, 'hex'), salary::text, seen::text from people"
        ).fetchall()
    columns = tuple(zip(*rows, strict=True))
    open_content = content_of(_saved(snapshot, tmp_path / "open.pgsnap", "none")).decode()

    content = content_of(_saved(snapshot, tmp_path / "shop.pgsnap", level)).decode()

    assert all(text in open_content for text in SECRETS)
    assert all(any(text in open_content for text in column) for column in columns)
    assert [text for text in SECRETS if text in content] == []
    assert [text for column in columns for text in column if text in content] == []


def test_statuses_and_counters_are_still_there(snapshot: Snapshot, tmp_path: Path) -> None:
    save(snapshot, tmp_path / "shop.pgsnap")

    found = load(tmp_path / "shop.pgsnap")
    values = {
        row.column: row.most_common_values
        for row in found.column_statistics
        if row.most_common_values
    }
    assert values["status"] == ("active", "closed")
    assert set(values["mood"]) == {"happy", "sad"}
    assert found.table_activity == snapshot.table_activity
    assert len(found.column_statistics) == len(snapshot.column_statistics)


def test_every_definition_still_parses(snapshot: Snapshot) -> None:
    found = redact(snapshot, "all")

    texts = [index.definition for index in found.indexes]
    texts += [view.definition for view in found.views]
    texts += [function.definition for function in found.functions if function.definition]
    texts += [other.definition for other in found.other_objects]
    texts += [
        f"ALTER TABLE t ADD CHECK {c.definition[5:]}" for c in found.constraints if c.kind == "c"
    ]
    texts += [
        f"ALTER TABLE t ALTER c SET DEFAULT {column.default_sql}"
        for table in found.tables
        for column in table.columns
        if column.default_sql
    ]
    texts += [
        f"CREATE TABLE p PARTITION OF t {table.partition_bound}"
        for table in found.tables
        if table.partition_bound
    ]
    assert len(texts) >= 10
    assert all(len(parse(text)) == 1 for text in texts)
    assert [i.keys for i in found.indexes if i.name == "people_key_idx"] == [
        i.keys for i in snapshot.indexes if i.name == "people_key_idx"
    ]


def test_the_server_takes_every_redacted_value(snapshot: Snapshot, database: str) -> None:
    found = redact(snapshot, "all")
    types = {
        (table.oid, column.name): column.type_name
        for table in found.tables
        for column in table.columns
    }

    checked = 0
    with psycopg.connect(database, autocommit=True) as connection:
        for row in found.column_statistics:
            type_name = types.get((row.relation_oid, row.column))
            if type_name is None:
                continue
            values = (
                f"(select n, v::{type_name} as v"
                " from unnest(%s::text[]) with ordinality as x (v, n))"
            )
            query = (
                "select array_agg(v order by n) = array_agg(v order by v) is not false,"
                f" (select count(v) from {values} as common) from {values} as bounds"
            )
            common = list(row.most_common_values or ())
            is_sorted, count = connection.execute(
                query.encode(), [common, list(row.histogram_bounds or ())]
            ).fetchall()[0]
            assert is_sorted, row.column
            assert count == len(common)
            checked += count + len(row.histogram_bounds or ())
    assert checked > 1_000


@pytest.mark.parametrize("level", ["default", "all"])
def test_a_twin_takes_all_of_a_redacted_snapshot(snapshot: Snapshot, level: Level) -> None:
    with Twin(snapshot) as twin:
        expected = twin.fidelity()

    with Twin(redact(snapshot, level)) as twin:
        found = twin.fidelity()

    assert found.notes == expected.notes
    assert len(found.statements) == len(expected.statements) > 0
    assert found.same_shape_ratio == 1.0


def _saved(snapshot: Snapshot, path: Path, level: Level) -> bytes:
    save(snapshot, path, level=level)
    return path.read_bytes()
