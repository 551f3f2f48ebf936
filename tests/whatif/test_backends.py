"""What every what-if planner promises, asked of each: the twin, and HypoPG on the original."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from pgadvisor.errors import HypoPGError, PgAdvisorError, TwinError
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.plan import Plan
from pgadvisor.model.schema import IndexKey
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.whatif.backend import AS_IS, Backend, Built, Configuration, NotBuilt, NotPlanned
from pgadvisor.whatif.hypopg import HypoPG
from pgadvisor.whatif.twin import Twin
from tests.fixtures.programs import dump_of

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_hypopg")]

Maker = Callable[[], Backend]

BY_NOTE = "select * from orders where note = $1"


@pytest.fixture(scope="module", params=["twin", "hypopg"])
def maker(request: pytest.FixtureRequest, hypopg_shop: str, hypopg_snapshot: Snapshot) -> Maker:
    """Makes a planner of either kind for the same database."""
    if request.param == "twin":
        return lambda: Twin(hypopg_snapshot)
    return lambda: HypoPG(hypopg_shop, hypopg_snapshot)


@pytest.fixture(scope="module")
def backend(maker: Maker) -> Iterator[Backend]:
    """A planner, shared: what a test builds in it is off for the others."""
    with maker() as backend:
        yield backend


@pytest.fixture
def define(hypopg_snapshot: Snapshot) -> Callable[..., IndexDefinition]:
    """Makes the definition of an index."""

    def make(
        table: str,
        *columns: str,
        access_method: str = "btree",
        predicate: str | None = None,
        include: tuple[str, ...] = (),
    ) -> IndexDefinition:
        found = next(t for t in hypopg_snapshot.tables if t.name == table)
        return IndexDefinition(
            table_oid=found.oid,
            schema=found.schema,
            table=found.name,
            keys=tuple(IndexKey(column=column) for column in columns),
            access_method=access_method,
            predicate=predicate,
            include=include,
        )

    return make


Define = Callable[..., IndexDefinition]


def built(backend: Backend, definition: IndexDefinition) -> Built:
    [outcome] = backend.build([definition])
    assert isinstance(outcome, Built), outcome
    return outcome


def planned(
    backend: Backend,
    statement: str,
    *create: IndexDefinition,
    settings: tuple[tuple[str, str], ...] = (),
) -> Plan:
    outcome = backend.plan(statement, Configuration(create=frozenset(create), settings=settings))
    assert isinstance(outcome, Plan), outcome
    return outcome


@pytest.mark.parametrize("access_method", ["btree", "hash", "brin"])
def test_builds_an_index(backend: Backend, define: Define, access_method: str) -> None:
    definition = define("orders", "ticket", access_method=access_method)

    outcome = built(backend, definition)

    assert outcome.definition == definition
    assert 8192 <= outcome.size_bytes < 10_000_000
    assert outcome.size_bytes % 8192 == 0


def test_builds_no_index_twice(backend: Backend, define: Define) -> None:
    definition = define("orders", "note")

    first, second = backend.build([definition, definition])
    [third] = backend.build([definition])

    assert first == second == third


def test_calls_each_index_by_a_name_of_its_own(
    backend: Backend, define: Define, hypopg_snapshot: Snapshot
) -> None:
    definitions = [define("orders", "note"), define("orders", "note", "total")]

    names = {built(backend, definition).name for definition in definitions}

    assert len(names) == 2
    assert not names & {index.name for index in hypopg_snapshot.indexes}


def test_refuses_a_column_that_is_not_there(backend: Backend, define: Define) -> None:
    wrong, right = backend.build([define("orders", "no_such"), define("orders", "total")])

    assert isinstance(wrong, NotBuilt)
    assert "no_such" in wrong.reason
    assert isinstance(right, Built)


def test_refuses_a_predicate_that_makes_no_sense(backend: Backend, define: Define) -> None:
    outcomes = backend.build(
        [
            define("orders", "note", predicate="no_such = 1"),
            define("orders", "note", predicate="created_at > now()"),
            define("orders", "note", predicate="true; drop table orders"),
        ]
    )

    assert [type(outcome) for outcome in outcomes] == [NotBuilt, NotBuilt, NotBuilt]


def test_plans_with_an_index_and_without(backend: Backend, define: Define) -> None:
    definition = define("orders", "note")
    index = built(backend, definition)

    before = planned(backend, BY_NOTE)
    after = planned(backend, BY_NOTE, definition)

    assert index.name not in before.index_names
    assert after.index_names == {index.name}
    assert after.total_cost < before.total_cost


def test_leaves_out_what_the_configuration_does_not_name(backend: Backend, define: Define) -> None:
    named, other = define("orders", "note", "total"), define("orders", "note")
    name = built(backend, named).name
    built(backend, other)

    plan = planned(backend, BY_NOTE, named)

    assert plan.index_names == {name}


def test_plans_a_partial_index(backend: Backend, define: Define) -> None:
    definition = define("orders", "total", predicate="status = 'returned'")
    index = built(backend, definition)

    used = planned(
        backend, "select id from orders where status = 'returned' and total < 4", definition
    )
    unused = planned(
        backend, "select id from orders where status = 'paid' and total < 4", definition
    )

    assert used.index_names == {index.name}
    assert index.name not in unused.index_names


def test_plans_an_index_that_holds_all_that_is_asked_for(backend: Backend, define: Define) -> None:
    definition = define("orders", "shipped_on", include=("total",))
    index = built(backend, definition)

    plan = planned(
        backend, "select sum(total) from orders where shipped_on = '2024-02-02'", definition
    )

    assert (index.name, "Index Only Scan") in {
        (node.index_name, node.node_type) for node in plan.root.walk()
    }


@pytest.mark.parametrize(
    "statement",
    [
        "select * from events where customer_id = 5",
        "select * from events where customer_id = $1",
        # Which partitions are read is known only when the statement is run.
        "select * from events where customer_id = $1 and happened_at > $2",
    ],
)
def test_plans_an_index_on_a_partitioned_table(
    backend: Backend, define: Define, statement: str
) -> None:
    definition = define("events", "customer_id")
    index = built(backend, definition)

    plan = planned(backend, statement, definition)

    assert plan.total_cost < planned(backend, statement).total_cost / 5
    assert plan.index_names
    assert plan.index_names <= {index.name, *index.part_names}


def test_plans_the_same_statement_alike(backend: Backend, define: Define) -> None:
    definition = define("orders", "note")
    built(backend, definition)
    statement = f"{BY_NOTE} and total > $2"

    first, second = (planned(backend, statement, definition) for _ in range(2))

    assert first == second
    assert planned(backend, statement) != first


def test_plans_with_a_setting(backend: Backend) -> None:
    statement = "select * from customers c join orders o on o.customer_id = c.id"

    usual = planned(backend, statement)
    other = planned(backend, statement, settings=(("enable_hashjoin", "off"),))

    assert "Hash Join" in usual.shape
    assert "Hash Join" not in other.shape
    assert ("enable_hashjoin", "off") in other.settings
    assert planned(backend, statement) == usual


def test_says_why_it_refuses_a_setting(backend: Backend) -> None:
    outcome = backend.plan("select 1", Configuration(settings=(("random_page_cost", "many"),)))

    assert isinstance(outcome, NotPlanned)
    assert outcome.reason


def test_plans_many_in_order(backend: Backend, define: Define) -> None:
    definition = define("orders", "note")
    built(backend, definition)
    with_it = Configuration(create=frozenset([definition]))

    outcomes = backend.plans([(BY_NOTE, with_it), ("select 1", AS_IS), (BY_NOTE, AS_IS)])

    assert outcomes == (
        backend.plan(BY_NOTE, with_it),
        backend.plan("select 1"),
        backend.plan(BY_NOTE),
    )


@pytest.mark.parametrize(
    "statement",
    [
        "update orders set note = $1 where id = $2",
        "delete from order_lines where order_id = $1",
        "insert into customers (email, country, reference) values ($1, $2, $3)",
        "select * from orders where created_at > now() - interval $1",
        "with o as (select * from orders limit $1) select count(*) from o",
    ],
)
def test_plans_statements_as_they_are_counted(backend: Backend, statement: str) -> None:
    assert planned(backend, statement).total_cost > 0


@pytest.mark.parametrize(
    "statement",
    [
        "drop table orders",
        "select 1; drop table orders",
        "explain analyze delete from orders",
        "select * into copied from orders",
        "no statement",
        "",
        "select 1\0",
    ],
)
def test_refuses_what_is_not_one_plain_statement(backend: Backend, statement: str) -> None:
    outcome = backend.plan(statement)

    assert isinstance(outcome, NotPlanned)
    assert outcome.reason
    assert outcome.sqlstate is None


def test_says_why_it_cannot_plan(backend: Backend) -> None:
    outcome = backend.plan("select * from no_such where id = $1")

    assert isinstance(outcome, NotPlanned)
    assert outcome.sqlstate == "42P01"


def test_plans_on_after_a_refusal(backend: Backend) -> None:
    before = planned(backend, BY_NOTE)
    for statement in ("select * from no_such", "select nothing from orders", "select 1 +"):
        assert isinstance(backend.plan(statement), NotPlanned)

    assert planned(backend, BY_NOTE) == before


def test_counts_its_explains(backend: Backend) -> None:
    before = backend.call_count

    planned(backend, "select count(*) from products where price > $1")

    assert backend.call_count > before


def test_refuses_an_index_that_was_not_built(backend: Backend, define: Define) -> None:
    with pytest.raises((TwinError, HypoPGError), match="not been built"):
        backend.plan(BY_NOTE, Configuration(create=frozenset([define("orders", "note", "id")])))


def test_compares_itself_with_the_original(backend: Backend, hypopg_snapshot: Snapshot) -> None:
    fidelity = backend.fidelity()

    assert len(fidelity.statements) > 10
    assert fidelity.same_shape_ratio is not None
    assert fidelity.same_shape_ratio > 0.9
    assert fidelity.original_version == hypopg_snapshot.server.version
    assert fidelity.planner


def test_is_used_inside_with(maker: Maker) -> None:
    backend = maker()

    assert backend.call_count == 0
    with pytest.raises(PgAdvisorError, match="inside `with`"):
        backend.plan("select 1")


def test_leaves_the_original_as_it_was(maker: Maker, define: Define, hypopg_shop: str) -> None:
    before = dump_of(hypopg_shop), written(hypopg_shop)

    with maker() as backend:
        definition = define("orders", "note")
        built(backend, definition)
        planned(backend, BY_NOTE, definition)
        planned(backend, "update orders set note = 'x'", definition)
        planned(backend, "insert into orders (id, customer_id, status, total, created_at)"
            " values (1, 2, 'open', 4, now())")  # fmt: skip
        backend.plan("select * from no_such", Configuration(create=frozenset([definition])))
        left = sessions(hypopg_shop)

    assert all(state == "idle" and not locks for state, locks in left)
    assert (dump_of(hypopg_shop), written(hypopg_shop)) == before


def written(dsn: str) -> tuple[int, ...]:
    """Rows written since the database was made, and the next transaction's number."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(
            "select tup_inserted, tup_updated, tup_deleted,"
            " pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
            " from pg_stat_database where datname = current_database()"
        ).fetchone()
    assert row is not None
    return row


def sessions(dsn: str) -> list[tuple[str, int]]:
    """The state of each session of ours, and how many locks it holds."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        return connection.execute(
            "select state, (select count(*) from pg_locks l where l.pid = a.pid)"
            " from pg_stat_activity a where application_name like 'pgadvisor/%'"
        ).fetchall()
