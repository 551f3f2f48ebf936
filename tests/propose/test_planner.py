"""What the planner of a twin takes out of the candidates, kind by kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.config import GateLimits
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.parse.usage import usage_of
from pgadvisor.propose.indexes import propose_indexes
from pgadvisor.sqltext.index import describe_keys
from pgadvisor.whatif.backend import Built, Configuration, NotBuilt, NotPlanned
from pgadvisor.whatif.twin import Twin
from tests.fixtures.databases import fresh_database

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("propose_planner")]

SCHEMA = """
create extension pg_trgm;
create collation localised (provider = libc, locale = 'C.UTF-8');
create table notes (
    id bigint, tenant_id integer, author_id integer, state text, title text,
    bytewise text collate "C",
    localised text collate localised, body text, document jsonb, tags text[], words tsvector,
    validity int4range, place point, address inet, written_at timestamp, deleted_at timestamp,
    digest text
);
insert into notes
select i, i % 500, (i * 7919) % 4000,
    case when i % 400 = 0 then 'new' else 'done' end,
    md5(i::text), md5(i::text), md5(i::text), md5((i * 3)::text) || ' ' || md5((i * 5)::text),
    jsonb_build_object('colour', 'c' || i % 2000, 'k' || i % 3000, 1),
    array['t' || i % 1500, 'u' || i % 900],
    to_tsvector('english', md5((i % 5000)::text)),
    int4range(i, i + 5), point(i % 300, i / 300),
    ('10.' || i % 250 || '.' || i / 250 || '.1')::inet,
    timestamp '2026-01-01' + i * interval '1 minute',
    case when i % 50 = 0 then timestamp '2026-05-01' end,
    repeat(md5(i::text), 5)
