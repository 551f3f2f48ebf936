"""idle-standby."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.schema import Function
from pgadvisor.model.standby import Standby
from pgadvisor.model.statement import Statement
from pgadvisor.testing import COLLECTED_AT, Outcome, a_snapshot, a_statement, a_table, diagnose
from pgadvisor.units import MS_PER_DAY
from tests.rules.changes import manual

RULE = "idle-standby"
DAYS = 10
ORDERS = a_table("orders", "id bigint not null", "total numeric")
REPORT = a_statement(
    "select sum(total) from orders", calls=DAYS * 1_000, mean_time_ms=0.2 * MS_PER_DAY / 1_000
)
WRITE = a_statement(
    "update orders set total = $1 where id = $2",
    calls=DAYS * 1_000,
    mean_time_ms=0.8 * MS_PER_DAY / 1_000,
)
IDLE = Standby(
    name="standby 1", collected_at=COLLECTED_AT, counted_since=None, note="", busy_ms_per_day=0.0
)


def run(
    *standbys: Standby,
    report: Statement = REPORT,
    days: float | None = DAYS,
    functions: tuple[Function, ...] = (),
    **fields: Any,  # noqa: ANN401  (fields of Server)
) -> Outcome:
    snapshot = a_snapshot(ORDERS, report, WRITE, functions, statistics_age_days=days, **fields)
    return diagnose(RULE, replace(snapshot, standbys=standbys))


def test_reports_a_standby_that_answers_nothing() -> None:
    [finding] = run(IDLE).findings

    assert finding.key == "idle-standby:standby 1"
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.LOW
    assert finding.summary == (
        "Standby 1 hardly answers anything, while 20 % of the primary's execution time goes into "
        "statements that only read"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("statements at work on the primary, on average", 1.0),
        ("share of those that only read", 0.2),
        ("execution time a day of standby 1", "0 ms"),
    ]
    assert finding.statement_ids == (REPORT.id,)
    assert REPORT.id in manual(finding)[0]


@pytest.mark.parametrize(
    "text",
    [
        "select id from orders for update",
        "select nextval($1), sum(total) from orders",
        "select pg_try_advisory_lock(id) from orders",
        "select shop.audit(id) from orders",
        "select now()",
    ],
)
def test_what_writes_or_locks_stays(text: str) -> None:
    audit = Function(
        oid=5,
        schema="shop",
        name="audit",
        arguments="bigint",
        signature="bigint",
        result="void",
        argument_types=("bigint",),
        language="plpgsql",
        volatility="v",
        definition="",
    )

    assert run(IDLE, report=replace(REPORT, text=text), functions=(audit,)).is_clear


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(), id="no-standby"),
        pytest.param(run(replace(IDLE, busy_ms_per_day=0.06 * MS_PER_DAY)), id="it-works-already"),
        pytest.param(
            run(IDLE, report=replace(REPORT, total_time_ms=1.9 * MS_PER_DAY)), id="mostly-writes"
        ),
        pytest.param(run(IDLE, days=2 * DAYS), id="a-quiet-primary"),
    ],
)
def test_leaves_alone(outcome: Outcome) -> None:
    assert outcome.is_clear


def test_each_of_several_is_judged_by_itself() -> None:
    busy = replace(IDLE, name="standby 2", busy_ms_per_day=0.1 * MS_PER_DAY)
    both = run(IDLE, busy, report=replace(REPORT, total_time_ms=4 * MS_PER_DAY))

    assert [finding.subject for finding in both.findings] == ["standby 1"]


def test_says_why_it_cannot_judge() -> None:
    assert run(streaming_replica_count=1).reasons == (
        "a standby streams that was not looked at: add --replica",
    )
    assert run(streaming_replica_count=None).reasons == (
        "standbys that stream are not in the snapshot",
    )
    assert run(IDLE, is_in_recovery=True).reasons == (
        "this is a standby: it takes its primary's snapshot, with --replica",
    )
    assert run(replace(IDLE, busy_ms_per_day=None)).reasons == (
        "nobody knows for how long the statements of standby 1 were counted",
    )
