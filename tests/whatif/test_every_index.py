"""Whatever index PostgreSQL has can be hypothetical, wherever its table is and however large."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.errors import RefusedError
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.plan import Plan
from pgadvisor.model.schema import IndexKey, Table
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.whatif.backend import Built, Configuration, NotBuilt
from pgadvisor.whatif.twin import Twin
from tests.fixtures.databases import fresh_database

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_every")]

SCHEMA = """
create extension bloom;
create schema far;
create table far."Big one" (
    "Id" bigint not null,
    name varchar(40) not null,
    tags text[] not null,
    attributes jsonb not null,
    place point not null,
    during tsrange not null,
    shop integer
);
insert into far."Big one"
select i, 'name ' || i % 5000, array['t' || i % 50], jsonb_build_object('n', i % 90),
    point(i % 100, i % 77), tsrange(timestamp '2024-01-01' + i * interval '1 hour',
        timestamp '2024-01-02' + i * interval '1 hour'), nullif(i % 40, 0)
from generate_series(1, 20000) i;
create materialized view far.counts as
    select name, count(*) as number from far."Big one" group by 1;
create unlogged table far.hasty as select "Id" as id, name from far."Big one";
create table far.parent (id integer not null, name text);
create table far.child () inherits (far.parent);
insert into far.parent select i, 'p' || i from generate_series(1, 9000) i;
insert into far.child select i, 'c' || i from generate_series(1, 9000) i;
create table far.whole (id integer not null, day date not null) partition by range (day);
create table far.part partition of far.whole for values from ('2024-01-01') to ('2025-01-01');
insert into far.whole select i, date '2024-01-01' + i % 300 from generate_series(1, 20000) i;
create table far.small (id integer not null, big bigint);
insert into far.small select i, i * 7 from generate_series(1, 2000) i;
"""
PATTERN = IndexKey(
    column="name", operator_class="varchar_pattern_ops", is_default_operator_class=False
)
PATHS = IndexKey(
    column="attributes", operator_class="jsonb_path_ops", is_default_operator_class=False
)
BIG = 'far."Big one"'


@pytest.fixture(scope="module")
def snapshot(cluster: Cluster) -> Iterator[Snapshot]:
    """A database without any index."""
    with fresh_database(cluster) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(SCHEMA.encode())
            connection.execute("vacuum analyze")
        yield collect(dsn)


@pytest.fixture(scope="module")
def twin(snapshot: Snapshot) -> Iterator[Twin]:
    """Its twin."""
    with Twin(snapshot) as twin:
        yield twin


def table(snapshot: Snapshot, name: str) -> Table:
    return next(t for t in snapshot.tables if t.name == name)


def define(snapshot: Snapshot, name: str, *keys: str | IndexKey, **more: object) -> IndexDefinition:
    found = table(snapshot, name)
    definition = IndexDefinition(
        table_oid=found.oid,
        schema=found.schema,
        table=found.name,
        keys=tuple(IndexKey(column=key) if isinstance(key, str) else key for key in keys),
    )
    return replace(definition, **more)  # type: ignore[arg-type]  # fields by their names


def planned(twin: Twin, statement: str, definition: IndexDefinition) -> tuple[Built, Plan]:
    [built] = twin.build((definition,))
    plan = twin.plan(statement, Configuration(create=frozenset({definition})))
    assert isinstance(built, Built), built
    assert isinstance(plan, Plan), plan
    return built, plan


@pytest.mark.parametrize(
    ("name", "keys", "more", "statement"),
    [
        ("Big one", ["Id"], {"is_unique": True}, f'select * from {BIG} where "Id" = 5'),
        (
            "Big one",
            [IndexKey(column="shop", is_descending=True), IndexKey(column="Id", nulls_first=True)],
            {},
            f'select * from {BIG} order by shop desc nulls last, "Id" nulls first limit 3',
        ),
        (
            "Big one",
            ["shop", "Id"],
            {"is_unique": True, "nulls_not_distinct": True},
            f'select * from {BIG} where shop is null and "Id" = 40',
        ),
        (
            "Big one",
            ["name"],
            {"include": ("Id",), "predicate": "shop = 3"},
            f"select \"Id\" from {BIG} where shop = 3 and name = 'name 3'",
        ),
        ("Big one", [PATTERN], {}, f"select * from {BIG} where name like 'name 77%'"),
        (
            "Big one",
            [IndexKey(column="name", collation='"C"')],
            {"options": (("fillfactor", "50"), ("deduplicate_items", "off"))},
            f"select * from {BIG} where name like 'name 77%'",
        ),
        (
            "Big one",
            [IndexKey(column=None, expression="lower(name)")],
            {},
            f"select * from {BIG} where lower(name) = 'name 7'",
        ),
        ("Big one", ["name"], {"access_method": "hash"}, f"select 1 from {BIG} where name = 'n'"),
        (
            "Big one",
            ["tags"],
            {"access_method": "gin", "options": (("fastupdate", "off"),)},
            f"select * from {BIG} where tags @> array['t7']",
        ),
        (
            "Big one",
            [PATHS],
            {"access_method": "gin"},
            f"select * from {BIG} where attributes @> '{{\"n\": 7}}'",
        ),
        (
            "Big one",
            ["place"],
            {"access_method": "gist"},
            f"select * from {BIG} order by place <-> point '(3, 4)' limit 2",
        ),
        (
            "Big one",
            ["during"],
            {"access_method": "spgist"},
            f"select * from {BIG} where during @> timestamp '2024-03-03'",
        ),
        (
            "Big one",
            ["Id"],
            {"access_method": "brin", "options": (("pages_per_range", "8"),)},
            f'select count(*) from {BIG} where "Id" between 4000 and 4500',
        ),
        (
            "Big one",
            ["shop", "name"],
            {"access_method": "bloom", "options": (("length", "48"), ("col1", "3"))},
            f"select * from {BIG} where shop = 3 and name = 'name 3'",
        ),
        ("counts", ["name"], {"is_unique": True}, "select * from far.counts where name = 'name 3'"),
        ("hasty", ["id"], {}, "select * from far.hasty where id = 3"),
        ("parent", ["id"], {}, "select * from only far.parent where id = 3"),
        ("child", ["id"], {}, "select * from far.parent where id = 3"),
        ("whole", ["id"], {}, "select * from far.whole where id = 3"),
        ("part", ["id"], {}, "select * from far.whole where id = 3"),
    ],
)
def test_plans_use_it(
    name: str,
    keys: list[str | IndexKey],
    more: dict[str, object],
    statement: str,
    twin: Twin,
    snapshot: Snapshot,
) -> None:
    built, plan = planned(twin, statement, define(snapshot, name, *keys, **more))

    assert plan.index_names & {built.name, *built.part_names}
    assert built.size_bytes >= 8192
    assert built.notes == ()


def test_a_unique_one_makes_a_join_needless(twin: Twin, snapshot: Snapshot) -> None:
    statement = 'select big."Id" from far."Big one" big left join far.small s on s.id = big.shop'
    definition = define(snapshot, "small", "id", is_unique=True)

    _, plan = planned(twin, statement, definition)

    assert plan.shape == "Seq Scan Big one big"
    assert planned(twin, statement, define(snapshot, "small", "id"))[1].shape != plan.shape


def test_a_unique_one_tells_that_one_row_matches(twin: Twin, snapshot: Snapshot) -> None:
    statement = "select * from far.hasty h left join far.small s on s.big = h.id"
    unique = define(snapshot, "small", "big", is_unique=True)

    _, plan = planned(twin, statement, unique)

    joins = [dict(node.extra) for node in plan.root.walk() if node.join_type]
    assert joins
    assert [join["Inner Unique"] for join in joins] == ["true"]


@pytest.mark.parametrize(
    ("name", "keys", "more", "reason"),
    [
        ("small", ["id", "big"], {"access_method": "hash"}, "does not support multicolumn"),
        ("small", ["id"], {"access_method": "gin"}, "has no default operator class"),
        ("small", ["id"], {"access_method": "bitmap"}, 'method "bitmap" does not exist'),
        ("small", ["id"], {"access_method": "brin", "is_unique": True}, "unique"),
        ("small", ["id"], {"options": (("fillfactor", "5"),)}, "out of bounds"),
        ("small", ["id"], {"options": (("pages_per_range", "5"),)}, "unrecognized parameter"),
        ("small", ["colour"], {}, 'column "colour" does not exist'),
        ("small", ["id"], {"predicate": "random() < 0.5"}, "must be marked IMMUTABLE"),
        ("whole", ["id"], {"is_unique": True}, "must include all partitioning columns"),
        (
            "small",
            [IndexKey(column=None, expression="now() + id * interval '1 s'")],
            {},
            "must be marked IMMUTABLE",
        ),
    ],
)
def test_says_why_there_can_be_no_such_index(
    name: str,
    keys: list[str | IndexKey],
    more: dict[str, object],
    reason: str,
    twin: Twin,
    snapshot: Snapshot,
) -> None:
    definition = define(snapshot, name, *keys, **more)

    [refused] = twin.build((definition,))

    assert isinstance(refused, NotBuilt)
    assert reason in refused.reason


def test_names_a_table_that_is_not_there(twin: Twin, snapshot: Snapshot) -> None:
    definition = replace(define(snapshot, "small", "id"), table_oid=1, table="gone")

    [refused] = twin.build((definition,))

    assert refused == NotBuilt(definition=definition, reason="far.gone is not in the twin")
    with pytest.raises(RefusedError, match=r"far\.gone is not in the twin"):
        twin.explain("select 1", create=(definition,))


def test_takes_a_size_that_is_known(twin: Twin, snapshot: Snapshot) -> None:
    whole = define(snapshot, "whole", "day", "id")
    small = define(snapshot, "small", "big")

    made = twin.build((whole, small), {whole: 100 * 8192, small: 33 * 8192})
    by_text = twin.create("create index on far.small (big, id)", size_bytes=55 * 8192)

    assert [one.size_bytes for one in made if isinstance(one, Built)] == [100 * 8192, 33 * 8192]
    assert by_text.size_bytes == 55 * 8192


def test_is_made_on_a_table_of_ten_terabytes(snapshot: Snapshot) -> None:
    big = table(snapshot, "Big one")
    pages = 10 * 2**40 // 8192
    rows = big.rows / big.pages * pages
    huge = replace(big, size_bytes=pages * 8192, pages=pages, rows=rows, all_visible_pages=pages)
    tables = tuple(huge if t.oid == big.oid else t for t in snapshot.tables)
    grown = replace(snapshot, tables=tables)
    kinds = {"btree": "Id", "brin": "during", "gin": "tags"}
    definitions = [define(grown, "Big one", k, access_method=m) for m, k in kinds.items()]

    with Twin(grown) as twin:
        built = twin.build(definitions)
        plan = twin.plan(
            f'select * from {BIG} where "Id" = 5',
            Configuration(create=frozenset(definitions[:1])),
        )

    assert all(isinstance(one, Built) for one in built)
    assert isinstance(plan, Plan)
    assert plan.root.node_type == "Index Scan"
    # One row, below the levels of a btree that is large.
    assert 0.7 < plan.root.startup_cost < 1
    assert 8 < plan.total_cost < 9
