"""Logs of ``log_destination = csvlog``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgadvisor.logs.event import MAX_ENTRY_BYTES, Event

_FIELD = rb'(?:"[^"]*+(?:""[^"]*+)*+"|[^,"\n]*+)'
_QUOTED = rb'(?:"([^"]*+(?:""[^"]*+)*+)")?'
ROW = re.compile(
    rb"\n(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [^,\n]{1,9}),"  # log_time
    + _FIELD + rb","  # user_name
    + _QUOTED + rb",(\d*),"  # database_name, process_id
    + _FIELD + rb",([0-9a-f.]*),"  # connection_from, session_id
    + (_FIELD + rb",") * 5  # session_line_num, command_tag, session_start, two transactions
    + rb"([A-Z0-9]+),[0-9A-Z]{5},"  # error_severity, sql_state_code
    + _QUOTED + rb"," + _QUOTED + rb","  # message, detail
    + (_FIELD + rb",") * 4  # hint, internal_query and its position, context
    + _QUOTED  # query
    + rb'[^"\n]*+(?:"[^"]*+(?:""[^"]*+)*+"[^"\n]*+)*+(?=\n)'  # and what versions add
)  # fmt: skip
"""One row from the line break before it.  Its parts are possessive, so that it takes no more
than two looks at any byte, and a broken row ends at the next one that is whole."""


class CsvReader:
    """Cuts a csvlog into events."""

    def __init__(self) -> None:
        self.skipped_lines = 0
        self.oversized = 0
        self.is_cut_off = False
        self._carry = b"\n"

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Take the next bytes, and yield the events that are complete."""
        data = self._carry + chunk
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n")
        yield from self._cut(data, self._last_row(data))

    def finish(self) -> Iterator[Event]:
        """Yield what is left at the end of the file."""
        yield from self._cut(self._carry, len(self._carry))
        left = self._carry.strip(b"\n")
        self.is_cut_off = bool(left) and not self._carry.endswith(b"\n")
        if left and not self.is_cut_off:
            self.skipped_lines += left.count(b"\n") + 1
        self._carry = b"\n"

    def _last_row(self, data: bytes) -> int:
        """Where not to look any further: behind it a row may be whole only with more bytes."""
        return data.rfind(b"\n") + 1

    def _cut(self, data: bytes, end: int) -> Iterator[Event]:
        done = 0
        for row in ROW.finditer(data, 0, end):
            if row.start() > done:
                self.skipped_lines += data.count(b"\n", done, row.start())
            done = row.end()
            time, database, process, session, severity, message, detail, query = row.groups(b"")
            database = _plain(database)
            yield (time, session or process, database, severity, _plain(message))
            if detail:
                yield (time, session, database, b"DETAIL", _plain(detail))
            if query:
                yield (time, session, database, b"STATEMENT", _plain(query))
        self._carry = data[done:]
        if len(self._carry) > MAX_ENTRY_BYTES:
            self.oversized += 1
            line = self._carry[self._carry.rfind(b"\n") :]
            self._carry = line if len(line) < MAX_ENTRY_BYTES else b""


def _plain(field: bytes) -> bytes:
    return field.replace(b'""', b'"') if b'"' in field else field
