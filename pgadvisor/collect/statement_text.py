"""Texts of ``pg_stat_statements``, without literals, comments and the noise of tools."""

from __future__ import annotations

import re

from pgadvisor.collect.queries import MARKER
from pgadvisor.parse.statement import UNPARSABLE, StatementError, fingerprint, normalise

INSUFFICIENT_PRIVILEGE = "<insufficient privilege>"
"""What ``pg_stat_statements`` shows of other people's statements."""
UNAVAILABLE = "<text unavailable>"
"""Stands for a text that could not be read."""
PREPARED_NAME = "pgadvisor_q"
"""The one name that we prepare statements under."""

# Whatever may hold a literal or a comment: a quote, a number that is no part of a name or a
# parameter, a comment, a dollar quote, a second statement, a word that is a constant (the one of
# IS NULL is not).
_NEEDS_WORK = re.compile(
    r"""['";]|--|/\*|(?<![\w$])\.?\d|\$(?!\d)|(?<!\bis )(?<!\bis not )\b(?:true|false|null)\b""",
    re.IGNORECASE,
)
_QUERY = re.compile(r"(?:select|insert|update|delete|with|merge)\b", re.IGNORECASE)
_NOISE = re.compile(
    r"(?:set|reset|show|begin|start|commit|end|rollback|abort|savepoint|release|discard|prepare"
    r"|deallocate|execute|explain|declare|fetch|move|close|listen|unlisten|notify|load)\b",
    re.IGNORECASE,
)


def is_noise(text: str) -> bool:
    """The statement is ours, or one that only steers a session: SET, BEGIN, FETCH, ..."""
    return MARKER in text or bool(_NOISE.match(text.lstrip()))


def clean(text: str) -> tuple[str, str]:
    """Return a text as it may be kept, and its fingerprint (empty where it has none).

    A text that evidently holds nothing to remove is not taken apart, which saves a
    millisecond on each of thousands.
    """
    stripped = text.strip()
    if _QUERY.match(stripped) and not _NEEDS_WORK.search(stripped):
        try:
            return stripped, fingerprint(stripped)
        except StatementError:
            return UNPARSABLE, ""
    kept = normalise(stripped)
    try:
        return kept, fingerprint(kept)
    except StatementError:  # a command tag, or a stand-in
        return kept, ""


def called_names(text: str) -> frozenset[str]:
    """Names that stand before a parenthesis: every function that a statement may call."""
    return frozenset(
        quoted.replace('""', '"') if quoted else plain.lower()
        for quoted, plain in _CALL.findall(text)
    )


_CALL = re.compile(r'(?:"((?:[^"]|"")+)"|([^\W\d][\w$]*))\s*\(')
