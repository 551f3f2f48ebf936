"""held-vacuum-horizon."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.backends import ConnectionCount, OpenTransaction, PreparedTransaction
from pgadvisor.model.finding import Severity
from pgadvisor.model.replication import ReplicationSlot, WalSender
from pgadvisor.testing import Outcome, a_snapshot, diagnose

RULE = "held-vacuum-horizon"
MANY = 50_000_000
DAY_MS = 86_400_000.0
IDLE = OpenTransaction(
    role="shop",
    state="idle in transaction",
    age_ms=DAY_MS,
    state_age_ms=DAY_MS,
    transaction_id_age=100_000,
)
BUSY = replace(IDLE, state="active", age_ms=1_000.0, snapshot_age=MANY, transaction_id_age=None)
PREPARED = PreparedTransaction(role="bank", age_ms=DAY_MS, transaction_id_age=100_000)


def run(**state: Any) -> Outcome:  # noqa: ANN401  (fields of Server)
    return diagnose(RULE, a_snapshot(**state))


def sessions(*found: OpenTransaction) -> Outcome:
    return run(open_transactions=found)


def test_reports_a_transaction_that_is_idle_for_a_day() -> None:
    [finding] = sessions(IDLE).findings

    assert finding.key == "held-vacuum-horizon:session:shop"
    assert finding.severity is Severity.WARNING
    assert finding.summary == (
        "An idle transaction of shop keeps vacuum from removing what died in the last 100,000 "
        "transactions, for 24 h"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("transactions held back", 100_000),
        ("held for", 86_400_000),
    ]
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert action.steps[0] == (
        "Find it: `SELECT pid, state, xact_start, client_addr, application_name FROM "
        "pg_stat_activity WHERE greatest(age(backend_xid), age(backend_xmin)) >= 50000 AND "
        "usename = 'shop'`."
    )


@pytest.mark.parametrize(
    "transaction",
    [
        pytest.param(replace(IDLE, age_ms=DAY_MS - 1), id="a-millisecond-too-young"),
        pytest.param(replace(IDLE, transaction_id_age=99_999), id="hardly-anything-written"),
        pytest.param(replace(BUSY, snapshot_age=MANY - 1), id="one-transaction-too-few"),
        pytest.param(replace(IDLE, transaction_id_age=None), id="holds-nothing"),
        pytest.param(replace(IDLE, is_in_this_database=False), id="another-database"),
        pytest.param(replace(BUSY, command="copy"), id="a-backup"),
        pytest.param(replace(BUSY, command="vacuum"), id="a-vacuum"),
        pytest.param(replace(BUSY, command="create index"), id="an-index-build"),
    ],
)
def test_leaves_alone(transaction: OpenTransaction) -> None:
    assert sessions(transaction).is_clear


def test_fifty_million_transactions_are_too_many_however_fast_they_came() -> None:
    [finding] = sessions(BUSY).findings

    assert finding.summary.startswith("A transaction of shop keeps vacuum from removing")


def test_a_worker_without_a_role_is_found_by_its_type() -> None:
    worker = replace(BUSY, role=None, backend_type="logical replication worker")

    [finding] = sessions(worker).findings

    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert action.steps[0].endswith("AND backend_type = 'logical replication worker'`.")


def test_a_backup_that_is_idle_is_no_backup() -> None:
    assert len(sessions(replace(IDLE, command="copy")).findings) == 1


def test_several_sessions_of_a_role_are_one_finding_with_the_worst() -> None:
    [finding] = sessions(IDLE, replace(IDLE, transaction_id_age=200_000)).findings

    assert finding.evidence[0].value == 200_000


@pytest.mark.parametrize(
    ("held", "severity"),
    [(536_870_911, Severity.WARNING), (536_870_912, Severity.CRITICAL)],
)
def test_a_quarter_of_all_numbers_is_critical(held: int, severity: Severity) -> None:
    [finding] = sessions(replace(BUSY, snapshot_age=held)).findings

    assert finding.severity is severity


@pytest.mark.parametrize(
    ("prepared", "count"),
    [
        (PREPARED, 1),
        (replace(PREPARED, age_ms=DAY_MS - 1), 0),
        (replace(PREPARED, is_in_this_database=False), 0),
    ],
)
def test_reports_prepared_transactions_of_this_database(
    prepared: PreparedTransaction, count: int
) -> None:
    found = run(prepared_transactions=(prepared,)).findings

    assert [finding.key for finding in found] == ["held-vacuum-horizon:prepared:bank"] * count


@pytest.mark.parametrize(
    ("slot", "count"),
    [
        (ReplicationSlot(name="cdc", catalog_transaction_age=MANY), 1),
        (ReplicationSlot(name="cdc", transaction_age=MANY, catalog_transaction_age=1), 1),
        (ReplicationSlot(name="cdc", transaction_age=MANY - 1), 0),
        (ReplicationSlot(name="cdc", transaction_age=100_000, inactive_time_ms=DAY_MS), 1),
        (ReplicationSlot(name="cdc", transaction_age=100_000, inactive_time_ms=1.0), 0),
        (ReplicationSlot(name="cdc", retained_bytes=2**40), 0),
    ],
)
def test_reports_slots_that_hold_rows(slot: ReplicationSlot, count: int) -> None:
    found = run(replication_slots=(slot,)).findings

    assert [finding.key for finding in found] == ["held-vacuum-horizon:slot:cdc"] * count


@pytest.mark.parametrize(("held", "count"), [(MANY, 1), (MANY - 1, 0), (None, 0)])
def test_reports_what_standbys_ask_for(held: int | None, count: int) -> None:
    found = run(wal_senders=(WalSender(application_name="far", transaction_age=held),)).findings

    assert [finding.subject for finding in found] == ["a statement on the standby far"] * count


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"connections": None}, "connections are not in the snapshot"),
        ({"open_transactions": None}, "open transactions are not in the snapshot"),
        ({"prepared_transactions": None}, "prepared transactions are not in the snapshot"),
        ({"replication_slots": None}, "replication slots are not in the snapshot"),
        ({"wal_senders": None}, "standbys are not in the snapshot"),
        (
            {"connections": (ConnectionCount(role="shop", state=None, count=1),)},
            "what sessions of other roles do is hidden: the role is not a member of pg_monitor",
        ),
        (
            {"is_in_recovery": True},
            "this is a standby: its primary vacuums, and holds what it is asked for",
        ),
    ],
)
def test_says_why_it_cannot_judge(state: dict[str, Any], reason: str) -> None:
    assert run(**state).reasons == (reason,)
