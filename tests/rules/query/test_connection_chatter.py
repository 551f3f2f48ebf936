"""connection-chatter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.server import StatementsInfo
from pgadvisor.model.statement import Statement
from pgadvisor.testing import (
    COLLECTED_AT,
    Outcome,
    SnapshotPart,
    a_server,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
)

RULE = "connection-chatter"
ORDERS = a_table("orders")
OFTEN = 90 * 10_000
WORK = a_statement("select * from orders where id = $1", calls=OFTEN)


def run(*objects: SnapshotPart) -> Outcome:
    return diagnose(RULE, a_snapshot(ORDERS, WORK, *objects))


def talk(text: str, calls: int = OFTEN, **fields: object) -> Statement:
    return replace(a_statement(text, calls=calls), **fields)  # type: ignore[arg-type]


def test_reports_a_test_of_the_connection_before_each_statement() -> None:
    ping = talk("SELECT $1")

    [finding] = run(ping).findings

    assert finding.key == "connection-chatter:pings"
    assert finding.summary == "50 % of all calls are pings of connections: 10,000 a day"
    assert finding.severity is Severity.INFO
    assert finding.statement_ids == (ping.id,)
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert "pool_pre_ping" in action.steps[0]


@pytest.mark.parametrize("text", ["select 1", "SELECT 1;", "select $1", "select ''"])
def test_sees_a_ping(text: str) -> None:
    assert [finding.key for finding in run(talk(text)).findings] == ["connection-chatter:pings"]


@pytest.mark.parametrize(
    "text",
    [
        "select * from pg_class c join pg_namespace n on n.oid = c.relnamespace",
        "select typname from pg_catalog.pg_type where oid = $1",
        "select table_name from information_schema.tables",
    ],
)
def test_sees_a_query_of_the_catalog(text: str) -> None:
    assert [finding.key for finding in run(talk(text)).findings] == ["connection-chatter:catalog"]


def test_adds_up_statements_of_a_kind() -> None:
    pings = (talk("select $1", OFTEN // 2), talk("select 1", OFTEN // 2))
    queries = (
        talk("select typname from pg_type where oid = $1", OFTEN // 2),
        talk("select relname from pg_class where oid = $1", OFTEN // 2),
    )

    assert [finding.summary for finding in run(pings, queries).findings] == [
        "33.3 % of all calls are queries of the catalog: 10,000 a day",
        "33.3 % of all calls are pings of connections: 10,000 a day",
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("VACUUM", id="a-command"),
        pytest.param("select now()", id="a-function"),
        pytest.param("select $1, $2", id="two-values"),
        pytest.param("select * from elsewhere", id="an-unknown-table"),
        pytest.param("select * from orders, pg_class", id="a-table-as-well"),
        pytest.param("<unparsable query>", id="not-parsed"),
    ],
)
def test_leaves_alone(text: str) -> None:
    assert run(talk(text)).is_clear


@pytest.mark.parametrize(
    ("roles", "count"),
    [(("Datadog",), 0), (("postgres_exporter",), 0), (("web", "datadog"), 1), ((), 1)],
)
def test_leaves_roles_alone_that_watch_the_server(roles: tuple[str, ...], count: int) -> None:
    assert len(run(talk("select 1", roles=roles)).findings) == count


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(talk("select 1", is_top_level=False), id="inside-a-function"),
        pytest.param(talk("select 1", source="workload"), id="from-a-file"),
    ],
)
def test_leaves_alone_what_no_application_sends(statement: Statement) -> None:
    assert run(statement).is_clear


@pytest.mark.parametrize(("others", "count"), [(8 * OFTEN, 1), (8 * OFTEN + 1, 0)])
def test_asks_for_a_tenth_of_all_calls(others: int, count: int) -> None:
    other = a_statement("select note from orders", calls=others)

    assert len(run(talk("select 1"), other).findings) == count


@pytest.mark.parametrize(("calls", "count"), [(OFTEN, 1), (OFTEN - 1, 0)])
def test_asks_for_ten_thousand_calls_a_day(calls: int, count: int) -> None:
    assert len(run(talk("select 1", calls)).findings) == count


def test_cannot_judge_where_entries_come_and_go() -> None:
    info = a_server().statements_info
    assert isinstance(info, StatementsInfo)
    evicted = replace(info, deallocations=100_000, reset_at=COLLECTED_AT.replace(month=1, day=1))

    outcome = diagnose(RULE, a_snapshot(ORDERS, WORK, talk("select 1"), statements_info=evicted))

    [reason] = outcome.reasons
    assert reason.startswith("pg_stat_statements loses ")


def test_cannot_judge_without_knowing_how_often() -> None:
    outcome = diagnose(RULE, a_snapshot(ORDERS, WORK, statistics_age_days=None))

    [reason] = outcome.reasons
    assert reason.startswith("nobody knows how often statements run: ")


def test_cannot_judge_without_statements() -> None:
    outcome = diagnose(RULE, a_snapshot(ORDERS))

    assert outcome.reasons == ("no statement was recorded, and no workload files were given",)
