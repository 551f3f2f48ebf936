"""GiST indexes: ranges, shapes and networks that meet others, and the nearest of them."""

from __future__ import annotations

from collections.abc import Iterator

from pgadvisor.model.schema import IndexKey
from pgadvisor.propose.expressions import fixed_expressions
from pgadvisor.propose.patterns import trigram_key
from pgadvisor.propose.shape import Shape
from pgadvisor.propose.site import Site

_POSITIONAL = frozenset({"<<", ">>", "&<", "&>"})
_OVERLAPPING = frozenset({"&&", "@>", "<@"})
_OF_RANGES = _OVERLAPPING | _POSITIONAL | {"-|-"}
_OF_SHAPES = _OVERLAPPING | _POSITIONAL | {"~=", "<<|", "|>>", "&<|", "|&>", "<^", ">^", "~"}
_OF_NETWORKS = frozenset({"&&", "<<", "<<=", ">>", ">>="})
_SHAPES = frozenset({"point", "box", "circle", "polygon", "geometry", "geography"})
_NETWORKS = frozenset({"inet", "cidr"})
_TEXTS = frozenset({"text", "character varying"})


def gist_shapes(site: Site) -> Iterator[Shape]:
    """Yield a GiST index for each condition or distance that one serves."""
    for predicate in site.relation.predicates:
        if (key := _key(site, predicate.column, predicate.operator)) is not None:
            yield _shape(key, f"{predicate.operator} on {predicate.column}")
    for join in site.relation.joins:
        if (key := _key(site, join.column, join.operator)) is not None:
            yield _shape(key, f"{join.operator} on {join.column}")
    for wrapped in fixed_expressions(site):
        if wrapped.wrapper.endswith("range") and wrapped.operator in _OF_RANGES:
            key = IndexKey(column=None, expression=wrapped.expression)
            yield _shape(key, f"{wrapped.operator} on {wrapped.expression}")
    yield from _nearest(site)


def _nearest(site: Site) -> Iterator[Shape]:
    nearest = site.relation.nearest
    if nearest is None or nearest.is_wrapped:
        return
    kind = _plain(site.facts.type_of(nearest.column))
    reason = f"order by {nearest.column} {nearest.operator}"
    if kind in _SHAPES:
        yield _shape(IndexKey(column=nearest.column), reason)
    elif kind in _TEXTS and "pg_trgm" in site.facts.extensions:
        yield _shape(trigram_key(site, nearest.column, None, "gist_trgm_ops"), reason)


def _key(site: Site, column: str, operator: str) -> IndexKey | None:
    name = site.facts.type_of(column)
    kind = _plain(name)
    if name in site.facts.range_types and operator in _OF_RANGES:
        return IndexKey(column=column)
    if kind in _SHAPES and operator in _OF_SHAPES:
        return IndexKey(column=column)
    if kind in _NETWORKS and operator in _OF_NETWORKS:
        return IndexKey(column=column, operator_class="inet_ops", is_default_operator_class=False)
    return None


def _plain(type_name: str) -> str:
    """A type's name without the schema that an extension is in."""
    return type_name.rpartition(".")[2]


def _shape(key: IndexKey, reason: str) -> Shape:
    return Shape(keys=(key,), access_method="gist", reason=reason)
