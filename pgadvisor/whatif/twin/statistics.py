"""Statistics into the twin, by PostgreSQL 18's own functions for it.

They are run by the role that owns the tables, never by the superuser: values go through the
input functions of their types, and a domain's runs its checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Index, Table
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.whatif.twin.batch import Command
from pgadvisor.whatif.twin.session import TwinServer, refusal_of

_RELATION = """
select pg_catalog.pg_restore_relation_stats(
  'schemaname', $1::text, 'relname', $2::text, 'relpages', $3::int4,
  'reltuples', $4::float4, 'relallvisible', $5::int4)
"""
_COLUMN = """
select pg_catalog.pg_restore_attribute_stats(
  'schemaname', $1::text, 'relname', $2::text, 'attname', $3::text, 'inherited', $4::bool,
  'null_frac', $5::float4, 'avg_width', $6::int4, 'n_distinct', $7::float4,
  'most_common_vals', $8::text, 'most_common_freqs', $9::float4[],
  'histogram_bounds', $10::text, 'correlation', $11::float4,
  'most_common_elems', $12::text, 'most_common_elem_freqs', $13::float4[],
  'elem_count_histogram', $14::float4[],
  'range_length_histogram', $15::text, 'range_empty_frac', $16::float4,
  'range_bounds_histogram', $17::text)
"""
_TRUE = b"t"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationCounts:
    """What ``pg_class`` says of the size of a relation."""

    schema: str
    name: str
    pages: int
    rows: float
    all_visible_pages: int = 0


def counts_of(relation: Table | Index) -> RelationCounts:
    """The counts of a relation of the snapshot, as of its last VACUUM or ANALYZE."""
    return RelationCounts(
        schema=relation.schema,
        name=relation.name,
        pages=relation.pages,
        rows=relation.rows,
        all_visible_pages=relation.all_visible_pages if isinstance(relation, Table) else 0,
    )


def restore_relations(server: TwinServer, relations: Iterable[RelationCounts]) -> list[str]:
    """Give tables and indexes their row and page counts; returns what failed.

    Raises:
        TwinError: The server is gone.
    """
    named = [
        (
            f"row and page counts of {r.schema}.{r.name}",
            Command(_RELATION, (r.schema, r.name, r.pages, r.rows, r.all_visible_pages)),
        )
        for r in relations
    ]
    return _restore(server, named)


def restore_columns(server: TwinServer, catalog: Catalog, present: frozenset[int]) -> list[str]:
    """Give columns and index expressions their statistics; returns what failed.

    Args:
        server: The twin's server.
        catalog: The snapshot.
        present: OIDs, in the snapshot, of the relations that the twin has.

    Raises:
        TwinError: The server is gone.
    """
    return _restore(server, _columns(catalog, present))


def _columns(catalog: Catalog, present: frozenset[int]) -> Iterator[tuple[str, Command]]:
    for row in catalog.snapshot.column_statistics:
        relation = catalog.tables.get(row.relation_oid) or catalog.indexes.get(row.relation_oid)
        if relation is not None and relation.oid in present:
            name = f"statistics of {relation.schema}.{relation.name}.{row.column}"
            yield name, Command(_COLUMN, _column_values(relation, row))


def array_literal(values: Sequence[str | None] | None) -> str | None:
    """Texts as an array literal: ``{"a",NULL}``, quotes escaped; None stays None."""
    if values is None:
        return None
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: str | None) -> str:
    if value is None:
        return "NULL"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _column_values(relation: Table | Index, row: ColumnStatistics) -> tuple[object, ...]:
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


def _ratios(values: Sequence[float] | None) -> str | None:
    return None if values is None else "{" + ",".join(map(repr, map(float, values))) + "}"


def _restore(server: TwinServer, named: Iterable[tuple[str, Command]]) -> list[str]:
    """Run the restores; one that says false has left something out and has warned of it."""
    waiting = list(named)
    results = server.run_each(command for _, command in waiting)
    notes = []
    for (what, command), result in zip(waiting, results, strict=True):
        reason = refusal_of(result)
        if reason is None and result.get_value(0, 0) != _TRUE:
            warnings: list[str] = []
            with server.hearing(warnings.append):
                server.run_each([command])
            reason = "; ".join(warnings) or "refused"
        if reason is not None:
            notes.append(f"{what} are not in the twin as they were: {reason}")
    return notes
