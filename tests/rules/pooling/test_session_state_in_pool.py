"""session-state-in-pool."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.machine import Pool, PoolMode
from pgadvisor.model.session_command import SessionCommand, SessionCommandKind
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import Statement
from pgadvisor.testing import Outcome, a_snapshot, a_statement, diagnose
from tests.rules.changes import manual

RULE = "session-state-in-pool"
BOUNCER = Pool(name="pgbouncer", size=20, mode=PoolMode.TRANSACTION)
OWN = Pool(name="jobs", size=5)
LOCK = a_statement("select pg_try_advisory_lock($1)", calls=500, roles=("shop",))
PLAIN = a_statement("select now()")
LISTEN = SessionCommand(kind=SessionCommandKind.LISTEN, roles=("jobs", "shop"))


def a_snapshot_with(
    *statements: Statement, commands: tuple[SessionCommand, ...] | None = ()
) -> Snapshot:
    snapshot = a_snapshot(statements)
    info = snapshot.server.statements_info
    assert info is not None
    server = replace(snapshot.server, statements_info=replace(info, session_commands=commands))
    return replace(snapshot, server=server)


def run(
    *statements: Statement,
    commands: tuple[SessionCommand, ...] | None = (),
    pools: tuple[Pool, ...] = (OWN, BOUNCER),
) -> Outcome:
    return diagnose(
        RULE, a_snapshot_with(*(statements or (PLAIN,)), commands=commands), pools=pools
    )


def test_reports_locks_that_outlive_the_transaction() -> None:
    [finding] = run(LOCK).findings

    assert finding.key == "session-state-in-pool:advisory locks of sessions"
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.MEDIUM
    assert finding.summary == (
        "The workload uses advisory locks of sessions, and pgbouncer shares connections between "
        "transactions"
    )
    assert finding.detail == (
        "Through that pool the lock stays with a connection that the next client is given, and "
        "whoever took it cannot release it."
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("pools in transaction mode", "pgbouncer"),
        ("run by", "shop"),
        ("calls", 500),
    ]
    assert finding.statement_ids == (LOCK.id,)
    assert manual(finding)[0].startswith("Take locks that end with the transaction")


@pytest.mark.parametrize("kind", list(SessionCommandKind))
def test_reports_each_command_that_lasts_for_a_session(kind: SessionCommandKind) -> None:
    [finding] = run(commands=(replace(LISTEN, kind=kind),)).findings

    assert [(e.name, e.value) for e in finding.evidence] == [
        ("pools in transaction mode", "pgbouncer"),
        ("run by", "jobs, shop"),
    ]
    assert finding.key.startswith(f"{RULE}:")


def test_each_hazard_is_a_finding_of_its_own() -> None:
    found = run(
        LOCK,
        a_statement("select currval($1)"),
        commands=(LISTEN, SessionCommand(kind=SessionCommandKind.SET)),
    ).findings

    assert {finding.subject for finding in found} == {
        "LISTEN",
        "SET",
        "advisory locks of sessions",
        "currval and lastval",
    }


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(LOCK, commands=(LISTEN,), pools=(OWN,)), id="session-mode"),
        pytest.param(
            run(a_statement("select pg_advisory_xact_lock($1)")), id="a-lock-of-the-transaction"
        ),
        pytest.param(run(a_statement("select nextval($1)")), id="the-next-number"),
        pytest.param(run(a_statement("select pg_advisory_unlock($1)")), id="an-unlock-alone"),
    ],
)
def test_leaves_alone(outcome: Outcome) -> None:
    assert outcome.is_clear


def test_says_why_it_cannot_judge() -> None:
    assert run(LOCK, pools=()).reasons == (
        "how connections are pooled is not said: name [[pools]] in pgadvisor.toml",
    )
    assert run(LOCK, commands=None).reasons == ("commands of sessions are not in the snapshot",)
