"""Executed plans in an analysis: judged beside everything else, and a bound for what is saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgadvisor.cli.app import run
from pgadvisor.cluster.launch import Cluster
from tests.fixtures.databases import SETTINGS

pytestmark = pytest.mark.live

SORTED = "select id, note from people where email = 'user7@example.org' order by md5(note || id)"
"""One of eight e-mail addresses, so that an index finds an eighth of the rows, to be sorted."""


def analysed(
    capsys: pytest.CaptureFixture[str], dsn: str, *options: str
) -> tuple[int, dict[str, Any], str]:
    capsys.readouterr()
    code = run(["analyze", dsn, "--format", "json", "-q", *options])
    printed = capsys.readouterr().out
    return code, json.loads(printed), printed


def test_a_plan_brings_its_statement_its_time_and_a_bound_for_what_an_index_saves(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with Cluster(settings=SETTINGS) as cluster:
        dsn = cluster.dsn()
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("create table people (id bigint primary key, email text, note text)")
            connection.execute(
                "insert into people select n, 'user' || n % 8 || '@example.org', repeat('x', 200) "
                "from generate_series(1, 100000) n"
            )
            connection.execute("vacuum analyze people")
            connection.execute("select pg_stat_reset()")
            row = connection.execute(f"explain (analyze, format json) {SORTED}".encode()).fetchone()
            assert row is not None
        (tmp_path / "slow.json").write_text(json.dumps(row[0]))
        [document] = row[0]
        document["Query Text"] = SORTED
        (tmp_path / "slow.json").write_text(json.dumps([document]))

        code, report, printed = analysed(capsys, dsn, "--plans", str(tmp_path))

    assert code == 0
    [statement] = [s for s in report["statements"] if "md5" in s["text"]]
    assert statement["mean_time_ms"] == document["Execution Time"]
    [calibrated] = report["coverage"]["calibrated"]
    assert calibrated["statement_id"] == statement["id"]
    assert calibrated["note"].startswith("1 executed plan, which the planner would make today")
    assert "user7@example.org" not in printed
