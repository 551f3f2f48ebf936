"""What the constant of a condition says: its value, and how a pattern begins."""

from __future__ import annotations

import re

from pgadvisor.model.usage import Predicate

_WILDCARDS = frozenset("%_")
_FIXED_REGEX = re.compile(r"\^[\w ]")
_LIKE = "~~"
_REGEX = "~"
_STARTS_WITH = "^@"
BTREE_PATTERNS = frozenset({_LIKE, _REGEX, _STARTS_WITH})
"""Patterns whose fixed beginning a btree can look up; those that ignore case are none."""


def value_of_literal(literal: str) -> str:
    """The value of a SQL constant as ``pg_stats`` writes it: ``'x'`` is x, ``true`` is t."""
    if literal.lower() in {"true", "false"}:
        return literal[0].lower()
    if literal.startswith("'"):
        text = literal.rpartition("'")[0]  # a cast may follow
        return text[1:].replace("''", "'")
    return literal


def has_fixed_beginning(predicate: Predicate) -> bool:
    """Whether a btree can look up how a pattern begins: ``LIKE 'abc%'``, ``~ '^abc'``.

    Of a parameter nothing is known, and a generic plan looks up nothing.
    """
    if predicate.literal is None or predicate.takes_array:
        return False
    return begins_fixed(predicate.operator, value_of_literal(predicate.literal))


def begins_fixed(operator: str, pattern: str) -> bool:
    """The same of an operator and the pattern itself."""
    if operator == _STARTS_WITH:
        return pattern != ""
    if operator == _LIKE:
        return pattern[:1] not in {"", *_WILDCARDS}
    return operator == _REGEX and _FIXED_REGEX.match(pattern) is not None
