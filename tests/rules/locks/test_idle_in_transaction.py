"""idle-in-transaction."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.backends import ConnectionCount, OpenTransaction
from pgadvisor.model.finding import Severity
from pgadvisor.model.server import DatabaseActivity
from pgadvisor.testing import Outcome, a_snapshot, diagnose

RULE = "idle-in-transaction"
FIVE_MINUTES_MS = 300_000.0
IDLE = OpenTransaction(
    role="shop",
    state="idle in transaction",
    age_ms=400_000.0,
    state_age_ms=FIVE_MINUTES_MS,
    transaction_id_age=77,
)


def run(*sessions: OpenTransaction) -> Outcome:
    activity = DatabaseActivity(session_time_ms=1_000.0, idle_in_transaction_time_ms=250.0)
    return diagnose(RULE, a_snapshot(open_transactions=sessions, activity=activity))


def test_reports_a_session_that_is_idle_in_a_transaction() -> None:
    [finding] = run(IDLE).findings

    assert finding.key == "idle-in-transaction:shop"
    assert finding.severity is Severity.WARNING
    assert finding.summary == "A session of shop has been idle in a transaction for 5 min"
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("sessions", 1),
        ("idle for", 300_000),
        ("transactions held back", 77),
        ("share of all session time", 0.25),
    ]
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert action.steps[2].startswith(
        '`ALTER ROLE "shop" SET idle_in_transaction_session_timeout = 60000`'
    )


def test_sessions_of_a_role_are_one_finding() -> None:
    aborted = replace(IDLE, state="idle in transaction (aborted)", state_age_ms=600_000.0)

    [finding] = run(IDLE, aborted).findings

    assert finding.summary == (
        "2 sessions of shop have been idle in a transaction for 10 min at the longest"
    )


@pytest.mark.parametrize(
    "session",
    [
        pytest.param(replace(IDLE, state_age_ms=FIVE_MINUTES_MS - 1), id="a-millisecond-too-short"),
        pytest.param(replace(IDLE, state="active"), id="active"),
        pytest.param(replace(IDLE, is_in_this_database=False), id="another-database"),
        pytest.param(replace(IDLE, role=None), id="no-client"),
    ],
)
def test_leaves_alone(session: OpenTransaction) -> None:
    assert run(session).is_clear


@pytest.mark.parametrize(
    ("session", "severity"),
    [
        (replace(IDLE, transaction_id_age=None), Severity.INFO),
        (replace(IDLE, transaction_id_age=None, snapshot_age=0), Severity.WARNING),
    ],
)
def test_is_a_remark_where_it_holds_up_no_vacuum(
    session: OpenTransaction, severity: Severity
) -> None:
    [finding] = run(session).findings

    assert finding.severity is severity


def test_cannot_judge_sessions_that_are_hidden() -> None:
    hidden = (ConnectionCount(role="shop", state=None, count=1),)

    assert diagnose(RULE, a_snapshot(connections=hidden)).reasons == (
        "what sessions of other roles do is hidden: the role is not a member of pg_monitor",
    )
    assert diagnose(RULE, a_snapshot(open_transactions=None)).reasons == (
        "open transactions are not in the snapshot",
    )
    assert diagnose(RULE, a_snapshot(connections=None)).reasons == (
        "connections are not in the snapshot",
    )
