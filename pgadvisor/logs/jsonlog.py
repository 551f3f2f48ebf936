"""Logs of ``log_destination = jsonlog`` (PostgreSQL 15 and later)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from pgadvisor.logs.event import MAX_ENTRY_BYTES, Event, decode


class _Line(msgspec.Struct, gc=False):
    """What is read of a line; the many other keys are passed over."""

    timestamp: str = ""
    session_id: str = ""
    pid: int = 0
    dbname: str = ""
    error_severity: str = ""
    message: str = ""
    detail: str = ""
    statement: str = ""


class JsonReader:
    """Cuts a jsonlog into events: one object a line."""

    def __init__(self) -> None:
        self.skipped_lines = 0
        self.oversized = 0
        self.is_cut_off = False
        self._carry = b""
        self._read = msgspec.json.Decoder(_Line).decode

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Take the next bytes, and yield the events that are complete."""
        *lines, self._carry = (self._carry + chunk).split(b"\n")
        for line in lines:
            yield from self._events(line)
        if len(self._carry) > MAX_ENTRY_BYTES:
            self.oversized += 1
            self._carry = b""  # what is left of the line is no object, and so is passed over

    def finish(self) -> Iterator[Event]:
        """Yield what is left at the end of the file."""
        left, self._carry = self._carry, b""
        self.is_cut_off = bool(left.strip())
        yield from ()

    def _events(self, line: bytes) -> Iterator[Event]:
        found = self._decoded(line)
        if found is None:
            self.skipped_lines += bool(line.strip())
            return
        time = found.timestamp.encode()
        session = (found.session_id or str(found.pid or "")).encode()
        database = found.dbname.encode()
        yield (time, session, database, found.error_severity.encode(), found.message.encode())
        if found.detail:
            yield (time, session, database, b"DETAIL", found.detail.encode())
        if found.statement:
            yield (time, session, database, b"STATEMENT", found.statement.encode())

    def _decoded(self, line: bytes) -> _Line | None:
        try:
            return self._read(line)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            pass
        try:  # the server writes each message in the encoding of its database
            return self._read(decode(line).encode())
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
