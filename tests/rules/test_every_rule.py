"""What holds for every rule."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path

import pytest

from pgadvisor.registry import load_rules
from pgadvisor.rulekit import AnyRule

ROOT = Path(__file__).parents[2]
RULE_FILES = sorted(p for p in (ROOT / "rules").glob("*/*.py") if p.name != "__init__.py")
SECTIONS = ("## Why it matters", "## What it leaves alone", "## Before you act", "## Example")
UNITS = ("_bytes", "_days", "_ms", "_rows", "_pages", "_ratio", "_percent", "_count")

each_rule = pytest.mark.parametrize("rule", load_rules().values(), ids=lambda rule: rule.id)
each_file = pytest.mark.parametrize("file", RULE_FILES, ids=lambda file: file.stem)


ALLOWED = {
    *("collections", "collections.abc", "dataclasses", "math", "re"),
    *("pgadvisor.rulekit", "pgadvisor.rulekit.plans"),
}


def imports_of(text: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_every_file_is_loaded() -> None:
    assert {file.stem.replace("_", "-") for file in RULE_FILES} == set(load_rules())


@each_rule
def test_is_called_after_its_file_and_directory(rule: AnyRule) -> None:
    file = ROOT / "rules" / rule.category / f"{rule.id.replace('-', '_')}.py"

    assert file in RULE_FILES


@each_rule
def test_has_a_page_with_all_sections_in_order(rule: AnyRule) -> None:
    positions = [rule.documentation.find(section) for section in SECTIONS]

    assert -1 not in positions
    assert positions == sorted(positions)


@each_rule
def test_has_a_title_of_one_line(rule: AnyRule) -> None:
    assert 10 <= len(rule.title) <= 100
    assert not rule.title.endswith(".")


@each_rule
def test_has_a_test_file(rule: AnyRule) -> None:
    name = f"test_{rule.id.replace('-', '_')}.py"

    assert (ROOT / "tests" / "rules" / rule.category / name).is_file()


@each_rule
def test_limits_end_in_their_unit_and_have_defaults(rule: AnyRule) -> None:
    defaults = rule.limits()

    for field in dataclasses.fields(defaults):
        assert field.name.endswith(UNITS), f"{field.name} does not say its unit"
        assert isinstance(getattr(defaults, field.name), int | float)


@each_file
def test_limits_are_documented_under_the_field(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ClassDef) and node.name == "Limits":
            kinds = [type(statement) for statement in node.body[1:]]
            assert kinds == [ast.AnnAssign, ast.Expr] * (len(kinds) // 2)


@each_file
def test_imports_from_rulekit_and_the_standard_library_only(file: Path) -> None:
    found = imports_of(file.read_text())

    assert "pgadvisor.rulekit" in found
    assert found <= ALLOWED


@pytest.mark.parametrize(
    "line",
    ["import psycopg", "from pgadvisor.collect import session", "def f():\n    import socket"],
)
def test_a_planted_import_is_seen(line: str) -> None:
    text = RULE_FILES[0].read_text()

    assert not imports_of(f"{text}\n{line}\n") <= ALLOWED


def test_nobody_imports_a_rule() -> None:
    sources = [
        file
        for directory in ("pgadvisor", "rules", "tests", "examples")
        for file in (ROOT / directory).rglob("*.py")
    ]

    guilty = [
        file
        for file in sources
        for name in imports_of(file.read_text())
        if name.startswith(("pgadvisor.rules.", "rules.")) or name == "rules"
    ]

    assert guilty == []
