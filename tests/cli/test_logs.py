"""``pgadvisor logs``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command

LOG = "".join(
    f"2026-03-01 10:00:0{number}.000 UTC [42] LOG:  duration: 2.000 ms  statement: "
    f"select a from t where b = 'secret {number}'\n"
    for number in range(3)
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of three calls."""
    path = tmp_path / "postgresql.log"
    path.write_text(LOG, encoding="utf-8")
    return path


def test_prints_what_the_log_tells(pgadvisor_run: Command, log: Path) -> None:
    ended = pgadvisor_run("logs", log)

    assert ended.code == 0
    assert "100 % of the time: 3 calls, 6 ms in all" in ended.out
    assert "select a from t where b = $1" in ended.out
    assert "secret" not in ended.out
    assert ended.err == ""


def test_prints_json_with_values_when_asked(pgadvisor_run: Command, log: Path) -> None:
    plain = pgadvisor_run("logs", log, "--format", "json")
    shown = pgadvisor_run("logs", log, "--format", "json", "--show-literals")

    assert json.loads(plain.out)["statements"][0]["samples"] == []
    assert [call["text"] for call in json.loads(shown.out)["statements"][0]["samples"]] == [
        f"select a from t where b = 'secret {number}'" for number in range(3)
    ]
    assert "secret" not in plain.out


def test_refuses_what_is_no_log(pgadvisor_run: Command, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("password = hunter2\n")

    ended = pgadvisor_run("logs", tmp_path / "notes.txt")

    assert ended.code == 2
    assert ended.message.startswith(
        "reading the log notes.txt: it looks like no log of PostgreSQL in stderr, csvlog or jsonlog"
    )
    assert "hunter2" not in ended.err


def test_refuses_a_prefix_that_does_not_fit(pgadvisor_run: Command, log: Path) -> None:
    ended = pgadvisor_run("logs", log, "--log-line-prefix", "%t %u ")

    assert ended.code == 2
    assert "They look like '%m [%p] '." in ended.message


def test_wants_a_file(pgadvisor_run: Command) -> None:
    assert pgadvisor_run("logs").code == 2
