"""Indexes of only the rows that a constant condition leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.model.usage import Predicate, PredicateKind
from pgadvisor.parse.expression import literals_in
from pgadvisor.propose.covering import covering_shapes
from pgadvisor.propose.keys import key_shapes
from pgadvisor.propose.literals import value_of_literal
from pgadvisor.propose.shape import Shape, column_keys
from pgadvisor.propose.site import Site, read_columns
from pgadvisor.propose.table_facts import TableFacts
from pgadvisor.propose.workload_facts import EQUALITY, constant_condition

MAX_MATCHING_RATIO = 0.1
"""A condition that more of the rows fulfil saves too little by leaving the others out."""
MAX_SHARED_RATIO = 0.9
"""The same of a condition that most statements have: their indexes need no column for it."""
_COMMON_RATIO = 0.5
_KEY_SHAPES = 5
_COVERING_SHAPES = 3
_MAX_CONDITIONS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Condition:
    """A constant condition: what a statement says, and what the index says."""

    parts: tuple[Predicate, ...]
    predicate: str

    def columns(self, *kinds: PredicateKind) -> frozenset[str]:
        """Columns that it compares in one of those ways."""
        return frozenset(part.column for part in self.parts if part.kind in kinds)

    @property
    def note(self) -> str:
        return (
            f"It serves only statements that say {self.predicate} themselves: "
            "a generic plan cannot prove it of a parameter."
        )


def partial_shapes(site: Site) -> Iterator[Shape]:
    """Yield indexes of few rows, or of the rows that most statements on the table ask for."""
    found = list(islice(_conditions(site), _MAX_CONDITIONS))
    if len(found) > 1:
        text = " AND ".join(condition.predicate for condition in found)
        parts = tuple(part for condition in found for part in condition.parts)
        found.append(_Condition(parts=parts, predicate=text))
    for condition in found:
        yield from _of_rows(site, condition)


def parameter_notes(site: Site) -> dict[str, str]:
    """Why there is no partial index on a value of a column, by column, where one would help."""
    found: dict[str, str] = {}
    for predicate in site.relation.predicates:
        is_unknown = predicate.parameter is not None and predicate.literal is None
        if predicate.kind is not PredicateKind.EQUALITY or not is_unknown:
            continue
        if _is_skewed(site.facts, predicate.column):
            found[predicate.column] = (
                f"Few rows have some values of {predicate.column}, but no partial index is "
                "proposed: a generic plan could not use it for a parameter."
            )
    return found


def _conditions(site: Site) -> Iterator[_Condition]:
    oid = site.facts.table.oid
    for predicate in site.relation.predicates:
        text = constant_condition(predicate)
        if text is None:
            continue
        statistics = site.facts.statistics(predicate.column)
        ratio = None if statistics is None else _matching_ratio(predicate, statistics)
        is_rare = ratio is not None and ratio <= MAX_MATCHING_RATIO
        is_small = ratio is None or ratio <= MAX_SHARED_RATIO
        if is_rare or (is_small and site.workload.is_shared_by_most(oid, text)):
            yield _Condition(parts=(predicate,), predicate=text)


def _of_rows(site: Site, condition: _Condition) -> Iterator[Shape]:
    rest = _without(site, condition)
    shapes = tuple(islice(key_shapes(rest), _KEY_SHAPES))
    covering = tuple(islice(covering_shapes(rest, shapes), _COVERING_SHAPES))
    own = [column for column in condition.columns(*EQUALITY) if site.facts.can_be_key(column)]
    if not shapes and not covering and own:
        shapes = (Shape(keys=column_keys(sorted(own)[:1]), reason=f"condition on {min(own)}"),)
    for shape in (*shapes, *covering):
        reason = f"{shape.reason} where {condition.predicate}"
        yield replace(shape, reason=reason, predicate=condition.predicate, note=condition.note)


def _without(site: Site, condition: _Condition) -> Site:
    """The appearance among the rows that fulfil the condition."""
    relation = site.relation
    left = tuple(p for p in relation.predicates if p not in condition.parts)
    still_read = frozenset(read_columns(replace(relation, predicates=left)))
    compared = condition.columns(*EQUALITY)
    # A list, or any value at all, leaves an order among the rows.
    pinned = condition.columns(PredicateKind.EQUALITY, PredicateKind.IS_NULL)
    return replace(
        site,
        relation=replace(relation, predicates=left),
        equal=tuple(column for column in site.equal if column not in compared),
        sort=tuple(key for key in site.sort if key.column not in pinned),
        group=tuple(column for column in site.group if column not in pinned),
        read=tuple(column for column in site.read if column in still_read),
    )


def _matching_ratio(predicate: Predicate, statistics: ColumnStatistics) -> float | None:
    """The share of the rows that fulfil a constant condition; None: statistics do not say."""
    literal = predicate.literal or ""
    match predicate.kind:
        case PredicateKind.IS_NULL:
            return statistics.null_ratio
        case PredicateKind.IS_NOT_NULL:
            return 1.0 - statistics.null_ratio
        case PredicateKind.EQUALITY:
            return statistics.ratio_of(value_of_literal(literal))
        case PredicateKind.IN_LIST:
            ratios = [statistics.ratio_of(value_of_literal(one)) for one in literals_in(literal)]
            known = [ratio for ratio in ratios if ratio is not None]
            return sum(known) if known and len(known) == len(ratios) else None
        case _:
            return None


def _is_skewed(facts: TableFacts, column: str) -> bool:
    """Most rows have one value, and another value few have."""
    statistics = facts.statistics(column)
    ratios = (statistics.most_common_ratios if statistics is not None else None) or ()
    return max(ratios, default=0.0) >= _COMMON_RATIO and min(ratios) <= MAX_MATCHING_RATIO
