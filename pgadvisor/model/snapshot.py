"""All that is known of one database at one moment."""

from __future__ import annotations

from dataclasses import dataclass, field

from pgadvisor.model.earlier import EarlierSnapshot
from pgadvisor.model.other_object import OtherObject
from pgadvisor.model.schema import (
    Constraint,
    ExtendedStatistics,
    Function,
    Index,
    Sequence,
    Table,
    UserType,
    View,
)
from pgadvisor.model.server import Server
from pgadvisor.model.standby import Standby
from pgadvisor.model.statement import StatementPlan, Statements
from pgadvisor.model.statistics import ColumnStatistics, IndexActivity, TableActivity
from pgadvisor.model.transaction_age import TableAge

SNAPSHOT_FORMAT = 1
"""Version of the snapshot file's content."""
LOCKED = "another session holds, or waits for, an exclusive lock"
"""The reason for which an object is missing in a snapshot, and yet there."""
HIDDEN_STATEMENTS = "of other roles in pg_stat_statements"
"""What is missing where the role may not see the statements of others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """Something that could not be read, and what that costs."""

    what: str
    """``pg_stats of 3 tables``."""
    reason: str
    """``permission denied``, in our own words; never a server's text with data in it."""
    consequence: str = ""
    """What advice is lost or less sure without it."""
    remedy: str = ""
    """The GRANT, the setting or the command that mends it."""
    sqlstate: str | None = None
    is_failure: bool = False
    """True: a collector broke off, and the run is partial (exit code 4); False: the role or the
    server simply has no such thing, which is no failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """What was done to the values of a snapshot before it was saved."""

    level: str = "none"
    """``none``, ``default`` or ``all``."""
    pseudonymised_values: int = 0
    coarsened_values: int = 0
    kept_values: int = 0
    changed_index_oids: tuple[int, ...] = ()
    """Indexes whose definition holds a pseudonym: it is no way back once they are dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One database at one moment: immutable, and all that the analysis needs.

    Counters are totals since ``server.statistics_reset_at``; where there is an earlier one, they
    are what was counted since then.
    """

    server: Server
    schemas: tuple[str, ...] = ()
    """The collection was told to read these only; empty: all."""
    excluded_schemas: tuple[str, ...] = ()
    earlier: EarlierSnapshot | None = None
    """The earlier snapshot that this is the difference to; None: it is a whole one."""
    standbys: tuple[Standby, ...] = ()
    """Nodes whose counters were added to those of this one."""
    tables: tuple[Table, ...] = ()
    indexes: tuple[Index, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    views: tuple[View, ...] = ()
    sequences: tuple[Sequence, ...] = ()
    types: tuple[UserType, ...] = ()
    functions: tuple[Function, ...] = ()
    other_objects: tuple[OtherObject, ...] = ()
    extended_statistics: tuple[ExtendedStatistics, ...] = ()
    table_activity: tuple[TableActivity, ...] = ()
    table_ages: tuple[TableAge, ...] = ()
    """The oldest five hundred, those of the system's tables and of temporary ones, too."""
    index_activity: tuple[IndexActivity, ...] = ()
    column_statistics: tuple[ColumnStatistics, ...] = ()
    statements: Statements = field(default_factory=Statements)
    plans: tuple[StatementPlan, ...] = ()
    unavailable: tuple[Unavailable, ...] = ()
    redaction: Redaction = field(default_factory=Redaction)
    collection_time_ms: float = 0.0
    """How long the collection took, from here."""
    server_time_ms: float = 0.0
    """The part of it that was spent waiting for the server."""
    tool_version: str = ""
    format: int = SNAPSHOT_FORMAT

    @property
    def is_partial(self) -> bool:
        """A collector failed; what it would have read is missing."""
        return any(item.is_failure for item in self.unavailable)
