"""No value of a row, and no literal of a statement, is printed or saved by default."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.snapshotfile.codec import content_of
from tests.fixtures.databases import FORGET, fresh_database
from tests.fixtures.programs import Ended, pgadvisor_command

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whole-run")]

PLANTED = ("canary", "63616e617279", "ca9a4700")
"""The text, the same as bytes are written, and how the planted UUIDs begin."""
SCHEMA = """
create function shout(what text default 'canary-default') returns text language plpgsql immutable
  as $$ begin return upper(what) || 'canary-body'; end $$;
create domain handle as text check (value <> 'canary-domain');
create table people (
  id bigint generated always as identity primary key,
  name text not null default 'canary-default' check (name <> 'canary-check'),
  email varchar(200) not null,
  code char(30) not null,
  nick handle not null,
  note text not null,
  token uuid not null,
  badge bytea not null,
  doc jsonb not null,
  raw json not null,
  tags text[] not null,
  refs uuid[] not null,
  badges bytea[] not null,
  docs jsonb[] not null,
  status text not null,
  created_at timestamptz not null
);
comment on table people is 'canary-comment';
comment on column people.name is 'canary-comment';
create index people_partial on people (created_at) where name <> 'canary-predicate';
create index people_expression on people ((name || 'canary-expression'));
create view some_people as select * from people where name > 'canary-view';
create materialized view few_people as select * from people where name = 'canary-view';
create policy shy on people using (name <> 'canary-policy');
create table settings (key text primary key, value text not null);
create table regions (name text, id int) partition by list (name);
create table region_1 partition of regions for values in ('canary-bound');
insert into people
  (name, email, code, nick, note, token, badge, doc, raw, tags, refs, badges, docs, status,
   created_at)
  select 'canary-' || i, 'canary' || i || '@example.org', 'canary-' || i / 20, 'canary-' || i,
    -- Common enough for pg_stats, and too rare to be told.
    case when i % 450 = 0 then 'canary-common' else 'canary-' || i end,
    ('ca9a4700-0000-4000-8000-' || lpad(to_hex(i / 20), 12, '0'))::uuid,
    convert_to('canary-' || i, 'UTF8'),
    jsonb_build_object('canary-key-' || i % 900, 'canary-' || i),
    json_build_object('key', 'canary-' || i),
    array['canary-' || i % 600, 'canary-' || i % 700],
    array['ca9a4700-0000-4000-8000-000000000001'::uuid],
    array[convert_to('canary-' || i, 'UTF8')],
    array[jsonb_build_object('key', 'canary-' || i)],
    case when i % 700 = 0 then 'canary-rare' when i % 10 = 0 then 'open' else 'done' end,
    '2026-01-01'::timestamptz + i * interval '1 min'
  from generate_series(1, 20000) i;
insert into settings select 'canary-' || i, 'canary-' || i from generate_series(1, 40) i;
insert into regions values ('canary-bound', 1);
create table tasks (id int primary key, state text not null, at timestamptz, payload text);
insert into tasks
  select i, case when i % 700 = 0 then 'canary-rare' else 'done' end,
    '2026-01-01'::timestamptz + i * interval '1 min', repeat('canary-payload ', 20)
  from generate_series(1, 20000) i;
