"""Sizes of hypothetical indexes, which are the same in every lane of a twin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from pgadvisor.model.action import IndexDefinition
from pgadvisor.whatif.twin.storage.metapages import Metapage


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSize:
    """What the planner takes an index for that has storage."""

    pages: int
    rows: float
    height: int | None
    """Of a btree."""
    metapage: Metapage | None
    """What else is to be on its first page; None: what CREATE INDEX has written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilySize:
    """An index with its parts on the partitions of its table."""

    parts: Mapping[int, PartSize]
    """By the snapshot's OID of what each is on."""
    doubts: tuple[str, ...] = ()
    """What is not known of the sizes, as clauses."""

    @property
    def pages(self) -> int:
        """Of all parts."""
        return sum(part.pages for part in self.parts.values())


class SharedSizes:
    """What the lanes of a twin know of sizes; the first one to ask works them out for all.

    Args:
        lanes: How many there are; what each of them has asked for is forgotten.
    """

    def __init__(self, lanes: int) -> None:
        self._lanes = lanes
        self._lock = Lock()
        self._known: dict[IndexDefinition, FamilySize] = {}
        self._asked: Counter[IndexDefinition] = Counter()

    def of(
        self,
        wanted: Sequence[IndexDefinition],
        work_out: Callable[[Sequence[IndexDefinition]], Sequence[FamilySize]],
    ) -> tuple[FamilySize, ...]:
        """Sizes of indexes, in their order.

        Args:
            wanted: The indexes, each once, for which a lane asks once.
            work_out: Finds the sizes of those that no lane has asked for before; the other lanes
                wait meanwhile.
        """
        with self._lock:
            new = [definition for definition in wanted if definition not in self._known]
            if new:
                self._known.update(zip(new, work_out(new), strict=True))
            self._asked.update(wanted)
            return tuple(map(self._told, wanted))

    def _told(self, wanted: IndexDefinition) -> FamilySize:
        if self._asked[wanted] < self._lanes:
            return self._known[wanted]
        del self._asked[wanted]
        return self._known.pop(wanted)
