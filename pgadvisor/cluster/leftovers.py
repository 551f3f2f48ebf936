"""Directories and servers whose guardian was itself killed: found and removed at the next start."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import signal
import stat
import subprocess
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from pgadvisor.cluster.guardian import LOCK_FILE, remove_directory

_LOGGER = logging.getLogger(__name__)
_STOP_STEPS = ((signal.SIGQUIT, 3.0), (signal.SIGKILL, 2.0))


def remove_leftovers(base: Path, prefix: str, owners: Collection[int]) -> tuple[Path, ...]:
    """Remove our directories that nobody holds any more, and the servers that run in them.

    Args:
        base: The directory for temporary files.
        prefix: How the names of our directories begin.
        owners: The ids of the users whose directories are ours.

    Returns:
        The directories that were removed.
    """
    removed: list[Path] = []
    for directory in sorted(base.glob(f"{prefix}*")):
        with _abandoned(directory, owners) as uid:
            if uid is None:
                continue
            _stop_server(directory / "data", uid)
            try:
                remove_directory(directory)
            except OSError as error:
                _LOGGER.warning("could not remove %s: %s", directory, error.strerror)
            else:
                removed.append(directory)
    return tuple(removed)


@contextlib.contextmanager
def _abandoned(directory: Path, owners: Collection[int]) -> Iterator[int | None]:
    """Take a directory's lock and yield its owner, if it is one of ours and nobody holds it.

    The lock file must be our own: others may write to a shared directory for temporary files,
    and as root we would remove for them what they could not.
    """
    try:
        status = directory.lstat()
        lock = os.open(directory / LOCK_FILE, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        yield None
        return
    try:
        ours = (
            stat.S_ISDIR(status.st_mode)
            and status.st_uid in owners
            and os.fstat(lock).st_uid == os.geteuid()
        )
        yield status.st_uid if ours and _take(lock) else None
    finally:
        os.close(lock)


def _take(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stop_server(data_directory: Path, uid: int) -> None:
    """Stop the postmaster of a data directory, if one runs and is the directory's user's."""
    try:
        pid = int((data_directory / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return
    for number, seconds in _STOP_STEPS:
        if not _serves(pid, data_directory, uid):
            return
        os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while _serves(pid, data_directory, uid) and time.monotonic() < deadline:
            time.sleep(0.02)


def _serves(pid: int, data_directory: Path, uid: int) -> bool:
    """Whether a process is that user's server of that data directory, and no later one."""
    process = Path(f"/proc/{pid}")
    try:
        if process.parent.joinpath("self").exists():
            user = process.stat().st_uid
            command = process.joinpath("cmdline").read_bytes().replace(b"\0", b" ")
        else:
            answer = subprocess.run(  # noqa: S603 - a number and fixed words
                ["/bin/ps", "-ww", "-o", "uid=,command=", "-p", str(pid)],
                capture_output=True,
                check=False,
            ).stdout.split(maxsplit=1)
            user, command = int(answer[0]), answer[1]
    except (OSError, ValueError, IndexError):
        return False
    return user == uid and os.fsencode(data_directory) in command
