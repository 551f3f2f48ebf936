"""Finds the group of a statement: by its text's shape if it can, else by the grammar."""

from __future__ import annotations

import random
from collections.abc import Iterator

from pgadvisor.logs.event import decode
from pgadvisor.logs.group import Group, Key
from pgadvisor.logs.reservoir import Allowance
from pgadvisor.logs.shape import shape_of
from pgadvisor.parse.command_tag import is_command_tag
from pgadvisor.parse.statement import UNPARSABLE, StatementError, fingerprint, normalise

MAX_GROUPS = 5_000
"""Like ``pg_stat_statements.max``."""
_EVICTED_RATIO = 0.05
MAX_SHAPES_BYTES = 32 * 1024 * 1024
MAX_TEXT_BYTES = 256 * 1024
"""Longer statements are not taken to the grammar: they count as unparsable."""
_OVERHEAD_BYTES = 200


class Groups:
    """The statements of a log; when there are too many, those of least time go.

    Args:
        chance: Where the randomness of samples comes from.
        allowance: The room that all samples have.
    """

    def __init__(self, chance: random.Random, allowance: Allowance) -> None:
        self.evicted_calls = 0
        self.evicted_statements = 0
        self._chance = chance
        self._allowance = allowance
        self._by_shape: dict[bytes, dict[bytes, Group]] = {}
        self._by_key: dict[Key, Group] = {}
        self._shapes_bytes = 0

    def __iter__(self) -> Iterator[Group]:
        """Yield the statements that are known, in the order in which they came."""
        return iter(self._by_key.values())

    def of(self, database: bytes, text: bytes) -> Group:
        """The group of a statement, a new one if need be."""
        shape = shape_of(text) if len(text) <= MAX_TEXT_BYTES else b""
        try:
            return self._by_shape[database][shape]
        except KeyError:
            return self._look_up(database, shape, text)

    def knows(self, database: bytes, text: bytes) -> bool:
        """A statement of the same shape was logged, and is not forgotten."""
        is_readable = len(text) <= MAX_TEXT_BYTES
        return is_readable and shape_of(text) in self._by_shape.get(database, {})

    def _look_up(self, database: bytes, shape: bytes, text: bytes) -> Group:
        key, normalised = _key_of(decode(database), text)
        group = self._by_key.get(key)
        if group is None:
            if len(self._by_key) >= MAX_GROUPS:
                self._evict()
            group = Group(key, normalised, self._chance, self._allowance)
            self._by_key[key] = group
        self._shapes_bytes += len(shape) + _OVERHEAD_BYTES
        if self._shapes_bytes > MAX_SHAPES_BYTES:
            self._forget_shapes()
            self._shapes_bytes = len(shape) + _OVERHEAD_BYTES
        self._by_shape.setdefault(database, {})[shape] = group
        return group

    def _forget_shapes(self) -> None:
        self._by_shape.clear()
        self._shapes_bytes = 0

    def _evict(self) -> None:
        ranked = sorted(self._by_key.values(), key=lambda group: group.rank)
        for group in ranked[: max(int(MAX_GROUPS * _EVICTED_RATIO), 1)]:
            del self._by_key[group.key]
            group.release()
            self.evicted_statements += 1
            self.evicted_calls += group.rank[1]
        self._forget_shapes()


def _key_of(database: str, text: bytes) -> tuple[Key, str]:
    if len(text) > MAX_TEXT_BYTES:
        return Key(database, "", UNPARSABLE), UNPARSABLE
    written = decode(text)
    normalised = normalise(written)
    if normalised == UNPARSABLE:
        return Key(database, "", UNPARSABLE), UNPARSABLE
    try:
        found = fingerprint(written)
    except StatementError:
        return Key(database, "", UNPARSABLE), UNPARSABLE
    if is_command_tag(normalised):  # one group for each: SET, whatever is set
        return Key(database, "", normalised), normalised
    return Key(database, found, ""), normalised
