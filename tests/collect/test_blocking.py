"""Who is at the head of those that wait for locks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import pytest

from pgadvisor.collect.assemble import collect
from pgadvisor.collect.blocking import blocking_sessions
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.model.server import Server
from tests.collect.rich import run
from tests.fixtures.processes import becomes_true

CHANGE = b"update note set body = 'changed' where id = 1"


def row(pid: int, *blockers: int, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "pid": pid,
        "blockers": list(blockers),
        "wait_ms": pid * 1000.0 if blockers else None,
        "table_oid": 7 if blockers else None,
        "role": f"role {pid}",
        "backend_type": "client backend",
        "state": "active",
        "is_in_this_database": True,
        "age_ms": 9.0,
        "state_age_ms": 8.0,
        "command": None,
        **fields,
    }


def test_names_the_head_and_counts_all_behind_it() -> None:
    [found] = blocking_sessions([row(1), row(2, 1), row(3, 2), row(4, 2, 1)])

    assert found.role == "role 1"
    assert (found.waiter_count, found.indirect_waiter_count) == (3, 1)
    assert found.longest_wait_ms == 4_000.0
    assert found.table_oids == (7,)


def test_each_head_has_those_that_wait_for_it() -> None:
    found = blocking_sessions([row(1), row(2), row(3, 1, 2), row(4, 2)])

    assert [(one.role, one.waiter_count) for one in found] == [("role 2", 2), ("role 1", 1)]


def test_a_prepared_transaction_has_no_session() -> None:
    [found] = blocking_sessions([row(2, 0)])

    assert (found.backend_type, found.role, found.age_ms) == ("prepared transaction", None, None)
    assert found.waiter_count == 1


def test_who_has_ended_meanwhile_keeps_nobody_waiting() -> None:
    assert blocking_sessions([row(2, 1)]) == ()


def test_a_deadlock_that_is_not_yet_found_has_no_head() -> None:
    assert blocking_sessions([row(1, 2), row(2, 1)]) == ()
    [found] = blocking_sessions([row(1, 2), row(2, 1), row(3), row(4, 3, 1)])
    assert (found.role, found.waiter_count) == ("role 3", 1)


@contextmanager
def queue(dsn: str, count: int) -> Iterator[None]:
    """Let one session change a row, and others wait to do the same."""
    with ExitStack() as opened:
        first, *others = (
            opened.enter_context(psycopg.connect(dsn, autocommit=True)) for _ in range(1 + count)
        )
        first.execute("begin")
        first.execute(CHANGE)
        for session in others:
            session.pgconn.send_query(CHANGE)
        waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        with psycopg.connect(dsn, autocommit=True) as watch:
            assert becomes_true(lambda: watch.execute(waiting).fetchone() == (count,))
        yield
        first.execute("rollback")
        for session in others:
            while session.pgconn.get_result() is not None:
                pass


def server_of(dsn: str) -> Server:
    snapshot = collect(dsn, options=CollectOptions(explain=False))
    assert not snapshot.is_partial
    return snapshot.server


@pytest.mark.live
@pytest.mark.matrix
def test_reads_who_keeps_others_waiting(major_database: str) -> None:
    run(
        major_database,
        "create table note (id integer primary key, body text)",
        "insert into note values (1, 'secret')",
    )
    with queue(major_database, 2):
        time.sleep(0.05)
        snapshot = collect(major_database, options=CollectOptions(explain=False))

    [found] = list(snapshot.server.blocking_sessions or ())
    [note] = snapshot.tables
    assert (found.role, found.state) == ("postgres", "idle in transaction")
    assert found.is_in_this_database
    assert found.waiter_count == 2
    assert found.longest_wait_ms >= 50
    assert found.table_oids == (note.oid,)
    assert "secret" not in repr(found)
    assert server_of(major_database).blocking_sessions == ()
