"""Typed changes to a database; ``sqltext`` turns them into SQL, ``emit`` into migrations."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import partial

from pgadvisor.model.schema import IndexKey
from pgadvisor.model.service import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexDefinition:
    """An index that does not exist yet, complete but for its name.

    Two equal definitions are the same index, whoever proposed it.
    """

    table_oid: int
    schema: str
    table: str
    keys: tuple[IndexKey, ...]
    access_method: str = "btree"
    include: tuple[str, ...] = ()
    predicate: str | None = None
    """SQL with unqualified column names, without ``WHERE``."""
    is_unique: bool = False
    nulls_not_distinct: bool = False
    """Of a unique index, PostgreSQL 15 and later: one NULL counts as equal to another."""
    options: tuple[tuple[str, str], ...] = ()
    """Storage parameters: ``pages_per_range`` and ``32``."""
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        """Work the hash out once: choosing indexes asks for it a million times."""
        what = self.table_oid, self.access_method, self.keys, self.include, self.predicate
        object.__setattr__(self, "_hash", hash((*what, self.is_unique, self.options)))

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[object, ...]:
        """Another process has other hashes of texts."""
        given = {one.name: getattr(self, one.name) for one in fields(self) if one.init}
        return partial(IndexDefinition, **given), ()

    @property
    def key_columns(self) -> tuple[str | None, ...]:
        """Names of the key columns in order, None where a key is an expression."""
        return tuple(key.column for key in self.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionIndex:
    """One partition's own index below an index on a partitioned table."""

    schema: str
    table: str
    is_partitioned: bool = False
    children: tuple[PartitionIndex, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateIndex:
    """Create an index without blocking writes; on a partitioned table, partition by partition."""

    index: IndexDefinition
    name: str
    partitions: tuple[PartitionIndex, ...] = ()
    """Empty: the table is not partitioned."""
    is_partitioned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DropIndex:
    """Drop an index; undoing it is its own definition."""

    schema: str
    name: str
    recreate_sql: str
    """As ``pg_get_indexdef`` gave it."""
    table: str = ""
    """Schema-qualified, for people."""
    is_partitioned: bool = False
    size_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildIndex:
    """Build an index anew in place, under its own name."""

    schema: str
    name: str
    size_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyzeTable:
    """Refresh the planner's statistics."""

    schema: str
    table: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateStatistics:
    """Let ANALYZE look at columns together, or at expressions."""

    schema: str
    """Of the table; the statistics object is made there, too."""
    table: str
    name: str
    columns: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()
    """SQL with unqualified column names, without parentheses around it; PostgreSQL 14."""
    kinds: tuple[str, ...] = ()
    """``ndistinct``, ``dependencies``, ``mcv``; empty: all that there are, and the only way for
    an expression by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTableOptions:
    """Set storage parameters of a table; undoing it sets or resets the old values."""

    schema: str
    table: str
    options: tuple[tuple[str, str], ...]
    previous: tuple[tuple[str, str | None], ...]
    """The same names with their old values; None: was not set."""


class SettingScope(StrEnum):
    """For whom a setting is set; the narrower one beats the wider."""

    ROLE_IN_DATABASE = "role in database"
    ROLE = "role"
    DATABASE = "database"
    ALL_ROLES = "all roles"
    COMMAND_LINE = "command line"
    """Of the server program: no file overrules it."""
    SYSTEM = "system"
    """The configuration of the whole server."""


class SettingEffect(StrEnum):
    """What it takes until a new value is in force."""

    NEW_SESSIONS = "new sessions"
    RELOAD = "reload"
    RESTART = "restart"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSetting:
    """Give a setting another value; undoing it restores the old value where that came from."""

    name: str
    value: str
    """Like ``pg_settings.setting``: numbers without a unit, in the setting's own base unit."""
    unit: str | None = None
    """The base unit: ``8kB``, ``ms``; None for numbers without one and for texts."""
    value_type: str = "string"
    """``bool``, ``enum``, ``integer``, ``real`` or ``string``."""
    previous_value: str | None
    """In force before, in the same form; None: not in the snapshot."""
    previous_source: str
    """Where that came from: ``default``, ``configuration file``, ``database``, ``role``, ..."""
    is_set_there: bool = False
    """The old value was set at this very place, so that the way back sets it again."""
    scope: SettingScope
    role: str = ""
    """Of the two scopes of roles."""
    database: str = ""
    """Of the two scopes of databases."""
    effect: SettingEffect
    may_alter_system: bool = True
    """False: ``allow_alter_system`` is off, somebody else keeps the configuration."""
    service: Service | None = None
    """Where the server runs, if that has a way of its own to change the system's settings."""
    review_reason: str = ""
    """Why a person has to decide first, as a clause; empty: nothing speaks against it."""

    @property
    def place(self) -> tuple[str, SettingScope, str, str]:
        """What is set: there is only one value for it."""
        return self.name, self.scope, self.role, self.database


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPrimaryKeyUsingIndex:
    """Make an existing unique index over NOT NULL columns the primary key."""

    schema: str
    table: str
    index_name: str
    constraint_name: str
    recreate_sql: str
    """Of the index, as ``pg_get_indexdef`` gave it: the way back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteCost:
    """What the planner makes of both texts, for unknown values; costs are planner units."""

    before: float
    after: float
    after_with_indexes: float | None = None
    """With the indexes of the same advice; None: it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteStatement:
    """A change of the application's own SQL; it is shown, never put into a migration."""

    before: str
    after: str
    condition: str = ""
    """On what the equivalence depends; empty: on nothing."""
    cost: RewriteCost | None = None
    """None: no planner was asked, or it could not plan the old text; see ``cost_note``."""
    cost_note: str = ""
    """Why it has no cost, as a clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualSteps:
    """Work that no single statement does; it is shown, never put into a migration."""

    title: str
    steps: tuple[str, ...]
    """Sentences in order; SQL among them stands in backticks."""


Action = (
    CreateIndex
    | DropIndex
    | RebuildIndex
    | AnalyzeTable
    | CreateStatistics
    | SetTableOptions
    | ChangeSetting
    | AddPrimaryKeyUsingIndex
    | RewriteStatement
    | ManualSteps
)
"""Any change that can be proposed."""
