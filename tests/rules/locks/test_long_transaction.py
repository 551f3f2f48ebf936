"""long-transaction."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.backends import ConnectionCount, OpenTransaction
from pgadvisor.model.finding import Severity
from pgadvisor.testing import Outcome, a_snapshot, diagnose

RULE = "long-transaction"
HOUR_MS = 3_600_000.0
WRITES = OpenTransaction(
    role="batch",
    state="active",
    age_ms=HOUR_MS,
    state_age_ms=1_000.0,
    snapshot_age=40,
    transaction_id_age=50,
)
READS = replace(WRITES, transaction_id_age=None)


def run(*sessions: OpenTransaction) -> Outcome:
    return diagnose(RULE, a_snapshot(open_transactions=sessions))


def test_reports_a_transaction_that_has_written_for_an_hour() -> None:
    [finding] = run(WRITES).findings

    assert finding.key == "long-transaction:batch"
    assert finding.severity is Severity.WARNING
    assert finding.summary == "A transaction of batch has been at work for 60 min"
    assert finding.detail == "It has written."
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("transactions", 1),
        ("at work for", 3_600_000),
        ("transactions held back", 50),
    ]


def test_one_that_only_reads_is_a_remark() -> None:
    [finding] = run(READS).findings

    assert finding.severity is Severity.INFO
    assert finding.detail == "It has only read so far."


def test_says_that_it_waits_for_a_lock() -> None:
    [finding] = run(replace(WRITES, is_waiting_for_lock=True)).findings

    assert finding.detail == "It has written. It waits for a lock now: see who holds that."


def test_transactions_of_a_role_are_one_finding() -> None:
    [finding] = run(WRITES, replace(READS, age_ms=2.5 * HOUR_MS)).findings

    assert finding.summary == "2 transactions of batch have been at work for 2.5 h at the longest"


@pytest.mark.parametrize(
    "transaction",
    [
        pytest.param(replace(WRITES, age_ms=HOUR_MS - 1), id="a-millisecond-too-young"),
        pytest.param(replace(WRITES, age_ms=None), id="no-transaction"),
        pytest.param(replace(WRITES, command="copy"), id="a-backup"),
        pytest.param(replace(WRITES, command="create index"), id="an-index-build"),
        pytest.param(replace(WRITES, state="idle in transaction"), id="idle"),
        pytest.param(replace(WRITES, backend_type="background worker"), id="a-worker"),
        pytest.param(replace(WRITES, is_in_this_database=False), id="another-database"),
        pytest.param(replace(READS, snapshot_age=None), id="holds-nothing"),
    ],
)
def test_leaves_alone(transaction: OpenTransaction) -> None:
    assert run(transaction).is_clear


def test_cannot_judge_sessions_that_are_hidden() -> None:
    hidden = (ConnectionCount(role="shop", state=None, count=1),)

    assert diagnose(RULE, a_snapshot(connections=hidden)).reasons == (
        "what sessions of other roles do is hidden: the role is not a member of pg_monitor",
    )
    assert diagnose(RULE, a_snapshot(open_transactions=None)).reasons == (
        "open transactions are not in the snapshot",
    )
