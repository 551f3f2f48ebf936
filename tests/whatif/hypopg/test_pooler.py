"""Behind a pooler the next client gets our backend, and must find nothing of ours in it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.errors import UnusableHypoPGError
from pgadvisor.model.plan import Plan
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.whatif.backend import Built, Configuration, NotPlanned
from pgadvisor.whatif.hypopg import HypoPG
from tests.fixtures.pgbouncer import pooler
from tests.whatif.hypopg.definitions import index_on

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_hypopg")]

BY_NOTE = "select * from orders where note = 'note 17'"
LEFT = "select count(*) from extensions.hypopg()"


@pytest.fixture(scope="module")
def pooled(hypopg_server: Cluster, hypopg_shop: str) -> Iterator[str]:
    """A DSN of the shop through a pool of one backend, which changes hands with transactions."""
    with pooler(hypopg_server, hypopg_shop, "transaction") as dsn:
        yield dsn


@pytest.fixture
def other(pooled: str) -> Iterator[psycopg.Connection]:
    """Another client of the pool."""
    with psycopg.connect(pooled, autocommit=True, prepare_threshold=None) as connection:
        yield connection
        connection.execute("select extensions.hypopg_reset()")


def explained(connection: psycopg.Connection) -> str:
    """The plan that another client gets."""
    return "\n".join(row[0] for row in connection.execute(f"explain {BY_NOTE}".encode()))


def test_leaves_nothing_to_the_next_client(
    pooled: str, other: psycopg.Connection, hypopg_snapshot: Snapshot
) -> None:
    before = explained(other)
    definition = index_on(hypopg_snapshot, "orders", "note")
    backend = other.execute("select pg_backend_pid()").fetchone()

    with HypoPG(pooled, hypopg_snapshot) as hypopg:
        [index] = hypopg.build([definition])
        after_build = other.execute(LEFT).fetchone()
        plan = hypopg.plan(BY_NOTE, Configuration(create=frozenset([definition])))
        after_plan = other.execute(LEFT).fetchone()
        seen = explained(other)
        notes = hypopg.notes

    assert isinstance(index, Built)
    assert isinstance(plan, Plan)
    assert plan.index_names == {index.name}
    assert after_build == after_plan == (0,)
    assert seen == before
    assert "planned through a connection pooler, each time in one transaction" in notes
    assert other.execute("select pg_backend_pid()").fetchone() == backend


@pytest.mark.parametrize(
    ("statement", "settings"),
    [
        ("select * from no_such", ()),
        ("select * from orders where id = 'x'::integer", ()),
        ("select nothing from orders where note = $1", ()),
        (BY_NOTE, (("work_mem", "much"),)),
        (BY_NOTE, (("enable_nothing", "on"),)),
    ],
)
def test_leaves_nothing_after_a_failure(
    pooled: str,
    other: psycopg.Connection,
    hypopg_snapshot: Snapshot,
    statement: str,
    settings: tuple[tuple[str, str], ...],
) -> None:
    definition = index_on(hypopg_snapshot, "orders", "note")
    configuration = Configuration(create=frozenset([definition]), settings=settings)

    with HypoPG(pooled, hypopg_snapshot) as hypopg:
        hypopg.build([definition])
        outcome = hypopg.plan(statement, configuration)
        left = other.execute(LEFT).fetchone()
        prepared = other.execute("select count(*) from pg_prepared_statements").fetchone()

    assert isinstance(outcome, NotPlanned)
    assert left == prepared == (0,)


def test_leaves_nothing_after_a_timeout(
    pooled: str, other: psycopg.Connection, hypopg_shop: str, hypopg_snapshot: Snapshot
) -> None:
    definition = index_on(hypopg_snapshot, "orders", "note")
    with (
        HypoPG(pooled, hypopg_snapshot, options=CollectOptions(lock_timeout_ms=20)) as hypopg,
        psycopg.connect(hypopg_shop) as blocker,
    ):
        hypopg.build([definition])
        blocker.execute("lock table customers in access exclusive mode")
        # The index is made, and the plan then fails.
        statement = f"{BY_NOTE} and exists (select from customers)"
        outcome = hypopg.plan(statement, Configuration(create=frozenset([definition])))
        left = other.execute(LEFT).fetchone()
        blocker.rollback()

    assert isinstance(outcome, NotPlanned)
    assert outcome.sqlstate == "55P03"
    assert left == (0,)


def test_hides_nothing_from_the_next_client(
    pooled: str, other: psycopg.Connection, hypopg_snapshot: Snapshot
) -> None:
    statement = "select * from orders where customer_id = 17"
    index = next(i for i in hypopg_snapshot.indexes if i.name == "orders_customer")
    usual = other.execute(f"explain {statement}".encode()).fetchall()

    with HypoPG(pooled, hypopg_snapshot) as hypopg:
        outcome = hypopg.plan(statement, Configuration(drop=frozenset([index.oid])))
        seen = other.execute(f"explain {statement}".encode()).fetchall()
        later = hypopg.plan(statement)

    assert isinstance(outcome, NotPlanned) or index.name not in outcome.index_names
    assert isinstance(later, Plan)
    assert index.name in later.index_names
    assert seen == usual


def test_is_not_misled_by_what_another_client_left(
    pooled: str, other: psycopg.Connection, hypopg_snapshot: Snapshot
) -> None:
    other.execute("select extensions.hypopg_create_index('create index on orders (note)')")
    assert "btree_orders_note" in explained(other)

    with HypoPG(pooled, hypopg_snapshot) as hypopg:
        plan = hypopg.plan(BY_NOTE)

    assert isinstance(plan, Plan)
    assert plan.index_names == frozenset()


def test_keeps_its_settings_to_itself(
    pooled: str, other: psycopg.Connection, hypopg_snapshot: Snapshot
) -> None:
    names = ("search_path", "statement_timeout", "plan_cache_mode", "enable_seqscan")
    query = "select array_agg(current_setting(n)) from unnest(%s::text[]) n"
    before = other.execute(query, (list(names),)).fetchone()

    with HypoPG(pooled, hypopg_snapshot) as hypopg:
        hypopg.plan(BY_NOTE, Configuration(settings=(("enable_seqscan", "off"),)))
        after = other.execute(query, (list(names),)).fetchone()

    assert after == before


def test_refuses_a_pooler_that_splits_transactions(
    hypopg_server: Cluster, hypopg_shop: str, hypopg_snapshot: Snapshot
) -> None:
    with (
        pooler(hypopg_server, hypopg_shop, "statement") as dsn,
        pytest.raises(UnusableHypoPGError, match="gives each statement to another") as raised,
        HypoPG(dsn, hypopg_snapshot),
    ):
        pass

    assert raised.value.next_step == (
        "Connect to the server itself, or to a pool in transaction or session mode."
    )


def test_works_in_a_pooled_session(
    hypopg_server: Cluster, hypopg_shop: str, hypopg_snapshot: Snapshot
) -> None:
    definition = index_on(hypopg_snapshot, "orders", "note")
    with (
        pooler(hypopg_server, hypopg_shop, "session") as dsn,
        HypoPG(dsn, hypopg_snapshot) as hypopg,
    ):
        hypopg.build([definition])
        plan = hypopg.plan(BY_NOTE, Configuration(create=frozenset([definition])))

    assert isinstance(plan, Plan)
    assert plan.index_names
