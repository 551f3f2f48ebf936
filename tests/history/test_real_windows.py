"""What real servers do to counters between two snapshots."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.errors import UsageError
from pgadvisor.history.delta import delta
from pgadvisor.model.earlier import Continuity, EarlierSnapshot
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.window import counter_window
from tests.fixtures.databases import FORGET, SETTINGS, fresh_database
from tests.fixtures.npm_binaries import npm_binaries
from tests.fixtures.processes import becomes_true

pytestmark = [pytest.mark.matrix, pytest.mark.slow, pytest.mark.xdist_group("windows")]

SCHEMA = """
create table orders (id bigint primary key, customer_id bigint not null, note text);
create index orders_by_customer on orders (customer_id);
create table other (id bigint primary key);
insert into orders select i, i % 500, 'note' from generate_series(1, 5000) i;
insert into other select i from generate_series(1, 50) i;
"""
READ = "select note from orders where customer_id = 7"
NO_PLANS = CollectOptions(explain=False)
CRASH_SETTINGS = {**SETTINGS, "restart_after_crash": "on"}
_STATS_IN_SHARED_MEMORY = 15
"""Before it, a process of its own gathers them and writes them half a second late."""


@pytest.fixture(scope="module", params=[13, 15, 18], ids=lambda major: f"pg{major}")
def server(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A server of its own, since it is to crash."""
    with Cluster(binaries=npm_binaries(request.param), settings=CRASH_SETTINGS) as cluster:
        yield cluster


@pytest.fixture
def dsn(server: Cluster) -> Iterator[str]:
    """A database with rows, in which nothing was looked for yet."""
    with fresh_database(server) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(SCHEMA)
            connection.execute("vacuum analyze")
            reset(connection)
            connection.execute(FORGET)
        yield dsn


def reset(connection: psycopg.Connection) -> None:
    """Set the counters to zero, and wait until everybody sees that."""
    seen = "select stats_reset from pg_stat_database where datname = current_database()"
    before = connection.execute(seen).fetchone()
    connection.execute("select pg_stat_reset()")
    assert becomes_true(lambda: connection.execute(seen).fetchone() != before)


