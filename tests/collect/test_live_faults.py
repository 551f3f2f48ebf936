"""What goes wrong while a statement is planned or executed on a live server."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from psycopg import conninfo, sql

from pgadvisor.cluster.binaries import embedded_binaries
from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.live_plan import LiveExplainer, LiveOptions, explain_statement
from pgadvisor.errors import CollectError, StatementRefusedError
from tests.collect.live import ALLOWED, READ_ONLY, fill
from tests.collect.rich import run
from tests.collect.roles import reading_role
from tests.fixtures.databases import SETTINGS, fresh_database
from tests.fixtures.processes import becomes_true
from tests.fixtures.standby import catch_up, standby_of

pytestmark = pytest.mark.live

BACKENDS = "select pid from pg_stat_activity where application_name like 'pgadvisor/%'"
ENDLESS = "select count(*) from t a, t b, t c, t d where a.note <> b.note"


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[Cluster]:
    """A server that may be brought down."""
    with Cluster(binaries=embedded_binaries(), settings=SETTINGS) as cluster:
        yield cluster


def test_a_primary_and_a_superuser_are_left_alone(database: str) -> None:
    fill(database)
    with pytest.raises(StatementRefusedError) as primary:
        explain_statement(database, "select 1", LiveOptions(analyze=True))
    with pytest.raises(StatementRefusedError) as superuser:
        explain_statement(database, "select 1", READ_ONLY)

    assert str(primary.value) == (
        "executing a statement on the server: this server is a primary, on which others depend\n"
        "Name a standby or a copy, or allow it with --allow-primary."
    )
    assert superuser.value.happened == "the role is a superuser, whom no privilege holds back"


def test_a_standby_needs_no_leave(cluster: Cluster) -> None:
    with standby_of(cluster) as standby, fresh_database(cluster) as dsn:
        fill(dsn)
        with reading_role(dsn, "public") as reading:
            catch_up(cluster, standby)
            there = conninfo.make_conninfo(
                reading, host=str(standby.socket_directory), port=str(standby.port)
            )

            plan = explain_statement(there, "select count(*) from t", LiveOptions(analyze=True))

    assert plan.was_executed


def test_a_statement_that_takes_too_long_is_stopped_and_its_plan_shown(database: str) -> None:
    fill(database)
    options = replace(ALLOWED, statement_timeout_ms=100)

    with LiveExplainer(database, options) as explainer:
        found = explainer.explain(ENDLESS)
        after = explainer.explain("select 1")

    assert not found.plan.was_executed
    assert found.notes == (
        "it was stopped, it took longer than it may: this is its plan without measured figures",
    )
    assert after.plan.was_executed
    assert _running(database) == 0


def test_one_that_is_slow_is_not_executed_again_for_the_times_of_nodes(database: str) -> None:
    fill(database)
    sent: list[str] = []

    with LiveExplainer(database, ALLOWED, record=sent.append) as explainer:
        found = explainer.explain(_taking_a_while(database))

    executed = [one for one in sent if one.startswith("explain (analyze")]
    assert len(executed) == 1
    assert "timing off" in executed[0]
    assert found.plan.root.actual is not None
    assert found.plan.root.actual.total_time_ms is None
    [note] = found.notes
    assert note.startswith("the times of its nodes were not taken: it took ")


@pytest.mark.parametrize("is_killed", [False, True], ids=["terminated", "killed"])
def test_a_backend_that_is_gone_is_not_asked_again(
    own_cluster: Cluster,
    is_killed: bool,  # noqa: FBT001  (pytest gives it by its name)
) -> None:
    with fresh_database(own_cluster) as dsn:
        fill(dsn)
        sent: list[str] = []

        def record(text: str) -> None:
            sent.append(text)
            if text.startswith("explain (analyze"):
                threading.Timer(0.3, _end, (dsn,), {"is_killed": is_killed}).start()

        with psycopg.connect(dsn, autocommit=True) as witness:
            with (
                LiveExplainer(dsn, ALLOWED, record=record) as explainer,
                pytest.raises(CollectError) as caught,
            ):
                explainer.explain(ENDLESS)
            # The whole server recovers, and that takes a moment to begin.
            assert becomes_true(lambda: not is_killed or _is_lost(witness))
        assert becomes_true(lambda: _is_up(dsn))

    assert caught.value.happened == "the connection was lost"
    assert caught.value.next_step == "It is not executed again."
    assert len([text for text in sent if text.startswith("explain (analyze")]) == 1


def test_says_which_privilege_is_missing(database: str) -> None:
    fill(database)
    run(database, "create table secret (id integer)")
    with reading_role(database, monitor=False) as dsn:
        for options in (LiveOptions(), READ_ONLY):
            with pytest.raises(StatementRefusedError) as caught:
                explain_statement(dsn, "select * from secret", options)

            assert caught.value.happened == "the role has no privilege for it"
            assert caught.value.next_step == "pgadvisor grants prints what the role needs."


def test_a_lock_is_not_waited_for(database: str) -> None:
    fill(database)
    with psycopg.connect(database) as blocker:
        blocker.execute("lock table t in access exclusive mode")

        with pytest.raises(CollectError) as caught:
            explain_statement(database, "select * from t", ALLOWED)

        blocker.rollback()
    assert "lock" in caught.value.happened
    assert caught.value.next_step == "Run again when the lock is gone."


def _taking_a_while(dsn: str) -> str:
    """A statement that takes more than a quarter of five seconds here, and less than all."""
    count = 1_000_000
    counting = "select count(*) from (select generate_series(1, {})) as s"
    with psycopg.connect(dsn, autocommit=True) as connection:
        while True:
            started = time.monotonic()
            connection.execute(sql.SQL(counting).format(sql.Literal(count)))
            if time.monotonic() - started > 1.5:
                return counting.format(count)
            count = int(count * 1.5)


def _running(dsn: str) -> int:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(
            "select count(*) from pg_stat_activity where state = 'active'"
            " and application_name like 'pgadvisor/%' and datname = current_database()"
        ).fetchone()
    assert row is not None
    return int(row[0])


def _end(dsn: str, *, is_killed: bool) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(BACKENDS).fetchone()
        assert row is not None
        if is_killed:
            os.kill(row[0], signal.SIGKILL)
        else:
            connection.execute("select pg_terminate_backend(%s)", row)


def _is_lost(connection: psycopg.Connection) -> bool:
    try:
        connection.execute("select 1")
    except psycopg.OperationalError:
        return True
    return False


def _is_up(dsn: str) -> bool:
    try:
        psycopg.connect(dsn).close()
    except psycopg.OperationalError:
        return False
    return True
