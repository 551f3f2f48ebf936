"""Indexes for texts that are searched by pattern: LIKE, regular expressions, similarity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.model.schema import IndexKey
from pgadvisor.model.usage import PredicateKind
from pgadvisor.parse.comparison import kind_of_operator
from pgadvisor.parse.pattern import BTREE_PATTERNS, PATTERN_CLASSES, begins_fixed
from pgadvisor.propose.expressions import fixed_expressions
from pgadvisor.propose.literals import value_of_literal
from pgadvisor.propose.shape import Shape, column_keys, said
from pgadvisor.propose.site import Site
from pgadvisor.sqltext.quote import qualified

_TRIGRAM_TYPES = frozenset({"text", "character varying"})
_SIMILARITY = frozenset({"%", "<%", "%>", "<<%", "%>>"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """A pattern that a column or an expression is compared with."""

    column: str | None
    expression: str | None
    type_name: str
    operator: str
    pattern: str | None
    """None: it is not known before the statement runs."""
    is_optional: bool

    @property
    def is_fixed(self) -> bool:
        """A btree can look up its beginning."""
        return self.pattern is not None and begins_fixed(self.operator, self.pattern)

    @property
    def is_bytewise(self) -> bool:
        """It is a pattern that takes case as it is."""
        return self.operator in BTREE_PATTERNS

    @property
    def name(self) -> str:
        return self.column or self.expression or ""


def pattern_shapes(site: Site) -> Iterator[Shape]:
    """Yield btrees for fixed beginnings, and trigrams (where pg_trgm is there) for the rest."""
    for search in _searches(site):
        if search.is_bytewise and search.is_fixed:
            yield from _beginnings(site, search)
        else:
            yield from trigrams(site, search)


def trigram_key(site: Site, column: str | None, expression: str | None, name: str) -> IndexKey:
    """A key by one of pg_trgm's operator classes, which is in the extension's schema."""
    operator_class = qualified(site.facts.extensions["pg_trgm"], name)
    return IndexKey(
        column=column,
        expression=expression,
        operator_class=operator_class,
        is_default_operator_class=False,
    )


def trigrams(site: Site, search: _Search) -> Iterator[Shape]:
    """Yield a GIN index over the trigrams of what is searched."""
    if "pg_trgm" not in site.facts.extensions or search.type_name not in _TRIGRAM_TYPES:
        return
    key = trigram_key(site, search.column, search.expression, "gin_trgm_ops")
    of_gist = trigram_key(site, search.column, search.expression, "gist_trgm_ops")
    yield Shape(
        keys=(key,),
        access_method="gin",
        reason=f"{search.operator} on {search.name}",
        stand_ins=(("gist", of_gist),),
    )


def _searches(site: Site) -> Iterator[_Search]:
    for predicate in site.relation.predicates:
        is_pattern = predicate.kind is PredicateKind.PATTERN
        if is_pattern or predicate.operator in _SIMILARITY:
            is_known = predicate.literal is not None and not predicate.takes_array
            yield _Search(
                column=predicate.column,
                expression=None,
                type_name=site.facts.type_of(predicate.column),
                operator=predicate.operator,
                pattern=value_of_literal(predicate.literal or "") if is_known else None,
                is_optional=predicate.is_optional,
            )
    for wrapped in fixed_expressions(site):
        is_pattern = kind_of_operator(wrapped.operator) is PredicateKind.PATTERN
        if is_pattern or wrapped.operator in _SIMILARITY:
            other = wrapped.other_side or ""
            yield _Search(
                column=None,
                expression=wrapped.expression,
                type_name="text",
                operator=wrapped.operator,
                pattern=value_of_literal(other) if other.startswith("'") else None,
                is_optional=wrapped.is_optional,
            )


def _beginnings(site: Site, search: _Search) -> Iterator[Shape]:
    """Yield a btree that compares byte by byte; under the C collation a plain one does."""
    operator_class = PATTERN_CLASSES.get(search.type_name)
    if operator_class is None:
        return
    # An expression has the database's collation, unless it names another.
    is_plain = (
        site.facts.compares_bytes(search.column)
        if search.column
        else site.facts.database_compares_bytes
    )
    key = IndexKey(
        column=search.column,
        expression=search.expression,
        operator_class="" if is_plain else operator_class,
        is_default_operator_class=is_plain,
    )
    reason = f"beginning of {search.name}"
    head = site.equal[: site.options.max_keys - 1]
    if head and not search.is_optional:
        yield Shape(
            keys=(*column_keys(head), key),
            reason=said(f"equality on {', '.join(head)}", reason),
            equal_count=len(head),
        )
    yield Shape(keys=(key,), reason=reason)
