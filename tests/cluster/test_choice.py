"""A twin plans with the original's own major where the machine has it, and says what it took."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pgadvisor.cluster import binaries
from pgadvisor.cluster.binaries import BINARIES_VARIABLE, Binaries, embedded_binaries
from pgadvisor.cluster.choice import (
    CONFIG_VARIABLE,
    Choice,
    choices,
    first_that_starts,
    given,
)
from pgadvisor.errors import ClusterError

EMBEDDED = embedded_binaries()


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose system has nothing but what a test puts into this directory."""
    monkeypatch.setattr(binaries, "_SYSTEM_PLACES", (str(tmp_path / "*" / "bin"),))
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv(BINARIES_VARIABLE, raising=False)
    monkeypatch.delenv(CONFIG_VARIABLE, raising=False)
    return tmp_path


def install(directory: Path, version: str) -> Path:
    """Make an installation whose server only knows its version."""
    return script(directory, f"echo 'postgres (PostgreSQL) {version}'")


def script(directory: Path, text: str) -> Path:
    (directory / "bin").mkdir(parents=True)
    for name in ("postgres", "initdb"):
        program = directory / "bin" / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    return directory


def pg_config(directory: Path, installation: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    program = directory / "pg_config"
    program.write_text(f"#!/bin/sh\necho {installation}/bin\n")
    program.chmod(0o755)
    return program


def test_the_systems_own_major_comes_first_and_the_embedded_last(system: Path) -> None:
    for version in ("14.2", "14.10", "15.1"):
        install(system / version, version)

    found = choices(14)

    assert [choice.reason for choice in found] == [
        "PostgreSQL 14.10 from the system, the original's own major",
        "PostgreSQL 14.2 from the system, the original's own major",
        f"embedded PostgreSQL {EMBEDDED.version}, since this machine has no PostgreSQL 14",
    ]
    assert [choice.binaries.version for choice in found] == ["14.10", "14.2", EMBEDDED.version]


def test_the_embedded_one_is_an_18_too(system: Path) -> None:
    install(system / "17", "17.1")

    [found] = choices(18)

    assert found == Choice(
        binaries=EMBEDDED,
        reason=f"embedded PostgreSQL {EMBEDDED.version}, the original's own major",
    )


def test_a_pg_config_that_is_named_comes_before_the_system(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(system / "16", "16.3")
    own = install(system / "built" / "here", "16.1")
    monkeypatch.setenv(CONFIG_VARIABLE, str(pg_config(system / "built", own)))

    first, second, _ = choices(16)

    assert first.reason == "PostgreSQL 16.1 that PG_CONFIG describes, the original's own major"
    assert second.reason == "PostgreSQL 16.3 from the system, the original's own major"
    assert first.binaries.directory == own.resolve()


def test_a_pg_config_of_another_major_is_not_taken(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = install(system / "built" / "here", "16.1")
    monkeypatch.setenv(CONFIG_VARIABLE, str(pg_config(system / "built", own)))

    [found] = choices(13)

    assert found.binaries == EMBEDDED


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        (
            {CONFIG_VARIABLE: "/nonexistent/pg_config"},
            "PG_CONFIG names /nonexistent/pg_config: No such file or directory",
        ),
        ({CONFIG_VARIABLE: "/bin/true"}, "/bin/true, named by PG_CONFIG, has no server"),
    ],
)
def test_says_what_is_wrong_with_what_it_could_not_take(
    variables: Mapping[str, str], reason: str, system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    broken = script(system / "13", "echo 'no libssl' >&2; exit 127")

    [found] = choices(13)

    assert found.reason == (
        f"embedded PostgreSQL {EMBEDDED.version}, since this machine has no PostgreSQL 13 "
        f"that runs ({reason}; {broken.resolve()}: no libssl)"
    )


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("15.4", "the original's own major"),
        ("17.1", "in place of the original's 15"),
    ],
)
def test_the_directory_that_is_named_is_the_only_choice(
    version: str, why: str, system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(system / "15", "15.18")
    directory = install(system / "own" / "here", version)
    monkeypatch.setenv(BINARIES_VARIABLE, str(directory))

    [found] = choices(15)

    assert found.reason == f"PostgreSQL {version}, named by PGADVISOR_PG_BIN, {why}"


def test_without_the_embedded_one_the_systems_newest_is_taken(
    system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "_EMBEDDED_PACKAGE", "no_such_package")
    for version in ("13.1", "15.2", "15.10"):
        install(system / version, version)

    assert [choice.reason for choice in choices(17)] == [
        "PostgreSQL 15.10 from the system, in place of the original's 17"
    ]
    assert [choice.reason for choice in choices(13)] == [
        "PostgreSQL 13.1 from the system, the original's own major"
    ]


@pytest.mark.usefixtures("system")
def test_a_machine_without_any_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_EMBEDDED_PACKAGE", "no_such_package")

    with pytest.raises(ClusterError) as raised:
        choices(16)

    assert BINARIES_VARIABLE in raised.value.next_step


def test_what_does_not_start_is_followed_by_the_next(system: Path) -> None:
    install(system / "14", "14.2")

    def start(found: Binaries) -> str:
        if found.major == 14:
            raise ClusterError("starting PostgreSQL 14.2", "initdb failed:\nno locale")
        return found.version

    started, reason = first_that_starts(choices(14), start)

    assert started == EMBEDDED.version
    assert reason == (
        f"embedded PostgreSQL {EMBEDDED.version}, "
        "since PostgreSQL 14.2 from the system did not start (no locale)"
    )


def test_the_last_ones_error_is_the_callers() -> None:
    def start(found: Binaries) -> str:
        raise ClusterError(f"starting PostgreSQL {found.version}", "disk full")

    with pytest.raises(ClusterError, match="disk full"):
        first_that_starts(given(EMBEDDED, 18), start)
