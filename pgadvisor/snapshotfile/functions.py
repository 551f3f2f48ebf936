"""Definitions of functions: the body is a text of its own, with constants in it."""

from __future__ import annotations

import re
from collections.abc import Callable

from pgadvisor.snapshotfile.settings import is_harmless
from pgadvisor.sqltext.quote import quote_literal

LANGUAGES = frozenset({"sql", "plpgsql"})
"""In which constants can be found; functions in others are left out."""

_BODY = re.compile(r"^AS (\$[^$\n]*\$)(.*)\1\s*$", re.MULTILINE | re.DOTALL)
_QUOTED_BODY = re.compile(r"^AS '((?:[^']|'')*)'\s*$", re.MULTILINE | re.DOTALL)
_SETTING = re.compile(r"^ SET (\S+) TO (.+)\n", re.MULTILINE)


def redact_definition(definition: str, redact: Callable[[str], str]) -> str:
    """Replace the constants of what ``pg_get_functiondef`` gives.

    Settings of the function stay where they only tell how to plan and to run.

    Args:
        definition: A function in one of :data:`LANGUAGES`.
        redact: Replaces the constants of an SQL text.

    Raises:
        StatementError: A quote or a comment has no end.
    """
    head, body = definition, ""
    if (dollars := _BODY.search(definition)) is not None:
        head = definition[: dollars.start()]
        body = f"AS {dollars[1]}{redact(dollars[2])}{dollars[1]}\n"
    elif (quoted := _QUOTED_BODY.search(definition)) is not None:
        head = definition[: quoted.start()]
        body = f"AS {quote_literal(redact(quoted[1].replace(chr(39) * 2, chr(39))))}\n"
    # Settings would lose their meaning with their constants, so they stay whole or go whole.
    settings = [match[0] for match in _SETTING.finditer(head) if _stays(match)]
    return redact(_SETTING.sub("", head)).rstrip() + "\n" + "".join(settings) + body


def _stays(match: re.Match[str]) -> bool:
    return is_harmless(match[1], match[2].strip("'"))
