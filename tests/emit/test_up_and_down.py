"""Migrations on a real server: up changes what it should, down restores what was there."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from pgadvisor.cluster.binaries import embedded_binaries
from pgadvisor.emit.migration import build_migration
from pgadvisor.model.action import (
    Action,
    AddPrimaryKeyUsingIndex,
    AnalyzeTable,
    CreateIndex,
    CreateStatistics,
    DropIndex,
    IndexDefinition,
    PartitionIndex,
    RebuildIndex,
    SetTableOptions,
)
from pgadvisor.model.advice import Recommendation
from pgadvisor.model.finding import Confidence, Impact, Provenance, Severity
from pgadvisor.model.schema import IndexKey
from pgadvisor.sqltext.index import index_name
from pgadvisor.sqltext.quote import quote_identifier

pytestmark = pytest.mark.live

HOSTILE = 'we"ird\n\\! ls\n; DROP TABLE x; --'
SCHEMA, TABLE, COLUMN, OLD = (f"{word} {HOSTILE}" for word in ("s", "t", "c", "old"))
_s, _t, _c, _old = (quote_identifier(name) for name in (SCHEMA, TABLE, COLUMN, OLD))

SETUP = f"""
create schema {_s};
create table {_s}.{_t} (id bigint not null, {_c} text, at timestamptz, n int);
create unique index t_id_idx on {_s}.{_t} (id);
create index {_old} on {_s}.{_t} (n) where n > 5;
create index at_idx on {_s}.{_t} (at);
alter table {_s}.{_t} set (autovacuum_vacuum_scale_factor = 0.3);
create table public.jobs (id bigint not null);
create unique index jobs_key on public.jobs (id);
create table public.events (id bigint not null, at date not null, kind text)
    partition by range (at);
create table public.events_1 partition of public.events
    for values from ('2026-01-01') to ('2026-02-01');
create table public.events_2 partition of public.events
    for values from ('2026-02-01') to ('2026-03-01') partition by list (kind);
