"""A hypothetical index on an expression has the statistics that ANALYZE would give it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.model.schema import ExtendedStatistics
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.whatif.backend import Configuration
from pgadvisor.whatif.twin import Twin
from tests.fixtures.databases import fresh_database
from tests.whatif.original import original_plan

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_derived")]

SCHEMA = """
create function half(integer) returns integer language plpgsql immutable
    as $$ begin return $1 / 2; end $$;
create function who(integer) returns text language plpgsql immutable
    as $$ begin return current_user || ' ' || current_setting('is_superuser'); end $$;
create function picky(integer) returns integer language plpgsql immutable
    as $$ begin if $1 > 3 then raise 'value 9%', $1; end if; return $1; end $$;
-- What nothing uses is not collected.
create view uses as select half(1), who(1), picky(1);
create domain short as varchar(20) check (value <> 'forbidden');
create table visits (
    id integer not null,
    seen_at timestamp not null,
    seen_on timestamptz not null,
    name short not null,
    email text,
    amount numeric(8, 2) not null,
    score double precision,
    shop integer not null,
    tags text[],
    attributes jsonb,
    code char(5)
);
insert into visits
select i, timestamp '2024-01-01' + i * interval '7 minutes',
    timestamptz '2024-01-01 00:00+00' + i * interval '7 minutes',
    'Name ' || (hashint4(i) & 1023), 'User' || i || '@Example.org',
    (hashint4(i) & 8191) / 64.0, case when i % 4 > 0 then (hashint4(i) & 65535) / 7.0 end,
    case when i % 3 = 0 then 7 else (hashint4(i) & 255) end,
    array['a', 'b'], '{"size": 1}', case when i % 5 > 0 then 'c' || (hashint4(i) & 31) end
