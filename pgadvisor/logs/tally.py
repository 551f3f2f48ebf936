"""Events of a log, added up: statements by their fingerprint, hours, and what else happened."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable

from pgadvisor.logs.auto_explain import take_apart
from pgadvisor.logs.event import Event
from pgadvisor.logs.group import Calls, Group
from pgadvisor.logs.groups import Groups
from pgadvisor.logs.reservoir import Allowance, Kept

SEED = 20_170_101
"""The same log gives the same samples."""
MAX_SESSIONS = 20_000
"""Sessions whose last statement waits for its duration."""
MAX_HOURS = 20_000
"""More than two years; further hours are left out of the histogram."""

_DURATION = re.compile(
    rb"duration: (\d{1,15}(?:\.\d{1,9})?) ms"
    rb"(?:  (?:(statement): |(execute fetch from|execute|bind|parse) [^:\n]*: |(plan):\n))?"
)
_STATEMENT = re.compile(rb"(?:statement|execute fetch from [^:\n]*|execute [^:\n]*): ")
_TEMP_FILE = re.compile(rb'temporary file: path "[^"]*", size (\d{1,18})\b')
_LOCK_WAIT = re.compile(
    rb"process \d+ (?:still waiting for|acquired) .* after \d+\.\d+ ms", re.DOTALL
)
_COUNTED = (
    (b"automatic vacuum of", "autovacuums"),
    (b"automatic aggressive vacuum of", "autovacuums"),
    (b"automatic analyze of", "autoanalyzes"),
    (b"checkpoint complete", "checkpoints"),
    (b"restartpoint complete", "checkpoints"),
)
_FAILURES = frozenset({b"ERROR", b"FATAL", b"PANIC"})
_FOLLOWING = frozenset({b"DETAIL", b"HINT", b"CONTEXT", b"QUERY", b"LOCATION", b"BACKTRACE"})


class Hour:
    """What was logged in one hour."""

    __slots__ = ("calls", "errors", "planned_calls", "planned_ms", "total_ms")

    def __init__(self) -> None:
        self.calls = 0
        self.total_ms = 0.0
        self.planned_calls = 0
        """Those of ``auto_explain``, which the others may include."""
        self.planned_ms = 0.0
        self.errors = 0


class Tally:
    """Takes the events of files in order; its size is bounded whatever they hold."""

    def __init__(self) -> None:
        self.entries = 0
        self.first_at = b""
        self.last_at = b""
        self.hours: dict[bytes, Hour] = {}
        self.events: Counter[str] = Counter()
        self.unpaired_durations = 0
        """Durations of which the log does not tell whose they are."""
        self.allowance = Allowance()
        self.groups = Groups(random.Random(SEED), self.allowance)  # noqa: S311  (no secret)
        self._waiting: dict[bytes, Group] = {}
        self._hour = Hour()
        self._hour_key = b""
        self._owner: Calls | None = None
        self._kept: Kept | None = None
        """The call that a DETAIL that comes next belongs to."""
        self._incident: tuple[str, int] | None = None
        """What a STATEMENT that comes next was the cause of."""

    def take(self, events: Iterable[Event]) -> None:  # noqa: C901  (calls would cost more)
        """Add events up."""
        match_duration = _DURATION.match
        for time, session, database, severity, message in events:
            if severity == b"LOG":
                self.entries += 1
                if time[:13] != self._hour_key:
                    self._turn_to(time)
                self._kept = self._incident = None
                found = match_duration(message)
                if found is None:
                    self._other(session, database, message)
                elif found[2] or found[3]:
                    self._timed(database, message, found)
                elif found[4]:
                    self._plan(database, message, found)
                else:
                    self._bare_duration(session, float(found[1]))
                self.last_at = time
            elif severity == b"DETAIL":
                if self._kept is not None and self._owner is not None:
                    self._owner.take_detail(self._kept, message)
                    self._kept = None
            elif severity == b"STATEMENT":
                if self._incident is not None:
                    self._blame(*self._incident, database, message)
                    self._incident = None
            elif severity not in _FOLLOWING:
                self._complaint(time, severity, message)

    def _turn_to(self, time: bytes) -> None:
        """Go on in another hour."""
        if not self.first_at:
            self.first_at = time
        self._hour_key = key = time[:13]
        hour = self.hours.get(key)
        if hour is None:
            hour = Hour()
            if len(self.hours) < MAX_HOURS:
                self.hours[key] = hour
        self._hour = hour

    def _timed(self, database: bytes, message: bytes, found: re.Match[bytes]) -> None:
        """``duration: 1.2 ms  statement: ...``, or a step of the extended protocol."""
        text = message[found.end() :]
        group = self.groups.of(database, text)
        time_ms = float(found[1])
        hour = self._hour
        hour.total_ms += time_ms
        if found[3] in {b"parse", b"bind"}:
            group.preparation_ms += time_ms
            return
        hour.calls += 1
        self._owner = group.executed
        self._kept = group.executed.add(text, time_ms)

    def _plan(self, database: bytes, message: bytes, found: re.Match[bytes]) -> None:
        text = message[found.end() :]
        explained = take_apart(text)
        if explained is None:
            self.events["unread_plans"] += 1
            return
        group = self.groups.of(database, explained.query)
        time_ms = float(found[1])
        hour = self._hour
        hour.planned_calls += 1
        hour.planned_ms += time_ms
        group.explained.add(text, time_ms)
        values = group.values_of_plans.add(explained.query, time_ms)
        if values is not None and explained.parameters:
            group.values_of_plans.take_detail(values, explained.parameters)

    def _bare_duration(self, session: bytes, time_ms: float) -> None:
        """Of the statement that the session has logged before (``log_statement``)."""
        group = self._waiting.pop(session, None) if session else None
        self._hour.total_ms += time_ms
        if group is None:
            self.unpaired_durations += 1
        else:
            group.executed.timing.add(time_ms)

    def _other(self, session: bytes, database: bytes, message: bytes) -> None:
        """An entry of severity LOG that tells no duration."""
        found = _STATEMENT.match(message)
        if found is not None:
            self._untimed(session, database, message[found.end() :])
        elif (temp_file := _TEMP_FILE.match(message)) is not None:
            self.events["temp_files"] += 1
            self.events["temp_bytes"] += int(temp_file[1])
            self._incident = ("temp_files", int(temp_file[1]))
        elif message.startswith(b"process ") and _LOCK_WAIT.match(message):
            if b"still waiting" in message[:40]:
                self.events["lock_waits"] += 1
                self._incident = ("lock_waits", 0)
        else:
            for start, name in _COUNTED:
                if message.startswith(start):
                    self.events[name] += 1

    def _untimed(self, session: bytes, database: bytes, text: bytes) -> None:
        """``statement: ...``: its duration may follow, or does not."""
        group = self.groups.of(database, text)
        self._hour.calls += 1
        self._owner = group.executed
        self._kept = group.executed.add(text, None)
        if session:
            waiting = self._waiting
            if len(waiting) >= MAX_SESSIONS:
                del waiting[next(iter(waiting))]
            waiting[session] = group

    def _complaint(self, time: bytes, severity: bytes, message: bytes) -> None:
        """An entry of another severity than LOG."""
        self.entries += 1
        self._kept = self._incident = None
        if time[:13] != self._hour_key:
            self._turn_to(time)
        self.last_at = time
        if severity in _FAILURES:
            self._hour.errors += 1
            self.events["errors"] += 1
            self._incident = ("errors", 0)
            if message.startswith(b"deadlock detected"):
                self.events["deadlocks"] += 1
        elif severity == b"WARNING":
            self.events["warnings"] += 1

    def _blame(self, kind: str, size_bytes: int, database: bytes, text: bytes) -> None:
        """Note with a statement what it was the cause of."""
        if kind == "errors" and not self.groups.knows(database, text):
            return  # what fails to parse, and what never ran, would fill the groups
        group = self.groups.of(database, text)
        match kind:
            case "temp_files":
                group.temp_files += 1
                group.temp_bytes += size_bytes
            case "lock_waits":
                group.lock_waits += 1
            case _:
                group.errors += 1
