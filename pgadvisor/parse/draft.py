"""What is being found out about a statement while its tree is read; frozen at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pglast import ast

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Table
from pgadvisor.model.usage import (
    ConflictTarget,
    JoinPredicate,
    NearestKey,
    NotInSubquery,
    OrderKey,
    Predicate,
    RelationUsage,
    SortKey,
    WrappedPredicate,
)
from pgadvisor.parse.scope import Derived, Reference, Scope

MAX_RELATIONS = 2_000
"""More appearances of tables than this are not followed: views upon views can make millions."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """One appearance of a table, as far as it is known by now."""

    position: int
    table: Table
    alias: str
    query_level: int
    predicates: dict[Predicate, None] = field(default_factory=dict)
    alternatives: dict[tuple[str, ...], None] = field(default_factory=dict)
    joins: dict[JoinPredicate, None] = field(default_factory=dict)
    wrapped: dict[WrappedPredicate, None] = field(default_factory=dict)
    sort_keys: tuple[SortKey, ...] = ()
    is_sort_complete: bool = False
    expression_order: tuple[OrderKey, ...] = ()
    nearest: NearestKey | None = None
    is_shuffled: bool = False
    group_columns: dict[str, None] = field(default_factory=dict)
    group_expressions: tuple[OrderKey, ...] = ()
    extreme_columns: dict[str, None] = field(default_factory=dict)
    output_columns: dict[str, None] = field(default_factory=dict)
    star_columns: set[str] = field(default_factory=set)
    """Columns that were read by way of ``*``."""
    reads_whole_row: bool = False
    has_limit: bool = False
    limit_count: int | None = None
    has_offset: bool = False
    lock_strength: str | None = None
    lock_wait: str | None = None
    is_write_target: bool = False
    is_nullable: bool = False
    """It stands on the side of an outer join that may be filled up with nulls."""

    def freeze(self) -> RelationUsage:
        """The finished value."""
        stars = bool(self.star_columns) and len(self.star_columns) == len(self.table.columns)
        return RelationUsage(
            table_oid=self.table.oid,
            alias=self.alias,
            predicates=tuple(self.predicates),
            alternatives=tuple(self.alternatives),
            joins=tuple(self.joins),
            wrapped=tuple(self.wrapped),
            sort_keys=self.sort_keys,
            is_sort_complete=self.is_sort_complete,
            expression_order=self.expression_order,
            nearest=self.nearest,
            is_shuffled=self.is_shuffled,
            group_columns=tuple(self.group_columns),
            group_expressions=self.group_expressions,
            extreme_columns=tuple(self.extreme_columns),
            output_columns=tuple(self.output_columns),
            reads_whole_row=self.reads_whole_row or stars,
            query_level=self.query_level,
            has_limit=self.has_limit,
            limit_count=self.limit_count,
            has_offset=self.has_offset,
            lock_strength=self.lock_strength,
            lock_wait=self.lock_wait,
            is_write_target=self.is_write_target,
        )


@dataclass(slots=True, kw_only=True)
class Workspace:
    """All that is known of one statement by now."""

    catalog: Catalog
    resolve_query: Callable[[ast.Node, Scope, Workspace, QueryContext], Derived]
    """Reads a subquery: handed in, since queries hold expressions and expressions queries."""
    drafts: list[Draft] = field(default_factory=list)
    unresolved: dict[str, None] = field(default_factory=dict)
    set_columns: dict[str, None] = field(default_factory=dict)
    not_in: dict[NotInSubquery, None] = field(default_factory=dict)
    conflict_targets: dict[ConflictTarget, None] = field(default_factory=dict)
    views_in_progress: list[int] = field(default_factory=list)

    def new_draft(self, table: Table, alias: str, query_level: int) -> Draft:
        """Note an appearance of a table."""
        draft = Draft(position=len(self.drafts), table=table, alias=alias, query_level=query_level)
        self.drafts.append(draft)
        return draft

    def read(self, references: Iterable[Reference]) -> None:
        """Note that columns are read, whatever for."""
        for reference in references:
            for position, column in reference.reads:
                draft = self.drafts[position]
                draft.output_columns[column] = None
                if reference.is_star:
                    draft.star_columns.add(column)
            for position in reference.whole_rows:
                self.drafts[position].reads_whole_row = True

    def miss(self, name: str) -> None:
        """Note a name that the catalog does not have."""
        self.unresolved[name] = None

    @property
    def is_full(self) -> bool:
        """There are too many appearances of tables to follow more views."""
        return len(self.drafts) >= MAX_RELATIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryContext:
    """Where a query stands."""

    level: int = 0
    """0 for the statement itself; each subquery is one deeper."""
    outer_gains: bool = False
    """It is joined with the query around it (EXISTS, IN, LATERAL), so an equality between the two
    serves both; a scalar subquery is run row by row, and its equality serves the inner side."""
    is_exists: bool = False
    """Nobody reads its select list."""
