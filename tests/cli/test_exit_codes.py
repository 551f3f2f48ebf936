"""What an analysis exits with, and what it writes where."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pgadvisor.model.snapshot import Unavailable
from pgadvisor.snapshotfile import save
from pgadvisor.testing import a_snapshot, a_table, an_index
from tests.cli.conftest import Command

pytestmark = pytest.mark.live

FILES = {
    *("report.md", "report.html", "report.json", "pr-comment.md"),
    *("migration.up.sql", "migration.down.sql"),
}
ORDERS = a_table("orders", "id bigint not null", "total numeric", rows=1_000)
BROKEN = Unavailable(
    what="sequences", reason="the connection was lost", sqlstate="57P01", is_failure=True
)
MakeFile = Callable[..., Path]


@pytest.fixture
def snapshot_file(tmp_path: Path) -> MakeFile:
    """Save a snapshot with an invalid index, which is a finding of severity warning."""

    def make(*more: Unavailable) -> Path:
        invalid = an_index(ORDERS, "total", is_valid=False)
        path = tmp_path / "shop.pgsnap"
        save(a_snapshot(ORDERS, invalid, *more), path)
        return path

    return make


@pytest.mark.parametrize(
    ("fail_on", "code"), [("never", 0), ("critical", 0), ("warning", 1), ("info", 1)]
)
def test_fails_on_findings_that_are_severe_enough(
    pgadvisor_run: Command, snapshot_file: MakeFile, fail_on: str, code: int
) -> None:
    ended = pgadvisor_run("analyze", snapshot_file(), "--fail-on", fail_on)

    assert ended.code == code
    assert ended.err == ""
    assert "public.orders_total_idx is not valid" in ended.out


@pytest.mark.parametrize(("fail_on", "code"), [("never", 4), ("critical", 4), ("warning", 1)])
def test_a_partial_run_is_told_unless_findings_are(
    pgadvisor_run: Command, snapshot_file: MakeFile, fail_on: str, code: int
) -> None:
    ended = pgadvisor_run("analyze", snapshot_file(BROKEN), "--fail-on", fail_on)

    assert ended.code == code
    assert "- sequences: the connection was lost." in ended.out


def test_a_partial_run_writes_all_files(
    pgadvisor_run: Command, snapshot_file: MakeFile, tmp_path: Path
) -> None:
    ended = pgadvisor_run("analyze", snapshot_file(BROKEN), "--out", "new/advice", "--quiet")

    written = {path.name for path in (tmp_path / "new" / "advice").iterdir()}
    assert ended.code == 4
    assert ended.err.startswith("written to new/advice: report.md, report.html, report.json,")
    assert written == FILES
    assert json.loads((tmp_path / "new/advice/report.json").read_text())["is_partial"] is True


def test_replaces_its_files_when_forced(
    pgadvisor_run: Command, snapshot_file: MakeFile, tmp_path: Path
) -> None:
    source = snapshot_file()
    (tmp_path / "advice").mkdir()
    (tmp_path / "advice" / "report.md").write_text("old")
    (tmp_path / "advice" / "mine.txt").write_text("mine")

    ended = pgadvisor_run("analyze", source, "--out", "advice", "--force", "--format", "json")

    assert ended.code == 0
    assert json.loads(ended.out)["schema_version"]
    assert (tmp_path / "advice" / "report.md").read_text().startswith("# ")
    assert (tmp_path / "advice" / "mine.txt").read_text() == "mine"
    assert {path.name for path in (tmp_path / "advice").iterdir()} == {*FILES, "mine.txt"}


def test_an_own_rule_counts_for_the_exit_code(
    pgadvisor_run: Command, snapshot_file: MakeFile, tmp_path: Path
) -> None:
    folder = tmp_path / "own" / "acme_exit_code"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "no_orders.py").write_text(NO_ORDERS)

    ended = pgadvisor_run(
        "analyze", snapshot_file(), "--rules", tmp_path / "own", "--fail-on", "critical"
    )

    assert ended.code == 1
    assert "no-orders:public.orders" in ended.out


NO_ORDERS = '''
"""Tables called orders."""

from pgadvisor.rulekit import (
    Case, Confidence, Evidence, Finding, NoLimits, Outcome, Provenance, Severity, rule
)


@rule(severity=Severity.CRITICAL, since="1", limits=NoLimits)
def no_orders(case: Case, limits: NoLimits) -> Outcome:
    """A table is called orders."""
    for table in case.user_tables:
        yield Finding(
            subject=table.qualified_name,
            summary=f"{table.qualified_name} is called orders",
            evidence=(Evidence(name="name", value=table.name, source="pg_class.relname"),),
            provenance=Provenance.CATALOG,
            confidence=Confidence.HIGH,
        )
'''
