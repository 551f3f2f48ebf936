"""Patterns of texts whose fixed beginning a btree can look up, and the btrees that can."""

from __future__ import annotations

import re

_WILDCARDS = frozenset("%_")
_FIXED_REGEX = re.compile(r"\^[\w ]")
_LIKE = "~~"
_REGEX = "~"
_STARTS_WITH = "^@"
BTREE_PATTERNS = frozenset({_LIKE, _REGEX, _STARTS_WITH})
"""Patterns whose fixed beginning a btree can look up; those that ignore case are none."""
PATTERN_CLASSES = {
    "text": "text_pattern_ops",
    "character varying": "varchar_pattern_ops",
    "character": "bpchar_pattern_ops",
}
"""By type, the operator class that compares byte by byte, whatever the collation is."""


def begins_fixed(operator: str, pattern: str) -> bool:
    """Whether a btree can look up how a pattern begins: ``LIKE 'abc%'``, ``~ '^abc'``.

    Args:
        operator: What compares with it.
        pattern: Its value.
    """
    if operator == _STARTS_WITH:
        return pattern != ""
    if operator == _LIKE:
        return pattern[:1] not in {"", *_WILDCARDS}
    return operator == _REGEX and _FIXED_REGEX.match(pattern) is not None
