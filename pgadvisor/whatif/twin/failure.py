"""What went wrong with a twin's server, and what helps."""

from __future__ import annotations

from pgadvisor.cluster.remedy import remedy_for
from pgadvisor.errors import TwinError
from pgadvisor.whatif.twin.patience import NO_ANSWER

_EXHAUSTED = frozenset({"53000", "53100", "58030"})
"""No file descriptors, no disk space, no reading or writing: nothing that a statement has done."""
_ENDLESS = (
    "A function of the snapshot's runs without end while it is planned, and lets nobody stop it: "
    "leave its schema out."
)
_ENDED = "Unless somebody has ended it, it was short of memory: free some, and run it again."
_CLOSED = "the connection is closed"
"""What psycopg says of a connection that it has closed."""
_UNKNOWN = "Run it again; free memory and disk space."


def is_exhausted(sqlstate: str | None) -> bool:
    """Whether it is the machine that fails, and not the statement."""
    return sqlstate in _EXHAUSTED


def failure_of(attempted: str, reason: str, sqlstate: str | None, last_words: str) -> TwinError:
    """Put a failure into our own error.

    Args:
        attempted: What was being done.
        reason: What the server or the driver says.
        sqlstate: The server's code; None: it is the driver that complains.
        last_words: What the server has written to its log before it ended, if it has.
    """
    if reason == NO_ANSWER:
        return TwinError(attempted, reason, _ENDLESS)
    if reason == _CLOSED:
        return TwinError(attempted, "an earlier failure has ended it", "Start the twin anew.")
    if sqlstate is not None and not sqlstate.startswith("57P"):
        return TwinError(attempted, reason, remedy_for(reason) or _UNKNOWN)
    text = f"the server has ended: {last_words or reason}"
    return TwinError(attempted, text, remedy_for(last_words) or _ENDED)
