"""What the exit codes mean, and how ``--help`` says so."""

from __future__ import annotations

DONE = 0
FINDINGS = 1
USAGE = 2
CANNOT_CONNECT = 3
PARTIAL = 4
INTERNAL = 5
INTERRUPTED = 130

_MEANINGS = {
    DONE: "done",
    FINDINGS: "findings at or above --fail-on",
    USAGE: "wrong usage",
    CANNOT_CONNECT: "cannot connect",
    PARTIAL: "partial",
    INTERNAL: "internal error",
    INTERRUPTED: "interrupted",
}


def epilog(*leave_out: int) -> str:
    """The last lines of a command's help.

    Args:
        leave_out: Codes that the command never exits with.
    """
    codes = (f"{code} {text}" for code, text in _MEANINGS.items() if code not in leave_out)
    return f"Exit codes: {'; '.join(codes)}."
