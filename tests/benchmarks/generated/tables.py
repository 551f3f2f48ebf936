"""Tables of one module of an application, with their indexes, keys and statistics."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from random import Random

from pgadvisor.model.schema import Column, Constraint, Index, IndexKey, Table
from pgadvisor.model.schema import Sequence as SequenceObject
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.testing import (
    a_column,
    a_foreign_key,
    a_primary_key,
    a_sequence,
    a_table,
    an_index,
)
from tests.benchmarks.generated.archetypes import Archetype, ColumnIdea, IndexIdea
from tests.benchmarks.generated.distributions import Facts
from tests.benchmarks.generated.more_archetypes import CORE, EXTRA_COLUMNS, FURTHER

TABLES_PER_MODULE = 10
MIN_ROWS = 1_000
MAX_ROWS = 50_000_000
_BLOCK_BYTES = 8_192
_PAGE_HEADER_BYTES = 24
_ROW_HEADER_BYTES = 24 + 4
_ENTRY_HEADER_BYTES = 8 + 4
_POSTED_ENTRY_BYTES = 6.5
"""Of an entry whose key is kept once for a hundred of them, with its share of that key."""
_FEW = 0.1
"""Share of distinct values below which keys are kept once for many entries."""
_LARGE_ROWS = 1_000_000
_ATTENTION = 1.2
"""How much more often an index is made when a table is ten times as large."""
_WIDE_KEY_BYTES = 16
_DOMAINS = (
    *("sales", "billing", "shipping", "support", "catalog", "crm", "partner", "fleet", "hr"),
    *("media", "claims", "booking", "training", "assets", "energy", "clinic", "venue", "audit"),
    *("loan", "stock"),
)
_AREAS = ("", "eu", "us", "web", "trade", "field", "lab", "pro", "go", "labs")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltTable:
    """A table with all that belongs to it."""

    archetype: Archetype
    table: Table
    ideas: Mapping[str, ColumnIdea]
    """By the name of the column."""
    reference: str
    """What columns of other tables are called that refer to it."""
    statistics: tuple[ColumnStatistics, ...]
    indexes: tuple[Index, ...]
    constraints: tuple[Constraint, ...]
    sequence: SequenceObject

    @property
    def rows(self) -> int:
        """How many there are."""
        return round(self.table.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """Tables that refer to one another."""

    tables: tuple[BuiltTable, ...]
    tenants: int

    def find(self, archetype: str) -> BuiltTable | None:
        """The table of that kind, or None."""
        return next((t for t in self.tables if t.archetype.name == archetype), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Site:
    """Where a table is built."""

    prefix: str
    tenants: int
    eagerness: float
    rng: Random
    oids: Iterator[int]


def modules(tables: int, seed: int, *, eagerness: float = 1.0) -> Iterator[Module]:
    """Yield modules of ten tables; the last may have fewer.

    Args:
        tables: How many, of all modules together.
        seed: Of what is left to chance.
        eagerness: How many times each index was thought of, where once is usual.
    """
    oids = count(16_384)
    for number in range(math.ceil(tables / TABLES_PER_MODULE)):
        wanted = min(TABLES_PER_MODULE, tables - number * TABLES_PER_MODULE)
        rng = Random(f"{seed} module {number}")
        yield _module(number, wanted, eagerness, rng, oids)


def _module(number: int, wanted: int, eagerness: float, rng: Random, oids: Iterator[int]) -> Module:
    area, domain = divmod(number, len(_DOMAINS))
    suffix = f"_{_AREAS[area]}" if 0 < area < len(_AREAS) else f"_{area}" if area else ""
    prefix = f"{_DOMAINS[domain]}{suffix}"
    further = FURTHER[:4] if number == 0 else rng.sample(FURTHER, 4)
    accounts = rng.lognormvariate(math.log(120_000), 1.5)
    accounts = min(max(accounts, MIN_ROWS * 2), MAX_ROWS / 10)
    tenants = max(20, round(accounts / rng.uniform(100, 800)))
    site = _Site(prefix=prefix, tenants=tenants, eagerness=eagerness, rng=rng, oids=oids)
    built: list[BuiltTable] = []
    for archetype in (*CORE, *further)[:wanted]:
        median = archetype.rows_per_account * accounts or MIN_ROWS
        rows = median * (rng.lognormvariate(0, 0.6) if archetype.rows_per_account else 1)
        rows = round(min(max(rows, MIN_ROWS), MAX_ROWS))
        by_kind = {other.archetype.name: other for other in built}
        built.append(_build(archetype, rows, by_kind, site))
    return Module(tables=tuple(built), tenants=tenants)


def _build(
    archetype: Archetype, rows: int, by_kind: Mapping[str, BuiltTable], site: _Site
) -> BuiltTable:
    rng, oids = site.rng, site.oids
    noun = rng.choice(archetype.nouns)
    extra = rng.sample(EXTRA_COLUMNS, rng.choice((0, 1, 1, 2, 3)))
    columns = tuple(_columns((*archetype.columns, *extra), by_kind))
    table = a_table(
        f"{site.prefix}_{noun}", *(column for column, _ in columns), rows=rows, oid=next(oids)
    )
    ideas = {column.name: idea for column, idea in columns}
    statistics = tuple(_statistics(table.oid, rows, ideas, by_kind, site))
    table = _sized(table, statistics, archetype, rng)
    primary, primary_key = a_primary_key(table, "id")
    primary = replace(primary, oid=next(oids))
    primary_key = replace(primary_key, oid=next(oids), index_oid=primary.oid)
    names = {kind: other.reference for kind, other in by_kind.items()}
    indexes = (primary, *_indexes(archetype, table, names, site))
    statistics += tuple(_of_expressions(indexes, statistics))
    foreign_keys = tuple(
        a_foreign_key(table, name, by_kind[idea.references].table, oid=next(oids))
        for name, idea in ideas.items()
        if idea.references
    )
    return BuiltTable(
        archetype=archetype,
        table=table,
        ideas=ideas,
        reference=f"{_singular(noun)}_id",
        statistics=statistics,
        indexes=tuple(_sized_index(index, table, statistics, rng) for index in indexes),
        constraints=(primary_key, *foreign_keys),
        sequence=a_sequence(table, "id", round(rows * rng.uniform(1, 1.4)), oid=next(oids)),
    )


def _statistics(
    relation_oid: int,
    rows: int,
    ideas: Mapping[str, ColumnIdea],
    by_kind: Mapping[str, BuiltTable],
    site: _Site,
) -> Iterator[ColumnStatistics]:
    for name, idea in ideas.items():
        facts = Facts(
            relation_oid=relation_oid,
            column=name,
            rows=rows,
            rng=site.rng,
            tenants=site.tenants,
            referenced_rows=by_kind[idea.references].rows if idea.references else 0,
        )
        yield idea.values.statistics(facts)


def _columns(
    ideas: Sequence[ColumnIdea], by_kind: Mapping[str, BuiltTable]
) -> Iterator[tuple[Column, ColumnIdea]]:
    for idea in ideas:
        reference = f"{by_kind[idea.references].reference} " if idea.references else ""
        column = a_column(f"{reference}{idea.declaration}")
        yield (replace(column, identity="d") if column.name == "id" else column), idea


def _indexes(
    archetype: Archetype, table: Table, names: Mapping[str, str], site: _Site
) -> Iterator[Index]:
    """Yield the indexes that somebody thought of here; in a large table the lack is felt."""
    attention = 1 + _ATTENTION * max(math.log10(table.rows / _LARGE_ROWS), 0.0)
    times = attention * site.eagerness
    for idea in archetype.indexes:
        if site.rng.random() < 1 - (1 - idea.share) ** times:
            keys = tuple(_key(text, names) for text in idea.keys)
            yield an_index(
                table,
                *keys,
                name=_index_name(table, keys, idea),
                oid=next(site.oids),
                is_unique=idea.is_unique,
                access_method=idea.method,
                predicate=idea.predicate,
            )


def _key(text: str, names: Mapping[str, str]) -> IndexKey:
    if text.startswith("("):
        return IndexKey(column=None, expression=text[1:-1])
    word, _, direction = text.partition(" ")
    column = names[word[1:]] if word.startswith("@") else word
    is_descending = direction == "desc"
    return IndexKey(column=column, is_descending=is_descending, nulls_first=is_descending)


def _of_expressions(
    indexes: Sequence[Index], statistics: Sequence[ColumnStatistics]
) -> Iterator[ColumnStatistics]:
    """Yield what ANALYZE finds of ``lower(column)``: the same, as all is in lower case."""
    by_name = {row.column: row for row in statistics}
    for index in indexes:
        for key in index.keys:
            if found := re.fullmatch(r"lower\((\w+)\)", key.expression or ""):
                yield replace(by_name[found[1]], relation_oid=index.oid, column="lower")


def _index_name(table: Table, keys: Sequence[IndexKey], idea: IndexIdea) -> str:
    words = [key.column or re.sub(r"\W+", "_", key.expression or "").strip("_") for key in keys]
    ending = {"btree": "idx"}.get(idea.method, f"{idea.method}_idx")
    return "_".join([table.name, *words, *(["part"] if idea.predicate else []), ending])


def _sized(
    table: Table, statistics: Sequence[ColumnStatistics], archetype: Archetype, rng: Random
) -> Table:
    """Give the table the length that its rows need, with some dead space."""
    width = float(_ROW_HEADER_BYTES)
    for column, row in zip(table.columns, statistics, strict=True):
        alignment = column.type_alignment_bytes if column.type_length_bytes > 0 else 2
        width += (row.average_width_bytes + (alignment - 1) / 2) * (1 - row.null_ratio)
    is_still = archetype.updates_per_insert < 1 and archetype.deletes_per_insert < 0.5
    bloat = rng.uniform(1.0, 1.03) if is_still else rng.uniform(1.05, 1.4)
    per_page = (_BLOCK_BYTES - _PAGE_HEADER_BYTES) / width
    pages = math.ceil(table.rows / per_page * bloat)
    grown = math.ceil(pages * (1 + archetype.weekly_growth * rng.uniform(0, 0.3)))
    visible = rng.uniform(0.95, 1.0) if is_still else rng.uniform(0.4, 0.9)
    return replace(
        table,
        pages=pages,
        size_bytes=grown * _BLOCK_BYTES,
        all_visible_pages=round(pages * visible),
    )


def _sized_index(
    index: Index, table: Table, statistics: Sequence[ColumnStatistics], rng: Random
) -> Index:
    """Give the index the length that its entries need, with some dead space."""
    rows, width, distinct = table.rows, 0.0, 1.0
    by_name = {row.column: row for row in statistics}
    for key in index.keys:
        row = by_name.get(key.column or "")
        width += row.average_width_bytes if row else _WIDE_KEY_BYTES
        distinct *= row.distinct_count(table.rows) if row else table.rows
    if index.predicate is not None:
        rows *= 0.96 if "deleted_at" in index.predicate else 0.0025
    aligned = math.ceil(width / 8) * 8
    each = float(aligned + _ENTRY_HEADER_BYTES)
    if distinct < _FEW * table.rows and not index.is_unique:
        each = _POSTED_ENTRY_BYTES + aligned / 100
    if index.access_method == "brin":
        each = 1e-4
    bloat = rng.uniform(1.1, 1.5)
    pages = 2 + math.ceil(rows * each * bloat / (_BLOCK_BYTES - _PAGE_HEADER_BYTES))
    return replace(index, pages=pages, rows=float(rows), size_bytes=pages * _BLOCK_BYTES)


def _singular(noun: str) -> str:
    return f"{noun[:-3]}y" if noun.endswith("ies") else noun.removesuffix("s")
