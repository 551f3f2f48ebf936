"""Snapshots on disk: written whole or not at all, and read with suspicion."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pgadvisor.errors import OutputError, SnapshotFileError
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.snapshotfile.codec import MAGIC, MAX_FILE_BYTES, decode, encode
from pgadvisor.snapshotfile.redact import Level, redact
from pgadvisor.units import format_size


def save(
    snapshot: Snapshot,
    path: Path,
    *,
    level: Level = "default",
    columns: Sequence[str] = (),
    force: bool = False,
) -> Snapshot:
    """Redact a snapshot and write it into one file that only its owner may read.

    Args:
        snapshot: What to write; it stays as it is.
        path: The file; by custom it ends in ``.pgsnap``.
        level: What to redact, see :func:`~pgadvisor.snapshotfile.redact.redact`.
        columns: Columns of which no value is kept: ``schema.table.column``, ``table.column`` or
            ``column``.
        force: Replace a file that is there.

    Returns:
        What was written.

    Raises:
        OutputError: The file exists, or the place cannot be written to; an existing file is
            then as it was.
        SnapshotFileError: The snapshot holds what cannot be written.
        UsageError: A level or a column that does not exist.
    """
    attempted = f"writing {path.name}"
    check_target(path, force=force)
    redacted = redact(snapshot, level, columns=columns)
    data = encode(redacted, attempted)
    try:
        _write(path, data, force=force)
    except FileExistsError:
        raise _exists(attempted) from None
    except OSError as error:
        raise OutputError(attempted, error.strerror or "it cannot be written") from error
    return redacted


def check_target(path: Path, *, force: bool = False) -> None:
    """Refuse a place that :func:`save` would refuse, before the work is done.

    Args:
        path: The file that is to be written.
        force: A file that is there may be replaced.

    Raises:
        OutputError: The file exists, is a directory, or has none to stand in.
    """
    attempted = f"writing {path.name}"
    if path.is_dir():
        raise OutputError(attempted, "it is a directory", "Name a file in it.")
    if not force and (path.exists() or path.is_symlink()):
        raise _exists(attempted)
    if not path.parent.is_dir():
        raise OutputError(attempted, "there is no such directory", "Make it, or name another.")


def load(path: Path) -> Snapshot:
    """Read a snapshot that :func:`save` wrote.

    Raises:
        SnapshotFileError: The file is missing, cannot be read, is no snapshot, is damaged, was
            made by a newer pgadvisor, or is larger than a snapshot can be.
    """
    attempted = f"reading {path.name}"
    return decode(_read(path, MAX_FILE_BYTES, attempted), attempted)


def is_snapshot(path: Path) -> bool:
    """Whether a file begins as a snapshot does; False for what cannot be read."""
    try:
        return _head(path, len(MAGIC), "looking for a snapshot") == MAGIC
    except SnapshotFileError:
        return False


def _read(path: Path, limit_bytes: int, attempted: str) -> bytes:
    data = _head(path, limit_bytes + 1, attempted)
    if len(data) > limit_bytes:
        raise SnapshotFileError(attempted, f"the file is larger than {format_size(limit_bytes)}")
    return data


def _head(path: Path, length_bytes: int, attempted: str) -> bytes:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise SnapshotFileError(attempted, "it is a directory")
        if not stat.S_ISREG(mode):
            # A named pipe would wait for a writer for ever.
            raise SnapshotFileError(attempted, "it is not an ordinary file")
        with path.open("rb") as file:
            return file.read(length_bytes)
    except (OSError, ValueError) as error:  # a path with a NUL in it is a ValueError
        happened = getattr(error, "strerror", None) or "it cannot be read"
        raise SnapshotFileError(attempted, happened) from error


def _write(path: Path, data: bytes, *, force: bool) -> None:
    """Write beside the target, then rename: a reader sees the old file or the whole new one."""
    # mkstemp makes the file with mode 0600, and the rename keeps it.
    descriptor, name = tempfile.mkstemp(prefix=".pgsnap-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if force:
            Path(name).replace(path)
        else:
            _link(path, name)
    finally:
        Path(name).unlink(missing_ok=True)
    _sync_directory(path.parent)


def _link(path: Path, name: str) -> None:
    """Give the file its name, unless that has come to exist since it was looked at."""
    try:
        path.hardlink_to(name)
    except FileExistsError:
        raise
    except OSError:
        # Not every file system has links.
        if path.exists():
            raise FileExistsError from None
        Path(name).replace(path)


def _sync_directory(directory: Path) -> None:
    """Make the new name itself survive a crash."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _exists(attempted: str) -> OutputError:
    return OutputError(attempted, "the file exists already", "Use --force to replace it.")
