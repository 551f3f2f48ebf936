"""A log in an analysis: it does where the server counts no statements."""

from __future__ import annotations

import json

import psycopg
import pytest

from pgadvisor.cli.app import run
from pgadvisor.cluster.binaries import embedded_binaries
from tests.logs.servers import log_files, logging_server

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("logs")]


def test_an_index_is_advised_for_what_the_log_alone_knows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = {"log_min_duration_statement": "0", "log_line_prefix": "%m|%d|%p|"}
    with logging_server(embedded_binaries(), **settings) as cluster:
        dsn = cluster.dsn("shop")
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(
                "create table people (id bigint primary key, email text not null, note text)"
            )
            connection.execute(
                "insert into people select n, 'user' || n || '@example.org', repeat('x', 200) "
                "from generate_series(1, 100000) n"
            )
            connection.execute("vacuum analyze people")
            connection.execute("select pg_stat_force_next_flush()")
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("select pg_stat_reset()")  # what has filled it is no daily work
            for number in range(40):
                connection.execute(
                    f"select id, note from people where email = 'user{number}@example.org'".encode()
                )
        log = log_files(cluster)["stderr"]

        code = run(["analyze", dsn, "--logs", str(log), "--format", "json", "-q"])

    printed = capsys.readouterr().out
    report = json.loads(printed)
    assert code == 0
    assert 'ON "public"."people" ("email")' in report["migration"]["up_sql"]
    [statement] = [s for s in report["statements"] if "where email" in s["text"]]
    assert statement["text"] == "select id, note from people where email = $1"
    assert statement["calls"] == pytest.approx(40 * 24)  # the log is of less than an hour
    assert statement["mean_time_ms"] > 0.1  # as logged
    assert "@example.org" not in printed
