"""The pages of the manual that come out of the code are what the code says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pgadvisor.model.finding import Severity
from pgadvisor.registry import load_rules

ROOT = Path(__file__).parents[1]
INDEX = (ROOT / "docs" / "rules" / "index.md").read_text(encoding="utf-8")
LINK = re.compile(r"^\| \[([a-z-]+)\]\(\1\.md\)", re.MULTILINE)
RULES = load_rules()


def check(script: str, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  (our own argument list, no shell)
        [sys.executable, f"docs/{script}", "--check"],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.parametrize("script", ["pages.py", "report_schema.py"])
def test_no_generated_page_is_out_of_date(script: str) -> None:
    ended = check(script)

    assert (ended.returncode, ended.stdout) == (0, "")


def test_a_page_that_was_changed_by_hand_is_seen(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("_build"))
    page = tmp_path / "docs" / "rules" / "unused-index.md"
    page.write_text(page.read_text().replace("8 MB", "9 MB"))
    (tmp_path / "docs" / "rules" / "no-such-rule.md").write_text("# Of the past")

    ended = check("pages.py", tmp_path)

    assert ended.returncode == 1
    assert ended.stdout.splitlines() == [
        "docs/rules/unused-index.md is out of date: run `make pages`",
        "docs/rules/no-such-rule.md is out of date: run `make pages`",
    ]


def test_every_rule_has_a_page_and_stands_in_both_lists() -> None:
    by_category, by_severity = INDEX.split("## By severity")
    pages = {path.stem for path in (ROOT / "docs" / "rules").glob("*.md")} - {"index"}

    assert pages == set(RULES)
    assert sorted(LINK.findall(by_category)) == sorted(RULES)
    assert sorted(LINK.findall(by_severity)) == sorted(RULES)


@pytest.mark.parametrize("severity", Severity)
def test_a_rule_stands_below_its_severity(severity: Severity) -> None:
    section = re.split(r"^### ", INDEX.split("## By severity")[1], flags=re.MULTILINE)
    [listed] = [part for part in section if part.startswith(f"{severity.value}\n")]

    assert LINK.findall(listed) == sorted(
        rule.id for rule in RULES.values() if rule.severity is severity
    )
