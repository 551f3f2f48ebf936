"""Samples of a stream: each member is as likely as any other to be among them."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

MAX_KEPT_BYTES = 64 * 1024 * 1024
"""All samples and plans of a run; when they are more, no further ones are kept."""


@dataclass(slots=True)
class Kept:
    """One call, as it was logged."""

    text: bytes
    time_ms: float | None
    detail: bytes = b""
    """The line with the values of its parameters."""
    holders: int = 1
    """It may be the slowest call and a sample at once."""

    @property
    def size_bytes(self) -> int:
        """What it takes, about."""
        return len(self.text) + len(self.detail)


class Allowance:
    """What all samples of a run may take together."""

    def __init__(self, max_bytes: int = MAX_KEPT_BYTES) -> None:
        self._left = max_bytes
        self.refused = 0
        """Samples that found no room."""

    def take(self, size_bytes: int) -> bool:
        """Reserve room; False: there is none."""
        if size_bytes > self._left:
            self.refused += 1
            return False
        self._left -= size_bytes
        return True

    def give_back(self, size_bytes: int) -> None:
        """Release room."""
        self._left += size_bytes


class Reservoir:
    """Keeps a few members of a stream, by Li's algorithm L (ACM TOMS 20, 1994).

    It decides beforehand which member comes in next, so that all others cost one comparison.

    Args:
        size: How many it keeps.
        chance: Where its randomness comes from.
    """

    __slots__ = ("_chance", "_size", "_w", "items", "next_in")

    def __init__(self, size: int, chance: random.Random) -> None:
        self.items: list[Kept] = []
        self.next_in = 1
        """The number of the member that comes in next, from 1."""
        self._size = size
        self._chance = chance
        self._w = 1.0

    def put(self, item: Kept) -> Kept | None:
        """Take the member whose number is ``next_in``; return the one that it replaces."""
        gone: Kept | None = None
        if len(self.items) < self._size:
            self.items.append(item)
            if len(self.items) < self._size:
                self.next_in += 1
                return None
        else:
            place = self._chance.randrange(self._size)
            gone, self.items[place] = self.items[place], item
        self._w *= math.exp(math.log(1.0 - self._chance.random()) / self._size)
        skipped = math.log(1.0 - self._chance.random()) / math.log1p(-self._w)
        self.next_in += 1 + int(skipped)
        return gone
