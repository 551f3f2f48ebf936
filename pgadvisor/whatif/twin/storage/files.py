"""Relation files of any length that take no space.

The planner asks the storage manager how long a relation is, and reads none of its rows.
All-zero pages are valid new pages, so a sparse file of the right length is a table of any size.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pgadvisor.cluster.remedy import remedy_for
from pgadvisor.errors import TwinError
from pgadvisor.whatif.twin.storage.btree_pages import BLOCK_BYTES, with_height

SEGMENT_BYTES = 1 << 30
"""PostgreSQL cuts relations into files of 1 GiB: ``path``, ``path.1``, ..."""
_PROBE_BYTES = 1 << 20
_STAT_BLOCK_BYTES = 512
"""What ``st_blocks`` counts in, whatever the file system's own blocks are."""
_SIZING = "giving the twin's relations their sizes"
_NEEDS_HOLES = (
    "The twin's files are long and nearly all holes: set TMPDIR to a directory on a file system "
    "with sparse files, such as ext4, xfs, btrfs, zfs, tmpfs or APFS."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationFile:
    """The main fork of a relation in the twin's data directory."""

    path: Path
    length_bytes: int
    btree_height: int | None = None
    """Of a btree: levels above its leaves."""

    @property
    def pages(self) -> int:
        """Its length in blocks."""
        return self.length_bytes // BLOCK_BYTES


def whole_blocks(size_bytes: float) -> int:
    """A size rounded up to whole blocks."""
    return -(-int(size_bytes) // BLOCK_BYTES) * BLOCK_BYTES


def set_lengths(files: Iterable[RelationFile], owner: tuple[int, int] | None) -> None:
    """Give each relation its length, and each btree its height.

    No page of a btree may have been read before, since the server would go on with that.

    Args:
        files: Relations that have just been made.
        owner: User and group of the server, where they are not ours.

    Raises:
        TwinError: The file system refuses.
    """
    is_known_sparse = False
    for file in files:
        try:
            if file.btree_height is not None:
                _set_height(file, file.btree_height)
            if not is_known_sparse and file.length_bytes > _PROBE_BYTES:
                _refuse_dense(file.path)
                is_known_sparse = True
            _set_length(file, owner)
        except OSError as error:
            raise TwinError(
                _SIZING,
                f"{error.strerror} (a file of {file.length_bytes:,} bytes, nearly all unused)",
                remedy_for(error.strerror or "") or _NEEDS_HOLES,
            ) from error


def _refuse_dense(path: Path) -> None:
    """Lengthen a file a little, and see whether that takes space: then terabytes would too."""
    os.truncate(path, _PROBE_BYTES)
    status = path.stat()
    if status.st_blocks * _STAT_BLOCK_BYTES > status.st_size // 2:
        raise TwinError(_SIZING, f"{path.parent} has no sparse files", _NEEDS_HOLES)


def _set_height(file: RelationFile, height: int) -> None:
    descriptor = os.open(file.path, os.O_RDWR)
    try:
        pages = with_height(os.pread(descriptor, BLOCK_BYTES, 0), height)
        os.ftruncate(descriptor, 0)  # what is not written again is a hole
        for block, page in enumerate(pages[: max(file.pages, 1)]):
            os.pwrite(descriptor, page, block * BLOCK_BYTES)
    finally:
        os.close(descriptor)


def _set_length(file: RelationFile, owner: tuple[int, int] | None) -> None:
    left, number = file.length_bytes, 0
    while left > 0 or number == 0:
        path = file.path if number == 0 else file.path.with_name(f"{file.path.name}.{number}")
        if number > 0:
            path.touch(mode=0o600)
            if owner is not None:
                os.chown(path, *owner)
        os.truncate(path, min(left, SEGMENT_BYTES))
        left -= SEGMENT_BYTES
        number += 1
