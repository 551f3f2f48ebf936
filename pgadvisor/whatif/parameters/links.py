"""Which of a statement's parameters stand for one and the same value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import ConstraintKind
from pgadvisor.model.usage import PredicateKind, StatementUsage
from pgadvisor.whatif.parameters.sites import Site, known_column

MAX_EQUALITIES = 100
"""Conditions beyond it keep their parameters."""

Place = tuple[int, str]
"""A column of a statement: position of its relation, and its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedValue:
    """One value that a statement asks for, in one place or several."""

    site: Site
    """Whose statistics tell its classes: where the most common value brings most rows."""
    parameters: tuple[int, ...]


def shared_values(
    sites: Sequence[Site], usage: StatementUsage, catalog: Catalog
) -> tuple[SharedValue, ...]:
    """Put the equalities together that are asked for one and the same value.

    They are if they have the same parameter; if their columns are joined; or if their columns, of
    the same name in two tables, refer to the same key (``tenant_id``, written twice).
    A column that is joined to one that is asked for is asked for as well, as the planner finds.

    Args:
        sites: Of the statement.
        usage: Its joins.
        catalog: Foreign keys, and statistics of joined columns.
    """
    equalities = [site for site in sites if site.is_equality][:MAX_EQUALITIES]
    joined = _joined_places(usage)
    group = list(range(len(equalities)))
    for one, two in combinations(range(len(equalities)), 2):
        if _is_same_value(equalities[one], equalities[two], joined, catalog):
            old, new = group[two], group[one]
            group = [new if number == old else number for number in group]
    found: dict[int, list[Site]] = {}
    for site, number in zip(equalities, group, strict=True):
        found.setdefault(number, []).append(site)
    return tuple(
        SharedValue(
            site=_decisive(members, joined, usage, catalog),
            parameters=tuple(dict.fromkeys(n for site in members for n in site.parameters)),
        )
        for members in found.values()
    )


def _decisive(
    members: Sequence[Site],
    joined: Mapping[Place, frozenset[Place]],
    usage: StatementUsage,
    catalog: Catalog,
) -> Site:
    every = list(members)
    for site in members:
        if not is_negative(site):
            every += _implied(site, joined, usage, catalog)
    return min(every, key=lambda site: (is_negative(site), -site.heaviest_rows))


def _implied(
    site: Site,
    joined: Mapping[Place, frozenset[Place]],
    usage: StatementUsage,
    catalog: Catalog,
) -> Iterator[Site]:
    """The same question to the columns that this one is joined with."""
    for relation, name in sorted(joined.get((site.relation, site.column.name), ())):
        known = known_column(usage.relations[relation].table_oid, name, catalog)
        if known is not None:
            yield replace(
                site,
                relation=relation,
                table=known.table,
                column=known.column,
                statistics=known.statistics,
                rows=known.rows,
            )


def _joined_places(usage: StatementUsage) -> dict[Place, frozenset[Place]]:
    """Columns that joins make equal, each with all that equal it, itself included."""
    found: dict[Place, frozenset[Place]] = {}
    for position, relation in enumerate(usage.relations):
        for join in relation.joins:
            if join.operator == "=" and join.other_relation >= 0 and join.other_column:
                one, two = (position, join.column), (join.other_relation, join.other_column)
                every = found.get(one, frozenset({one})) | found.get(two, frozenset({two}))
                found |= dict.fromkeys(every, every)
    return found


def is_negative(site: Site) -> bool:
    """It asks for all rows that do not hold the value."""
    return site.predicate.kind is PredicateKind.INEQUALITY


def _is_same_value(
    one: Site, two: Site, joined: Mapping[Place, frozenset[Place]], catalog: Catalog
) -> bool:
    if set(one.parameters) & set(two.parameters):
        return True
    if is_negative(one) or is_negative(two) or one.relation == two.relation:
        return False
    is_joined = (two.relation, two.column.name) in joined.get((one.relation, one.column.name), ())
    return is_joined or _is_same_key(one, two, catalog)


def _is_same_key(one: Site, two: Site, catalog: Catalog) -> bool:
    if one.table.oid == two.table.oid or one.column.name != two.column.name:
        return False
    return bool(set(_keys_of(one, catalog)) & set(_keys_of(two, catalog)))


def _keys_of(site: Site, catalog: Catalog) -> Iterable[tuple[int, str]]:
    """The column itself, and those that foreign keys let it refer to."""
    yield (site.table.oid, site.column.name)
    for constraint in catalog.constraints_by_table[site.table.oid]:
        if constraint.kind is ConstraintKind.FOREIGN_KEY and constraint.referenced_table_oid:
            pairs = zip(constraint.columns, constraint.referenced_columns, strict=False)
            for column, referred in pairs:
                if column == site.column.name:
                    yield (constraint.referenced_table_oid, referred)
