"""blocking-session."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.backends import ConnectionCount
from pgadvisor.model.blocking import BlockingSession
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.testing import Outcome, a_snapshot, a_table, diagnose
from tests.rules.changes import manual

RULE = "blocking-session"
ORDERS = a_table("orders", "id bigint not null")
IDLE = BlockingSession(
    role="shop",
    state="idle in transaction",
    age_ms=50_000.0,
    state_age_ms=45_000.0,
    waiter_count=1,
    longest_wait_ms=30_000.0,
    table_oids=(ORDERS.oid,),
)
MANY = replace(IDLE, waiter_count=3, longest_wait_ms=5_000.0)


def run(*sessions: BlockingSession, version_num: int = 180_004) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, blocking_sessions=sessions, version_num=version_num))


def test_reports_an_idle_session_that_another_waits_for() -> None:
    [finding] = run(IDLE).findings

    assert finding.key == "blocking-session:shop"
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.HIGH
    assert finding.summary == "1 session waits for locks of shop, for 30 s"
    assert finding.detail == "It has been idle within its transaction for 45 s."
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("sessions that wait", 1),
        ("longest wait", 30_000),
        ("age of the transaction", 50_000),
        ("waited for", "public.orders"),
    ]
    assert finding.evidence[1].source == "pg_locks.waitstart"
    assert "pg_terminate_backend" in manual(finding)[1]


def test_many_are_reported_sooner_and_counted_together() -> None:
    [finding] = run(MANY, replace(MANY, indirect_waiter_count=2)).findings

    assert finding.summary == "6 sessions wait for locks of shop, for 5 s at the longest"
    assert finding.detail == (
        "It has been idle within its transaction for 45 s. 2 of them would not wait if those "
        "before them did not."
    )


@pytest.mark.parametrize(
    ("wait_ms", "severity"),
    [(299_999.0, Severity.WARNING), (300_000.0, Severity.CRITICAL)],
)
def test_after_minutes_it_is_critical(wait_ms: float, severity: Severity) -> None:
    [finding] = run(replace(IDLE, longest_wait_ms=wait_ms)).findings

    assert finding.severity is severity


@pytest.mark.parametrize(
    ("session", "detail"),
    [
        (replace(IDLE, state="active", command="create index"), "It runs CREATE INDEX."),
        (replace(IDLE, state="active"), "It has been at work on one statement for 45 s."),
        (
            BlockingSession(
                backend_type="prepared transaction", waiter_count=1, longest_wait_ms=30_000.0
            ),
            "It was prepared for a commit in two phases, and no session is left that ends it.",
        ),
    ],
)
def test_says_what_it_does(session: BlockingSession, detail: str) -> None:
    [finding] = run(session).findings

    assert finding.detail == detail


def test_a_prepared_transaction_is_ended_by_hand() -> None:
    prepared = BlockingSession(
        backend_type="prepared transaction", waiter_count=1, longest_wait_ms=30_000.0
    )

    [finding] = run(prepared).findings

    assert finding.subject == "prepared transactions"
    assert "pg_prepared_xacts" in manual(finding)[0]


def test_before_14_the_statement_tells_how_long() -> None:
    [finding] = run(IDLE, version_num=130_023).findings

    assert finding.evidence[1].source == "pg_stat_activity.state_change of those that wait"


@pytest.mark.parametrize(
    "session",
    [
        pytest.param(replace(IDLE, longest_wait_ms=29_999.0), id="a-millisecond-less"),
        pytest.param(replace(MANY, longest_wait_ms=4_999.0), id="many-but-for-a-moment"),
        pytest.param(replace(MANY, waiter_count=2), id="two-for-a-while"),
        pytest.param(replace(IDLE, is_in_this_database=False), id="another-database"),
    ],
)
def test_leaves_alone(session: BlockingSession) -> None:
    assert run(session).is_clear


def test_says_why_it_cannot_judge() -> None:
    hidden = (ConnectionCount(role="shop", state=None, count=1),)

    assert diagnose(RULE, a_snapshot(connections=hidden)).reasons == (
        "what sessions of other roles do is hidden: the role is not a member of pg_monitor",
    )
    assert diagnose(RULE, a_snapshot(blocking_sessions=None)).reasons == (
        "waits for locks are not in the snapshot",
    )
