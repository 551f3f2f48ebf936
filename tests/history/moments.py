"""The shop at several moments, for what is counted in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from pgadvisor.config import GateLimits
from pgadvisor.errors import UsageError
from pgadvisor.history.delta import delta
from pgadvisor.model.earlier import EarlierSnapshot
from pgadvisor.model.server import DatabaseActivity
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import Statement, Statements
from pgadvisor.testing import (
    COLLECTED_AT,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    index_activity,
    table_activity,
)

ORDERS = a_table("orders", rows=1_000_000)
INDEX = an_index(ORDERS, "customer_id")
TEXT = "select * from orders where customer_id = $1"
LIMITS = GateLimits()


def days_ago(days: float) -> datetime:
    return COLLECTED_AT - timedelta(days=days)


def a_moment(
    days: float,
    *,
    scans: int = 0,
    updates: int = 0,
    calls: int = 0,
    commits: int = 1_000,
    **server: Any,  # noqa: ANN401  (fields of Server)
) -> Snapshot:
    """A snapshot of the shop, that many days ago; its counters run since 90 days ago."""
    fields = {"system_identifier": "7", "database_oid": 5, "timeline": 1, **server}
    return a_snapshot(
        ORDERS,
        INDEX,
        table_activity(ORDERS, rows_updated=updates, index_scans=scans),
        index_activity(INDEX, scans=scans),
        *([a_statement(TEXT, calls=calls, mean_time_ms=2.0)] if calls else []),
        collected_at=days_ago(days),
        activity=DatabaseActivity(commits=commits),
        **fields,
    )


def info_of(snapshot: Snapshot, **changes: Any) -> Snapshot:  # noqa: ANN401
    info = snapshot.server.statements_info
    assert info is not None
    server = replace(snapshot.server, statements_info=replace(info, **changes))
    return replace(snapshot, server=server)


def with_statement(snapshot: Snapshot, statement: Statement) -> Snapshot:
    return replace(snapshot, statements=Statements(rows=(statement,)))


def earlier_of(snapshot: Snapshot) -> EarlierSnapshot:
    assert snapshot.earlier is not None
    return snapshot.earlier


def refusal(new: Snapshot, old: Snapshot) -> str:
    with pytest.raises(UsageError) as caught:
        delta(new, old)
    return caught.value.happened