def read(dsn: str, times: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("set enable_seqscan = off")
        for _ in range(times):
            connection.execute(READ, prepare=False)


def snapshot_when(dsn: str, is_there: Callable[[Snapshot], bool]) -> Snapshot:
    """A snapshot as soon as the counters, which come late, are what they are to be."""
    found: list[Snapshot] = []

    def look() -> bool:
        found.append(collect(dsn, options=NO_PLANS))
        return is_there(found[-1])

    assert becomes_true(look)
    return found[-1]


def scans(snapshot: Snapshot) -> int:
    [oid] = [index.oid for index in snapshot.indexes if index.name == "orders_by_customer"]
    return next(row.scans for row in snapshot.index_activity if row.index_oid == oid)


def calls(snapshot: Snapshot) -> int:
    return sum(s.calls for s in snapshot.statements if s.text.startswith("select note"))


def read_snapshot(dsn: str, times: int, total: int) -> Snapshot:
    read(dsn, times)
    return snapshot_when(dsn, lambda one: scans(one) == total)


def earlier_of(made: Snapshot) -> EarlierSnapshot:
    assert made.earlier is not None
    return made.earlier


def execute(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_tells_what_was_run_in_between(dsn: str) -> None:
    old = read_snapshot(dsn, 30, 30)
    new = read_snapshot(dsn, 4, 34)

    made = delta(new, old)

    assert (scans(made), calls(made)) == (4, 4)
    assert earlier_of(made).counters is Continuity.CONTINUED
    assert earlier_of(made).statements is Continuity.CONTINUED
    seconds = (new.server.collected_at - old.server.collected_at).total_seconds()
    assert counter_window(made).days == pytest.approx(seconds / 86_400)


def test_a_reset_leaves_what_came_after_it(dsn: str) -> None:
    old = read_snapshot(dsn, 300, 300)
    with psycopg.connect(dsn, autocommit=True) as connection:
        reset(connection)

    made = delta(read_snapshot(dsn, 40, 40), old)

    assert scans(made) == 40
    assert earlier_of(made).counters is Continuity.RESET


def test_a_reset_of_one_table_makes_the_window_unknown_and_the_rest_stays_a_difference(
    dsn: str,
) -> None:
    old = read_snapshot(dsn, 30, 30)
    execute(dsn, "select pg_stat_reset_single_table_counters('other'::regclass)")
    read(dsn, 4)
    before = old.server.statistics_reset_at
    new = snapshot_when(
        dsn, lambda one: scans(one) == 34 and one.server.statistics_reset_at != before
    )

    made = delta(new, old)

    assert scans(made) == 4
    assert earlier_of(made).counters is Continuity.UNCLEAR
    assert counter_window(made).days is None


def test_statements_that_were_reset_count_from_there(dsn: str) -> None:
    old = read_snapshot(dsn, 30, 30)
    execute(dsn, FORGET)

    made = delta(read_snapshot(dsn, 4, 34), old)

    assert (scans(made), calls(made)) == (4, 4)


def test_an_index_made_again_is_not_judged_and_has_no_scans_of_before(dsn: str) -> None:
    old = read_snapshot(dsn, 30, 30)
    execute(dsn, "reindex index concurrently orders_by_customer")
    read(dsn, 4)
    new = snapshot_when(dsn, lambda one: scans(one) in {4, 34})

    made = delta(new, old)

    assert scans(made) == 4
    assert any("orders_by_customer" in note for note in earlier_of(made).notes)


def test_a_clean_restart_changes_nothing(server: Cluster, dsn: str) -> None:
    old = read_snapshot(dsn, 30, 30)
    server.restart()

    made = delta(read_snapshot(dsn, 4, 34), old)

    assert (scans(made), calls(made)) == (4, 4)
    assert any("which counters survive" in note for note in earlier_of(made).notes)


def test_a_crash_loses_what_was_counted_before(server: Cluster, dsn: str) -> None:
    old = read_snapshot(dsn, 300, 300)
    crash(server, dsn)

    made = delta(read_snapshot(dsn, 4, 4), old)

    assert scans(made) == 4
    # Before 15 the time of the crash is taken for that of a reset.
    expected = Continuity.LOST if made.server.major >= _STATS_IN_SHARED_MEMORY else Continuity.RESET
    assert earlier_of(made).counters is expected
    assert (counter_window(made).days or 0.0) < (
        made.server.collected_at - old.server.collected_at
    ).total_seconds() / 86_400


def test_a_database_made_again_under_its_name_is_another_one(server: Cluster, dsn: str) -> None:
    old = collect(dsn, options=NO_PLANS)
    name = old.server.database
    execute(server.dsn(), f"drop database {name} with (force)", f"create database {name}")
    execute(dsn, "create extension pg_stat_statements", SCHEMA)

    with pytest.raises(UsageError, match="the database was dropped since, and made again"):
        delta(collect(dsn, options=NO_PLANS), old)


def test_another_server_is_another_cluster(dsn: str, database: str) -> None:
    old, new = (collect(one, options=NO_PLANS) for one in (database, dsn))
    assert old.server.system_identifier != new.server.system_identifier

    with pytest.raises(UsageError):
        delta(new, old)


def crash(server: Cluster, dsn: str) -> None:
    """Kill a process of the server, which then ends all others and begins anew by itself."""
    with psycopg.connect(dsn, autocommit=True) as witness:
        with psycopg.connect(dsn, autocommit=True) as victim:
            os.kill(victim.info.backend_pid, signal.SIGKILL)
        assert becomes_true(lambda: not answers(witness))
    assert becomes_true(lambda: can_connect(server))


def answers(connection: psycopg.Connection) -> bool:
    try:
        connection.execute("select 1")
    except psycopg.OperationalError:
        return False
    return True


def can_connect(server: Cluster) -> bool:
    try:
        execute(server.dsn(), "select 1")
    except psycopg.OperationalError:
        return False
    return True
