"""Snapshots on disk: written whole or not at all, for their owner's eyes."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from pgadvisor.errors import OutputError, SnapshotFileError, UsageError
from pgadvisor.snapshotfile import is_snapshot, load, save
from tests.fixtures.full_snapshot import full_snapshot

SNAPSHOT = full_snapshot()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.pgsnap"


def test_without_redaction_it_comes_back_as_it_was(path: Path) -> None:
    written = save(SNAPSHOT, path, level="none")

    assert written == SNAPSHOT
    assert load(path) == SNAPSHOT
    assert is_snapshot(path)


def test_what_is_returned_is_what_was_written(path: Path) -> None:
    written = save(SNAPSHOT, path)

    assert load(path) == written
    assert written.redaction.level == "default"


def test_only_its_owner_may_read_it(path: Path) -> None:
    save(SNAPSHOT, path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_leaves_an_existing_file_alone(path: Path) -> None:
    path.write_text("mine")

    with pytest.raises(OutputError, match="the file exists already"):
        save(SNAPSHOT, path)

    assert path.read_text() == "mine"
    assert list(path.parent.iterdir()) == [path]


def test_replaces_an_existing_file_when_told_to(path: Path) -> None:
    path.write_text("mine")
    path.chmod(0o644)

    save(SNAPSHOT, path, force=True)

    assert is_snapshot(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_does_not_follow_a_link_that_leads_nowhere(path: Path) -> None:
    path.symlink_to(path.parent / "elsewhere")

    with pytest.raises(OutputError, match="the file exists already"):
        save(SNAPSHOT, path)

    assert not (path.parent / "elsewhere").exists()


@pytest.mark.parametrize("force", [False, True])
def test_refuses_a_directory(tmp_path: Path, *, force: bool) -> None:
    with pytest.raises(OutputError):
        save(SNAPSHOT, tmp_path, force=force)


def test_names_a_place_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"writing shop\.pgsnap"):
        save(SNAPSHOT, tmp_path / "nowhere" / "shop.pgsnap")


@pytest.mark.parametrize("force", [False, True])
def test_leaves_nothing_behind_when_writing_fails(
    path: Path, monkeypatch: pytest.MonkeyPatch, *, force: bool
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    path.write_text("mine")
    monkeypatch.setattr(os, "fsync", full)
    target = path if force else path.with_name("other.pgsnap")

    with pytest.raises(OutputError, match="No space left on device"):
        save(SNAPSHOT, target, force=force)

    assert path.read_text() == "mine"
    assert list(path.parent.iterdir()) == [path]


def test_a_file_made_meanwhile_is_not_replaced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really_sync = os.fsync

    def sync(descriptor: int) -> None:
        really_sync(descriptor)
        path.write_text("somebody else's")

    monkeypatch.setattr(os, "fsync", sync)

    with pytest.raises(OutputError, match="the file exists already"):
        save(SNAPSHOT, path)

    assert path.read_text() == "somebody else's"
    assert list(path.parent.iterdir()) == [path]


def test_where_there_are_no_links_it_is_renamed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(_path: Path, _target: str) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(Path, "hardlink_to", link)

    save(SNAPSHOT, path)

    assert is_snapshot(path)
    assert list(path.parent.iterdir()) == [path]


def test_what_cannot_be_written_leaves_no_file(path: Path) -> None:
    with pytest.raises(SnapshotFileError):
        save(replace(SNAPSHOT, server_time_ms=float("nan")), path)

    assert not path.exists()


def test_an_unknown_level_is_an_error(path: Path) -> None:
    with pytest.raises(UsageError, match="there is no level 'some'"):
        save(SNAPSHOT, path, level="some")  # type: ignore[arg-type]  # that is the point

    assert not path.exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SnapshotFileError, match=r"reading shop\.pgsnap: No such file"):
        load(tmp_path / "shop.pgsnap")

    assert not is_snapshot(tmp_path / "shop.pgsnap")


def test_a_directory_is_no_snapshot(tmp_path: Path) -> None:
    with pytest.raises(SnapshotFileError, match="it is a directory"):
        load(tmp_path)

    assert not is_snapshot(tmp_path)


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(SnapshotFileError, match="it is not an ordinary file"):
        load(tmp_path / "pipe")

    assert not is_snapshot(tmp_path / "pipe")


def test_an_impossible_path_is_refused() -> None:
    with pytest.raises(SnapshotFileError, match="it cannot be read"):
        load(Path("a\0b"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(path: Path) -> None:
    save(SNAPSHOT, path)
    path.chmod(0)

    with pytest.raises(SnapshotFileError, match="Permission denied"):
        load(path)


def test_a_link_to_a_snapshot_is_followed(path: Path) -> None:
    save(SNAPSHOT, path, level="none")
    link = path.with_name("link")
    link.symlink_to(path)

    assert load(link) == SNAPSHOT