from generate_series(1, 30000) i;
"""
DERIVED = {
    "((seen_at)::date)": (
        "(seen_at)::date = '2024-03-03'",
        "(seen_at)::date > '2024-05-05'",
        "(seen_at)::date in ('2024-03-03', '2024-03-05', '2024-04-04')",
    ),
    "((seen_on at time zone 'UTC')::date)": (
        "(seen_on at time zone 'UTC')::date between '2024-02-01' and '2024-02-20'",
    ),
    "date_trunc('hour', seen_at)": (
        "date_trunc('hour', seen_at) = '2024-03-03 05:00'",
        "date_trunc('hour', seen_at) < '2024-03-03 05:00'",
    ),
    "date_trunc('month', seen_at)": ("date_trunc('month', seen_at) = '2024-03-01'",),
    "extract(hour from seen_at)": (
        "extract(hour from seen_at) = 5",
        "extract(hour from seen_at) < 6",
    ),
    "date_part('dow', seen_at)": ("date_part('dow', seen_at) in (0, 6)",),
    "lower(email)": ("lower(email) = 'user5@example.org'", "lower(email) > 'user5'"),
    "upper(name)": ("upper(name) = 'NAME 5'", "upper(name) in ('NAME 5', 'NAME 6')"),
    "btrim(code)": ("btrim(code) = 'c5'", "btrim(code) is null"),
    "(shop::text)": ("shop::text = '7'", "shop::text = '9'"),
    "(shop::bigint)": ("shop::bigint = 7", "shop::bigint < 100"),
    "(amount::integer)": ("amount::integer = 42", "amount::integer > 100"),
    "coalesce(score, 0)": ("coalesce(score, 0) = 0", "coalesce(score, 0) > 5000"),
    "half(shop)": ("half(shop) = 3", "half(shop) > 60"),
    "(id % 16)": ("id % 16 = 3", "id % 16 < 4"),
}
"""Expressions, and conditions on them."""


@pytest.fixture(scope="module")
def visits(cluster: Cluster) -> Iterator[str]:
    """The DSN of a table that ANALYZE sees every row of."""
    with fresh_database(cluster) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(SCHEMA.encode())
            connection.execute("vacuum analyze")
        yield dsn


@pytest.fixture(scope="module")
def snapshot(visits: str) -> Snapshot:
    """Its snapshot, taken without any index."""
    return collect(visits)


@pytest.fixture(scope="module")
def twin(snapshot: Snapshot) -> Iterator[Twin]:
    """Its twin."""
    with Twin(snapshot) as twin:
        yield twin


@pytest.mark.parametrize("expression", DERIVED)
def test_estimates_rows_as_with_a_real_index(expression: str, visits: str, twin: Twin) -> None:
    create = f"create index on visits ({expression})"
    statements = [f"select from visits where {condition}" for condition in DERIVED[expression]]
    with psycopg.connect(visits) as connection:
        connection.execute(create.encode())
        connection.execute("analyze visits")
        expected = [original_plan(connection, statement).root.rows for statement in statements]
        connection.rollback()

    rows = [twin.explain(statement, create=(create,)).root.rows for statement in statements]

    assert twin.create(create).notes == ()
    # A row more or less of a few is a large share.
    assert rows == [pytest.approx(one, rel=0.06, abs=2) for one in expected]


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("(id + shop)", "which reads several columns"),
        ("(attributes ->> 'size')", "which do not follow from those of its column"),
        ("left(email, 3)", "which do not follow from those of its column"),
        ("(tags[1])", "which do not follow from those of its column"),
        ("picky(id)", "which fails for values of its column"),
    ],
)
def test_says_which_statistics_are_missing(expression: str, reason: str, twin: Twin) -> None:
    made = twin.create(f"create index on visits ({expression})")

    [note] = made.notes
    assert note.startswith("no statistics of ")
    assert f", {reason}: the planner's defaults are used" in note
    assert "value 9" not in note  # what the server says may hold one


def test_counts_the_values_of_columns_that_are_joined(twin: Twin) -> None:
    create = "create index on visits (lower(email || ' ' || name))"
    statement = "select from visits where lower(email || ' ' || name) = 'x'"

    assert twin.explain(statement, create=(create,)).root.rows == 1
    [note] = twin.create(create).notes
    assert note == (
        "of lower(((email || ' '::text) || (name)::text)), which reads several columns, only the "
        "number of values is known: the planner's defaults are used for ranges"
    )


def test_says_nothing_where_a_partial_index_has_none_of_the_planners_interest(twin: Twin) -> None:
    assert twin.create("create index on visits ((id + shop)) where id < 9").notes == ()


def test_computes_expressions_without_the_rights_of_a_superuser(twin: Twin) -> None:
    twin.create("create index watched on visits (who(id))")

    [(values,)] = twin._lanes[0].server.query(
        "select most_common_vals::text from pg_stats where tablename = 'watched'"
    )

    assert values == '{"twin off"}'


def test_takes_those_of_an_index_that_has_the_expression(visits: str) -> None:
    with psycopg.connect(visits, autocommit=True) as connection:
        connection.execute("create index known on visits ((attributes ->> 'size'))")
        connection.execute("analyze visits")
        try:
            snapshot = collect(visits)
        finally:
            connection.execute("drop index known")

    known = next(i.oid for i in snapshot.indexes if i.name == "known")
    statement = "select from visits where attributes ->> 'size' = '1'"
    create = "create index on visits ((attributes ->> 'size'), id)"
    with Twin(snapshot) as twin:
        made = twin.create(create)
        plan = twin.explain(statement, create=(create,), drop=(known,))
        without = twin.plan(statement, Configuration(drop=frozenset({known})))

    assert made.notes == ()
    assert plan.root.rows == pytest.approx(30_000, rel=0.01)
    assert without.root.rows == 150  # type: ignore[union-attr]


def test_leaves_an_expression_to_the_extended_statistics_that_cover_it(visits: str) -> None:
    create = "create index covered on visits ((shop * 2))"
    with psycopg.connect(visits, autocommit=True) as connection:
        connection.execute("create statistics twice on (shop * 2) from visits")
        connection.execute("analyze visits")
        try:
            snapshot = collect(visits)
        finally:
            connection.execute("drop statistics twice")

    assert [type(one) for one in snapshot.extended_statistics] == [ExtendedStatistics]
    with Twin(snapshot) as twin:
        made = twin.create(create)
        plan = twin.explain("select from visits where shop * 2 = 14", create=(create,))
        rows = twin._lanes[0].server.query("select from pg_stats where tablename = 'covered'")

    assert made.notes == ()
    assert rows == []
    assert plan.root.rows == pytest.approx(10_000, rel=0.05)
