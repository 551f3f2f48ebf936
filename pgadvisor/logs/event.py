"""One line of a log with the lines that go on with it, the same for all formats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

Event = tuple[bytes, bytes, bytes, bytes, bytes]
"""Time, session (or process), database, severity and message; what is not known is empty.

A plain tuple of bytes: there are millions of them, and few are ever decoded.  ``DETAIL`` and
``STATEMENT`` are events of their own that follow the one they belong to, as in a stderr log.
"""

MAX_ENTRY_BYTES = 16 * 1024 * 1024
"""A longer entry is passed over, so that memory stays bounded whatever the file holds."""


class Reader(Protocol):
    """Cuts the bytes of one file into events."""

    skipped_lines: int
    """Lines that belong to nothing that it knows."""
    oversized: int
    """Entries that were longer than :data:`MAX_ENTRY_BYTES`."""
    is_cut_off: bool
    """The file ended in the middle of an entry, which was left out."""

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Take the next bytes, and yield the events that are complete."""
        ...

    def finish(self) -> Iterator[Event]:
        """Yield what is left at the end of the file."""
        ...


def decode(text: bytes) -> str:
    """Read bytes as UTF-8, or else as Latin-1: each database logs in its own encoding.

    NULs, which no text of PostgreSQL has, go; a damaged block of a disk may be full of them.
    """
    try:
        found = text.decode()
    except UnicodeDecodeError:
        found = text.decode("latin-1")
    return found.replace("\0", "")
