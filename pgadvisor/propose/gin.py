"""GIN indexes: values that hold many, such as documents, arrays and texts in words."""

from __future__ import annotations

from collections.abc import Iterator

from pgadvisor.model.schema import IndexKey
from pgadvisor.model.usage import WrappedPredicate
from pgadvisor.propose.expressions import fixed_expressions
from pgadvisor.propose.shape import Shape
from pgadvisor.propose.site import Site

_CONTAINMENT = frozenset({"@>", "@?", "@@"})
"""Of jsonb: what the smaller operator class serves."""
_EXISTENCE = frozenset({"?", "?|", "?&"})
_OF_ARRAYS = frozenset({"@>", "<@", "&&"})
"""``5 = ANY (tags)`` is none of them: no index serves it, though it means ``tags @> '{5}'``."""
_OF_TEXTS = frozenset({"@@", "@@@"})
_JSON_WRAPPERS = frozenset({"->", "#>"})


def gin_shapes(site: Site) -> Iterator[Shape]:
    """Yield a GIN index for each condition on what a value holds."""
    for predicate in site.relation.predicates:
        kind = site.facts.type_of(predicate.column)
        key = IndexKey(column=predicate.column)
        yield from _shapes(key, predicate.column, kind, predicate.operator)
    for wrapped in fixed_expressions(site):
        key = IndexKey(column=None, expression=wrapped.expression)
        kind = _type_of(wrapped, site.facts.type_of(wrapped.column))
        yield from _shapes(key, wrapped.expression, kind, wrapped.operator)


def _type_of(wrapped: WrappedPredicate, column_type: str) -> str:
    """The type of an expression, as far as its outermost function tells; else empty."""
    if wrapped.wrapper == "to_tsvector":
        return "tsvector"
    if wrapped.wrapper in _JSON_WRAPPERS and column_type == "jsonb":
        return "jsonb"
    is_array = wrapped.wrapper.endswith(("_to_array", "[]"))
    return "text[]" if is_array else ""


def _shapes(key: IndexKey, name: str, kind: str, operator: str) -> Iterator[Shape]:
    reason = f"{operator} on {name}"
    is_jsonb = kind == "jsonb"
    if is_jsonb and operator in _CONTAINMENT:
        by_path = IndexKey(
            column=key.column,
            expression=key.expression,
            operator_class="jsonb_path_ops",
            is_default_operator_class=False,
        )
        yield Shape(keys=(by_path,), access_method="gin", reason=reason, stand_ins=(("gin", key),))
    is_word = kind == "tsvector" and operator in _OF_TEXTS
    is_array = kind.endswith("[]") and operator in _OF_ARRAYS
    if is_word or is_array or (is_jsonb and operator in _EXISTENCE):
        yield Shape(keys=(key,), access_method="gin", reason=reason)
