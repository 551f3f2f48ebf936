"""SQL files whose statements a server plans: what the options mean, and what is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pgadvisor.cli.candidates import render_candidates, trial_snapshot, try_candidates
from pgadvisor.cli.live import LiveRequest, live_plans
from pgadvisor.cluster.launch import Cluster
from pgadvisor.errors import ConnectError, StatementRefusedError, UsageError
from pgadvisor.model.execution import Execution
from pgadvisor.parse.parameter_values import ParameterValue
from pgadvisor.parse.plans.execution import executions_of
from pgadvisor.parse.plans.read import read_plans
from tests.cli.shop import a_shop
from tests.collect.live import fill, reader, written
from tests.collect.rich import run
from tests.fixtures.databases import fresh_database

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def filled(cluster: Cluster) -> Iterator[str]:
    """A database, as a role that may only read sees it."""
    with fresh_database(cluster) as dsn:
        fill(dsn)
        with reader(dsn) as reading:
            yield reading


def _request(dsn: str, **options: Any) -> LiveRequest:  # noqa: ANN401  (of many types)
    request = LiveRequest.of(dsn, **options)
    assert request is not None
    return request


def test_plans_each_statement_of_each_file(
    filled: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one.sql").write_text("select 1;\n\n-- a comment\nselect count(*)\nfrom t;\n")
    (tmp_path / "two.sql").write_text("select * from t where id = $1")
    told: list[tuple[str, int, int]] = []

    found = live_plans(
        _request(filled, parameters=["1=7"]),
        ["one.sql", "two.sql"],
        lambda what, done, total: told.append((what, done, total)),
    )

    assert [one.source for one in found] == [
        "one.sql, line 1",
        "one.sql, line 4",
        "two.sql, line 1",
    ]
    assert [one.plan.was_executed for one in found] == [False, False, False]
    assert found[2].plan.query_parameters == "$1 = '7'"
    assert found[2].plan.root.index_name == "t_pkey"
    assert all(one.fingerprint for one in found)
    assert told[-1] == ("planning statements", 3, 3)
    assert capsys.readouterr().err == ""


def test_measures_where_that_is_agreed_to(filled: str, tmp_path: Path) -> None:
    (tmp_path / "query.sql").write_text("select count(*) from t where note = 'n1'")
    request = _request(filled, analyze=True, yes=True, allow_primary=True)

    [found] = live_plans(request, ["query.sql"])

    assert found.plan.was_executed
    assert found.plan.root.actual is not None
    assert found.plan.root.actual.rows == 1


def test_tells_what_became_of_a_statement_that_was_stopped(
    filled: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "query.sql").write_text("\nselect count(*) from t a, t b, t c where a.at <> b.at")
    request = _request(
        filled, analyze=True, yes=True, allow_primary=True, statement_timeout="100ms"
    )

    [found] = live_plans(request, ["query.sql"])

    assert not found.plan.was_executed
    assert capsys.readouterr().err == (
        "query.sql, line 2: it was stopped, it took longer than it may: this is its plan without "
        "measured figures\n"
    )


def test_warns_of_a_superuser(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "query.sql").write_text("select 1")

    live_plans(_request(database), ["query.sql"])

    assert "is a superuser: planning a statement may run code" in capsys.readouterr().err


def test_names_the_statement_that_is_refused(filled: str, tmp_path: Path) -> None:
    (tmp_path / "query.sql").write_text("select 1;\nselect pg_sleep(60);\n")

    with pytest.raises(StatementRefusedError) as caught:
        live_plans(_request(filled), ["query.sql"])

    assert str(caught.value) == (
        "planning a statement on the server (query.sql, line 2): it calls pg_sleep, which acts "
        "when it is planned or run\npgadvisor twin --explain plans it without the server."
    )


def test_a_write_is_planned_and_never_executed(database: str, tmp_path: Path) -> None:
    fill(database)
    (tmp_path / "query.sql").write_text("insert into written values (1)")
    agreed = {"analyze": True, "yes": True, "allow_primary": True, "allow_superuser": True}

    [planned] = live_plans(_request(database), ["query.sql"])
    with pytest.raises(StatementRefusedError, match="it is no SELECT: INSERT writes"):
        live_plans(_request(database, **agreed), ["query.sql"])

    assert planned.plan.root.node_type == "ModifyTable"
    assert written(database) == (0, 1)


FIVE_SECONDS = (
    "reading --statement-timeout: a statement may take from 1 ms to 5 s on somebody's server"
)
NO_DURATION = (
    "reading --statement-timeout: 'soon' is not a duration; write a number and one of ms, s, min, "
    "h and d, like 30min"
)
NO_VALUE = (
    "reading --param: write N=VALUE, such as 1=42, or N:TYPE=VALUE, such as 2:date=2026-01-31"
)
NOBODY = (
    "reading --analyze: it executes the statements, and nobody is there to be asked\n"
    "Say --yes to execute them."
)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dsn": None, "analyze": True}, "reading --analyze: it goes with --dsn DSN"),
        ({"dsn": None, "parameters": ["1=2"]}, "reading --param: it goes with --dsn DSN"),
        (
            {"dsn": None, "statement_timeout": "1s"},
            "reading --statement-timeout: it goes with --dsn DSN",
        ),
        ({"yes": True}, "reading --yes: it goes with --analyze"),
        ({"allow_primary": True}, "reading --allow-primary: it goes with --analyze"),
        ({"allow_superuser": True}, "reading --allow-superuser: it goes with --analyze"),
        ({"statement_timeout": "6s"}, FIVE_SECONDS),
        ({"statement_timeout": "soon"}, NO_DURATION),
        ({"parameters": ["x"]}, NO_VALUE),
        ({"parameters": ["1=2", "1=3"]}, "reading --param: there are two values for $1"),
        ({"analyze": True}, NOBODY),
    ],
)
def test_options_that_cannot_be_meant(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        LiveRequest.of(**{"dsn": "postgresql:///shop", **options})

    assert str(caught.value) == message


def test_no_server_is_asked_without_a_dsn() -> None:
    assert LiveRequest.of(None) is None


def test_a_value_for_no_parameter_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "query.sql").write_text("select * from t where id = $1")
    request = _request("postgresql:///shop", parameters=["1=5", "2=6"])

    with pytest.raises(UsageError, match=r"no statement has a parameter \$2"):
        live_plans(request, ["query.sql"])


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "query.sql").write_text("select 1")

    with pytest.raises(ConnectError):
        live_plans(_request(f"postgresql:///shop?host={tmp_path}"), ["query.sql"])


@pytest.mark.parametrize(("typed", "is_confirmed"), [("execute", True), ("yes", False)])
def test_a_person_types_that_it_is_meant(
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    is_confirmed: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setattr("pgadvisor.cli.live.is_conversation", lambda: True)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: typed)

    if is_confirmed:
        assert _request("postgresql:///shop", analyze=True).options.analyze
    else:
        with pytest.raises(UsageError, match="it was not confirmed"):
            LiveRequest.of("postgresql:///shop", analyze=True)


def _executions(text: str | None) -> tuple[Execution, ...]:
    query = "" if text is None else f'"Query Text": "{text}", '
    plans = read_plans(
        f'{{{query}"Plan": {{"Node Type": "Result", "Startup Cost": 0, "Total Cost": 1, '
        '"Plan Rows": 1, "Plan Width": 4}}'
    )
    return executions_of(plans, "query.sql")


def test_candidates_show_plans_and_sql() -> None:
    text = "select * from orders where customer_id = $1"

    out = render_candidates(
        try_candidates(
            _executions(text), a_shop(), parameters=[ParameterValue(number=1, value="5")]
        ),
        width=160,
    )

    assert out.startswith("New indexes for query.sql\n\nbefore ")
    assert "Parallel Seq Scan on orders" in out
    assert "Bitmap Heap Scan on orders" in out
    assert "orders.customer_id = '5'::bigint" in out
    assert 'CREATE INDEX CONCURRENTLY IF NOT EXISTS "pgadv_orders_customer_id_' in out
    assert 'ON "public"."orders" ("customer_id");' in out


def test_candidates_show_no_literal_that_is_not_to_be_shown() -> None:
    text = "select * from orders where customer_id = 4711"

    out = render_candidates(
        try_candidates(
            _executions(text), a_shop(), expression=lambda text: text.replace("4711", "'?'")
        ),
        width=160,
    )

    assert "4711" not in out
    assert out.count("orders.customer_id = '?'") == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("update orders set status = 'done'", "None were tried: it is no SELECT but an UPDATE."),
        (None, "None were tried: the plan came without its statement."),
        ("select * from orders where", "None were tried: its text: does not parse."),
        ("select * from orders where id = 5", "no new index is worth trying"),
    ],
)
def test_candidates_say_where_there_are_none(text: str | None, said: str) -> None:
    out = render_candidates(try_candidates(_executions(text), a_shop()), width=160)

    assert said in out
    assert "CREATE INDEX" not in out


def test_candidates_need_a_database() -> None:
    with pytest.raises(UsageError, match="it goes with --dsn DSN or --snapshot SNAPSHOT"):
        trial_snapshot(None, None, lambda *_: None)


def test_candidates_are_tried_on_what_the_server_holds(database: str) -> None:
    fill(database)
    more = "insert into t select i, timestamptz '2026-01-01' + i * interval '1 h', 'n' from "
    run(database, f"{more} generate_series(5001, 200000) as i", "analyze t")

    snapshot = trial_snapshot(None, database, lambda *_: None)
    out = render_candidates(
        try_candidates(
            _executions("select * from t where at = timestamptz '2026-03-01'"), snapshot
        ),
        width=100,
    )

    assert 'ON "public"."t" ("at");' in out
