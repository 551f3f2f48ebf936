"""What a statement does to which columns: the raw material of rules and of index candidates."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StatementKind(StrEnum):
    """What a statement is."""

    SELECT = "select"
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    MERGE = "merge"
    UTILITY = "utility"


class PredicateKind(StrEnum):
    """How a predicate narrows a column down, as an index would see it."""

    EQUALITY = "equality"
    """``c = x``, ``c IS NOT DISTINCT FROM x``, ``c`` and ``NOT c`` of a boolean."""
    IN_LIST = "in_list"
    """``c IN (...)``, ``c = ANY (...)``."""
    RANGE = "range"
    """``<``, ``<=``, ``>``, ``>=``, BETWEEN."""
    IS_NULL = "is_null"
    IS_NOT_NULL = "is_not_null"
    INEQUALITY = "inequality"
    """``<>``: no btree helps."""
    PATTERN = "pattern"
    """LIKE, ILIKE, SIMILAR TO and regular expressions."""
    OTHER = "other"
    """Any other operator; its name tells which: ``@>``, ``&&``, ``@@``, ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicate:
    """A condition of WHERE or ON that compares one column with something row-independent."""

    column: str
    kind: PredicateKind
    operator: str = "="
    """PostgreSQL's operator name; for IS NULL and the like, empty."""
    parameter: int | None = None
    """The ``n`` of ``$n`` where the other side is a parameter, a cast one included."""
    literal: str | None = None
    """The other side's SQL text where it is a constant: ``'pending'``, ``5``, ``true``."""
    is_optional: bool = False
    """It stands below an OR, so it alone does not narrow the rows down."""
    list_parameters: tuple[int, ...] = ()
    """Of a list: the numbers of the parameters among its members, in order."""
    takes_array: bool = False
    """The parameter is an array of values: ``c = ANY ($1)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinPredicate:
    """An equality between a column of this relation and a column of another one."""

    column: str
    other_relation: int
    """Position in ``StatementUsage.relations``; -1 for a relation that was not resolved (a
    subquery's or a CTE's computed column)."""
    other_column: str | None = None
    operator: str = "="


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedPredicate:
    """A condition whose column stands inside an expression, so that a plain index cannot serve."""

    column: str
    expression: str
    """The wrapped side as SQL with unqualified column names: ``date(created_at)``."""
    wrapper: str
    """The function, or the operator, or ``::type`` for a cast: ``date``, ``+``, ``::text``."""
    operator: str
    """The comparison around it: ``=``."""
    other_side: str | None = None
    """The other side as SQL, where it is row-independent."""
    parameter: int | None = None
    is_optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SortKey:
    """One key of ORDER BY that is a plain column of the relation."""

    column: str
    is_descending: bool = False
    nulls_first: bool = False
    """Resolved: PostgreSQL's default is last for ascending, first for descending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderKey:
    """One key of an ORDER BY, GROUP BY or DISTINCT in which an expression occurs."""

    column: str
    """The column, or the first one of those that the expression reads."""
    expression: str | None = None
    """As SQL with unqualified column names; None: the plain column."""
    is_descending: bool = False
    nulls_first: bool = False
    """Resolved, as for :class:`SortKey`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestKey:
    """An ORDER BY whose first key is how far a column is from something row-independent."""

    column: str
    operator: str
    """The distance: ``<->``."""
    is_wrapped: bool = False
    """It is computed with, as in ``1 - (c <=> $1) DESC``: the same rows, but no index's order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationUsage:
    """One appearance of a table in a statement, views and CTEs looked through."""

    table_oid: int
    alias: str
    predicates: tuple[Predicate, ...] = ()
    alternatives: tuple[tuple[str, ...], ...] = ()
    """Of each OR whose arms look for values of different columns: ``a = 1 OR b = 2``, those."""
    joins: tuple[JoinPredicate, ...] = ()
    wrapped: tuple[WrappedPredicate, ...] = ()
    sort_keys: tuple[SortKey, ...] = ()
    """The query's ORDER BY, where all of its leading keys are this relation's."""
    is_sort_complete: bool = False
    """The sort keys are the whole ORDER BY."""
    expression_order: tuple[OrderKey, ...] = ()
    """The whole ORDER BY, where all of its keys are this relation's and one is an expression."""
    nearest: NearestKey | None = None
    """The ORDER BY, where the nearest rows come first."""
    is_shuffled: bool = False
    """The query that it stands in directly sorts by ``random()`` first."""
    group_columns: tuple[str, ...] = ()
    """Of GROUP BY and DISTINCT: those keys that are plain columns."""
    group_expressions: tuple[OrderKey, ...] = ()
    """All of GROUP BY or DISTINCT, where all is this relation's and one key is an expression."""
    extreme_columns: tuple[str, ...] = ()
    """Columns of a query that asks for nothing but their ``min()`` and ``max()``."""
    output_columns: tuple[str, ...] = ()
    """Columns that the query reads anywhere besides the above (select list, computations)."""
    reads_whole_row: bool = False
    """``*``, a whole-row reference, or FOR UPDATE: an index-only scan is out of reach."""
    query_level: int = 0
    """0: the top query; each subquery is one deeper."""
    has_limit: bool = False
    """The query it stands in directly has a LIMIT, and no aggregation in between."""
    limit_count: int | None = None
    """That LIMIT where it is a constant; None when it is a parameter or an expression."""
    has_offset: bool = False
    lock_strength: str | None = None
    """``update``, ``no key update``, ``share`` or ``key share`` where the rows get locked."""
    lock_wait: str | None = None
    """``block``, ``skip`` or ``error`` (NOWAIT), where the rows get locked."""
    is_write_target: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NotInSubquery:
    """``... NOT IN (SELECT column ...)``, or the same as ``<> ALL``: no row, if one is NULL."""

    relation: int
    """Position in ``StatementUsage.relations`` of what the subquery's column comes from."""
    column: str
    is_outer_joined: bool = False
    """It is NULL also where an outer join finds no partner."""
    tested: tuple[str, str] | None = None
    """The left side, where it is a table's column: the alias of the table, and the column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictTarget:
    """What ``ON CONFLICT (...)`` names: a unique index over just that has to be there."""

    table_oid: int
    columns: tuple[str, ...]
    """In the order of the text, which makes no difference."""
    expression_count: int = 0
    """Keys that are no plain columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementUsage:
    """What one statement does to which relations."""

    statement_id: str
    kind: StatementKind
    relations: tuple[RelationUsage, ...] = ()
    set_columns: tuple[str, ...] = ()
    """Of an UPDATE (or MERGE, or ON CONFLICT DO UPDATE): columns it assigns to."""
    functions: tuple[str, ...] = ()
    """Names of functions called, qualified where the text qualifies them."""
    unresolved: tuple[str, ...] = ()
    """Names that the catalog does not have; what is said of the statement is then partial."""
    parameter_count: int = 0
    limit_parameters: tuple[int, ...] = ()
    """Parameters that are a LIMIT, of the statement or of a query in it."""
    offset_parameters: tuple[int, ...] = ()
    not_in: tuple[NotInSubquery, ...] = ()
    """Conditions that a NULL of a subquery makes unknown for all rows."""
    conflict_targets: tuple[ConflictTarget, ...] = ()
