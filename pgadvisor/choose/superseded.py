"""Existing indexes whose work a new one does as well, so that they may go."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pgadvisor.choose.drops import check_drops
from pgadvisor.choose.write_cost import WRITE_MS_PER_ENTRY, WriteCost
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.candidate import WeightedStatement
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.choice import SupersededIndex
from pgadvisor.model.schema import Index
from pgadvisor.propose.existing import covers
from pgadvisor.whatif.backend import Backend
from pgadvisor.whatif.undroppable import why_not_droppable


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What writes save when an existing index goes, as one of some candidates may replace it."""

    index: Index
    heirs: frozenset[int]
    """Numbers of the candidates that begin with all that it holds."""
    freed_entries_per_day: float
    value: float
    """What those entries cost a day, in the valuation's unit."""


def credits_of(
    catalog: Catalog,
    candidates: Mapping[int, IndexDefinition],
    write_cost: WriteCost,
    *,
    protected: Collection[str] = (),
    is_measured: bool = True,
) -> tuple[Credit, ...]:
    """Find the existing indexes that a candidate would make useless, whoever reads them.

    Only what a candidate holds in the same order counts, so that statements that nobody knows of
    are served as well.  What enforces anything, or is relied on, stays, and so does an index of
    some rows, which is small and was made on purpose.

    Args:
        catalog: The database as it is.
        candidates: Those that could be built, by number.
        write_cost: What indexes cost those who write.
        protected: Names of indexes that are to stay, qualified or not.
        is_measured: There are times, so that entries have a price.
    """
    by_table: dict[int, list[int]] = {}
    for number, definition in candidates.items():
        by_table.setdefault(definition.table_oid, []).append(number)
    found: list[Credit] = []
    for table_oid, numbers in sorted(by_table.items()):
        for index in catalog.indexes_by_table[table_oid]:
            is_kept = {index.name, f"{index.schema}.{index.name}"} & set(protected)
            if is_kept or not _is_free(catalog, index):
                continue
            model = _definition(catalog, index)
            heirs = frozenset(n for n in numbers if covers(candidates[n], model))
            if heirs:
                entries = write_cost.freed_entries_per_day(index)
                found.append(
                    Credit(
                        index=index,
                        heirs=heirs,
                        freed_entries_per_day=entries,
                        value=entries * WRITE_MS_PER_ENTRY if is_measured else 0.0,
                    )
                )
    return tuple(found)


def superseded(
    earned: Iterable[Credit],
    chosen: Mapping[int, IndexDefinition],
    names: Mapping[int, str],
    statements: Sequence[WeightedStatement],
    backend: Backend,
) -> tuple[SupersededIndex, ...]:
    """The indexes that may go with a chosen set: no statement is planned dearer without them.

    Args:
        earned: Credits of which the set has an heir.
        chosen: The set, by number.
        names: What the candidates are called.
        statements: The workload.
        backend: The planner.

    Raises:
        TwinError: The planner is gone.
    """
    rows = [credit for credit in earned if credit.heirs & chosen.keys()]
    if not rows:
        return ()
    check = check_drops(
        [credit.index for credit in rows], statements, backend, frozenset(chosen.values())
    )
    return tuple(
        SupersededIndex(
            index_oid=credit.index.oid,
            by=tuple(sorted(names[number] for number in credit.heirs & chosen.keys())),
            size_bytes=credit.index.size_bytes,
            freed_entries_per_day=credit.freed_entries_per_day,
            saved_per_day=credit.value,
        )
        for credit in rows
        if credit.index.oid in check.harmless
    )


def _is_free(catalog: Catalog, index: Index) -> bool:
    """Nothing but scans depends on it."""
    return (
        index.is_valid
        and not index.enforces_constraint
        and not index.is_replica_identity
        and not index.is_clustered
        and not index.is_extension_member
        and index.predicate is None
        and why_not_droppable(catalog, index) is None
    )


def _definition(catalog: Catalog, index: Index) -> IndexDefinition:
    table = catalog.tables[index.table_oid]
    return IndexDefinition(
        table_oid=table.oid,
        schema=table.schema,
        table=table.name,
        keys=index.keys,
        access_method=index.access_method,
        include=index.include,
    )