"""
WORKLOAD = (
    "select id from people where email = 'canary5@example.org' /* canary-comment */",
    "select id from people where name = 'canary-7' -- canary-comment",
    "/* canary-comment */ select id from people where note = 'canary-common'",
    "select id from people where note = $tag$canary-common$tag$ and code = E'canary-\\x39'",
    "select id from people where token = 'ca9a4700-0000-4000-8000-000000000009'",
    "select id from people where badge = 'canary-9'::bytea or badge = '\\x63616e617279'",
    'select id from people where doc @> \'{"canary-key-3": "canary-3"}\'',
    "select id from people where doc ->> 'canary-key-3' = 'canary-3'",
    "select id from people where tags @> array['canary-3']",
    "select id from people where name like 'canary-19%' and lower(email) = 'canary3@example.org'",
    "select id from people where name in ('canary-1', 'canary-2', 'canary-3')",
    "select shout(name) from people where nick = 'canary-4'::handle",
    "select count(*) from some_people where created_at > '2026-01-02' and name <> 'canary-5'",
    "select status as state, count(*) from people where status <> 'canary-rare' group by status",
    ("select id from people where status = 'canary-rare' order by created_at limit 1 for update"),
    "select id from tasks where state = 'canary-rare' order by at limit 1 for update skip locked",
    "update tasks set state = 'done' where id = 7",
    "update people set status = 'canary-rare' where id = (select 11 where 'canary' = 'canary')",
    "insert into settings values ('canary-new', 'canary-new') on conflict do nothing",
    "do $$ begin perform 'canary-do'; end $$",
    "prepare canary_plan as select id from people where name = 'canary-prepared'",
    "set application_name = 'canary-application'",
    "copy (select 'canary-copy') to '/dev/null'",
    "create temporary table scratch as select 'canary-scratch' as value",
    "create role reader_of_secrets password 'canary-password'",
    "select value from settings where key = 'canary-3'",
)
FORMATS = ("text", "json", "markdown", "html")


@pytest.fixture(scope="module")
def secret(cluster: Cluster) -> Iterator[str]:
    """The DSN of a database full of values that must not be seen."""
    with fresh_database(cluster) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(SCHEMA.encode())
            connection.execute("select pg_stat_force_next_flush()")
            connection.execute("vacuum analyze")
            connection.execute(FORGET)
            for statement in WORKLOAD:
                for _ in range(1 if statement.startswith(("pre", "cre", "copy")) else 15):
                    connection.execute(statement.encode(), prepare=False)
        yield dsn
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("drop role reader_of_secrets")


def found_in(text: str) -> list[str]:
    """The surroundings of each planted value."""
    lowered = text.lower()
    places = (lowered.find(planted) for planted in PLANTED)
    return [text[max(0, place - 60) : place + 60] for place in places if place >= 0]


def written(ended: Ended, directory: Path) -> dict[str, str]:
    """All that a run has printed and written, by name."""
    assert ended.code == 0, ended.err
    texts = {path.name: path.read_text() for path in directory.iterdir()}
    return {"standard output": ended.out, "standard error": ended.err, **texts}


def test_the_server_knows_the_values(secret: str) -> None:
    with psycopg.connect(secret) as connection:
        row = connection.execute(
            "select (select count(*) from pg_stats where tablename = 'people'"
            "   and most_common_vals::text like '%canary-common%'),"
            " (select count(*) from pg_stats where tablename = 'people'"
            "   and (coalesce(histogram_bounds::text, '') || coalesce(most_common_vals::text, '')"
            "     || coalesce(most_common_elems::text, '')) ~ 'canary|63616e617279|ca9a4700'),"
            " (select count(*) from pg_stat_statements where query like '%canary%')"
        ).fetchone()

    assert row is not None
    assert row[0] >= 1
    assert row[1] >= 10
    assert row[2] >= 5


@pytest.mark.parametrize("name", FORMATS)
def test_no_report_shows_a_value(secret: str, tmp_path: Path, name: str) -> None:
    ended = pgadvisor_command("analyze", secret, "--format", name, "--out", "advice", cwd=tmp_path)

    texts = written(ended, tmp_path / "advice")
    assert len(texts) == 8
    assert "people" in texts["standard output"]
    assert {n: found for n, text in texts.items() if (found := found_in(text))} == {}


@pytest.mark.parametrize("name", ["alembic", "django"])
def test_no_migration_shows_a_value(secret: str, tmp_path: Path, name: str) -> None:
    ended = pgadvisor_command(
        "analyze", secret, "--migration", name, "--out", "advice", cwd=tmp_path
    )

    texts = written(ended, tmp_path / "advice")
    assert {n: found for n, text in texts.items() if (found := found_in(text))} == {}


@pytest.mark.parametrize("level", ["default", "all"])
def test_no_snapshot_holds_a_value(secret: str, tmp_path: Path, level: str) -> None:
    ended = pgadvisor_command("snapshot", secret, "-o", "x.pgsnap", "--redact", level, cwd=tmp_path)

    assert ended.code == 0, ended.err
    content = content_of((tmp_path / "x.pgsnap").read_bytes()).decode()
    assert '"people"' in content
    assert found_in(content) == []
    assert found_in(ended.out + ended.err) == []


def test_a_snapshot_holds_them_all_when_asked_to(secret: str, tmp_path: Path) -> None:
    ended = pgadvisor_command(
        "snapshot", secret, "-o", "x.pgsnap", "--redact", "none", cwd=tmp_path
    )

    content = content_of((tmp_path / "x.pgsnap").read_bytes()).decode()
    assert len(found_in(content)) == 3
    assert found_in(ended.out + ended.err) == []


def test_the_redacted_snapshot_leads_to_a_report_without_values(
    secret: str, tmp_path: Path
) -> None:
    pgadvisor_command("snapshot", secret, "-o", "x.pgsnap", cwd=tmp_path)

    ended = pgadvisor_command("analyze", "x.pgsnap", "--out", "advice", cwd=tmp_path)

    texts = written(ended, tmp_path / "advice")
    assert {n: found for n, text in texts.items() if (found := found_in(text))} == {}
