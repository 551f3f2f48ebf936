"""The type that a value looks to be of, where nobody says."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from contextlib import suppress

_PATTERNS = (
    ("boolean", re.compile(r"[tf]|true|false")),
    ("bigint", re.compile(r"[+-]?\d{1,18}")),
    ("numeric", re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")),
    ("uuid", re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")),
    ("bytea", re.compile(r"\\x([0-9a-fA-F]{2})*")),
    ("date", re.compile(r"\d{4}-\d{2}-\d{2}")),
    ("timestamp", re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?")),
    (
        "timestamptz",
        re.compile(
            r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?\s*(Z|UTC|[+-]\d{2}(:?\d{2})?)"
        ),
    ),
    ("time", re.compile(r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?")),
    ("macaddr", re.compile(r"[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}")),
    ("jsonb", re.compile(r"\s*(\{\s*(\".*)?\}|\[.*\])\s*", re.DOTALL)),
    ("text[]", re.compile(r"\{.*\}", re.DOTALL)),
)
_ADDRESS = re.compile(r"[0-9a-fA-F.:]*[.:][0-9a-fA-F.:]*(/\d{1,3})?")


def _is_address(text: str) -> bool:
    with suppress(ValueError):
        return _ADDRESS.fullmatch(text) is not None and bool(ipaddress.ip_interface(text))
    return False


_Test = Callable[[str], object]

_TESTS: tuple[tuple[str, _Test], ...] = (
    *((name, pattern.fullmatch) for name, pattern in _PATTERNS),
    ("inet", _is_address),
)


def guess_type(values: Iterable[str]) -> str:
    """The narrowest type that all values look to be of; ``text`` where there is none.

    Empty braces are taken for a JSON object, which is an array of nothing too.
    """
    known = tuple(values)
    for name, test in _TESTS:
        if known and all(test(value) for value in known):
            return name
    return "text"