create table public.events_2a partition of public.events_2 for values in ('a');
create table public.events_2b partition of public.events_2 default;
create index events_id_idx on public.events (id);
insert into public.events values (1, '2026-01-05', 'x'), (2, '2026-02-05', 'a');
"""
PARTITIONS = (
    PartitionIndex(schema="public", table="events_1"),
    PartitionIndex(
        schema="public",
        table="events_2",
        is_partitioned=True,
        children=(
            PartitionIndex(schema="public", table="events_2a"),
            PartitionIndex(schema="public", table="events_2b"),
        ),
    ),
)


def create(definition: IndexDefinition, partitions: tuple[PartitionIndex, ...] = ()) -> CreateIndex:
    return CreateIndex(
        index=definition,
        name=index_name(definition),
        partitions=partitions,
        is_partitioned=bool(partitions),
    )


def on_hostile(key: IndexKey, predicate: str | None = None) -> IndexDefinition:
    return IndexDefinition(
        table_oid=1, schema=SCHEMA, table=TABLE, keys=(key,), include=("n",), predicate=predicate
    )


def drop(schema: str, name: str, definition: str, *, is_partitioned: bool = False) -> DropIndex:
    return DropIndex(
        schema=schema, name=name, recreate_sql=definition, is_partitioned=is_partitioned
    )


ACTIONS: dict[str, Callable[[Callable[[str], str]], Action]] = {
    "create": lambda _: create(
        on_hostile(
            IndexKey(column=COLUMN, is_descending=True, nulls_first=True),
            predicate=f"{_c} <> ':x %s \\:y'",
        )
    ),
    "create-on-expression": lambda _: create(
        on_hostile(IndexKey(column=None, expression=f"lower({_c})"))
    ),
    "create-on-partitions": lambda _: create(
        IndexDefinition(
            table_oid=2,
            schema="public",
            table="events",
            keys=(IndexKey(column="kind"), IndexKey(column="id")),
        ),
        PARTITIONS,
    ),
    "drop": lambda definition: drop(SCHEMA, OLD, definition(OLD)),
    "drop-on-partitions": lambda definition: drop(
        "public", "events_id_idx", definition("events_id_idx"), is_partitioned=True
    ),
    "rebuild": lambda _: RebuildIndex(schema=SCHEMA, name="at_idx"),
    "analyze": lambda _: AnalyzeTable(schema=SCHEMA, table=TABLE, columns=("n", COLUMN)),
    "create-statistics": lambda _: CreateStatistics(
        schema=SCHEMA,
        table=TABLE,
        name=f"stats {HOSTILE}",
        columns=("n", COLUMN),
        kinds=("ndistinct", "dependencies", "mcv"),
    ),
    "create-statistics-of-an-expression": lambda _: CreateStatistics(
        schema=SCHEMA, table=TABLE, name="of_expression", expressions=(f"lower({_c})",)
    ),
    "set-options": lambda _: SetTableOptions(
        schema=SCHEMA,
        table=TABLE,
        options=(("autovacuum_vacuum_scale_factor", "0.01"), ("autovacuum_enabled", "on")),
        previous=(("autovacuum_vacuum_scale_factor", "0.3"), ("autovacuum_enabled", None)),
    ),
    "primary-key": lambda definition: AddPrimaryKeyUsingIndex(
        schema=SCHEMA,
        table=TABLE,
        index_name="t_id_idx",
        constraint_name=f"key {HOSTILE}",
        recreate_sql=definition("t_id_idx"),
    ),
    "primary-key-of-the-same-name": lambda definition: AddPrimaryKeyUsingIndex(
        schema="public",
        table="jobs",
        index_name="jobs_key",
        constraint_name="jobs_key",
        recreate_sql=definition("jobs_key"),
    ),
}
WITHOUT_TRACE = {"rebuild", "analyze"}


def recommendation(*actions: Action) -> Recommendation:
    return Recommendation(
        title="Do it",
        actions=actions,
        finding_keys=(),
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        provenance=Provenance.CATALOG,
        impact=Impact(),
    )


def definition_in(dsn: str) -> Callable[[str], str]:
    def definition(name: str) -> str:
        with psycopg.connect(dsn) as connection:
            row = connection.execute(
                "select pg_get_indexdef(oid) from pg_class where relname = %s", (name,)
            ).fetchone()
        assert row is not None
        return str(row[0])

    return definition


def run(program: str, *arguments: str) -> str:
    binaries = embedded_binaries()
    finished = subprocess.run(  # noqa: S603  (our own programs)
        [binaries.program(program), *arguments],
        env={**os.environ, **binaries.environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def apply(dsn: str, script: str, directory: Path) -> None:
    path = directory / "script.sql"
    path.write_text(script, encoding="utf-8")
    run("psql", "-X", "-v", "ON_ERROR_STOP=1", "-f", str(path), "-d", dsn)


def schema_of(dsn: str) -> list[str]:
    dump = run("pg_dump", "--schema-only", "-d", dsn)
    # Each dump has a key of its own in these two lines.
    return [
        line for line in dump.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))
    ]


@pytest.fixture
def populated(database: str) -> str:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(SETUP.encode())
    return database


@pytest.mark.parametrize("name", [*ACTIONS, "all-at-once"])
def test_down_restores_what_up_changed(name: str, populated: str, tmp_path: Path) -> None:
    names = list(ACTIONS) if name == "all-at-once" else [name]
    made = (ACTIONS[each](definition_in(populated)) for each in names)
    migration = build_migration([recommendation(*made)])
    before = schema_of(populated)

    apply(populated, migration.up_sql, tmp_path)
    between = schema_of(populated)
    apply(populated, migration.down_sql, tmp_path)

    assert (between == before) is (name in WITHOUT_TRACE)
    assert schema_of(populated) == before


def test_up_can_be_run_again_after_it_broke_off(populated: str, tmp_path: Path) -> None:
    partitioned = ACTIONS["create-on-partitions"](definition_in(populated))
    whole = build_migration([recommendation(partitioned)]).up_sql
    position = whole.index("-- 4 of ")

    apply(populated, whole[:position], tmp_path)
    apply(populated, whole, tmp_path)

    with psycopg.connect(populated) as connection:
        row = connection.execute(
            "select count(*) from pg_index where not indisvalid or not indisready"
        ).fetchone()
    assert row == (0,)


def test_up_fails_over_an_invalid_leftover_of_the_same_name(populated: str, tmp_path: Path) -> None:
    definition = IndexDefinition(
        table_oid=1, schema="public", table="jobs", keys=(IndexKey(column="id"),), is_unique=True
    )
    with psycopg.connect(populated, autocommit=True) as connection:
        connection.execute("drop index public.jobs_key")
        connection.execute("insert into public.jobs values (1), (1)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(
                f'create unique index concurrently "{index_name(definition)}"'
                " on public.jobs (id)".encode()
            )
    migration = build_migration([recommendation(create(definition))])

    with pytest.raises(AssertionError, match="is not valid: drop it with DROP INDEX CONCURRENTLY"):
        apply(populated, migration.up_sql, tmp_path)


def test_up_fails_when_the_name_belongs_to_a_table(populated: str, tmp_path: Path) -> None:
    definition = IndexDefinition(
        table_oid=1, schema="public", table="jobs", keys=(IndexKey(column="id"),)
    )
    with psycopg.connect(populated, autocommit=True) as connection:
        connection.execute(f'create table public."{index_name(definition)}" ()'.encode())
    migration = build_migration([recommendation(create(definition))])

    with pytest.raises(AssertionError, match="is not valid"):
        apply(populated, migration.up_sql, tmp_path)
