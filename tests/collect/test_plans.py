"""The server's own plans: what is tried, what is refused, and why."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import conninfo, sql

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import StatementPlan
from tests.collect.rich import run
from tests.fixtures.databases import FORGET, fresh_database

pytestmark = pytest.mark.live

SCHEMA = """
create table t (id integer primary key, at timestamptz, note text, amount numeric);
create index t_at_idx on t (at);
insert into t select i, now() + i * interval '1 h', 'n', i from generate_series(1, 1000) as i;
analyze t;
"""


def _plan(snapshot: Snapshot, start: str) -> StatementPlan:
    [statement] = [s for s in snapshot.statements if s.text.startswith(start)]
    [plan] = [plan for plan in snapshot.plans if plan.statement_id == statement.id]
    return plan


def _collected(dsn: str, *statements: str, options: CollectOptions | None = None) -> Snapshot:
    """Run statements often enough to matter, and nothing else; then collect."""
    run(dsn, FORGET, *(statement for statement in statements for _ in range(500)))
    return collect(dsn, options=options)


@pytest.mark.parametrize(
    ("statement", "start"),
    [
        ("select 1 from t where at < now() - interval '3 days'", "select $1 from t where at"),
        ("select 2 from t where at > date '2025-01-01' + 30", "select $1 from t where at"),
        ("select extract(hour from at) from t where id = 3", "select extract"),
        ("select 4 from t where 'x' is null or id = 4", "select $1 from t where $2"),
        ("select sum(case when id = 5 then 1 else 0 end) from t", "select sum"),
        ("select 6 from t where id in (1, 2, 3)", "select $1 from t where id in"),
        ("select 7 from t limit 5 offset 2", "select $1 from t limit"),
        ("update t set note = 'x' where id = -8", "update t"),
        ("insert into t (id, note) select -9, 'x' where 1 = 2", "insert into t"),
        ("delete from t where id = -10", "delete from t"),
    ],
)
def test_plans_what_literals_have_been_taken_out_of(
    database: str, statement: str, start: str
) -> None:
    run(database, SCHEMA)

    plan = _plan(_collected(database, statement), start)

    assert plan.reason is None
    assert plan.plan is not None
    assert plan.plan.total_cost > 0


def test_plans_a_parameter_as_unknown_and_not_as_null(database: str) -> None:
    run(database, SCHEMA)

    plan = _plan(_collected(database, "select note from t where id = 7"), "select note").plan

    assert plan is not None
    assert plan.shape == "Index Scan t t t_pkey Forward"


def test_plans_under_the_servers_own_planner_settings(database: str) -> None:
    name = conninfo.conninfo_to_dict(database)["dbname"]
    run(database, SCHEMA, f"alter database {name} set enable_indexscan = off")
    run(database, f"alter database {name} set enable_bitmapscan = off")

    plan = _plan(_collected(database, "select note from t where id = 7"), "select note").plan

    assert plan is not None
    assert plan.root.node_type == "Seq Scan"
    assert dict(plan.settings) == {
        "enable_bitmapscan": "off",
        "enable_indexscan": "off",
    }


def test_looks_up_names_as_the_role_that_ran_the_statement(cluster: Cluster) -> None:
    with fresh_database(cluster) as dsn:
        run(dsn, "create schema hidden", "create table hidden.secrets (id integer)")
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("create role app_role login")
            connection.execute("grant usage on schema hidden to app_role")
            connection.execute("grant select on hidden.secrets to app_role")
            connection.execute("alter role app_role set search_path = hidden")
            try:
                run(conninfo.make_conninfo(dsn, user="app_role"), *["select id from secrets"] * 50)
                plan = _plan(collect(dsn), "select id from secrets")
            finally:
                connection.execute("drop owned by app_role")
                connection.execute("drop role app_role")

    assert plan.plan is not None
    assert plan.plan.root.schema == "hidden"


def test_says_when_a_name_is_not_in_any_known_path(database: str) -> None:
    run(database, SCHEMA)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create schema elsewhere")
        connection.execute("create table elsewhere.lost (id integer)")
        connection.execute("set search_path = elsewhere")
        connection.execute(f"select public.{FORGET.removeprefix('select ')}")
        for _ in range(50):
            connection.execute("select id from lost")

    plan = _plan(collect(database), "select id from lost")

    assert plan.plan is None
    assert plan.sqlstate == "42P01"
    assert plan.reason == "a relation is not found: its search path is not known"


def test_never_lets_planning_run_a_function_of_the_users(database: str) -> None:
    run(
        database,
        "create extension dblink",
        SCHEMA,
        "create table canary (id integer)",
        "create function planted(text) returns integer immutable language sql as $$ select 1 $$",
        "create view through as select planted('x') from t",
    )
    # Counted while it is harmless, and then planted anew under the same name.
    texts = ("select planted('x') from t", "select * from through")
    run(database, FORGET, *(text for text in texts for _ in range(100)))
    with psycopg.connect(database, autocommit=True) as connection:
        planted = sql.SQL(
            "create or replace function planted(text) returns integer immutable language sql as "
            "$$ select 1 from dblink_exec({dsn}, 'insert into canary values (1)') $$"
        )
        connection.execute(planted.format(dsn=sql.Literal(database)))
        count = "select count(*) from canary"

        snapshot = collect(database)

        assert connection.execute(count).fetchone() == (0,)
        connection.execute("explain select * from through")
        assert connection.execute(count).fetchone() == (1,)  # so planning would have run it
    direct = _plan(snapshot, "select planted")
    hidden = _plan(snapshot, "select * from through")
    assert "it calls planted, a function of the users" in (direct.reason or "")
    assert "through calls a function of the users" in (hidden.reason or "")


@pytest.mark.parametrize(
    ("statement", "start"),
    [
        ("select * from t where note = 'x'::checked", "select * from t"),
        ("insert into holders (held) select 'x' where 1 = 2", "insert into holders"),
        ("select at from t where id = taking('x')", "select at from t"),
    ],
)
def test_never_lets_a_parameter_run_the_check_of_a_domain(
    database: str, statement: str, start: str
) -> None:
    run(
        database,
        SCHEMA,
        # Where it ran for us, the plan would be refused for that reason.
        "create function planted(text) returns boolean language plpgsql volatile as $$ begin "
        "assert current_setting('application_name') not like 'pgadvisor/%'; return true; end $$",
        "create domain checked as text check (planted(value))",
        "create table holders (held checked)",
        "create function taking(checked) returns integer volatile language sql as $$ select 1 $$",
    )

    plan = _plan(_collected(database, statement), start)

    assert "a function of the users that planning may run" in (plan.reason or "")


def test_plans_user_functions_where_that_is_asked_for(database: str) -> None:
    run(
        database,
        SCHEMA,
        "create function slug(text) returns text immutable language sql as $$ select lower($1) $$",
    )
    options = CollectOptions(explain_user_functions=True)

    snapshot = _collected(database, "select id from t where slug(note) = 'x'", options=options)

    assert _plan(snapshot, "select id from t").plan is not None
    assert [function.name for function in snapshot.functions] == ["slug"]


def test_stops_when_the_time_for_plans_is_over(database: str) -> None:
    run(database, SCHEMA)
    options = CollectOptions(max_explain_ms=0)

    snapshot = _collected(database, "select note from t where id = 7", options=options)

    assert _plan(snapshot, "select note").reason == "it was not reached in the time for plans"
    assert not snapshot.is_partial


def test_leaves_no_prepared_statement_in_a_shared_session(database: str) -> None:
    run(database, SCHEMA)
    sent: list[str] = []

    run(database, FORGET, *["select note from t where id = 7"] * 20)
    collect(database, record=sent.append)

    prepared = [text for text in sent if text.startswith("prepare ")]
    assert prepared
    assert len([text for text in sent if text.startswith("deallocate ")]) == len(prepared)
