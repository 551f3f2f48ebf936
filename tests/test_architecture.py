"""The way of the data is one way, and files and functions stay short."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((*(ROOT / "pgadvisor").rglob("*.py"), *(ROOT / "rules").rglob("*.py")))
MAX_LINES = 400
MAX_BODY_LINES = 50
CHECK = (
    "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
)
LAYERS = "The data flows one way"
SERVER = "Only collect and whatif talk to a server"
GRAMMAR = "pglast is used behind parse"


def check_contracts(root: Path) -> tuple[int, str]:
    """Run import-linter over the package that stands in a directory."""
    ended = subprocess.run(  # noqa: S603  (our own argument list, no shell)
        [sys.executable, "-c", CHECK], capture_output=True, text=True, check=False, cwd=root
    )
    return ended.returncode, ended.stdout + ended.stderr


@pytest.fixture
def copy_of_the_code(tmp_path: Path) -> Path:
    """The package and its contracts, to be spoilt."""
    shutil.copytree(
        ROOT / "pgadvisor", tmp_path / "pgadvisor", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_is_kept() -> None:
    code, said = check_contracts(ROOT)

    assert code == 0, said
    assert "0 broken" in said


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("parse/grammar.py", "import psycopg", SERVER),
        ("choose/greedy.py", "import psycopg", SERVER),
        ("emit/text.py", "from psycopg import sql", SERVER),
        ("pipeline.py", "import psycopg", SERVER),
        ("choose/greedy.py", "import pglast", GRAMMAR),
        ("collect/dsn.py", "from pglast import ast", GRAMMAR),
        ("model/schema.py", "import pgadvisor.parse.grammar", LAYERS),
        ("diagnose/engine.py", "from pgadvisor.whatif.backend import Backend", LAYERS),
        ("collect/dsn.py", "from pgadvisor.cli.console import write", LAYERS),
        ("units.py", "import pgadvisor.errors", LAYERS),
    ],
)
def test_a_planted_violation_is_refused(
    copy_of_the_code: Path, file: str, line: str, contract: str
) -> None:
    path = copy_of_the_code / "pgadvisor" / file
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")

    code, said = check_contracts(copy_of_the_code)

    broken = [verdict for verdict in said.splitlines() if verdict.endswith("BROKEN")]
    assert code == 1, said
    assert any(contract in verdict for verdict in broken), said


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_files_and_functions_are_short(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    long = [f"{name} has {lines} lines" for name, lines in bodies(text) if lines > MAX_BODY_LINES]
    assert len(text.splitlines()) <= MAX_LINES
    assert long == []


def bodies(text: str) -> Iterator[tuple[str, int]]:
    """Functions with the lines of their bodies, docstrings included.

    A signature is not counted: of a command it is the list of its options with their help.
    """
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or 0) - node.body[0].lineno + 1


def test_there_are_files_to_look_at() -> None:
    assert len(FILES) > 150


def test_every_package_says_what_it_is_for() -> None:
    silent = [
        str(file.relative_to(ROOT))
        for file in FILES
        if ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) is None
    ]

    assert silent == []
