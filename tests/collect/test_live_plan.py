"""Plans of a user's own statements, from real servers."""

from __future__ import annotations

import re
from dataclasses import replace

import psycopg
import pytest

from pgadvisor.collect.live_plan import LiveExplainer, LiveOptions, explain_statement
from pgadvisor.errors import StatementRefusedError
from pgadvisor.parse.parameter_values import ParameterValue, read_parameter_value
from tests.collect.live import ALLOWED, READ_ONLY, fill, reader, written
from tests.collect.rich import run

pytestmark = pytest.mark.live


def _values(*texts: str) -> tuple[ParameterValue, ...]:
    return tuple(read_parameter_value(text) for text in texts)


@pytest.mark.matrix
def test_plans_and_measures_on_each_major(major_database: str) -> None:
    fill(major_database)
    text = "select note, count(*) from t where id > $1 group by note"
    options = LiveOptions(parameters=_values("1=4000"))

    with reader(major_database) as dsn:
        generic = explain_statement(dsn, text)
        planned = explain_statement(dsn, text, options)
        measured = explain_statement(dsn, text, replace(options, analyze=True, allow_primary=True))

    for plan in (generic, planned):
        assert not plan.was_executed
        assert plan.execution_time_ms is None
        assert (plan.planning_time_ms or 0) > 0
        assert plan.query_text == text
    assert planned.query_parameters == "$1 = '4000'"
    assert [node.rows for node in planned.root.walk()][-1] == pytest.approx(1000, rel=0.05)
    assert [node.rows for node in generic.root.walk()][-1] == pytest.approx(1667, rel=0.05)
    leaf = list(measured.root.walk())[-1]
    assert leaf.actual is not None
    assert (leaf.actual.rows, leaf.actual.loops) == (1000, 1)
    assert (leaf.actual.total_time_ms or 0) > 0
    assert leaf.buffers.shared_hit_blocks > 0
    assert (measured.execution_time_ms or 0) > 0
    server_major = _major(major_database)
    assert (measured.planning_memory_used_bytes is not None) == (server_major >= 17)
    assert measured.settings == generic.settings == ()


def _major(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        return connection.info.server_version // 10_000


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("select 1 from t where $1 is null or id = $2", "Seq Scan"),
        ("select 1 from t where at < now() - interval $1", "Seq Scan"),
        ("update t set note = 'x' where id = $1", "ModifyTable"),
        ("insert into written values ($1)", "ModifyTable"),
    ],
)
def test_plans_what_has_unknown_parameters(database: str, text: str, node: str) -> None:
    fill(database)

    plan = explain_statement(database, text)

    assert plan.root.node_type == node
    assert plan.query_text == text
    assert written(database) == (0, 1)


def test_values_have_the_types_that_are_given_or_meant(database: str) -> None:
    fill(database)
    text = "select id from t where at > $1 and note = $2 and $3 is null"
    given = _values("1=2026-05-01", "2:text=it's \\ n", "3:date")

    plan = explain_statement(database, text, replace(ALLOWED, parameters=given))

    assert plan.was_executed
    assert plan.query_parameters == "$1 = '2026-05-01', $2 = 'it''s \\ n', $3 = NULL"
    assert plan.root.actual is not None
    assert plan.root.actual.rows == 0


@pytest.mark.parametrize(
    ("given", "happened", "next_step"),
    [
        (("1=x",), "a parameter takes a type that its text does not fit", "as the type of"),
        (("1:no_such_type=x",), "an object is not there", ""),
        (("1:from=x",), "the type of $1 is written like no type", ""),
        (("2=5",), "there is no value for $1", "such as --param 1=42."),
    ],
)
def test_says_what_is_wrong_with_a_value(
    database: str, given: tuple[str, ...], happened: str, next_step: str
) -> None:
    fill(database)
    options = LiveOptions(parameters=_values(*given))

    with pytest.raises(StatementRefusedError) as caught:
        explain_statement(
            database,
            "select 1 from t where id = $1" + " and note = $2" * (given[0][0] == "2"),
            options,
        )

    assert caught.value.attempted == "planning a statement on the server"
    assert caught.value.happened.endswith(happened)
    assert next_step in caught.value.next_step


def test_measuring_needs_values(database: str) -> None:
    fill(database)

    with pytest.raises(StatementRefusedError, match=r"there is no value for \$1, \$2"):
        explain_statement(database, "select 1 from t where id between $1 and $2", ALLOWED)


@pytest.mark.parametrize(
    ("text", "happened"),
    [
        ("select 1 from\n no_such_table", "line 2: a relation is gone, or not in the search path"),
        ("select no_such_column from t", "line 1: a column is not there"),
        ("select no_such_function(1)", "line 1: a function is not there"),
    ],
)
def test_says_in_which_line_the_server_stumbles(database: str, text: str, happened: str) -> None:
    fill(database)

    with pytest.raises(StatementRefusedError) as caught:
        explain_statement(database, text)

    assert caught.value.happened == happened


def test_measuring_leaves_the_database_as_it_was(database: str) -> None:
    fill(database)
    run(database, "vacuum analyze")
    with reader(database) as dsn:
        before = _state(database)

        explain_statement(dsn, "select count(*) from t where note = 'n1'", READ_ONLY)

        assert _state(database) == before


ALLOWED_TO_SEND = re.compile(
    r"begin read only|rollback|(rollback to )?savepoint pgadvisor_s|deallocate pgadvisor_q"
    r"|set local (statement_timeout|lock_timeout|idle_in_transaction_session_timeout) = \d+"
    r"|set local plan_cache_mode = force_(custom|generic)_plan"
    r"|set local (client_connection_check_interval = '2s'|transaction_timeout = '30s')"
    r"|explain \((analyze, )?format json, verbose, settings, buffers, summary"
    r"(, wal, timing o(n|ff))?(, memory)?\) execute pgadvisor_q(\('5'\))?"
)


def test_sends_nothing_else(database: str) -> None:
    fill(database)
    sent: list[str] = []
    text = "select count(*) from t where id < $1"
    options = replace(READ_ONLY, parameters=_values("1:integer=5"))

    with reader(database) as dsn, LiveExplainer(dsn, options, record=sent.append) as explainer:
        sent.clear()
        explainer.explain(text)

    prepared = f"prepare pgadvisor_q (integer) as {text}"
    others = [one for one in sent if one != prepared and not ALLOWED_TO_SEND.fullmatch(one)]
    assert others == []
    assert sent.count(prepared) == sent.count("deallocate pgadvisor_q") == 3
    assert sent.count("begin read only") == sent.count("rollback") == 3


def _state(dsn: str) -> object:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("select pg_stat_force_next_flush()")
        return connection.execute(
            "select tup_inserted, tup_updated, tup_deleted, pg_snapshot_xmax(pg_current_snapshot())"
            " from pg_stat_database where datname = current_database()"
        ).fetchone()