from generate_series(1, 40000) i;
alter table notes alter tenant_id set statistics 1;
checkpoint;
vacuum analyze notes;
"""
"""With that target ANALYZE keeps no list of tenants: in a sample one may look larger than others.
The checkpoint is for VACUUM: what is committed but not on the disk is not all-visible yet."""
TAKEN = (
    ("select * from notes where tenant_id = 5 and author_id = 9", "(author_id, tenant_id)"),
    ("select * from notes where tenant_id = 5 and id > 39000", "(tenant_id, id)"),
    (
        "select * from notes where tenant_id = 5 order by written_at desc limit 3",
        "(tenant_id, written_at)",
    ),
    ("select max(written_at), min(id) from notes", "(written_at)"),
    (
        "select author_id, sum(id) from notes where tenant_id = 5 group by author_id",
        "(tenant_id, author_id, id)",
    ),
    (
        "select id, title, state, author_id from notes where tenant_id = 5 order by written_at",
        "(tenant_id, written_at) INCLUDE (author_id, id, state, title)",
    ),
    (
        # The two cost the same to a hair: ANALYZE's draw tells.
        "select id, title from notes where state = 'new' order by written_at limit 5",
        "(written_at, id, title) WHERE state = 'new' or (state, written_at, id, title)",
    ),
    ("select * from notes where upper(title) = 'X'", "((upper(title)))"),
    ("select * from notes order by upper(title) limit 5", "((upper(title)))"),
    ("select * from notes where localised like 'abc%'", "(localised text_pattern_ops)"),
    ("select * from notes where bytewise like 'abc%'", "(bytewise)"),
    ("select * from notes where body ilike '%abcdef%'", "USING gin (body public.gin_trgm_ops)"),
    ("select * from notes where body like $1", "USING gin (body public.gin_trgm_ops)"),
    (
        "select * from notes where lower(body) ~ 'abcdef'",
        "USING gin ((lower(body)) public.gin_trgm_ops)",
    ),
    (
        "select * from notes order by title <-> 'abcdef' limit 5",
        "USING gist (title public.gist_trgm_ops)",
    ),
    (
        """select * from notes where document @> '{"colour": "c7"}'""",
        "USING gin (document jsonb_path_ops)",
    ),
    ("select * from notes where document ? 'k77'", "USING gin (document)"),
    ("select * from notes where tags @> array['t7']", "USING gin (tags)"),
    ("select * from notes where tags && array['t7', 'u7']", "USING gin (tags)"),
    ("select * from notes where words @@ to_tsquery('english', 'abc')", "USING gin (words)"),
    (
        "select * from notes where to_tsvector('english', body) @@ to_tsquery('english', 'abc')",
        "USING gin ((to_tsvector('english', body)))",
    ),
    ("select * from notes where validity && int4range(5, 9)", "USING gist (validity)"),
    ("select * from notes where validity @> 77", "USING gist (validity)"),
    (
        "select * from notes where int4range(tenant_id, author_id) && int4range(1, 2)",
        "USING gist ((int4range(tenant_id, author_id)))",
    ),
    ("select * from notes where place <@ box '((1,1),(5,5))'", "USING gist (place)"),
    ("select * from notes order by place <-> point '(1,1)' limit 5", "USING gist (place)"),
    ("select * from notes where address << '10.7.0.0/24'", "USING gist (address inet_ops)"),
    ("select * from notes where digest = 'x'", "USING hash (digest)"),
)
"""A statement, and the index that its plan reads with all of its candidates there."""


@pytest.fixture(scope="module")
def notes(cluster: Cluster) -> Iterator[Snapshot]:
    with fresh_database(cluster) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            for statement in SCHEMA.split(";\n")[:-1]:
                connection.execute(statement.encode())
        yield collect(dsn)


@pytest.fixture(scope="module")
def twin(notes: Snapshot) -> Iterator[Twin]:
    with Twin(notes) as twin:
        yield twin


def proposals(snapshot: Snapshot, statement: str) -> tuple[IndexDefinition, ...]:
    catalog = Catalog(snapshot)
    limits = GateLimits(min_table_bytes=0, min_table_rows=0)
    found = propose_indexes(catalog, (usage_of("s", statement, catalog),), limits)
    return tuple(candidate.definition for candidate in found)


def indexes_read(twin: Twin, snapshot: Snapshot, statement: str) -> set[str]:
    outcomes = twin.build(proposals(snapshot, statement))
    built = [outcome for outcome in outcomes if isinstance(outcome, Built)]
    create = frozenset(one.definition for one in built)
    plan = twin.plan(statement, Configuration(create=create))
    assert not isinstance(plan, NotPlanned), plan
    return {describe_keys(one.definition) for one in built if one.name in plan.index_names}


@pytest.mark.parametrize(("statement", "index"), TAKEN)
def test_the_planner_takes(twin: Twin, notes: Snapshot, statement: str, index: str) -> None:
    assert not indexes_read(twin, notes, statement).isdisjoint(index.split(" or "))


def test_the_planner_refuses_an_expression_that_depends_on_the_time_zone(
    twin: Twin, notes: Snapshot
) -> None:
    found = proposals(notes, "select * from notes where written_at::timestamptz::text = 'x'")

    reasons = {
        describe_keys(one.definition): one.reason
        for one in twin.build(found)
        if isinstance(one, NotBuilt)
    }

    [(keys, reason)] = reasons.items()
    assert keys == "((CAST(CAST(written_at AS timestamptz) AS text)))"
    assert "IMMUTABLE" in reason


def test_no_index_serves_a_value_that_is_looked_for_in_an_array(
    twin: Twin, notes: Snapshot
) -> None:
    [tags] = [
        one
        for one in proposals(notes, "select * from notes where tags @> array['t7']")
        if one.access_method == "gin"
    ]
    twin.build([tags])

    with_index = twin.plan(
        "select * from notes where 't7' = any (tags)", Configuration(create=frozenset({tags}))
    )

    assert not isinstance(with_index, NotPlanned)
    assert with_index.index_names == frozenset()


def test_the_planner_takes_brin_for_a_large_table(notes: Snapshot) -> None:
    [table] = notes.tables
    times = 40
    large = replace(
        notes,
        tables=(
            replace(
                table,
                rows=table.rows * times,
                pages=table.pages * times,
                all_visible_pages=0,
                size_bytes=table.size_bytes * times,
            ),
        ),
    )
    statement = "select * from notes where written_at between '2026-01-03' and '2026-01-05'"
    [brin] = [one for one in proposals(large, statement) if one.access_method == "brin"]

    with Twin(large) as twin:
        twin.build([brin])
        plan = twin.plan(statement, Configuration(create=frozenset({brin})))

    assert not isinstance(plan, NotPlanned)
    assert len(plan.index_names) == 1
