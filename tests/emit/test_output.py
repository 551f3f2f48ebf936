"""Writing files: whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pgadvisor.emit.bundle import POSSIBLE_FILES, output_files
from pgadvisor.emit.output import check_outputs, write_outputs
from pgadvisor.errors import OutputError
from tests.emit.sample import an_advice

FILES = {"report.md": "one\n", "report.json": "{}\n"}


def names_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_writes_all_files_into_a_new_directory(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b"

    written = write_outputs(target, FILES)

    assert written == (target / "report.md", target / "report.json")
    assert (target / "report.md").read_text() == "one\n"
    assert names_in(target) == ["report.json", "report.md"]


def test_lets_the_umask_decide_who_may_read(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        [path] = write_outputs(tmp_path, {"report.md": ""})
    finally:
        os.umask(before)

    assert path.stat().st_mode & 0o777 == 0o640


def test_refuses_to_replace_a_file(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("mine")

    with pytest.raises(OutputError, match="is there already"):
        write_outputs(tmp_path, FILES)

    assert names_in(tmp_path) == ["report.json"]
    assert (tmp_path / "report.json").read_text() == "mine"


def test_replaces_files_when_told_to(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("mine")

    write_outputs(tmp_path, FILES, force=True)

    assert (tmp_path / "report.json").read_text() == "{}\n"


@pytest.mark.parametrize("force", [False, True])
def test_never_follows_a_symbolic_link(tmp_path: Path, *, force: bool) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    target = tmp_path / "out"
    target.mkdir()
    (target / "report.md").symlink_to(precious)

    with pytest.raises(OutputError, match="symbolic link"):
        write_outputs(target, FILES, force=force)

    assert precious.read_text() == "mine"


def test_refuses_a_directory_where_a_file_should_be(tmp_path: Path) -> None:
    (tmp_path / "report.md").mkdir()

    with pytest.raises(OutputError, match="no ordinary file"):
        write_outputs(tmp_path, FILES, force=True)


def test_refuses_a_pipe_where_a_file_should_be(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "report.md")

    with pytest.raises(OutputError, match="no ordinary file"):
        write_outputs(tmp_path, FILES, force=True)


def test_leaves_nothing_behind_when_a_text_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_outputs(tmp_path, {"report.md": "one", "report.json": "\ud800"})

    assert names_in(tmp_path) == []


@pytest.mark.parametrize("below", [False, True])
def test_says_that_the_directory_is_a_file(tmp_path: Path, *, below: bool) -> None:
    file = tmp_path / "file"
    file.write_text("")

    with pytest.raises(OutputError, match="Name a directory"):
        check_outputs(file / "out" if below else file, force=False)


def test_says_that_the_directory_cannot_be_written_to() -> None:
    with pytest.raises(OutputError, match="Nothing was written"):
        check_outputs(Path("/proc/out"), force=False)


@pytest.mark.parametrize("name", sorted(POSSIBLE_FILES))
def test_finds_an_old_file_before_the_work(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")

    with pytest.raises(OutputError, match="is there already"):
        check_outputs(tmp_path, force=False)

    check_outputs(tmp_path, force=True)
    assert names_in(tmp_path) == [name]


def test_passes_over_files_of_others(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    check_outputs(tmp_path, force=False)

    assert names_in(tmp_path) == ["notes.txt"]


def test_the_bundle_is_what_the_check_looks_for() -> None:
    assert set(output_files(an_advice())) == POSSIBLE_FILES


@pytest.mark.parametrize("name", ["alembic", "django"])
def test_another_format_takes_the_place_of_the_two_scripts(name: str) -> None:
    files = output_files(an_advice(migration_format=name))

    [migration] = set(files) - POSSIBLE_FILES
    assert migration.endswith(".py")
    assert len(files) == 5
