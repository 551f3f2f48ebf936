"""Which user a server runs as, and what that user can reach."""

from __future__ import annotations

import os
import pwd
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pgadvisor.errors import ClusterError
from pgadvisor.units import KiB

_UNPRIVILEGED_USERS = ("postgres", "nobody")
_CGROUP = Path("/sys/fs/cgroup")
MEMORY = Path("/dev/shm")  # noqa: S108 - by mkdtemp
"""Linux's file system in memory; other systems have none at that place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A user and group that exist on this system and have no privileges."""

    uid: int
    gid: int


def server_owner() -> Owner | None:
    """Choose the user that a server runs as, since PostgreSQL refuses to run as root.

    Returns:
        None: the user that we are; otherwise we are root, and this is an existing other one.

    Raises:
        ClusterError: We are root and the system has no user that would do.
    """
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Owner(uid=entry.pw_uid, gid=entry.pw_gid)
    raise ClusterError(
        "starting PostgreSQL as root",
        "PostgreSQL does not run as root, and the system has neither a user postgres nor nobody",
        "Run pgadvisor as an ordinary user.",
    )


def temporary_base(owner: Owner | None) -> Path:
    """Return the directory for temporary files, or the system's where the owner cannot enter it.

    Raises:
        ClusterError: There is none that the owner can enter.
    """
    usual = Path(tempfile.gettempdir()).resolve()
    for path in (usual, *short_bases()):
        if owner is None or can_reach(owner, path, stat.S_IXOTH):
            return path
    raise ClusterError(
        "choosing a directory for temporary files",
        f"the user that PostgreSQL runs as cannot enter {usual}",
        "Set TMPDIR to a directory that every user may enter.",
    )


def memory_base(owner: Owner | None, needed_bytes: int) -> Path | None:
    """Return the system's file system in memory, if it has room to spare.

    Making a file there takes a hundredth of the time that a journalling disk may need for it
    (7,000 files: 0.04 s beside 4.3 s), and what is there never gets onto a disk.  Where the user
    has said by TMPDIR what is to be used, that is used.

    Args:
        owner: The user that must be able to enter it; None: ourselves.
        needed_bytes: How much is going to be there.  No more than a quarter of what is free is
            taken, of the file system and of the memory.
    """
    if any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP")):
        return None
    try:
        if not os.access(MEMORY, os.W_OK | os.X_OK) or not MEMORY.is_mount():
            return None
        status = os.statvfs(MEMORY)
        available_bytes = min(status.f_bavail * status.f_frsize, _available_memory_bytes())
    except (OSError, ValueError, IndexError):
        return None
    is_open = owner is None or can_reach(owner, MEMORY, stat.S_IXOTH)
    return MEMORY if is_open and available_bytes >= 4 * needed_bytes else None


def _available_memory_bytes() -> int:
    """What the kernel says to be available without swapping, within a container's own limit."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    [kilobytes] = [int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    limit, used = (_CGROUP / name for name in ("memory.max", "memory.current"))
    try:
        left_bytes = int(limit.read_text()) - int(used.read_text())
    except (OSError, ValueError):  # there is no limit, which is called "max"
        return kilobytes * KiB
    return min(kilobytes * KiB, left_bytes)


def short_bases() -> tuple[Path, ...]:
    """Return the system's directories for temporary files whose paths are short."""
    return tuple(Path(name).resolve() for name in ("/tmp", "/var/tmp"))  # noqa: S108 - by mkdtemp


def can_run(owner: Owner, paths: Iterable[Path]) -> bool:
    """Whether a user can read and execute, or list and enter, each of these paths."""
    return all(can_reach(owner, path, stat.S_IROTH | stat.S_IXOTH) for path in paths)


def can_reach(owner: Owner, path: Path, wanted: int) -> bool:
    """Whether the mode bits along a path let a user in.

    Args:
        owner: The user, taken to be in its primary group only.
        path: What it wants to reach; every directory above must let it pass.
        wanted: Bits of the last three of a mode, like ``S_IROTH | S_IXOTH``.
    """
    resolved = path.resolve()
    try:
        above = all(_grants(owner, parent.stat(), stat.S_IXOTH) for parent in resolved.parents)
        return above and _grants(owner, resolved.stat(), wanted)
    except OSError:
        return False


def _grants(owner: Owner, status: os.stat_result, wanted: int) -> bool:
    if status.st_uid == owner.uid:
        shift = 6
    elif status.st_gid == owner.gid:
        shift = 3
    else:
        shift = 0
    return (status.st_mode >> shift) & wanted == wanted
