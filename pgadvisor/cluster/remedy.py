"""What helps against what a server, or the system below it, complains of."""

from __future__ import annotations

import re

_MORE_SPACE = "Free some space, or set TMPDIR to a directory on a larger disk."
_REMEDIES = (
    # The first that is found counts: a full /dev/shm is a full disk too.
    ("shared memory segment", "Give /dev/shm more room; of a container, with --shm-size=64m."),
    (
        "insufficient file descriptors|Too many open files",
        "Allow more open files, 256 at least: ulimit -n 256.",
    ),
    ("No space left on device|Disk quota exceeded|could not extend file", _MORE_SPACE),
    ("File too large", "Lift the limit on the length of files: ulimit -f unlimited."),
    ("Read-only file system", "Set TMPDIR to a directory that you may write to."),
    (
        "terminated by signal 9|Cannot allocate memory|out of memory",
        "Free some memory, or lift the limits on it, and run it again.",
    ),
    (
        "Operation not permitted",
        "As root it is run as another user, which seems forbidden: run it as that user.",
    ),
    (
        "Permission denied",
        "Set TMPDIR to a directory that you may write to, on a disk without noexec.",
    ),
    ("configuration|parameter", "Correct the setting that the server names."),
)


def remedy_for(text: str) -> str:
    """Say what is known to help.

    Args:
        text: What was complained of, in the words of the server or of the system.

    Returns:
        A sentence; empty where nothing is known.
    """
    return next((advice for pattern, advice in _REMEDIES if re.search(pattern, text)), "")
