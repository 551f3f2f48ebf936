"""Read logs of a server: one pass, in memory that does not grow with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

from pgadvisor.logs.digest import digest
from pgadvisor.logs.event import Reader
from pgadvisor.logs.recognise import reader_for
from pgadvisor.logs.source import DamagedError, LogSource, sources_of
from pgadvisor.logs.tally import Tally
from pgadvisor.model.log import LogDigest, LogFile
from pgadvisor.units import format_count

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is (0: unknown)."""
_MEGABYTE = 1024 * 1024


def read_logs(
    paths: Iterable[str | os.PathLike[str]] | str | os.PathLike[str],
    *,
    log_line_prefix: str | None = None,
    is_prefix_sure: bool = True,
    progress: Progress | None = None,
) -> LogDigest:
    """Read statements, their times and their values, and plans, out of server logs.

    ``stderr``, ``csvlog`` and ``jsonlog`` are told apart by themselves, and so are gzipped files.
    What is kept is bounded: statements by fingerprint, a few calls of each.

    Args:
        paths: Files in any order; ``-`` is standard input.
        log_line_prefix: The setting of the server; None: it is recognised.
        is_prefix_sure: Files that do not begin their lines so are an error; else it is a hint.
        progress: Told how far it is, in megabytes.

    Raises:
        UsageError: A file cannot be read, or looks like no log.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    sources = sources_of([os.fspath(path) for path in given])
    reading = _Reading(sources, progress)
    files = tuple(
        reading.read(source, log_line_prefix, is_prefix_sure=is_prefix_sure) for source in sources
    )
    return digest(reading.tally, files, reading.size_bytes, tuple(reading.notes))


class _Reading:
    """One run over several files."""

    def __init__(self, sources: Iterable[LogSource], progress: Progress | None) -> None:
        self.tally = Tally()
        self.notes: list[str] = []
        self.size_bytes = 0
        sizes = [source.size_bytes for source in sources]
        self._all_bytes = sum(sizes) if all(sizes) else 0
        self._done_bytes = 0
        self._progress = progress

    def read(self, source: LogSource, prefix: str | None, *, is_prefix_sure: bool) -> LogFile:
        """Read one file to its end."""
        with source.open() as (sample, chunks):
            file, reader = reader_for(source.name, sample, prefix, is_prefix_sure=is_prefix_sure)
            try:
                for chunk in self._counted(chunks):
                    self.tally.take(reader.feed(chunk))
            except DamagedError:
                self.notes.append(f"{source.name} is damaged: what follows the damage is not read")
            self.tally.take(reader.finish())
        self._done_bytes += source.size_bytes
        self._note(source.name, reader)
        return file

    def _counted(self, chunks: Iterator[tuple[bytes, int]]) -> Iterator[bytes]:
        for chunk, place in chunks:
            self.size_bytes += len(chunk)
            yield chunk
            if self._progress is not None:
                done = (self._done_bytes + place) // _MEGABYTE
                self._progress("reading logs, in MB", done, self._all_bytes // _MEGABYTE)

    def _note(self, name: str, reader: Reader) -> None:
        if reader.skipped_lines:
            count = format_count(reader.skipped_lines)
            noun = "line belongs" if reader.skipped_lines == 1 else "lines belong"
            self.notes.append(f"{name}: {count} {noun} to no entry of a PostgreSQL log")
        if reader.oversized:
            count = format_count(reader.oversized)
            noun = "entry is" if reader.oversized == 1 else "entries are"
            self.notes.append(f"{name}: {count} {noun} longer than 16 MB and passed over")
        if reader.is_cut_off:
            self.notes.append(f"{name} ends in the middle of an entry, which is left out")
