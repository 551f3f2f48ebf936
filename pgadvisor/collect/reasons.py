"""Why a statement failed, in our own words: decided on the SQLSTATE alone.

The server's messages may be in any language and may quote data, so none is ever shown.
"""

from __future__ import annotations

MAX_TRIES = 3
"""Of one read, where a failure may pass."""

LOST = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03", "25P04", "08000", "08003", "08006"})
"""The server has ended the connection, or is about to."""
LOCKED = "55P03"
REFUSED_FOR_GOOD = frozenset({"42501", "0A000"})
"""No privilege, or not supported: the same read would fail again, and nothing has broken."""
CANCELLED = "57014"
NO_PRIVILEGE = "42501"
UNTRANSLATABLE = frozenset({"22021", "22P05"})
NOT_PRELOADED = "55000"
WORTH_ANOTHER_TRY = frozenset({LOCKED, "40001", "40P01", "XX000", "42P01"})
"""A lock taken since we looked, a conflict with recovery, a relation dropped under our feet."""

CONNECTION_LOST = "the connection was lost"

_REASONS = {
    LOCKED: "another session holds a lock that it would have waited for",
    NO_PRIVILEGE: "the role has no privilege for it",
    "40001": "the standby cancelled it in favour of recovery",
    "22021": "a text is not valid in the encoding of this database",
    "22P05": "a text cannot be written in the encoding of this database",
    NOT_PRELOADED: "the server is not prepared for it",
    "53200": "the server is out of memory",
    "53100": "the server's disk is full",
    "53300": "the server has no connection left",
    "54001": "it is nested too deeply for the server",
    "42P01": "a relation is gone, or not in the search path",
    "42703": "a column is not there",
    "42883": "a function is not there",
    "42704": "an object is not there",
    "42P18": "the type of a parameter cannot be told",
    "42601": "the server does not parse it",
    "42804": "the type of a parameter was guessed wrong by the server",
    "42725": "a function or an operator is not unique without types",
    "22P02": "a parameter takes a type that its text does not fit",
    "22023": "a setting takes no such value",
    "0A000": "the server does not support it",
}
_REMEDIES = {
    LOCKED: "Run again when the lock is gone.",
    CANCELLED: "Run again at a quieter time, or with a longer statement timeout.",
    NO_PRIVILEGE: "pgadvisor grants prints what the role needs.",
}


def reason(sqlstate: str | None, *, has_run_out: bool = False) -> str:
    """What a code means, as a clause.

    Args:
        sqlstate: The server's code; None when the connection broke.
        has_run_out: By our own clock the statement took as long as it may; the server has one
            code for that and for a cancellation by somebody.
    """
    if sqlstate is None:
        return CONNECTION_LOST
    if sqlstate == CANCELLED:
        return "it took longer than it may" if has_run_out else "it was cancelled"
    return _REASONS.get(sqlstate, f"the server refused it with SQLSTATE {sqlstate}")


def remedy(sqlstate: str | None) -> str:
    """What mends a failure of that code, as a sentence; empty where we know of nothing."""
    return _REMEDIES.get(sqlstate or "", "")
