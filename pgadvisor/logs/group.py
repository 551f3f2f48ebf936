"""All calls of one statement, added up as they are read."""

from __future__ import annotations

import random
from dataclasses import dataclass

from pgadvisor.logs.reservoir import Allowance, Kept, Reservoir
from pgadvisor.logs.timing import Timing

SAMPLES = 20
"""Calls kept of a statement; more than 5 % of a skewed parameter's calls show in them."""
OTHER_PLANS = 2
MAX_SAMPLE_BYTES = 16 * 1024
MAX_PLAN_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Key:
    """What makes calls calls of one statement."""

    database: str
    fingerprint: str
    """Empty: the text does not parse, or is no query."""
    text: str
    """Normalised; empty where there is a fingerprint, which tells more than the text."""


class Calls:
    """Calls with their times, some of them kept."""

    __slots__ = ("_allowance", "_max_bytes", "count", "reservoir", "slowest", "timing")

    def __init__(
        self, size: int, max_bytes: int, chance: random.Random, allowance: Allowance
    ) -> None:
        self.count = 0
        self.timing = Timing()
        self.reservoir = Reservoir(size, chance)
        self.slowest: Kept | None = None
        self._allowance = allowance
        self._max_bytes = max_bytes

    def add(self, text: bytes, time_ms: float | None) -> Kept | None:
        """Count a call; return what was kept of it, so that its values can be put there."""
        self.count += 1
        is_slowest = False
        if time_ms is not None:
            is_slowest = time_ms > self.timing.max_ms
            self.timing.add(time_ms)
        if self.count != self.reservoir.next_in and not is_slowest:
            return None
        return self._keep(text, time_ms, is_slowest=is_slowest)

    def _keep(self, text: bytes, time_ms: float | None, *, is_slowest: bool) -> Kept | None:
        is_drawn = self.count == self.reservoir.next_in
        is_kept = len(text) <= self._max_bytes and self._allowance.take(len(text))
        # What has no room is drawn all the same, with nothing in it: others stay as likely.
        kept = Kept(text if is_kept else b"", time_ms, holders=is_slowest + is_drawn)
        if is_drawn:
            self._release(self.reservoir.put(kept))
        if is_slowest:
            self._release(self.slowest)
            self.slowest = kept
        return kept if is_kept else None

    def release(self) -> None:
        """Give back the room of all that was kept."""
        for kept in (*self.reservoir.items, self.slowest):
            self._release(kept)

    def _release(self, gone: Kept | None) -> None:
        if gone is not None:
            gone.holders -= 1
            if gone.holders == 0:
                self._allowance.give_back(gone.size_bytes)

    def take_detail(self, kept: Kept, detail: bytes) -> None:
        """Add the values of a call that was kept."""
        if len(detail) <= self._max_bytes and self._allowance.take(len(detail)):
            kept.detail = detail


class Group:
    """One statement in one database."""

    __slots__ = (
        "errors",
        "executed",
        "explained",
        "key",
        "lock_waits",
        "preparation_ms",
        "temp_bytes",
        "temp_files",
        "text",
        "values_of_plans",
    )

    def __init__(self, key: Key, text: str, chance: random.Random, allowance: Allowance) -> None:
        self.key = key
        self.text = text
        self.executed = Calls(SAMPLES, MAX_SAMPLE_BYTES, chance, allowance)
        """Calls that were logged as statements."""
        self.explained = Calls(OTHER_PLANS, MAX_PLAN_BYTES, chance, allowance)
        """Calls whose plans were logged: those plans."""
        self.values_of_plans = Calls(SAMPLES, MAX_SAMPLE_BYTES, chance, allowance)
        """The same calls: their statements and values."""
        self.preparation_ms = 0.0
        self.temp_files = 0
        self.temp_bytes = 0
        self.lock_waits = 0
        self.errors = 0

    @property
    def is_executed(self) -> bool:
        """It was logged as a statement, not by auto_explain alone."""
        return self.executed.count > 0

    @property
    def rank(self) -> tuple[float, int]:
        """By which statements are ordered, and which go when there are too many."""
        calls = self.executed if self.is_executed else self.explained
        return (calls.timing.total_ms, calls.count)

    def release(self) -> None:
        """Give back the room of all that was kept."""
        for calls in (self.executed, self.explained, self.values_of_plans):
            calls.release()
