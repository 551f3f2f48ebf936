"""What every what-if planner can do; the twin is one, HypoPG on a server is another."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.estimate import Fidelity, RebuiltSize
from pgadvisor.model.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A difference from the database as it is; the default is no difference."""

    create: frozenset[IndexDefinition] = frozenset()
    drop: frozenset[int] = frozenset()
    """OIDs of indexes in the snapshot."""
    settings: tuple[tuple[str, str], ...] = ()


AS_IS = Configuration()
"""The database as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A hypothetical index that plans can use from now on."""

    definition: IndexDefinition
    name: str
    """What plans call it; no other index of the database is called so."""
    size_bytes: int
    part_names: tuple[str, ...] = ()
    """On a partitioned table: what plans call its parts, one for each partition."""
    notes: tuple[str, ...] = ()
    """What the planner does not know of it, as clauses."""
    size_notes: tuple[str, ...] = ()
    """What is not known of its size, as clauses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotBuilt:
    """An index that the planner refuses, and why."""

    definition: IndexDefinition
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPlanned:
    """A statement that the planner refuses, and why."""

    reason: str
    sqlstate: str | None = None
    position: int | None = None
    """Where in the text, in characters from 1; None: nowhere in particular."""


class Backend(Protocol):
    """A planner that can be asked what-if questions.  Not safe for threads to share."""

    @property
    def call_count(self) -> int:
        """EXPLAINs issued so far."""
        ...

    def fidelity(self) -> Fidelity:
        """Compare its plans with the original's own, as far as the snapshot holds those."""
        ...

    def build(self, definitions: Sequence[IndexDefinition]) -> tuple[Built | NotBuilt, ...]:
        """Make hypothetical indexes that later configurations may switch on.

        They are switched off until a configuration names them.  A definition that was built
        before is not built again.
        """
        ...

    def plan(self, statement: str, configuration: Configuration = AS_IS) -> Plan | NotPlanned:
        """Plan one statement; ``$n`` in it are unknown values (a generic plan).

        Raises:
            TwinError, HypoPGError: The planner itself is gone.
        """
        ...

    def plans(
        self, questions: Sequence[tuple[str, Configuration]]
    ) -> tuple[Plan | NotPlanned, ...]:
        """Plan many statements, several at once where it can; one outcome for each, in order.

        Raises:
            TwinError, HypoPGError: The planner itself is gone.
        """
        ...

    def rebuilt_sizes(self, oids: Collection[int]) -> tuple[RebuiltSize, ...] | None:
        """Predict what existing btrees would take if they were built now.

        Args:
            oids: Of indexes in the snapshot; of some of them nothing may be known.

        Returns:
            None: It has no model that can be held against the size of a real index.

        Raises:
            TwinError: The planner itself is gone.
        """
        ...

    def __enter__(self) -> Self:
        """Start the planner."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the planner and remove what it wrote."""
        ...
