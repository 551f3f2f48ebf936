"""What a user can reach is told from the mode bits along the path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pgadvisor.cluster.owner import Owner, can_run, server_owner

_STRANGER = Owner(uid=54_321, gid=54_321)


@pytest.fixture
def program(temporary_directory: Path) -> Path:
    """A program in a directory that everybody may enter."""
    directory = temporary_directory / "places"
    directory.mkdir(mode=0o755, exist_ok=True)
    program = directory / "program"
    program.touch()
    program.chmod(0o755)
    return program


def test_what_everybody_may_run_a_stranger_may(program: Path) -> None:
    assert can_run(_STRANGER, [program, program.parent])


@pytest.mark.parametrize("mode", [0o700, 0o750, 0o754, 0o751])
def test_what_is_closed_to_others_a_stranger_may_not_run(program: Path, mode: int) -> None:
    program.chmod(mode)

    assert not can_run(_STRANGER, [program])


def test_a_closed_directory_above_keeps_a_stranger_out(program: Path) -> None:
    program.parent.chmod(0o700)
    try:
        assert not can_run(_STRANGER, [program])
    finally:
        program.parent.chmod(0o755)


def test_the_owners_and_the_groups_bits_count_for_them(program: Path) -> None:
    program.chmod(0o570)
    status = program.stat()

    assert can_run(Owner(uid=status.st_uid, gid=54_321), [program])
    assert can_run(Owner(uid=54_321, gid=status.st_gid), [program])


def test_what_does_not_exist_cannot_be_run(program: Path) -> None:
    assert not can_run(_STRANGER, [program / "missing"])


def test_a_server_runs_as_another_user_only_for_root() -> None:
    owner = server_owner()

    assert (owner is not None) == (os.geteuid() == 0)
    assert owner is None or owner.uid > 0
