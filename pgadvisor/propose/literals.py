"""What the constant of a condition says: its value, and how a pattern begins."""

from __future__ import annotations

from pgadvisor.model.usage import Predicate
from pgadvisor.parse.pattern import begins_fixed


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
