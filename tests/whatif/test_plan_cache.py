"""A plan that was made before is given again only where a new one would be the same."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.plan import Plan
from pgadvisor.model.schema import IndexKey, RelationKind, Table
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.sqltext.index import index_name
from pgadvisor.testing import a_snapshot, a_table, an_index
from pgadvisor.whatif.backend import AS_IS, Built, Configuration, NotPlanned
from pgadvisor.whatif.twin import Twin, plan_cache
from pgadvisor.whatif.twin.plan_cache import PlanCache

ORDERS, GOODS = a_table("orders"), a_table("goods")
EVENTS = a_table("events", kind=RelationKind.PARTITIONED_TABLE)
SPRING = a_table(
    "events_spring",
    kind=RelationKind.PARTITIONED_TABLE,
    is_partition=True,
    parent_oids=(EVENTS.oid,),
)
APRIL = a_table("events_april", is_partition=True, parent_oids=(SPRING.oid,))
MAY = a_table("events_may", is_partition=True, parent_oids=(SPRING.oid,))
ON_ORDERS, ON_EVENTS, ON_APRIL = map(an_index, (ORDERS, EVENTS, APRIL))
CATALOG = Catalog(
    a_snapshot(ORDERS, GOODS, EVENTS, SPRING, APRIL, MAY, ON_ORDERS, ON_EVENTS, ON_APRIL)
)
ASKED = "select"
OUTCOME = NotPlanned(reason="kept")


def on(table: Table) -> IndexDefinition:
    return IndexDefinition(
        table_oid=table.oid, schema=table.schema, table=table.name, keys=(IndexKey(column="id"),)
    )


def with_index(*tables: Table) -> Configuration:
    return Configuration(create=frozenset(map(on, tables)))


def is_kept(*touched: Table, configuration: Configuration) -> bool:
    """Whether a plan of the database as it is counts for that configuration."""
    cache = PlanCache(CATALOG)
    cache.keep(ASKED, AS_IS, OUTCOME, {table.oid for table in touched})
    return cache.find(ASKED, configuration) is OUTCOME


def test_an_index_on_another_table_makes_no_difference() -> None:
    without = Configuration(drop=frozenset((ON_ORDERS.oid,)))

    assert is_kept(GOODS, configuration=with_index(ORDERS))
    assert is_kept(GOODS, configuration=without)
    assert not is_kept(ORDERS, configuration=with_index(GOODS, ORDERS))
    assert not is_kept(ORDERS, configuration=without)


def test_an_index_on_a_partitioned_table_counts_where_a_partition_is_read() -> None:
    without = Configuration(drop=frozenset((ON_EVENTS.oid,)))

    assert not is_kept(APRIL, configuration=with_index(EVENTS))
    assert not is_kept(APRIL, configuration=with_index(SPRING))
    assert not is_kept(APRIL, configuration=without)
    assert is_kept(APRIL, configuration=with_index(MAY))


def test_an_index_on_a_partition_counts_where_the_whole_is_read() -> None:
    assert not is_kept(EVENTS, configuration=with_index(APRIL))
    assert not is_kept(EVENTS, configuration=Configuration(drop=frozenset((ON_APRIL.oid,))))


def test_settings_may_change_what_is_read() -> None:
    cache = PlanCache(CATALOG)
    settings = (("search_path", "other"),)
    cache.keep(ASKED, AS_IS, OUTCOME, {GOODS.oid})
    cache.keep(ASKED, Configuration(settings=settings), OUTCOME, {ORDERS.oid})

    assert cache.find(ASKED, Configuration(settings=settings, create=frozenset((on(GOODS),))))
    assert not cache.find(ASKED, Configuration(settings=settings, create=frozenset((on(ORDERS),))))


def test_each_configuration_counts_where_nobody_knows_what_is_read() -> None:
    cache = PlanCache(CATALOG)
    cache.keep(ASKED, AS_IS, OUTCOME, None)

    assert cache.find(ASKED, AS_IS) is OUTCOME
    assert cache.find(ASKED, with_index(GOODS)) is None


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Threads that take turns as often as they can, and a cache of two plans."""
    monkeypatch.setattr(plan_cache, "_MAX_PLANS", 2)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty")
def test_threads_share_it() -> None:
    cache = PlanCache(CATALOG)
    finished: list[str] = []

    def keep_many(name: str) -> None:
        for number in range(4_000):
            cache.keep(f"{name} {number}", AS_IS, OUTCOME, None)
        finished.append(name)

    threads = [threading.Thread(target=keep_many, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(finished) == list("abcd")


@pytest.mark.live
@pytest.mark.xdist_group("whatif_shop")
def test_a_partition_that_is_read_alone_has_the_index_of_the_whole(
    twin: Twin, snapshot: Snapshot
) -> None:
    events = next(table for table in snapshot.tables if table.name == "events")
    key = IndexKey(column="customer_id")
    definition = IndexDefinition(
        table_oid=events.oid, schema=events.schema, table=events.name, keys=(key,)
    )
    twin.build([definition])
    statement = "select * from events_2024_q1 where customer_id = $1"

    before = twin.cost(statement)
    after = twin.cost(statement, Configuration(create=frozenset((definition,))))

    assert after < before
    assert after == twin.explain(statement, create=(definition,)).total_cost


@pytest.mark.live
def test_workers_plan_like_one(snapshot: Snapshot) -> None:
    orders = next(table for table in snapshot.tables if table.name == "orders")
    definition = IndexDefinition(
        table_oid=orders.oid,
        schema=orders.schema,
        table=orders.name,
        keys=(IndexKey(column="note"),),
    )
    configurations = (AS_IS, Configuration(create=frozenset((definition,))))
    questions = [
        (f"select * from orders where note = 'note {number}'", configuration)
        for number in range(10)
        for configuration in configurations
    ]
    built, calls, outcomes = [], [], []
    for workers in (1, 2):
        with Twin(snapshot, workers=workers) as twin:
            built.append(twin.build([definition]))
            calls.append(twin.call_count)
            outcomes.append(twin.plans(questions))

    assert built[0] == built[1]
    assert calls == [1, 1]  # the rows of the table, for all workers
    assert outcomes[0] == outcomes[1]
    assert len(set(outcomes[0])) > 1


def test_has_as_many_workers_as_are_asked_for(snapshot: Snapshot) -> None:
    with Twin(snapshot, workers=6) as twin:
        [plan] = twin.plans([("select * from orders where id = $1", Configuration())])
        [(databases,)] = twin._run("counting").server.query(
            "select count(*) from pg_database where datname ~ '^twin'"
        )

    assert isinstance(plan, Plan)
    assert databases == 6


def test_needs_a_worker(snapshot: Snapshot) -> None:
    with pytest.raises(ValueError, match="a twin needs one worker at least, not 0"):
        Twin(snapshot, workers=0)


def test_builds_an_index_beside_one_of_the_same_name_that_was_built_by_a_statement(
    snapshot: Snapshot,
) -> None:
    definition = IndexDefinition(
        table_oid=next(t.oid for t in snapshot.tables if t.name == "orders"),
        schema="public",
        table="orders",
        keys=(IndexKey(column="shipped_on"),),
    )
    with Twin(snapshot) as twin:
        twin.create(f"create index {index_name(definition)} on orders (total)")
        [built] = twin.build((definition,))

    assert isinstance(built, Built), built
