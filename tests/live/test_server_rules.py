"""Rules about the server as a whole, on a server that is in each of these states.

Limits that are lowered, since no test waits for a day: of ``held-vacuum-horizon`` the number of
transactions, of ``slot-retaining-wal`` the bytes, of ``idle-in-transaction`` and
``long-transaction`` the time, of ``requested-checkpoints`` and ``full-page-wal`` the rates and the
days of counting, of ``overdue-toast-vacuum`` the size and the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from pgadvisor.cluster.binaries import embedded_binaries
from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.config import GateLimits
from pgadvisor.testing import diagnose
from tests.fixtures.databases import SETTINGS

pytestmark = pytest.mark.live

STATE = {
    "max_prepared_transactions": "2",
    "max_connections": "20",
    "superuser_reserved_connections": "0",
    "max_wal_size": "32MB",
    "min_wal_size": "32MB",
    "full_page_writes": "on",
}


@dataclass
class Fault:
    """A state of the server that one rule finds."""

    rule: str
    subject: str
    hold: tuple[str, ...] = ()
    """Run in a session that stays open."""
    run: tuple[str, ...] = ()
    mend: tuple[str, ...] = ()
    limits: dict[str, Any] = field(default_factory=dict)


TOAST = "(select string_agg(sha512((i || ' ' || j)::bytea), '') from generate_series(1, 60) j)"
FAULTS = (
    Fault(
        rule="held-vacuum-horizon",
        subject="an idle transaction of postgres",
        hold=("insert into note values (1)",),
        run=("select txid_current()",) * 9,
        limits={"min_held_count": 9},
    ),
    Fault(
        rule="held-vacuum-horizon",
        subject="a prepared transaction of postgres",
        run=(
            "begin; insert into note values (1); prepare transaction 'later'",
            *("select txid_current()",) * 9,
        ),
        mend=("rollback prepared 'later'",),
        limits={"min_held_count": 9},
    ),
    Fault(
        rule="slot-retaining-wal",
        subject="left_behind",
        run=(
            "select pg_create_physical_replication_slot('left_behind', true)",
            "insert into note select generate_series(1, 20000)",
        ),
        mend=("select pg_drop_replication_slot('left_behind')",),
        limits={"min_inactive_bytes": 500_000, "min_inactive_ms": 0},
    ),
    Fault(
        rule="idle-in-transaction",
        subject="postgres",
        hold=("insert into note values (1)",),
        limits={"min_idle_ms": 1},
    ),
    Fault(
        rule="overdue-toast-vacuum",
        subject="public.document",
        run=(
            "select pg_stat_reset()",
            "create table document (id integer, body bytea)",
            f"insert into document select i, {TOAST} from generate_series(1, 40) i",
            "delete from document where id <= 20",
            "select pg_sleep(0.6)",
        ),
        mend=("vacuum document", "select pg_sleep(0.6)"),
        limits={"min_toast_bytes": 8_192, "min_vacuum_age_days": 0},
    ),
)


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    with Cluster(binaries=embedded_binaries(), settings=SETTINGS | STATE) as cluster:
        _run(cluster.dsn(), "create table note (id integer)")
        yield cluster.dsn()


def _run(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as session:
        for statement in statements:
            session.execute(statement.encode())


@contextmanager
def planted(dsn: str, fault: Fault) -> Iterator[None]:
    with ExitStack() as stack:
        if fault.hold:
            session = stack.enter_context(psycopg.connect(dsn))
            for statement in fault.hold:
                session.execute(statement.encode())
            stack.callback(session.rollback)
        _run(dsn, *fault.run)
        yield
    _run(dsn, *fault.mend)


def subjects(dsn: str, rule: str, limits: dict[str, Any]) -> list[str]:
    snapshot = collect(dsn, options=CollectOptions(explain=False))
    gates = GateLimits(usage_window_days=0)
    outcome = diagnose(rule, snapshot, gates=gates, **limits)
    assert outcome.skipped == ()
    return [finding.subject for finding in outcome.findings]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.rule}: {fault.subject}")
def test_finds_the_fault_and_nothing_once_it_is_mended(dsn: str, fault: Fault) -> None:
    with planted(dsn, fault):
        found = subjects(dsn, fault.rule, fault.limits)

    assert found == [fault.subject]
    assert subjects(dsn, fault.rule, fault.limits) == []


def test_finds_that_connections_run_out(dsn: str) -> None:
    with ExitStack() as stack:
        for _ in range(17):
            stack.enter_context(psycopg.connect(dsn))

        assert subjects(dsn, "exhausted-connections", {}) == ["max_connections"]


def test_finds_checkpoints_that_wal_asks_for(dsn: str) -> None:
    _run(
        dsn,
        "select pg_stat_reset_shared('checkpointer'), pg_stat_reset_shared('wal')",
        *("insert into note select generate_series(1, 400000)",) * 8,
        "select pg_sleep(0.6)",
    )
    limits = {"min_requested_count": 1, "min_requested_ratio": 0.01, "min_explained_ratio": 0.1}

    assert subjects(dsn, "requested-checkpoints", limits) == ["max_wal_size"]


def test_does_not_take_commands_for_want_of_room(dsn: str) -> None:
    _run(
        dsn,
        "select pg_stat_reset_shared('checkpointer'), pg_stat_reset_shared('wal')",
        *("checkpoint",) * 5,
        "select pg_sleep(0.6)",
    )

    assert subjects(dsn, "requested-checkpoints", {"min_requested_count": 1}) == []


def test_finds_whole_pages_in_wal(dsn: str) -> None:
    _run(
        dsn,
        "create table spread as"
        " select i, repeat('x', 1000) as body from generate_series(1, 9000) i",
        "checkpoint",
        "select pg_stat_reset_shared('wal')",
        "update spread set i = -i where i % 7 = 0",
        "select pg_sleep(0.6)",
    )

    assert subjects(dsn, "full-page-wal", {"min_daily_bytes": 1}) == ["wal_compression"]
