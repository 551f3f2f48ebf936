"""Statistics into the twin, by PostgreSQL 18's own functions for it.

They are run by the role that owns the tables, never by the superuser: values go through the
input functions of their types, and a domain's runs its checks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import psycopg

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Index, Table
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.whatif.twin.session import TwinServer, gone, reason_of

_RELATION = """
select pg_restore_relation_stats(
  'schemaname', %s::text, 'relname', %s::text, 'relpages', %s::int4,
  'reltuples', %s::float4, 'relallvisible', %s::int4)
"""
_COLUMN = """
select pg_restore_attribute_stats(
  'schemaname', %s::text, 'relname', %s::text, 'attname', %s::text, 'inherited', %s::bool,
  'null_frac', %s::float4, 'avg_width', %s::int4, 'n_distinct', %s::float4,
  'most_common_vals', %s::text, 'most_common_freqs', %s::float4[],
  'histogram_bounds', %s::text, 'correlation', %s::float4,
  'most_common_elems', %s::text, 'most_common_elem_freqs', %s::float4[],
  'elem_count_histogram', %s::float4[],
  'range_length_histogram', %s::text, 'range_empty_frac', %s::float4,
  'range_bounds_histogram', %s::text)
"""
_BATCH = 500


def restore_relations(server: TwinServer, catalog: Catalog) -> list[str]:
    """Give tables and indexes their row and page counts; returns what failed."""
    rows = [(f"{r[0]}.{r[1]}", r) for r in _relation_rows(catalog)]
    return _restore(server, _RELATION, rows, "row counts")


def restore_tables(server: TwinServer, tables: Sequence[Table]) -> None:
    """Give tables their counts back after CREATE INDEX has set them to nothing."""
    rows = [(table.qualified_name, _table_row(table)) for table in tables]
    _restore(server, _RELATION, rows, "row counts")


def restore_index(server: TwinServer, schema: str, name: str, pages: int, rows: float) -> None:
    """Give a hypothetical index its counts."""
    _restore(server, _RELATION, [(name, (schema, name, pages, rows, 0))], "row counts")


def restore_columns(server: TwinServer, catalog: Catalog) -> list[str]:
    """Give columns and index expressions their statistics; returns what failed."""
    rows = []
    for row in catalog.snapshot.column_statistics:
        relation = catalog.tables.get(row.relation_oid) or catalog.indexes.get(row.relation_oid)
        if relation is not None:
            name = f"{relation.schema}.{relation.name}.{row.column}"
            rows.append((name, _column_row(relation, row)))
    return _restore(server, _COLUMN, rows, "statistics")


def array_literal(values: Sequence[str | None] | None) -> str | None:
    """Texts as an array literal: ``{"a",NULL}``, quotes escaped; None stays None."""
    if values is None:
        return None
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: str | None) -> str:
    if value is None:
        return "NULL"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _relation_rows(catalog: Catalog) -> Iterator[tuple[object, ...]]:
    for table in catalog.snapshot.tables:
        yield _table_row(table)
    for index in catalog.snapshot.indexes:
        if index.is_valid and not index.is_exclusion:
            yield (index.schema, index.name, index.pages, index.rows, 0)


def _table_row(table: Table) -> tuple[object, ...]:
    return (table.schema, table.name, table.pages, table.rows, table.all_visible_pages)


def _column_row(relation: Table | Index, row: ColumnStatistics) -> tuple[object, ...]:
    return (
        relation.schema,
        relation.name,
        row.column,
        row.is_inherited,
        row.null_ratio,
        row.average_width_bytes,
        row.n_distinct,
        array_literal(row.most_common_values),
        _ratios(row.most_common_ratios),
        array_literal(row.histogram_bounds),
        row.correlation,
        array_literal(row.most_common_elements),
        _ratios(row.most_common_element_ratios),
        _ratios(row.element_count_histogram),
        array_literal(row.range_length_histogram),
        row.range_empty_ratio,
        array_literal(row.range_bounds_histogram),
    )


def _ratios(values: Sequence[float] | None) -> list[float] | None:
    return None if values is None else list(values)


def _restore(
    server: TwinServer, sql: str, rows: Sequence[tuple[str, tuple[object, ...]]], what: str
) -> list[str]:
    """Run one restore per row, many at a time, and one by one where a batch fails."""
    notes: list[str] = []
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        if _attempt(server, sql, [row for _, row in batch]) is None:
            continue
        for name, row in batch:
            reason = _attempt(server, sql, [row])
            if reason is not None:
                notes.append(f"{what} of {name} are not in the twin: {reason}")
    return notes


def _attempt(server: TwinServer, sql: str, rows: Sequence[tuple[object, ...]]) -> str | None:
    """Run the restores in one transaction; the reason where the server refuses."""
    warnings: list[str] = []

    def hear(notice: psycopg.errors.Diagnostic) -> None:
        warnings.append(notice.message_primary or "refused")

    server.role.add_notice_handler(hear)
    try:
        with server.role.transaction(), server.role.cursor() as cursor:
            cursor.executemany(sql.encode(), rows)
    except psycopg.Error as error:
        if server.role.broken:
            raise gone(error, "restoring statistics in the twin") from error
        return reason_of(error)
    finally:
        server.role.remove_notice_handler(hear)
    return warnings[0] if warnings else None
