"""What cannot be rebuilt as it was is rebuilt more simply, or noted; nothing is lost in silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pgadvisor.model.schema import (
    Column,
    Constraint,
    ConstraintKind,
    Function,
    Index,
    IndexKey,
    RelationKind,
    Table,
    View,
)
from pgadvisor.model.server import Server
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.whatif.twin import Twin

pytestmark = pytest.mark.live

SERVER = Server(
    version_num=180000,
    version="18.0",
    database="odd",
    collation="de_DE.UTF-8",
    collected_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def column(name: str, type_name: str = "text", **fields: object) -> Column:
    made = Column(number=1, name=name, type_name=type_name, type_oid=25)
    return replace(made, **fields)  # type: ignore[arg-type]  # fields by their names


def table(oid: int, name: str, *columns: Column, schema: str = "public") -> Table:
    return Table(
        oid=oid,
        schema=schema,
        name=name,
        columns=columns,
        rows=1000,
        pages=10,
        size_bytes=81920,
    )


def index(oid: int, table_oid: int, name: str, definition: str) -> Index:
    return Index(
        oid=oid,
        schema="public",
        name=name,
        table_oid=table_oid,
        keys=(IndexKey(column="a"),),
        definition=definition,
        size_bytes=81920,
    )


def test_an_unknown_type_is_stood_in_for_by_text() -> None:
    places = table(
        1,
        "places",
        column("a", "gis.geometry(Point,4326)", base_type_name="gis.geometry"),
        column("b", "gis.geometry[]"),
    )
    spatial = index(2, 1, "places_a", "create index places_a on public.places using gist (a)")
    schema = table(3, "other", column("a"), schema="gis")
    snapshot = Snapshot(server=SERVER, tables=(places, schema), indexes=(spatial,))

    with Twin(snapshot) as twin:
        plan = twin.explain("select * from places where a = $1::gis.geometry")
        notes = twin.notes

    assert plan.root.relation == "places"
    assert notes[0] == "type gis.geometry is stood in for by text"
    assert notes[1].startswith("index public.places_a is left out: data type")
    assert len(notes) == 2


def test_a_default_that_fails_is_left_out_and_noted() -> None:
    orders = table(1, "orders", column("a", default_sql="public.next_code()"))

    with Twin(Snapshot(server=SERVER, tables=(orders,))) as twin:
        plan = twin.explain("select * from orders")

        assert plan.root.relation == "orders"
        assert twin.notes == (
            (
                "table public.orders is here without its defaults: "
                "function public.next_code() does not exist"
            ),
        )


def test_a_partition_whose_bound_fails_stands_alone() -> None:
    parent = replace(
        table(1, "events", column("a", "integer")),
        kind=RelationKind.PARTITIONED_TABLE,
        partition_key="RANGE (a)",
    )
    good = replace(
        table(2, "events_1", column("a", "integer")),
        is_partition=True,
        parent_oids=(1,),
        partition_bound="FOR VALUES FROM (1) TO (10)",
    )
    bad = replace(good, oid=3, name="events_2", partition_bound="FOR VALUES FROM (5) TO (20)")

    with Twin(Snapshot(server=SERVER, tables=(parent, good, bad))) as twin:
        plan = twin.explain("select * from events")

        assert plan.root.relation == "events_1"
        assert twin.notes == (
            (
                "table public.events_2 is here without its place among the partitions: "
                'partition "events_2" would overlap partition "events_1"'
            ),
        )


def test_objects_may_come_in_any_order() -> None:
    orders = table(1, "orders", column("a", default_sql="public.code()"))
    code = Function(
        oid=2,
        schema="public",
        name="code",
        arguments="",
        language="sql",
        volatility="s",
        definition="create function public.code() returns text language sql stable "
        "return (select max(a) from public.codes)",
    )
    codes = table(3, "codes", column("a"))
    views = (
        View(oid=4, schema="public", name="a_view", definition="select a from public.b_view"),
        View(oid=5, schema="public", name="b_view", definition="select a from public.orders"),
    )
    snapshot = Snapshot(server=SERVER, tables=(orders, codes), functions=(code,), views=views)

    with Twin(snapshot) as twin:
        plan = twin.explain("select * from a_view")

        assert plan.root.relation == "orders"
        assert twin.notes == ()


def test_functions_in_other_languages_are_left_out() -> None:
    function = Function(
        oid=1,
        schema="public",
        name="reach",
        arguments="text",
        language="plpython3u",
        volatility="i",
        definition="create function public.reach(text) returns text language plpython3u as ''",
    )

    with Twin(Snapshot(server=SERVER, functions=(function,))) as twin:
        assert twin.notes == (
            "function public.reach(text) is left out: its language is plpython3u",
        )


@pytest.mark.parametrize(
    ("collation", "provider", "used"),
    [
        ("C", "libc", {"names_a"}),
        ("de_DE.UTF-8", "libc", set()),
        ("C", "icu", set()),
        ("C.UTF-8", "builtin", {"names_a"}),
    ],
)
def test_a_plain_btree_serves_like_only_where_it_does_on_the_original(
    collation: str, provider: str, used: set[str]
) -> None:
    names = replace(table(1, "names", column("a")), rows=100000, pages=1000, size_bytes=8192000)
    by_name = replace(
        index(2, 1, "names_a", "create index names_a on public.names using btree (a)"),
        size_bytes=4096000,
        pages=500,
        rows=100000,
    )
    statistics = ColumnStatistics(
        relation_oid=1,
        column="a",
        n_distinct=-1,
        average_width_bytes=12,
        histogram_bounds=tuple(f"name {number:04}" for number in range(0, 10000, 100)),
        correlation=0,
    )
    server = replace(SERVER, collation=collation, locale_provider=provider)
    snapshot = Snapshot(
        server=server, tables=(names,), indexes=(by_name,), column_statistics=(statistics,)
    )

    with Twin(snapshot) as twin:
        plan = twin.explain("select * from names where a like 'name 123%'")

    assert plan.index_names == used


def test_a_missing_collation_is_stood_in_for_and_noted() -> None:
    names = table(
        1,
        "names",
        column("a", collation='pg_catalog."de-x-icu"'),
        column("b", collation='public."Odd ""one"'),
    )

    with Twin(Snapshot(server=SERVER, tables=(names,))) as twin:
        plan = twin.explain("select * from names where a < 'x' collate \"de-x-icu\"")

        assert plan.root.relation == "names"
        assert twin.notes == (
            "collation pg_catalog.de-x-icu is stood in for by C.UTF-8",
            'collation public.Odd "one is stood in for by C.UTF-8',
        )


def test_statistics_that_do_not_fit_are_noted() -> None:
    numbers = table(1, "numbers", column("a", "integer"))
    statistics = ColumnStatistics(
        relation_oid=1,
        column="a",
        n_distinct=2,
        average_width_bytes=4,
        most_common_values=("1", "two"),
        most_common_ratios=(0.5, 0.5),
    )

    with Twin(Snapshot(server=SERVER, tables=(numbers,), column_statistics=(statistics,))) as twin:
        assert twin.notes == (
            (
                "statistics of public.numbers.a are not in the twin as they were: "
                'invalid input syntax for type integer: "two"'
            ),
        )


def test_constraints_tell_the_planner_what_they_tell_the_original() -> None:
    parents = table(1, "parents", column("id", "integer", is_not_null=True), column("name"))
    children = table(2, "children", column("parent_id", "integer"), column("kind", "integer"))
    key = replace(
        index(3, 1, "parents_pkey", "create unique index parents_pkey on public.parents (id)"),
        is_unique=True,
        is_primary=True,
        constraint_name="parents_pkey",
    )
    constraints = (
        Constraint(
            oid=4,
            name="parents_pkey",
            kind=ConstraintKind.PRIMARY_KEY,
            table_oid=1,
            definition="PRIMARY KEY (id)",
            index_oid=3,
        ),
        Constraint(
            oid=5,
            name="children_parent",
            kind=ConstraintKind.FOREIGN_KEY,
            table_oid=2,
            definition="FOREIGN KEY (parent_id) REFERENCES public.parents(id)",
            index_oid=3,
        ),
        Constraint(
            oid=6,
            name="children_kind",
            kind=ConstraintKind.CHECK,
            table_oid=2,
            definition="CHECK ((kind < 5))",
        ),
    )
    snapshot = Snapshot(
        server=SERVER, tables=(parents, children), indexes=(key,), constraints=constraints
    )

    with Twin(snapshot) as twin:
        excluded = twin.explain(
            "select * from children where kind > 7", settings={"constraint_exclusion": "on"}
        )
        grouped = twin.explain("select p.id, p.name, count(*) from parents p group by p.id")
        joined = twin.explain("select 1 from children c join parents p on p.id = c.parent_id")

        assert excluded.root.node_type == "Result"
        assert grouped.root.group_keys == ("p.id",)
        assert joined.root.rows == pytest.approx(1000, rel=0.01)
        assert twin.notes == ()
