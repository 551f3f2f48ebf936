"""Combinations of values of several columns, where extended statistics hold them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from pgadvisor.model.schema import ExtendedStatistics
from pgadvisor.model.sensitivity import AskedColumns, ValueClass, ValueKind
from pgadvisor.whatif.parameters.common import NEGLIGIBLE_RATIO, Pick, Values, classes_of

_TRIES = 200
"""Combinations looked at in search of one that is none of the common ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Combinations:
    """The most common combinations of values of some columns of one table."""

    columns: tuple[str, ...]
    pairs: tuple[tuple[Values, float], ...]
    """Each with the share of the rows that hold it, the most common one first; those with NULL
    are left out."""


def common_combinations(
    objects: Sequence[ExtendedStatistics], table_oid: int, columns: Sequence[str]
) -> Combinations | None:
    """The statistics that cover most of those columns, two at least; None: there are none such.

    Of an object that covers other columns too, the shares are added up over those.
    """
    best: Combinations | None = None
    for found in objects:
        covered = tuple(column for column in found.columns if column in columns)
        is_wider = len(covered) > (len(best.columns) if best else 1)
        if found.table_oid == table_oid and is_wider and (pairs := _pairs(found, covered)):
            best = Combinations(columns=covered, pairs=pairs)
    return best


def joint_picks(
    known: Combinations, single: Sequence[Sequence[Pick]], asked: AskedColumns, rows: float
) -> tuple[Pick, ...]:
    """Divide combinations by how common they are, the most common ones first.

    Args:
        known: The common ones.
        single: The values of each of their columns for itself, of which a rare combination is
            put together.
        asked: The columns.
        rows: Of the table.
    """
    picks = classes_of(known.pairs, asked, rows)
    weight = 1.0 - sum(ratio for _, ratio in known.pairs)
    rare = _rare(known, single) if weight > NEGLIGIBLE_RATIO else None
    if rare is None:
        return picks
    least = max(known.pairs[-1][1], NEGLIGIBLE_RATIO)
    value_class = ValueClass(
        asked=asked,
        kind=ValueKind.VALUE,
        low_ratio=0.0,
        high_ratio=least,
        value_count=max(weight / least, 1.0),
    )
    return (*picks, Pick(value_class=value_class, weight=weight, members=(rare,)))


def _pairs(found: ExtendedStatistics, covered: Sequence[str]) -> tuple[tuple[Values, float], ...]:
    rows = sorted(found.values, key=lambda row: not row.is_inherited)
    places = [found.columns.index(column) for column in covered]
    ratios: dict[Values, float] = {}
    for item in (rows[0].most_common or ()) if rows else ():
        if len(item.values) < len(found.columns):
            continue
        values = tuple(item.values[place] for place in places)
        if None not in values:
            ratios[values] = ratios.get(values, 0.0) + item.ratio
    return tuple(sorted(ratios.items(), key=lambda pair: -pair[1]))


def _rare(known: Combinations, single: Sequence[Sequence[Pick]]) -> Values | None:
    """A combination that is none of the common ones, of the rarest values first."""
    common = {values for values, _ in known.pairs}
    tried = product(*(tuple(_rarest_first(picks)) for picks in single))
    return next((values for values in islice(tried, _TRIES) if values not in common), None)


def _rarest_first(picks: Sequence[Pick]) -> Iterator[str]:
    for pick in reversed(picks):
        yield from (value for (value,) in pick.members if value is not None)
