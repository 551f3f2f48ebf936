"""Files of logs as bytes: plain, gzipped, or standard input; in bounded memory."""

from __future__ import annotations

import gzip
import io
import os
import re
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from pgadvisor.errors import UsageError

STANDARD_INPUT = "-"
SAMPLE_BYTES = 256 * 1024
"""What is looked at to find out what kind of log it is."""
CHUNK_BYTES = 1024 * 1024
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_MOMENT = re.compile(rb"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?")

Told = Callable[[int], None]
"""Told how many bytes of the file have been read, as it lies on the disk."""


@dataclass(frozen=True, slots=True)
class LogSource:
    """One file, as it was given."""

    path: str
    """``-``: standard input."""
    size_bytes: int
    """As it lies on the disk; 0: not known."""

    @property
    def name(self) -> str:
        """What it is called in reports."""
        return "standard input" if self.path == STANDARD_INPUT else Path(self.path).name

    @contextmanager
    def open(self) -> Iterator[tuple[bytes, Iterator[tuple[bytes, int]]]]:
        """Open it: its beginning, and all of its chunks with the place on the disk after each.

        Raises:
            UsageError: It cannot be read.
        """
        try:
            if self.path == STANDARD_INPUT:
                yield _chunks(sys.stdin.buffer)
            else:
                with Path(self.path).open("rb") as file:
                    yield _chunks(file)
        except OSError as error:
            raise _unreadable(self.name, error.strerror or "it cannot be read") from error


class DamagedError(Exception):
    """A compressed file breaks off, or is damaged from some place on."""


def sources_of(paths: list[str]) -> list[LogSource]:
    """The files in the order of their first moments, so that rotated logs may be given in any.

    Where one of them tells no moment, and of standard input, the order is as given.

    Raises:
        UsageError: There is no such file, it is a directory, or standard input is named twice.
    """
    if not paths:
        raise UsageError("reading logs", "no file is given", "`-` is standard input.")
    if paths.count(STANDARD_INPUT) > 1:
        raise UsageError("reading logs", "standard input can be read once only")
    found = [LogSource(path, _size_bytes(path)) for path in paths]
    if len(found) == 1 or STANDARD_INPUT in paths:
        return found
    moments = [_first_moment(source) for source in found]
    if all(moments):
        order = sorted(range(len(found)), key=lambda place: (moments[place], place))
        return [found[place] for place in order]
    return found


def _size_bytes(path: str) -> int:
    if path == STANDARD_INPUT:
        return 0
    name = Path(path).name
    try:
        status = os.stat(path)  # noqa: PTH116  (the text may be no path at all)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "there is no such file"
        raise _unreadable(name, reason) from error
    if stat.S_ISDIR(status.st_mode):
        raise _unreadable(name, "it is a directory; name its files")
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def _first_moment(source: LogSource) -> bytes:
    if not source.size_bytes:  # a pipe can be read once only
        return b""
    with source.open() as (sample, _):
        found = _MOMENT.search(sample)
        return found[0].replace(b"T", b" ") if found else b""


def _unreadable(name: str, reason: str) -> UsageError:
    return UsageError(f"reading the log {name}", reason)


def _chunks(file: BinaryIO) -> tuple[bytes, Iterator[tuple[bytes, int]]]:
    start = file.read(len(_GZIP))
    raw = _Counted(file, start)
    stream: BinaryIO | _Counted = raw
    if start == _GZIP:
        stream = cast("BinaryIO", gzip.GzipFile(fileobj=raw, mode="rb"))
    damage: list[DamagedError] = []
    try:
        sample = _read(stream, SAMPLE_BYTES)
    except DamagedError as error:
        sample = b""
        damage.append(error)

    def chunks() -> Iterator[tuple[bytes, int]]:
        yield sample.removeprefix(_BOM), raw.taken
        for error in damage:
            raise error
        while chunk := _read(stream, CHUNK_BYTES):
            yield chunk, raw.taken

    return sample.removeprefix(_BOM), chunks()


class _Counted(io.RawIOBase):
    """A file that counts what is taken from it, the bytes that were looked at already first."""

    def __init__(self, file: BinaryIO, start: bytes) -> None:
        self._file = file
        self._start = start
        self.taken = 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read, as files do."""
        found, self._start = self._start, b""
        if size < 0 or size > len(found):
            found += self._file.read(-1 if size < 0 else size - len(found))
        else:
            found, self._start = found[:size], found[size:]
        self.taken += len(found)
        return found


def _read(stream: BinaryIO | _Counted, size: int) -> bytes:
    try:
        return stream.read(size)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DamagedError from error
