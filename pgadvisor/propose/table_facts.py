"""What is known of a table that an index would be created on."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from pgadvisor.config import GateLimits
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.collation import compares_bytes, database_compares_bytes
from pgadvisor.model.schema import Index, IndexKey, RelationKind, Table, TypeKind
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.parse.operand import base_type

MIN_VISIBLE_RATIO = 0.5
"""Where fewer of the pages are all-visible, an index-only scan reads the table after all."""
MAX_KEY_BYTES = 2_600
"""A btree refuses an entry of more than a third of a page."""
_UNKNOWN_WIDTH_BYTES = 32
"""What PostgreSQL takes a value of variable length for where it has no statistics."""
_INDEXABLE_KINDS = frozenset(
    {RelationKind.TABLE, RelationKind.PARTITIONED_TABLE, RelationKind.MATERIALIZED_VIEW}
)
_UNORDERED_TYPES = frozenset(
    {"json", "xml", "jsonpath", "point", "line", "lseg", "box", "path", "polygon", "circle"}
    | {"tsquery", "txid_snapshot", "pg_snapshot", "cid", "xid", "aclitem"}
)
"""PostgreSQL's own types without an operator class for btrees that could serve."""
_RANGES = frozenset(
    f"{of}{kind}"
    for of in ("int4", "int8", "num", "ts", "tstz", "date")
    for kind in ("range", "multirange")
)


def table_to_index(catalog: Catalog, table_oid: int, limits: GateLimits) -> Table | None:
    """The table that an index would be created on; a partition's is its topmost parent's.

    None where it is too small, or not the user's to index.
    """
    table = catalog.tables.get(table_oid)
    if table is None:
        return None
    table = catalog.root_of(table)
    is_theirs = table.is_extension_member or table.schema.startswith("pg_")
    if is_theirs or table.schema == "information_schema" or table.persistence == "t":
        return None
    if table.kind not in _INDEXABLE_KINDS:
        return None
    if catalog.total_size_bytes(table) < limits.min_table_bytes:
        return None
    return table if catalog.total_rows(table) >= limits.min_table_rows else None


class TableFacts:
    """A table with its columns, widths and indexes, each looked up once.

    Args:
        catalog: The database as it is.
        table: The table that indexes would be created on.
    """

    def __init__(self, catalog: Catalog, table: Table) -> None:
        self.catalog = catalog
        self.table = table
        self.columns = {column.name: column for column in table.columns}
        self.indexes: tuple[Index, ...] = tuple(
            index for index in catalog.indexes_by_table[table.oid] if index.is_valid and index.keys
        )
        self._widths_bytes: dict[str, int] = {}

    @cached_property
    def size_bytes(self) -> int:
        """Length of the table now, partitions added up."""
        return self.catalog.total_size_bytes(self.table)

    @cached_property
    def row_bytes(self) -> float:
        """Length of the table for each of its rows."""
        return self.size_bytes / max(self.catalog.total_rows(self.table), 1.0)

    @cached_property
    def is_mostly_visible(self) -> bool:
        """Whether index-only scans can leave most pages of the table unread."""
        leaves = self.catalog.leaves(self.table)
        pages = sum(leaf.pages for leaf in leaves)
        visible = sum(leaf.all_visible_pages for leaf in leaves)
        return pages > 0 and visible / pages >= MIN_VISIBLE_RATIO

    @cached_property
    def led_columns(self) -> frozenset[str]:
        """Columns that a btree begins with already."""
        return frozenset(
            index.keys[0].column
            for index in self.indexes
            if index.access_method == "btree" and index.keys[0].column
        )

    def indexes_led_by(self, keys: Iterable[IndexKey]) -> list[Index]:
        """Indexes that begin with the column of one of the keys, or with an expression."""
        columns = {None, *(key.column for key in keys)}
        return [index for index in self.indexes if index.keys[0].column in columns]

    @cached_property
    def range_types(self) -> frozenset[str]:
        """Names of range and multirange types, the database's own ones included."""
        own = [t for t in self.catalog.snapshot.types if t.kind is TypeKind.RANGE]
        return _RANGES | {f"{t.schema}.{t.name}" for t in own} | {t.name for t in own}

    @cached_property
    def extensions(self) -> dict[str, str]:
        """The schema of each extension, by its name."""
        return {e.name: e.schema for e in self.catalog.snapshot.server.extensions}

    def statistics(self, column: str) -> ColumnStatistics | None:
        """What ANALYZE found in a column, if anything."""
        return self.catalog.column_statistics.get((self.table.oid, column))

    def type_of(self, column: str) -> str:
        """The type below a domain, without its modifier; empty for no column of the table."""
        found = self.columns.get(column)
        return "" if found is None else base_type(found)

    def can_be_key(self, column: str) -> bool:
        """Whether a btree can be built over it."""
        found = self.columns.get(column)
        if found is None or found.generated == "v":
            return False
        return base_type(found) not in _UNORDERED_TYPES

    def width_bytes(self, column: str) -> int:
        """Average width of its values."""
        known = self._widths_bytes.get(column)
        if known is None:
            known = self._widths_bytes[column] = self._width_bytes(column)
        return known

    def _width_bytes(self, column: str) -> int:
        statistics = self.statistics(column)
        if statistics is not None and statistics.average_width_bytes > 0:
            return statistics.average_width_bytes
        found = self.columns.get(column)
        length = found.type_length_bytes if found is not None else -1
        return length if length > 0 else _UNKNOWN_WIDTH_BYTES

    def compares_bytes(self, column: str) -> bool:
        """Whether its collation is C, so that a plain btree serves ``LIKE 'abc%'``."""
        found = self.columns.get(column)
        return found is not None and compares_bytes(self.catalog.snapshot.server, found)

    @cached_property
    def database_compares_bytes(self) -> bool:
        """Whether the database's own collation is C."""
        return database_compares_bytes(self.catalog.snapshot.server)
