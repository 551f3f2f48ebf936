"""Names in scope: from a column's name to the tables' columns that it stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pglast import ast

from pgadvisor.model.schema import Table

SYSTEM_COLUMNS = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})


@dataclass(frozen=True, slots=True)
class Origin:
    """A table's column that a name stands for as it is."""

    relation: int
    """Position of the relation's draft."""
    column: str
    takes_predicates: bool = True
    """A condition on the name may be checked where the table is read."""
    takes_joins: bool = True
    """So may a condition that another table's row provides the value of."""


@dataclass(frozen=True, slots=True)
class Computed:
    """An expression that a name of a subquery stands for."""

    node: ast.Node
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """What a name of a statement stands for."""

    name: str
    origins: tuple[Origin, ...] = ()
    """More than one below a UNION; none for what is computed."""
    reads: tuple[tuple[int, str], ...] = ()
    """All columns needed to know it: position of the relation's draft, column."""
    whole_rows: tuple[int, ...] = ()
    computed: Computed | None = field(default=None, compare=False)
    is_outer: bool = False
    """It belongs to a query around the one that mentions it."""
    is_star: bool = False

    @property
    def relations(self) -> frozenset[int]:
        """Positions of all relations behind it."""
        return frozenset((*(position for position, _ in self.reads), *self.whole_rows))

    def restricted(self, *, takes_predicates: bool, takes_joins: bool) -> Reference:
        """The same, seen through a query that lets no more than that pass."""
        if takes_predicates and takes_joins:
            return self
        origins = tuple(
            replace(
                origin,
                takes_predicates=origin.takes_predicates and takes_predicates,
                takes_joins=origin.takes_joins and takes_joins,
            )
            for origin in self.origins
        )
        return replace(self, origins=origins, computed=self.computed if takes_predicates else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """What a subquery gives to the query around it."""

    columns: tuple[Reference, ...] = ()
    is_open: bool = False
    """It may have more columns than are known."""
    relations: tuple[int, ...] = ()
    """Relations that the query around it sorts, limits and locks as if they were its own."""
    outer: tuple[Reference, ...] = ()
    """What it needs of the queries around it."""

    def restricted(self, *, takes_predicates: bool, takes_joins: bool) -> Derived:
        """The same, behind a query that lets no more than that pass."""
        columns = tuple(
            column.restricted(takes_predicates=takes_predicates, takes_joins=takes_joins)
            for column in self.columns
        )
        return Derived(
            columns=columns,
            is_open=self.is_open,
            relations=self.relations if takes_joins else (),
            outer=self.outer,
        )


class TableSource:
    """A table in a FROM clause."""

    is_open = False

    def __init__(
        self,
        position: int,
        table: Table,
        alias: str | None,
        column_aliases: Sequence[str] = (),
    ) -> None:
        self.position = position
        self.table = table
        self.name = alias or table.name
        self.schema = None if alias else table.schema
        self.relations = (position,)
        names = [column.name for column in table.columns]
        exposed = [*column_aliases[: len(names)], *names[len(column_aliases) :]]
        self._names = dict(zip(exposed, names, strict=True))

    def find(self, column: str) -> Reference | None:
        """What a column's name stands for; system columns stand for nothing one can index."""
        actual = self._names.get(column)
        if actual is None:
            return Reference(column) if column in SYSTEM_COLUMNS else None
        return self._reference(column, actual)

    def columns(self) -> Iterator[Reference]:
        """All columns, in order."""
        for exposed, actual in self._names.items():
            yield self._reference(exposed, actual)

    def whole_row(self) -> Reference:
        """What the bare alias stands for."""
        return Reference(self.name, whole_rows=(self.position,))

    def _reference(self, exposed: str, actual: str) -> Reference:
        return Reference(exposed, (Origin(self.position, actual),), ((self.position, actual),))


class DerivedSource:
    """A subquery, a view, a CTE or a function in a FROM clause."""

    schema: str | None = None

    def __init__(self, name: str, derived: Derived, column_aliases: Sequence[str] = ()) -> None:
        self.name = name
        self.is_open = derived.is_open
        self.relations = derived.relations
        self._all = [
            replace(
                column, name=column_aliases[place] if place < len(column_aliases) else column.name
            )
            for place, column in enumerate(derived.columns)
        ]
        self._all += [Reference(extra) for extra in column_aliases[len(self._all) :]]
        self._by_name: Mapping[str, Reference] = {c.name: c for c in reversed(self._all)}

    def find(self, column: str) -> Reference | None:
        """What a column's name stands for."""
        return self._by_name.get(column)

    def columns(self) -> Iterator[Reference]:
        """All columns that are known, in order."""
        return iter(self._all)

    def whole_row(self) -> Reference:
        """What the bare alias stands for."""
        reads = tuple(dict.fromkeys(read for column in self._all for read in column.reads))
        return Reference(self.name, reads=reads)


Source = TableSource | DerivedSource
"""One entry of a FROM clause.  Its ``relations`` are those that the query sorts, limits and locks;
where it is open, it may have more columns than are known."""


@dataclass(slots=True)
class Scope:
    """The names that one query sees."""

    parent: Scope | None = None
    sources: list[Source] = field(default_factory=list)
    tables_of_with: dict[str, Derived] = field(default_factory=dict)
    level: int = 0
    """0 for the statement itself; each subquery is one deeper."""
    outer: dict[Reference, None] = field(default_factory=dict)
    """What was found in the queries around it."""

    def find_with(self, name: str) -> Derived | None:
        """The CTE of that name, of this query or of one around it."""
        scope: Scope | None = self
        while scope is not None:
            if (found := scope.tables_of_with.get(name)) is not None:
                return found
            scope = scope.parent
        return None

    def source(self, name: str, schema: str | None = None) -> tuple[Source, Scope] | None:
        """The FROM entry of that name, and the query that it belongs to."""
        scope: Scope | None = self
        while scope is not None:
            for source in scope.sources:
                if source.name == name and schema in {None, source.schema}:
                    return source, scope
            scope = scope.parent
        return None

    def column(self, name: str) -> Reference | None:
        """What an unqualified name stands for; the alias of a FROM entry is its whole row."""
        scope: Scope | None = self
        while scope is not None:
            found = _first(scope.sources, name)
            if found is not None:
                return self._seen_from_here(found, scope)
            scope = scope.parent
        return None

    def qualified(self, fields: Sequence[str]) -> Reference | None:
        """What ``table.column``, ``schema.table.column`` or ``table.column.field`` stands for."""
        readings = [(fields[-2], fields[-3] if len(fields) > 2 else None, fields[-1])]  # noqa: PLR2004
        if len(fields) > 2:  # noqa: PLR2004
            readings.append((fields[0], None, fields[1]))
        for table, schema, column in readings:
            if (entry := self.source(table, schema)) is None:
                continue
            source, owner = entry
            found = source.find(column) or (Reference(column) if source.is_open else None)
            if found is not None:
                return self._seen_from_here(found, owner)
        return None

    def _seen_from_here(self, found: Reference, owner: Scope) -> Reference:
        if owner is self:
            return found
        scope: Scope | None = self
        while scope is not None and scope is not owner:
            scope.outer[found] = None
            scope = scope.parent
        return replace(found, is_outer=True)


def _first(sources: Iterable[Source], name: str) -> Reference | None:
    has_open = False
    for source in sources:
        if (found := source.find(name)) is not None:
            return found
        has_open = has_open or source.is_open
    for source in sources:
        if source.name == name:
            return source.whole_row()
    # A table that the catalog does not have may well have this column.
    return Reference(name) if has_open else None
