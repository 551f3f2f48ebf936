"""Relation files of any length that take no space.

The planner asks the storage manager how long a relation is, and never reads it.  All-zero
pages are valid new pages, so a sparse file of the right length is a table of any size.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pgadvisor.errors import TwinError

SEGMENT_BYTES = 1 << 30
"""PostgreSQL cuts relations into files of 1 GiB: ``path``, ``path.1``, ..."""
BLOCK_BYTES = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationFile:
    """The main fork of a relation in the twin's data directory."""

    path: Path
    length_bytes: int

    @property
    def pages(self) -> int:
        """Its length in blocks."""
        return self.length_bytes // BLOCK_BYTES


def whole_blocks(size_bytes: float) -> int:
    """A size rounded up to whole blocks."""
    return -(-int(size_bytes) // BLOCK_BYTES) * BLOCK_BYTES


def set_lengths(files: Iterable[RelationFile], owner: tuple[int, int] | None) -> None:
    """Give each relation its length.

    Args:
        files: Relations whose first segment exists.
        owner: User and group of the server, where they are not ours.

    Raises:
        TwinError: The file system refuses.
    """
    for file in files:
        try:
            _set_length(file, owner)
        except OSError as error:
            raise TwinError(
                "giving the twin's relations their sizes",
                f"{error.strerror} (a file of {file.length_bytes:,} bytes, all of them unused)",
                "The temporary directory needs a file system with sparse files; set TMPDIR.",
            ) from error


def empty(files: Iterable[RelationFile]) -> None:
    """Cut relations to nothing, so that an index on them is built in no time."""
    for file in files:
        os.truncate(file.path, 0)
        for segment in _further_segments(file.path):
            segment.unlink()


def _set_length(file: RelationFile, owner: tuple[int, int] | None) -> None:
    left, number = file.length_bytes, 0
    while left > 0 or number == 0:
        path = file.path if number == 0 else file.path.with_name(f"{file.path.name}.{number}")
        if number > 0 and not path.exists():
            path.touch(mode=0o600)
            if owner is not None:
                os.chown(path, *owner)
        os.truncate(path, min(left, SEGMENT_BYTES))
        left -= SEGMENT_BYTES
        number += 1


def _further_segments(path: Path) -> Iterable[Path]:
    number = 1
    while (segment := path.with_name(f"{path.name}.{number}")).exists():
        yield segment
        number += 1
