"""What is executed on somebody's server, and what never is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.live_plan import LiveExplainer, LiveOptions, explain_statement
from pgadvisor.errors import CollectError, StatementRefusedError
from tests.collect.live import ALLOWED, READ_ONLY, fill, reader, written
from tests.collect.rich import run
from tests.fixtures.databases import fresh_database

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def trapped(cluster: Cluster) -> Iterator[str]:
    """A database full of what must not be reached."""
    with fresh_database(cluster) as dsn:
        fill(dsn, traps=True)
        yield dsn


@pytest.mark.parametrize(
    ("text", "happened"),
    [
        ("select 1; drop table t", "it holds 2 statements where one is expected"),
        ("select 1 \0; drop table t", "it holds a NUL character"),
        ("selec 1", "it does not parse"),
        ("", "it is empty"),
        ("copy t to program 'touch /tmp/x'", "it is the command COPY, which has no plan"),
        ("explain analyze delete from t", "it is the command EXPLAIN, which has no plan"),
        ("do $$ begin delete from t; end $$", "it is the command DO, which has no plan"),
        ("create table x as select 1", "it is the command CREATE TABLE AS, which has no plan"),
        ("select 1 into x", "it is a SELECT INTO, which creates a table"),
        ("set transaction read write", "it is the command SET, which has no plan"),
        ("select pg_sleep(60)", "it calls pg_sleep, which acts when it is planned or run"),
        ("select set_config('transaction_read_only', 'off', true)", "it calls set_config,"),
    ],
)
@pytest.mark.parametrize("options", [LiveOptions(), ALLOWED], ids=["planned", "executed"])
def test_sends_nothing_of_what_is_no_plain_statement(
    database: str, text: str, happened: str, options: LiveOptions
) -> None:
    fill(database)
    sent: list[str] = []

    with LiveExplainer(database, options, record=sent.append) as explainer:
        sent.clear()
        with pytest.raises(StatementRefusedError) as caught:
            explainer.explain(text)

    assert caught.value.happened.startswith(happened)
    assert sent == []


TRAPS = [
    ("select acting(1)", "it calls acting, which is volatile"),
    ("select public.acting(id) from t", "it calls acting, which is volatile"),
    ('select "acting" (1)', "it calls acting, which is volatile"),
    ("select t.computed from t", "it may call computed, which is volatile"),
    ("select (t).computed from t", "it may call computed, which is volatile"),
    ("select 1::checked", "checked calls a function of the users that planning may run"),
    (
        "select cast(id as checked) from t",
        "checked calls a function of the users that planning may run",
    ),
    ("select checked(1)", "checked calls a function of the users that planning may run"),
    (
        "select json_populate_record(null::holding, '{}')",
        "it makes values of the type holding, which runs something volatile",
    ),
    (
        "select json_populate_record(null::holder, '{\"held\": 1}')",
        "it makes values of the type holder, which runs something volatile",
    ),
    ("select 'x'::text::mine", "it makes values of the type mine, which runs something volatile"),
    ("select 1 ==> 2", "it uses the operator ==>, which is volatile"),
    ("select 1 operator(public.==>) 2", "it uses the operator ==>, which is volatile"),
    ("select * from reading", "it reads reading, which runs something volatile"),
    ("table through", "it reads through, which runs something volatile"),
    ("select count(*) from counting", "it reads counting, which runs something volatile"),
    ("select * from nested", "it reads nested, which runs something volatile"),
    ("select * from guarded", "it reads guarded, which runs something volatile"),
    ("select * from locking", "it locks the rows that it reads"),
    (
        "select * from elsewhere",
        "it reads a foreign table, and so runs something on another server",
    ),
    ("values (1), (nextval('numbers'))", "it calls nextval, which is volatile"),
    ("select 1 limit nextval('numbers')", "it calls nextval, which is volatile"),
    ("select 1 from t order by nextval('numbers')", "it calls nextval, which is volatile"),
    (
        "select sum(id) over (order by id rows nextval('numbers') preceding) from t",
        "it calls nextval, which is volatile",
    ),
    (
        "select * from t where id in (select nextval('numbers'))",
        "it calls nextval, which is volatile",
    ),
    (
        "with a as (select nextval('numbers')) select 1 from a",
        "it calls nextval, which is volatile",
    ),
    (
        "with gone as (delete from t returning *) table gone",
        "its WITH holds a statement that writes (DELETE)",
    ),
    ("select * from t for update", "it locks the rows that it reads (FOR UPDATE, FOR SHARE)"),
    (
        "select * from t for key share skip locked",
        "it locks the rows that it reads (FOR UPDATE, FOR SHARE)",
    ),
    (
        "select dblink_exec('dbname=x', 'delete from t')",
        "it calls dblink_exec, which acts when it is planned or run",
    ),
    (
        "select * from dblink('dbname=x', 'delete from t returning id') as x (id integer)",
        "it calls dblink, which acts when it is planned or run",
    ),
    (
        "select query_to_xml('delete from t', true, true, '')",
        "it calls query_to_xml, which acts when it is planned or run",
    ),
    ("select lo_create(0)", "it calls lo_create, which acts when it is planned or run"),
    (
        "select pg_advisory_lock(1)",
        "it calls pg_advisory_lock, which acts when it is planned or run",
    ),
    ("select pg_notify('a', 'b')", "it calls pg_notify, which acts when it is planned or run"),
    ("select setval('numbers', 100)", "it calls setval, which acts when it is planned or run"),
    (
        "select pg_current_xact_id()",
        "it calls pg_current_xact_id, which uses up a transaction number",
    ),
    (
        "select 1 from t where pg_input_is_valid('1', 'checked')",
        "it calls pg_input_is_valid, which acts when it is planned or run",
    ),
    (
        "select domain_in('1', 'checked'::regtype, -1)",
        "it calls domain_in, which acts when it is planned or run",
    ),
    ("select random()", "it calls random, which is volatile"),
    ("update t set note = 'x'", "it is no SELECT: UPDATE writes"),
    ("insert into written values (1)", "it is no SELECT: INSERT writes"),
    ("delete from t", "it is no SELECT: DELETE writes"),
]


@pytest.mark.parametrize(("text", "happened"), TRAPS)
def test_never_executes_what_may_do_more_than_read(trapped: str, text: str, happened: str) -> None:
    with reader(trapped) as dsn:
        for name in (dsn, trapped):
            with pytest.raises(StatementRefusedError) as caught:
                explain_statement(name, text, ALLOWED)

            assert caught.value.happened == happened

    assert written(trapped) == (0, 1)


@pytest.mark.parametrize("text", [text for text, _ in TRAPS])
def test_planning_them_runs_nothing_either(trapped: str, text: str) -> None:
    try:
        plan = explain_statement(trapped, text)
    except (StatementRefusedError, CollectError):
        pass
    else:
        assert not plan.was_executed

    assert written(trapped) == (0, 1)


@pytest.mark.parametrize(
    "text",
    [
        "select count(*), max(note) from t where note like 'n1%' group by note order by 1 limit 3",
        "select lower(note), now() - at, id::text || 'x' from t where id = any ('{1,2}')",
        "with x as materialized (select * from t) select * from x join t using (id)",
        "select * from t tablesample system (50) repeatable (1)",
        "select row_number() over (partition by note order by id) from t",
        "select * from generate_series(1, 10) as i, lateral (select id from t where id = i) as l",
        "select to_char(at, 'YYYY'), extract(hour from at), current_date from t",
        "values (1), (2)",
        "table t",
    ],
)
def test_executes_what_only_reads(trapped: str, text: str) -> None:
    with reader(trapped) as dsn:
        plan = explain_statement(dsn, text, READ_ONLY)

    assert plan.was_executed
    assert plan.root.actual is not None
    assert plan.root.actual.total_time_ms is not None
    assert written(trapped) == (0, 1)


def test_own_functions_may_run_if_they_are_not_volatile_and_that_is_wanted(trapped: str) -> None:
    options = replace(READ_ONLY, allow_user_functions=True)
    text = "select pretending(id) from t"

    with reader(trapped) as dsn:
        with pytest.raises(StatementRefusedError, match="it calls pretending, a function of"):
            explain_statement(dsn, text, READ_ONLY)
        plan = explain_statement(dsn, text, options)
        with pytest.raises(StatementRefusedError, match="it calls acting, which is volatile"):
            explain_statement(dsn, "select acting(id) from t", options)

    assert plan.was_executed
    assert written(trapped) == (0, 1)


ORDER_MINE = (
    "create function order_mine(mine, mine) returns integer immutable language sql as 'select 0'"
)
MINE_OPS = (
    "create operator class mine_ops default for type mine using btree as operator 1"
    " *< (record, record), function 1 order_mine(mine, mine)"
)


@pytest.mark.parametrize(
    ("statements", "happened"),
    [
        (
            (
                "create function to_text(mine) returns text volatile language sql as 'select 1'",
                "create cast (mine as text) with function to_text(mine) as implicit",
            ),
            "it may cast values to text, which runs something volatile",
        ),
        (
            (
                ORDER_MINE,
                MINE_OPS,
            ),
            "it may sort values of mine, which runs a function of the users",
        ),
    ],
    ids=["cast", "comparison"],
)
def test_what_no_statement_names_keeps_all_from_being_executed(
    database: str, statements: tuple[str, ...], happened: str
) -> None:
    fill(database)
    run(database, "create type mine as (n integer)", *statements)

    with pytest.raises(StatementRefusedError) as caught:
        explain_statement(database, "select 1", ALLOWED)

    assert caught.value.happened == happened
