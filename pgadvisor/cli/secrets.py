"""No message repeats a connection string, whatever it was taken for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_CONNECTION_STRING = re.compile(r"://|@|\w\s*=")


def scrub(message: str, arguments: Sequence[str]) -> str:
    """Replace by ``***`` each argument in a message that may be a connection string.

    A password gets into a message when a connection string stands where something else is
    expected: a second argument, a command, the value of an option.

    Args:
        message: What is about to be shown.
        arguments: Of the command line, as the shell split them.
    """
    for argument in sorted(_suspects(arguments), key=len, reverse=True):
        for form in (argument, repr(argument)[1:-1]):
            message = message.replace(form, "***")
    return message


def _suspects(arguments: Sequence[str]) -> Iterator[str]:
    for argument in arguments:
        value = argument.partition("=")[2] if argument.startswith("--") else argument
        if _CONNECTION_STRING.search(value):
            yield value
