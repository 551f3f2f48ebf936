"""HypoPG on a server: what it may do there, what it refuses, and what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from psycopg import conninfo

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.errors import ConnectError, HypoPGError, UnusableHypoPGError
from pgadvisor.model.plan import Plan
from pgadvisor.model.schema import IndexKey
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.whatif.backend import Built, Configuration, NotBuilt, NotPlanned
from pgadvisor.whatif.hypopg import HypoPG
from tests.collect.roles import reading_role
from tests.fixtures.databases import SETTINGS, fresh_database
from tests.fixtures.hypopg import create_hypopg, hypopg_binaries
from tests.fixtures.processes import becomes_true
from tests.live.test_read_only import allowed_reads, is_allowed
from tests.whatif.hypopg.definitions import index_on

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_hypopg")]

BY_NOTE = "select * from orders where note = $1"
OURS = "select pid from pg_stat_activity where application_name like 'pgadvisor/%'"


@pytest.fixture
def hypopg(hypopg_shop: str, hypopg_snapshot: Snapshot) -> Iterator[HypoPG]:
    """HypoPG on the shop's own server."""
    with HypoPG(hypopg_shop, hypopg_snapshot) as hypopg:
        yield hypopg


def run(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def reason_of(hypopg: HypoPG, statement: str, configuration: Configuration) -> str:
    outcome = hypopg.plan(statement, configuration)
    assert isinstance(outcome, NotPlanned)
    return outcome.reason


@pytest.mark.parametrize(
    ("table", "column", "access_method"),
    [
        ("products", "tags", "gin"),
        ("bookings", "during", "gist"),
        ("customers", "email", "spgist"),
        ("orders", "note", "ivfflat"),
    ],
)
def test_refuses_kinds_that_it_cannot_simulate(
    hypopg: HypoPG, hypopg_snapshot: Snapshot, table: str, column: str, access_method: str
) -> None:
    definition = index_on(hypopg_snapshot, table, column, access_method=access_method)

    [outcome] = hypopg.build([definition])

    assert isinstance(outcome, NotBuilt)
    assert outcome.reason == (
        f"HypoPG simulates no {access_method} index, only btree, hash, brin, bloom"
    )


def test_refuses_an_expression_without_statistics(
    hypopg: HypoPG, hypopg_snapshot: Snapshot
) -> None:
    lower = IndexKey(column=None, expression="lower(title)")

    [outcome] = hypopg.build([index_on(hypopg_snapshot, "products", lower)])

    assert isinstance(outcome, NotBuilt)
    assert outcome.reason == (
        "HypoPG has no statistics of lower(title), so that its use would be a guess"
    )


def test_runs_none_of_the_users_functions(hypopg: HypoPG, hypopg_snapshot: Snapshot) -> None:
    partial = index_on(hypopg_snapshot, "orders", "note", predicate="is_big(total)")

    [outcome] = hypopg.build([partial])
    reason = reason_of(hypopg, "select * from orders where is_big(total)", Configuration())

    called = "it calls is_big, a function of the users that planning may run"
    assert isinstance(outcome, NotBuilt)
    assert outcome.reason == f"not made on the server: {called}"
    assert reason == f"not planned on the server: {called}"


def test_runs_the_users_functions_when_told_to(hypopg_shop: str, hypopg_snapshot: Snapshot) -> None:
    options = CollectOptions(explain_user_functions=True)
    partial = index_on(hypopg_snapshot, "orders", "note", predicate="is_big(total)")

    with HypoPG(hypopg_shop, hypopg_snapshot, options=options) as hypopg:
        [outcome] = hypopg.build([partial])
        plan = hypopg.plan("select * from orders where is_big(total)")

    assert isinstance(outcome, Built)
    assert isinstance(plan, Plan)


@pytest.mark.parametrize(
    "name", ["role", "session_replication_role", "log_statement", "jit_provider"]
)
def test_sets_planner_settings_only(hypopg: HypoPG, name: str) -> None:
    reason = reason_of(hypopg, "select 1", Configuration(settings=((name, "x"),)))

    assert reason == f"{name} is no setting of the planner's"


def test_drops_an_index_or_says_that_it_cannot(hypopg: HypoPG, hypopg_snapshot: Snapshot) -> None:
    statement = "select * from orders where customer_id = 17"
    index = next(i for i in hypopg_snapshot.indexes if i.name == "orders_customer")
    before = hypopg.plan(statement)

    after = hypopg.plan(statement, Configuration(drop=frozenset([index.oid])))

    assert isinstance(before, Plan)
    assert index.name in before.index_names
    if isinstance(after, Plan):  # from 1.4 on
        assert index.name not in after.index_names
    else:
        assert "cannot hide an index that exists; 1.4 can" in after.reason


def test_adds_up_the_sizes_of_partitions(hypopg: HypoPG, hypopg_snapshot: Snapshot) -> None:
    whole, part = hypopg.build(
        [
            index_on(hypopg_snapshot, "events", "customer_id"),
            index_on(hypopg_snapshot, "events_2024_q1", "customer_id"),
        ]
    )

    assert isinstance(whole, Built)
    assert isinstance(part, Built)
    assert whole.size_bytes > 3 * part.size_bytes


def test_asks_the_server_nothing_twice(hypopg: HypoPG) -> None:
    first = hypopg.plan(BY_NOTE)
    count = hypopg.call_count

    assert hypopg.plan(BY_NOTE) is first
    assert hypopg.call_count == count


def test_compares_the_server_with_the_snapshot(hypopg: HypoPG, hypopg_snapshot: Snapshot) -> None:
    fidelity = hypopg.fidelity()

    assert fidelity.same_shape_ratio == 1
    assert fidelity.median_cost_error_ratio == 0
    assert fidelity.twin_version == fidelity.original_version == hypopg_snapshot.server.version
    assert fidelity.planner.startswith("HypoPG 1.")
    assert any("several times too large" in note for note in fidelity.notes)
    assert not any("since the snapshot" in note for note in fidelity.notes)


def test_says_what_has_changed_since_the_snapshot(hypopg_server: Cluster) -> None:
    with fresh_database(hypopg_server) as dsn:
        create_hypopg(dsn)
        run(dsn, "create table kept (id integer primary key, n integer)", "create table gone ()")
        snapshot = collect(dsn)
        run(dsn, "drop table gone", "create index kept_n on kept (n)")

        with HypoPG(dsn, snapshot) as hypopg:
            notes = hypopg.fidelity().notes

    assert "1 table gone since the snapshot: public.gone" in notes
    assert "1 index new since the snapshot: public.kept_n" in notes


def test_plans_on_a_copy_of_the_database(hypopg_server: Cluster, hypopg_snapshot: Snapshot) -> None:
    with fresh_database(hypopg_server) as dsn:
        create_hypopg(dsn)
        run(
            dsn,
            "create table filler ()",
            "create table orders (id bigint, note text)",
            "insert into orders select i, i from generate_series(1, 10000) i",
            "analyze",
        )
        definition = index_on(hypopg_snapshot, "orders", "note")

        with HypoPG(dsn, hypopg_snapshot) as hypopg:
            [index] = hypopg.build([definition])
            plan = hypopg.plan(BY_NOTE, Configuration(create=frozenset([definition])))
            notes = hypopg.notes

    assert isinstance(index, Built)
    assert isinstance(plan, Plan)
    assert plan.index_names == {index.name}
    assert "planned on a copy: its tables have other OIDs than those of the snapshot" in notes


def test_needs_the_extension(hypopg_server: Cluster, hypopg_snapshot: Snapshot) -> None:
    with (
        fresh_database(hypopg_server) as dsn,
        pytest.raises(UnusableHypoPGError, match="the extension is not installed") as raised,
        HypoPG(dsn, hypopg_snapshot),
    ):
        pass

    assert "CREATE EXTENSION hypopg" in raised.value.next_step
    assert raised.value.exit_code == 2


def test_needs_the_use_of_its_schema(hypopg_server: Cluster) -> None:
    with fresh_database(hypopg_server) as dsn:
        create_hypopg(dsn)
        run(dsn, "revoke usage on schema extensions from public")
        with (
            reading_role(dsn, "public") as reader,
            pytest.raises(UnusableHypoPGError, match="may not use") as raised,
            HypoPG(reader, collect(reader)),
        ):
            pass

    assert 'GRANT USAGE ON SCHEMA "extensions" TO "reader_' in raised.value.next_step


def test_needs_a_server(hypopg_shop: str, hypopg_snapshot: Snapshot) -> None:
    nowhere = conninfo.make_conninfo(hypopg_shop, port=1)

    with (
        pytest.raises(ConnectError, match="no server listens there"),
        HypoPG(nowhere, hypopg_snapshot),
    ):
        pass


def test_serves_a_role_that_only_reads(hypopg_shop: str, hypopg_snapshot: Snapshot) -> None:
    definition = index_on(hypopg_snapshot, "orders", "note")
    with reading_role(hypopg_shop, "public") as reader, HypoPG(reader, hypopg_snapshot) as hypopg:
        [index] = hypopg.build([definition])
        plan = hypopg.plan(BY_NOTE, Configuration(create=frozenset([definition])))
        refused = hypopg.plan("delete from orders where id = $1")

    assert isinstance(index, Built)
    assert isinstance(plan, Plan)
    assert plan.index_names == {index.name}
    assert refused == NotPlanned(reason="the role has no privilege to plan it", sqlstate="42501")


def test_waits_for_no_lock(hypopg_shop: str, hypopg_snapshot: Snapshot) -> None:
    definition = index_on(hypopg_snapshot, "orders", "note")
    with (
        HypoPG(hypopg_shop, hypopg_snapshot, options=CollectOptions(lock_timeout_ms=20)) as hypopg,
        psycopg.connect(hypopg_shop) as blocker,
    ):
        blocker.execute("lock table orders in access exclusive mode")
        [index] = hypopg.build([definition])
        plan = hypopg.plan(BY_NOTE)
        blocker.rollback()
        later = hypopg.plan(BY_NOTE)

    held = "another session holds a lock that it would have waited for"
    assert index == NotBuilt(definition=definition, reason=held)
    assert isinstance(plan, NotPlanned)
    assert plan.reason == held
    assert isinstance(later, Plan)


def test_mends_a_broken_connection_once(hypopg_shop: str, hypopg_snapshot: Snapshot) -> None:
    end = f"select pg_terminate_backend(pid) from ({OURS}) as ours"
    definition = index_on(hypopg_snapshot, "orders", "note")
    with_it = Configuration(create=frozenset([definition]))
    with HypoPG(hypopg_shop, hypopg_snapshot) as hypopg:
        hypopg.build([definition])
        run(hypopg_shop, end)
        first = hypopg.plan(BY_NOTE, with_it)
        run(hypopg_shop, end)
        with pytest.raises(HypoPGError, match="the connection was lost") as raised:
            hypopg.plan("select * from orders where total = $1", with_it)

    assert isinstance(first, Plan)
    assert raised.value.attempted == "planning with HypoPG"
    assert raised.value.next_step


def test_ends_its_session(hypopg_shop: str, hypopg_snapshot: Snapshot) -> None:
    with HypoPG(hypopg_shop, hypopg_snapshot) as hypopg:
        hypopg.plan(BY_NOTE)

    with psycopg.connect(hypopg_shop, autocommit=True) as connection:
        assert becomes_true(lambda: connection.execute(OURS).fetchall() == [])


def test_sends_nothing_but_what_is_listed(hypopg_shop: str, hypopg_snapshot: Snapshot) -> None:
    sent: list[str] = []
    definitions = [
        index_on(hypopg_snapshot, "orders", "note"),
        index_on(hypopg_snapshot, "orders", "no_such"),
        index_on(hypopg_snapshot, "orders", "total", predicate="no_such > 1"),
    ]
    with HypoPG(hypopg_shop, hypopg_snapshot, record=sent.append) as hypopg:
        hypopg.build(definitions)
        hypopg.fidelity()
        hypopg.plan(BY_NOTE, Configuration(create=frozenset(definitions[:1])))
        hypopg.plan("select * from no_such", Configuration(settings=(("jit", "off"),)))
        hypopg.plan("drop table orders")

    reads = allowed_reads(hypopg_snapshot.server.major)
    others = {text for text in sent if not is_allowed(text, reads)}
    # From 1.4 on it shows again what was hidden, too.
    others = {text.replace(', "extensions".hypopg_unhide_all_indexes()', "") for text in others}
    assert others == {
        'select /* pgadvisor */ pg_catalog.count(*) as count from "extensions".hypopg()',
        'select /* pgadvisor */ "extensions".hypopg_reset()',
        "select pg_catalog.set_config($1, $2, true)",
        """\
select /* pgadvisor */ h.indexname\
 from "extensions".hypopg_create_index($1::pg_catalog.text) as h""",
        """\
select /* pgadvisor */ "extensions".hypopg_relation_size(h.indexrelid) as size_bytes
from "extensions".hypopg_create_index($1::pg_catalog.text) as h""",
    }


def test_plans_on_a_standby() -> None:
    with Cluster(binaries=hypopg_binaries(), settings=SETTINGS) as cluster:
        dsn = cluster.dsn()
        create_hypopg(dsn)
        run(dsn, "create table orders (id bigint, note text)", "insert into orders select i, i"
            " from generate_series(1, 10000) i", "analyze orders")  # fmt: skip
        with cluster.offline() as data:
            signal = data / "standby.signal"
            signal.touch()
            signal.chmod(0o644)
        snapshot = collect(dsn)
        definition = index_on(snapshot, "orders", "note")

        with HypoPG(dsn, snapshot) as hypopg:
            [index] = hypopg.build([definition])
            plan = hypopg.plan(BY_NOTE, Configuration(create=frozenset([definition])))

    assert snapshot.server.is_in_recovery
    assert isinstance(index, Built)
    assert isinstance(plan, Plan)
    assert plan.index_names == {index.name}


def test_a_redacted_definition_is_no_change(hypopg_shop: str, hypopg_snapshot: Snapshot) -> None:
    first, *others = hypopg_snapshot.indexes
    changed = replace(first, definition="CREATE INDEX ... pseudonym")
    redaction = replace(hypopg_snapshot.redaction, changed_index_oids=(first.oid,))

    with HypoPG(
        hypopg_shop, replace(hypopg_snapshot, indexes=(changed, *others), redaction=redaction)
    ) as hypopg:
        notes = hypopg.notes

    assert not any("defined otherwise" in note for note in notes)
