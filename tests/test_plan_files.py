"""Executed plans from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgadvisor.errors import UsageError
from pgadvisor.plan_files import read_executions

PLAN = "Seq Scan on {}  (cost=0.00..1.00 rows=1 width=4) (actual time=0.1..0.2 rows=1 loops=1)\n"


def test_reads_all_files_below_a_directory_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text(PLAN.format("b"))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "slow.txt").write_text(
        "Query Text: select * from x\n" + PLAN.format("x") + "\n" + PLAN.format("y")
    )
    (tmp_path / ".hidden").write_text("no plan")

    found = read_executions(tmp_path)

    assert [(one.source, one.plan.root.relation) for one in found] == [
        ("plan 1 of a/slow.txt", "x"),
        ("plan 2 of a/slow.txt", "y"),
        ("b.txt", "b"),
    ]
    assert [bool(one.fingerprint) for one in found] == [True, False, False]


def test_reads_a_single_file_and_tells_how_far_it_is(tmp_path: Path) -> None:
    file = tmp_path / "one.txt"
    file.write_text(PLAN.format("a"))
    told: list[tuple[str, int, int]] = []

    [found] = read_executions(file, lambda *step: told.append(step))

    assert found.source == "one.txt"
    assert told == [("reading executed plans", 1, 1)]


def test_a_statement_that_was_cut_off_has_no_fingerprint(tmp_path: Path) -> None:
    file = tmp_path / "one.txt"
    file.write_text("Query Text: select * from (\n" + PLAN.format("a"))

    assert read_executions(file)[0].fingerprint == ""


def test_names_the_file_the_line_and_the_reason(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text('[{"Plan": {"Node Type": "Seq Scan"')

    with pytest.raises(UsageError) as raised:
        read_executions(tmp_path)

    assert raised.value.happened.startswith("plan.json: line 1")
    assert "EXPLAIN (ANALYZE, BUFFERS)" in raised.value.next_step


@pytest.mark.parametrize(
    ("name", "happened"),
    [("missing", "there is no such file or directory"), ("empty", "it has no files")],
)
def test_says_what_is_wrong_with_the_place(tmp_path: Path, name: str, happened: str) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(UsageError) as raised:
        read_executions(tmp_path / name)

    assert raised.value.attempted == f"reading executed plans in {name}"
    assert raised.value.happened == happened
