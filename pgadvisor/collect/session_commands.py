"""Which commands leave something behind in the session that they are run in."""

from __future__ import annotations

import re
from collections import defaultdict

from pgadvisor.model.session_command import SessionCommand, SessionCommandKind

_KINDS = (
    (SessionCommandKind.LISTEN, r"listen\b"),
    (
        SessionCommandKind.SET,
        # What lasts for a transaction, and what PgBouncer follows for each of its clients.
        (
            r"set\s+(?:session\s+(?!characteristics\b)|(?!session\s))"
            r"(?!local\b|transaction\b|constraints\b"
            r"|client_encoding\b|datestyle\b|timezone\b|time\s+zone\b|standard_conforming_strings\b"
            r"|application_name\b|names\b|extra_float_digits\b|pg_stat_statements\b)\w"
        ),
    ),
    (
        SessionCommandKind.TEMPORARY_TABLE,
        r"create\s+(?:(?:local|global)\s+)?temp(?:orary)?\b(?!.*\bon\s+commit\s+drop\b)",
    ),
    (SessionCommandKind.HELD_CURSOR, r"declare\b.*?\bcursor\s+with\s+hold\b"),
    (SessionCommandKind.PREPARE, r"prepare\s+(?!transaction\b)"),
)
_PATTERNS = tuple(
    (kind, re.compile(rf"\s*{text}", re.IGNORECASE | re.DOTALL)) for kind, text in _KINDS
)


def kind_of(text: str) -> SessionCommandKind | None:
    """What a statement leaves behind in its session; None: nothing that we know of."""
    return next((kind for kind, pattern in _PATTERNS if pattern.match(text)), None)


class SessionCommands:
    """The commands of a workload, kind by kind."""

    def __init__(self) -> None:
        self._roles: dict[SessionCommandKind, set[str]] = defaultdict(set)

    def add(self, text: str, role: str | None) -> None:
        """Look at one statement."""
        kind = kind_of(text)
        if kind is not None:
            self._roles[kind].update({role} if role is not None else ())

    def found(self) -> tuple[SessionCommand, ...]:
        """All that there were."""
        return tuple(
            SessionCommand(kind=kind, roles=tuple(sorted(roles)))
            for kind, roles in sorted(self._roles.items())
        )
