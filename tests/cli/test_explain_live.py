"""``pgadvisor explain --dsn``: plans that a server makes, or measures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.snapshotfile import save
from tests.cli.conftest import Command
from tests.cli.shop import a_shop
from tests.collect.live import fill, reader
from tests.fixtures.databases import fresh_database

pytestmark = pytest.mark.live

AGREED = ("--analyze", "--yes", "--allow-primary")


@pytest.fixture(scope="module")
def filled(cluster: Cluster) -> Iterator[str]:
    """A database, as a role that may only read sees it."""
    with fresh_database(cluster) as dsn:
        fill(dsn)
        with reader(dsn) as reading:
            yield reading


@pytest.fixture
def query(tmp_path: Path) -> None:
    """A statement with a parameter, in a file."""
    (tmp_path / "query.sql").write_text("select count(*) from t where note = $1;\n")


@pytest.mark.usefixtures("query")
def test_shows_the_plan_that_the_server_makes(pgadvisor_run: Command, filled: str) -> None:
    ended = pgadvisor_run("explain", "query.sql", "--dsn", filled)

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("query.sql, line 1\n")
    assert "The plan was made and not executed" in ended.out
    assert "Seq Scan on t" in ended.out


@pytest.mark.usefixtures("query")
def test_measures_and_shows_no_value(pgadvisor_run: Command, filled: str) -> None:
    ended = pgadvisor_run("explain", "query.sql", "--dsn", filled, "--param", "1=n1", *AGREED)

    assert (ended.code, ended.err) == (0, "")
    assert "Execution:" in ended.out
    assert "n1" not in ended.out


@pytest.mark.usefixtures("query")
def test_json_has_the_measured_plan(pgadvisor_run: Command, filled: str) -> None:
    arguments = ("explain", "query.sql", "--dsn", filled, "--param", "1=n1", *AGREED)

    ended = pgadvisor_run(*arguments, "--format", "json")

    assert ended.code == 0
    assert json.loads(ended.out)


def test_refuses_to_execute_what_may_write(
    pgadvisor_run: Command, filled: str, tmp_path: Path
) -> None:
    (tmp_path / "query.sql").write_text("select 1;\nselect nextval('numbers')")

    ended = pgadvisor_run("explain", "query.sql", "--dsn", filled, *AGREED)

    assert ended.code == 2
    assert ended.message.startswith(
        "executing a statement on the server (query.sql, line 2): it calls nextval, which is "
        "volatile"
    )


@pytest.mark.usefixtures("query")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--analyze",), "reading --analyze: it goes with --dsn DSN"),
        (("--param", "1=2"), "reading --param: it goes with --dsn DSN"),
        (
            ("--candidates",),
            "reading --candidates: it goes with --dsn DSN or --snapshot SNAPSHOT",
        ),
    ],
)
def test_options_that_go_with_a_server(
    pgadvisor_run: Command, options: tuple[str, ...], message: str
) -> None:
    ended = pgadvisor_run("explain", "query.sql", *options)

    assert (ended.code, ended.message) == (2, message)


def test_candidates_for_a_logged_plan_and_a_snapshot(
    pgadvisor_run: Command, tmp_path: Path
) -> None:
    save(a_shop(), tmp_path / "shop.pgsnap", level="none")
    (tmp_path / "plan.json").write_text(
        json.dumps(
            {
                "Query Text": "select * from orders where customer_id = 4711",
                "Plan": {"Node Type": "Seq Scan", "Relation Name": "orders"}
                | {"Startup Cost": 0, "Total Cost": 9, "Plan Rows": 1, "Plan Width": 4},
            }
        )
    )

    ended = pgadvisor_run("explain", "plan.json", "--snapshot", "shop.pgsnap", "--candidates")

    assert ended.code == 0
    assert 'ON "public"."orders" ("customer_id");' in ended.out
    assert "4711" not in ended.out

    ended = pgadvisor_run(
        *("explain", "plan.json", "--snapshot", "shop.pgsnap", "--candidates", "--format", "json")
    )

    [trial] = json.loads(ended.out)["index_trials"]
    assert trial["cost_after"] < trial["cost_before"]
    assert trial["is_runnable"]
    assert trial["sql"][0].endswith('ON "public"."orders" ("customer_id")')
    assert "4711" not in ended.out
