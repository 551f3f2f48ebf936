"""Out of a statement's comparisons, the axes along which its values may differ."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.sensitivity import AskedColumns, ValueKind
from pgadvisor.model.usage import PredicateKind, StatementUsage
from pgadvisor.whatif.parameters.axis import Axis, Stratum, scaled
from pgadvisor.whatif.parameters.common import Pick, Values, common_picks
from pgadvisor.whatif.parameters.joint import common_combinations, joint_picks
from pgadvisor.whatif.parameters.links import SharedValue, is_negative, shared_values
from pgadvisor.whatif.parameters.lists import list_picks
from pgadvisor.whatif.parameters.order import sort_key
from pgadvisor.whatif.parameters.ranges import range_picks
from pgadvisor.whatif.parameters.sites import Site, find_sites

_LOWER, _UPPER = (">", ">="), ("<", "<=")


def axes_of(
    usage: StatementUsage, catalog: Catalog, squashed: Collection[int] = ()
) -> tuple[Axis, ...]:
    """Find what may differ between two calls of a statement, as far as statistics tell.

    Args:
        usage: What it does to which columns.
        catalog: Where their statistics are.
        squashed: Parameters that stand for whole lists.
    """
    sites = find_sites(usage, catalog, squashed)
    shared = shared_values(sites, usage, catalog)
    taken = {number for value in shared for number in value.parameters}
    found = [*_value_axes(shared, catalog)]
    for axis in (*_list_axes(sites, catalog), *_range_axes(sites, usage, catalog)):
        # A parameter has one value, wherever it stands.
        if not axis.parameters & taken:
            taken |= axis.parameters
            found.append(axis)
    return tuple(axis for axis in found if axis.parameters)


def _value_axes(shared: Sequence[SharedValue], catalog: Catalog) -> Iterator[Axis]:
    """Single values; those of one table together where statistics hold their combinations."""
    left = list(shared)
    for relation in dict.fromkeys(value.site.relation for value in shared):
        here = {
            value.site.column.name: value
            for value in left
            if value.site.relation == relation and not is_negative(value.site)
        }
        axis, used = _joint_axis(here, catalog)
        if axis is not None:
            left = [value for value in left if value not in used]
            yield axis
    for value in left:
        picks = _picks(value.site, catalog)
        if picks:
            yield _axis(picks, (value,))


def _joint_axis(
    here: Mapping[str, SharedValue], catalog: Catalog
) -> tuple[Axis | None, tuple[SharedValue, ...]]:
    if not here:
        return None, ()
    table = next(iter(here.values())).site.table
    known = common_combinations(catalog.snapshot.extended_statistics, table.oid, tuple(here))
    if known is None:
        return None, ()
    values = tuple(here[column] for column in known.columns)
    asked = AskedColumns(table=table.qualified_name, columns=known.columns)
    single = [_picks(value.site, catalog) for value in values]
    return _axis(joint_picks(known, single, asked, catalog.total_rows(table)), values), values


def _picks(site: Site, catalog: Catalog) -> tuple[Pick, ...]:
    is_distinct = site.predicate.operator in {"IS NOT DISTINCT FROM", "IS DISTINCT FROM"}
    return common_picks(
        site.statistics,
        site.asked,
        site.rows,
        sort_key(site.column, catalog),
        with_null=is_distinct and not site.column.is_not_null,
    )


def _axis(picks: Sequence[Pick], values: Sequence[SharedValue]) -> Axis:
    negative = is_negative(values[0].site)
    strata = []
    for pick in picks:
        value_class = pick.value_class
        if negative and value_class.kind is ValueKind.VALUE:
            value_class = replace(value_class, kind=ValueKind.EXCLUSION)
        assigned = _assigned(values, pick.members[0]) if pick.members else ()
        strata.append(Stratum(value_class=value_class, weight=pick.weight, values=assigned))
    return Axis(strata=scaled(strata))


def _assigned(values: Sequence[SharedValue], row: Values) -> tuple[tuple[int, str], ...]:
    return tuple(
        (number, "NULL" if text is None else value.site.literal(text))
        for value, text in zip(values, row, strict=True)
        for number in value.parameters
    )


def _list_axes(sites: Sequence[Site], catalog: Catalog) -> Iterator[Axis]:
    for site in sites:
        if site.is_list and site.can_be_listed:
            strata = [
                Stratum(
                    value_class=pick.value_class,
                    weight=pick.weight,
                    values=_written_list(site, pick.values),
                )
                for pick in list_picks(_picks(site, catalog), site.length)
            ]
            if strata:
                yield Axis(strata=scaled(strata))


def _written_list(site: Site, values: Sequence[str]) -> tuple[tuple[int, str], ...]:
    numbers = site.parameters
    if site.predicate.takes_array:
        return ((numbers[0], site.array_literal(values)),)
    written = tuple(map(site.literal, values))
    if site.is_squashed:
        return ((numbers[0], ", ".join(written)),)
    return tuple(zip(numbers, written, strict=True))


def _range_axes(sites: Sequence[Site], usage: StatementUsage, catalog: Catalog) -> Iterator[Axis]:
    """Ranges; a lower and an upper bound of one column belong together."""
    ranges: dict[tuple[int, str], list[Site]] = {}
    for site in sites:
        if site.predicate.kind is PredicateKind.RANGE:
            ranges.setdefault((site.relation, site.column.name), []).append(site)
    for (relation, column), found in ranges.items():
        lower = [site for site in found if site.predicate.operator in _LOWER]
        upper = [site for site in found if site.predicate.operator in _UPPER]
        fixed = any(
            other.column == column and other.parameter is None
            for other in usage.relations[relation].predicates
            if other.kind is PredicateKind.RANGE
        )
        # With a bound that is known already, ours might leave nothing between them.
        if fixed or len(lower) > 1 or len(upper) > 1:
            continue
        yield from _range_axis(lower[0] if lower else None, upper[0] if upper else None, catalog)


def _range_axis(lower: Site | None, upper: Site | None, catalog: Catalog) -> Iterator[Axis]:
    site = lower or upper
    if site is None or (lower and upper and lower.parameters == upper.parameters):
        return
    operators = (
        lower.predicate.operator if lower else None,
        upper.predicate.operator if upper else None,
    )
    key = sort_key(site.column, catalog)
    picks = range_picks(site.statistics, site.asked, site.rows, key, operators)
    strata = []
    for pick in picks:
        bounds = ((lower, pick.lower), (upper, pick.upper))
        values = tuple(
            (end.parameters[0], end.literal(text))
            for end, text in bounds
            if end is not None and text is not None
        )
        strata.append(Stratum(value_class=pick.value_class, weight=1.0, values=values))
    if strata:
        yield Axis(strata=scaled(strata))
