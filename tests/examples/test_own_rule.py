"""``docs/writing-a-rule.md``, followed word for word, and the example that comes out of it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "own_rule"
PAGE = (ROOT / "docs" / "writing-a-rule.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`([^`\n]+)`:\n\n```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
CONSOLES = re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in CONSOLES for line in block.splitlines()]
INSTALL = "python -m pip install ."
"""What tests/test_packaging.py does, in an environment of its own."""


def run(command: str, directory: Path) -> str:
    """Type a command of the page in a shell that finds this checkout; return what it printed."""
    programs = {
        "python": [sys.executable],
        "pgadvisor": [sys.executable, "-m", "pgadvisor"],
    }
    name, *arguments = shlex.split(command)
    ended = subprocess.run(  # noqa: S603  (commands of our own page)
        [*programs[name], *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_the_page_has_every_file_of_the_example_as_it_is() -> None:
    there = {
        path.relative_to(EXAMPLE).as_posix()
        for path in EXAMPLE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert {*FILES, "README.md"} == there
    assert {name: (EXAMPLE / name).read_text(encoding="utf-8") for name in FILES} == FILES


def test_the_readme_has_the_commands_of_the_page() -> None:
    lines = (EXAMPLE / "README.md").read_text(encoding="utf-8").splitlines()
    typed = {line.partition("  #")[0].strip() for line in lines}

    assert set(COMMANDS) - {"pgadvisor rules"} <= typed


@pytest.mark.live
def test_following_the_page_comes_to_what_it_says(tmp_path: Path) -> None:
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    printed = {
        command: run(command, tmp_path)
        for command in COMMANDS
        if command not in {INSTALL, "pgadvisor rules"}
    }

    [promised] = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(printed) == 4
    assert "5 passed" in printed["python -m pytest tests"]
    assert promised in printed["pgadvisor analyze shop.pgsnap --rules acme_rules"]
    page = printed["pgadvisor rules show soft-deleted-rows --rules acme_rules"]
    assert page.startswith("# soft-deleted-rows\n\nMost rows of a table are marked as deleted.\n")


def test_the_test_of_the_example_sees_a_rule_that_is_wrong(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "own", ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / "own" / "acme_rules" / "acme" / "soft_deleted_rows.py"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(">= limits.min_deleted_ratio", "> limits.min_deleted_ratio"))

    with pytest.raises(AssertionError, match="test_reports_a_table_half_of_which_is_marked"):
        run("python -m pytest tests", tmp_path / "own")
