"""Hash indexes: wide values that are looked up one at a time."""

from __future__ import annotations

from collections.abc import Iterator

from pgadvisor.model.schema import IndexKey
from pgadvisor.model.usage import PredicateKind
from pgadvisor.propose.shape import Shape
from pgadvisor.propose.site import Site

MIN_WIDTH_BYTES = 100
"""A btree holds narrower values at hardly more than the four bytes of a hash."""


def hash_shapes(site: Site) -> Iterator[Shape]:
    """Yield a hash index where equality with a wide value is all that a statement asks for."""
    relation = site.relation
    if len(relation.predicates) != 1 or relation.joins or relation.wrapped:
        return
    [predicate] = relation.predicates
    is_lookup = predicate.kind is PredicateKind.EQUALITY and predicate.operator == "="
    if not is_lookup or not site.facts.can_be_key(predicate.column):
        return
    if site.facts.width_bytes(predicate.column) > MIN_WIDTH_BYTES:
        key = IndexKey(column=predicate.column)
        yield Shape(
            keys=(key,),
            access_method="hash",
            reason=f"equality on {predicate.column}, which is wide",
            stand_ins=(("btree", key),),
        )
