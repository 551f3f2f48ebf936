"""Tables, columns, indexes, constraints and the objects that they need."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pgadvisor.model.foreign import Foreign
from pgadvisor.model.statistics import ExtendedValues


class RelationKind(StrEnum):
    """What a relation is; the values are those of ``pg_class.relkind``."""

    TABLE = "r"
    PARTITIONED_TABLE = "p"
    MATERIALIZED_VIEW = "m"
    FOREIGN_TABLE = "f"


class ConstraintKind(StrEnum):
    """What a constraint says; the values are those of ``pg_constraint.contype``."""

    PRIMARY_KEY = "p"
    UNIQUE = "u"
    FOREIGN_KEY = "f"
    CHECK = "c"
    EXCLUSION = "x"
    NOT_NULL = "n"
    TRIGGER = "t"


_NO = frozenset({"off", "of", "false", "fals", "fal", "fa", "f", "no", "n", "0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column that has not been dropped."""

    number: int
    """``attnum``: from 1, with gaps where columns were dropped."""
    name: str
    type_name: str
    """As ``format_type`` writes it with an empty search path: ``character varying(20)``."""
    type_oid: int
    base_type_name: str = ""
    """Of a domain, the type below it; else the same as ``type_name`` without its modifier."""
    type_length_bytes: int = -1
    """``typlen``: -1 for types of variable length."""
    type_alignment_bytes: int = 4
    is_not_null: bool = False
    default_sql: str | None = None
    identity: str = ""
    """``a`` always, ``d`` by default, empty for none."""
    generated: str = ""
    """``s`` stored, ``v`` virtual, empty for none; the expression is in ``default_sql``."""
    collation: str | None = None
    """Quoted and qualified, where it differs from the type's own; else None."""
    statistics_target: int | None = None
    storage: str = ""
    """``p`` plain, ``m`` main, ``e`` external, ``x`` extended; empty in files from before it was
    kept."""
    compression: str = ""
    """``p`` pglz, ``l`` lz4; empty: that of ``default_toast_compression``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """A constraint of a table."""

    oid: int
    name: str
    kind: ConstraintKind
    table_oid: int
    columns: tuple[str, ...] = ()
    """In the constraint's own order; empty for table-wide checks."""
    definition: str
    """As ``pg_get_constraintdef`` gives it."""
    referenced_table_oid: int | None = None
    referenced_columns: tuple[str, ...] = ()
    on_delete: str = ""
    """``a`` no action, ``r`` restrict, ``c`` cascade, ``n`` set null, ``d`` set default."""
    index_oid: int | None = None
    """The index that enforces it, or that a foreign key relies on."""
    is_validated: bool = True
    is_deferrable: bool = False
    is_inherited: bool = False
    """It came with the parent of a partition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A trigger of a table that somebody made, or one of a foreign key that is disabled."""

    name: str
    firing: str = "O"
    """``O`` unless the session replicates, ``D`` disabled, ``R`` only if it does, ``A`` always."""
    fires_on_update: bool = False
    constraint_name: str | None = None
    """The foreign key, or the deferrable unique constraint, that it enforces."""
    is_inherited: bool = False
    """It came with the parent of a partition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexKey:
    """One key column of an index."""

    column: str | None
    """Name of the column; None when the key is an expression."""
    expression: str | None = None
    """As ``pg_get_indexdef`` writes it; None when the key is a column."""
    operator_class: str = ""
    """Qualified where it is not in ``pg_catalog``."""
    is_default_operator_class: bool = True
    collation: str | None = None
    """Quoted and qualified, where it differs from the column's own; else None."""
    is_descending: bool = False
    nulls_first: bool = False
    """PostgreSQL's default is last for ascending and first for descending keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index that exists."""

    oid: int
    schema: str
    name: str
    table_oid: int
    access_method: str = "btree"
    definition: str
    """As ``pg_get_indexdef`` gives it; creating it again is this text."""
    keys: tuple[IndexKey, ...]
    include: tuple[str, ...] = ()
    predicate: str | None = None
    """The WHERE clause of a partial index, as ``pg_get_expr`` gives it."""
    is_unique: bool = False
    nulls_not_distinct: bool = False
    is_primary: bool = False
    is_exclusion: bool = False
    is_valid: bool = True
    is_ready: bool = True
    is_being_built: bool = False
    """``pg_stat_progress_create_index`` names it: it is not valid *yet*."""
    is_replica_identity: bool = False
    is_clustered: bool = False
    tablespace: str | None = None
    """None: the database's own."""
    constraint_name: str | None = None
    """The constraint that owns it; such an index goes with its constraint only."""
    parent_oid: int | None = None
    """The partitioned index that it is a part of."""
    is_partitioned: bool = False
    """An index of a partitioned table: it has no storage of its own."""
    is_extension_member: bool = False
    size_bytes: int = 0
    """Length of the main fork now."""
    pages: int = 0
    """``relpages``, as of the last VACUUM or ANALYZE."""
    rows: float = 0.0
    """``reltuples``; -1: never vacuumed."""
    options: tuple[str, ...] = ()
    """``reloptions``: ``fillfactor=90``."""

    @property
    def key_columns(self) -> tuple[str | None, ...]:
        """Names of the key columns in order, None where a key is an expression."""
        return tuple(key.column for key in self.keys)

    @property
    def enforces_constraint(self) -> bool:
        """It does work besides being scanned, so a lack of scans says nothing."""
        return self.is_unique or self.is_primary or self.is_exclusion or bool(self.constraint_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table, a partition, a partitioned table, a materialised view or a foreign table."""

    oid: int
    schema: str
    name: str
    kind: RelationKind = RelationKind.TABLE
    columns: tuple[Column, ...] = ()
    persistence: str = "p"
    """``p`` permanent, ``u`` unlogged, ``t`` temporary."""
    rows: float = -1.0
    """``reltuples``, an estimate; -1: never vacuumed or analysed."""
    pages: int = 0
    """``relpages``, as of the last VACUUM or ANALYZE."""
    all_visible_pages: int = 0
    """``relallvisible``."""
    size_bytes: int = 0
    """Length of the main fork *now*."""
    toast_size_bytes: int = 0
    options: tuple[str, ...] = ()
    """``reloptions``: ``autovacuum_vacuum_scale_factor=0.02``."""
    toast_options: tuple[str, ...] = ()
    parent_oids: tuple[int, ...] = ()
    """Tables that it is a partition of, or inherits from."""
    is_partition: bool = False
    partition_bound: str | None = None
    """``FOR VALUES FROM ... TO ...``, or ``DEFAULT``."""
    partition_key: str | None = None
    """Of a partitioned table: ``RANGE (created_at)``."""
    replica_identity: str = "d"
    """``d`` default, ``n`` nothing, ``f`` full, ``i`` index."""
    has_row_security: bool = False
    is_extension_member: bool = False
    definition: str | None = None
    """Of a materialised view, the query."""
    comment_tags: tuple[str, ...] = ()
    tablespace: str | None = None
    """None: the database's own."""
    foreign: Foreign | None = None
    """Of a foreign table."""
    triggers: tuple[Trigger, ...] | None = None
    """None: they were not read."""

    @property
    def qualified_name(self) -> str:
        """``schema.name``, for people; SQL text comes from ``sqltext``."""
        return f"{self.schema}.{self.name}"

    @property
    def is_autovacuum_off(self) -> bool:
        """It says so itself; PostgreSQL takes any beginning of a word that is unambiguous."""
        return self.option_values.get("autovacuum_enabled", "on").lower() in _NO

    @property
    def option_values(self) -> dict[str, str]:
        """Its storage parameters with their values, as they were written."""
        parts = (option.partition("=") for option in self.options)
        return {name: value for name, _, value in parts}

    def column(self, name: str) -> Column | None:
        """The column of that name, or None."""
        return next((c for c in self.columns if c.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A plain view; materialised ones are tables."""

    oid: int
    schema: str
    name: str
    definition: str
    columns: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """``reloptions``: ``security_barrier=true``."""
    is_extension_member: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A sequence and how far it has come."""

    oid: int
    schema: str
    name: str
    type_name: str = "bigint"
    last_value: int | None = None
    """None: not used yet, or we lack SELECT on it; ``unavailable`` tells which."""
    start: int = 1
    min_value: int = 1
    max_value: int = 2**63 - 1
    increment: int = 1
    is_cycling: bool = False
    table_oid: int | None = None
    """The table whose column it serves (owned by it, or named in its default)."""
    column: str | None = None


class TypeKind(StrEnum):
    """What a user's type is; the values are those of ``pg_type.typtype``."""

    ENUM = "e"
    DOMAIN = "d"
    COMPOSITE = "c"
    RANGE = "r"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserType:
    """A type that the database defines itself."""

    oid: int
    schema: str
    name: str
    kind: TypeKind
    labels: tuple[str, ...] = ()
    """Of an enum, in order."""
    base_type_name: str | None = None
    """Of a domain; of a range, its subtype."""
    collation: str | None = None
    """Quoted and qualified, where it differs from the base type's own; else None."""
    operator_class: str | None = None
    """Of a range, where it is not the subtype's default one."""
    difference_function: str | None = None
    """Of a range: quoted and qualified; by it the planner tells how long ranges are."""
    multirange_name: str | None = None
    """Of a range, PostgreSQL 14 and later: quoted and qualified."""
    is_not_null: bool = False
    default_sql: str | None = None
    checks: tuple[str, ...] = ()
    """Of a domain: ``CHECK ((VALUE > 0))``."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Of a composite type: name and type of each attribute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function that an index, a default, a check, a view or a statement may need."""

    oid: int
    schema: str
    name: str
    arguments: str
    """As ``pg_get_function_identity_arguments`` gives it."""
    language: str
    volatility: str
    """``i`` immutable, ``s`` stable, ``v`` volatile."""
    definition: str
    """As ``pg_get_functiondef`` gives it; empty where only its signature is kept."""
    signature: str = ""
    """Its arguments with their defaults, as ``pg_get_function_arguments`` gives them."""
    result: str = ""
    """As ``pg_get_function_result`` gives it: ``SETOF integer``."""
    argument_types: tuple[str, ...] = ()
    """Of its input arguments, as ``format_type`` writes them with an empty search path."""
    cost: float = 100.0
    """Of one call, in units of ``cpu_operator_cost``."""
    rows: float = 0.0
    """Estimated rows of a result that is a set; 0 where it is none."""
    parallel: str = "u"
    """``s`` safe, ``r`` restricted, ``u`` unsafe."""
    is_strict: bool = False
    is_leakproof: bool = False
    support: str | None = None
    """The planner support function, quoted and qualified."""
    extension: str | None = None
    """The extension that it belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendedStatistics:
    """An object made by CREATE STATISTICS, and its values where we may read them."""

    oid: int
    schema: str
    name: str
    table_oid: int
    columns: tuple[str, ...] = ()
    """In the order of their numbers in the table."""
    expressions: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    """``d`` ndistinct, ``f`` dependencies, ``m`` most common values, ``e`` expressions."""
    definition: str
    n_distinct: str | None = None
    """Of the values that cover descendants, where there are any, else of the only ones."""
    dependencies: str | None = None
    """As for ``n_distinct``."""
    has_values: bool = False
    """False: never analysed, or the values may be read by the owner alone."""
    values: tuple[ExtendedValues, ...] = ()
    """One, or two on a table with descendants; empty in files of earlier versions."""
