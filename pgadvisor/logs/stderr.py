"""Logs that servers write to stderr, with ``log_line_prefix`` before each line."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from datetime import UTC, datetime

from pgadvisor.logs.event import MAX_ENTRY_BYTES, Event
from pgadvisor.logs.prefix import LinePrefix

_EPOCH = re.compile(rb"\d{9,11}\.\d{3}")
_FOREIGN_LINE = re.compile(rb"\n(?![\t\n])")


class StderrReader:
    """Cuts a stderr log into events: a prefix begins one, and lines with a tab go on with it.

    Args:
        prefix: How lines begin.
        has_tabs: PostgreSQL puts a tab before each further line of a message.  False: they were
            lost on the way, so whatever has no prefix goes on with the message before it.
    """

    def __init__(self, prefix: LinePrefix, *, has_tabs: bool = True) -> None:
        self.skipped_lines = 0
        self.oversized = 0
        self.is_cut_off = False
        self._find = prefix.pattern.finditer
        names = prefix.pattern.groupindex
        self._time = names.get("time", 0)
        self._session = names.get("session", names.get("process", 0))
        self._database = names.get("database", 0)
        self._severity = names["severity"]
        self._has_tabs = has_tabs
        self._may_be_epoch = "%n" in prefix.setting or not prefix.is_exact
        self._carry = b"\n"

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Take the next bytes, and yield the events that are complete."""
        data = self._carry + chunk
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n")
        last = yield from self._cut(data)
        self._carry = data[last:]
        if len(self._carry) > MAX_ENTRY_BYTES:
            self.oversized += 1
            line = self._carry[self._carry.rfind(b"\n") :]
            self._carry = line if len(line) < MAX_ENTRY_BYTES else b""

    def finish(self) -> Iterator[Event]:
        """Yield what is left at the end of the file."""
        data = self._carry
        self._carry = b"\n"
        if data.endswith(b"\n"):
            # A head that no file can hold ends the last entry.
            head = next(self._find(data), None)
            if head is not None:
                yield self._event(head, data[head.end() :].rstrip(b"\n"))
        else:
            self.is_cut_off = True

    def _cut(self, data: bytes) -> Generator[Event, None, int]:
        """Yield all events but the last, which may go on; return where that one begins."""
        # This loop runs for every line of every log: nothing in it that need not be.
        time_at, session_at = self._time, self._session
        database_at, severity_at = self._database, self._severity
        may_be_epoch = self._may_be_epoch
        head = None
        for following in self._find(data):
            if head is not None:
                message = data[head.end() : following.start()]
                if b"\n" in message:
                    message = self._joined(message)
                time = (head[time_at] or b"") if time_at else b""
                yield (
                    _moment(time) if may_be_epoch else time,
                    (head[session_at] or b"") if session_at else b"",
                    (head[database_at] or b"") if database_at else b"",
                    head[severity_at],
                    message,
                )
            elif following.start():
                self.skipped_lines += data.count(b"\n", 0, following.start())
            head = following
        if head is not None:
            return head.start()
        end = data.rfind(b"\n")
        self.skipped_lines += data.count(b"\n", 0, end)
        return max(end, 0)

    def _event(self, head: re.Match[bytes], message: bytes) -> Event:
        def group(number: int) -> bytes:
            return (head[number] or b"") if number else b""

        time = group(self._time)
        return (
            _moment(time) if self._may_be_epoch else time,
            group(self._session),
            group(self._database),
            head[self._severity],
            self._joined(message) if b"\n" in message else message,
        )

    def _joined(self, message: bytes) -> bytes:
        """A message of several lines as it was before each further one got its tab."""
        if not self._has_tabs:
            return message
        if message.count(b"\n") != message.count(b"\n\t"):
            foreign = _FOREIGN_LINE.search(message)
            if foreign is not None:
                self.skipped_lines += message.count(b"\n", foreign.start())
                message = message[: foreign.start()]
        return message.replace(b"\n\t", b"\n")


def _moment(time: bytes) -> bytes:
    """The seconds since 1970 of ``%n`` as the other escapes write a time; others stay."""
    if _EPOCH.fullmatch(time) is None:
        return time
    seconds, _, milliseconds = time.partition(b".")
    moment = datetime.fromtimestamp(int(seconds), UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{milliseconds.decode()} UTC".encode()
