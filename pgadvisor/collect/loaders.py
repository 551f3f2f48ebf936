"""How values of the server become Python's, where psycopg's own way does not fit.

``pg_stats`` of a thousand tables holds a million array elements.  psycopg's loader takes a
microsecond for each, the ones here a tenth of it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection
from psycopg.adapt import Buffer, Loader

_ANYARRAY_OID = 2277
_FLOAT4_ARRAY_OID = 1021
_TEXT_OIDS = (18, 19, 25, 705, 1042, 1043)
"""Of "char", name, text, unknown, char(n) and varchar."""

_ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|([^",{}]+)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class AnyArrayLoader(Loader):
    """Reads an array of any type as a tuple of its elements in their text form."""

    def load(self, data: Buffer) -> tuple[str, ...]:
        """Split the array; there are no nulls in those of ``pg_stats``."""
        return split_array(bytes(data).decode("utf-8", "replace"))


class FloatArrayLoader(Loader):
    """Reads an array of floats without nulls."""

    def load(self, data: Buffer) -> tuple[float, ...]:
        """Split the array."""
        body = bytes(data).decode()[1:-1]
        return tuple(map(float, body.split(","))) if body else ()


class TimestampLoader(Loader):
    """Reads an ISO timestamp with time zone, as UTC, whatever the connection's own zone is."""

    def load(self, data: Buffer) -> datetime:
        """Parse the text."""
        return datetime.fromisoformat(bytes(data).decode()).astimezone(UTC)


class LenientTextLoader(Loader):
    """Reads bytes that are no UTF-8, as an SQL_ASCII database may hold, with replacements."""

    def load(self, data: Buffer) -> str:
        """Decode what can be decoded."""
        return bytes(data).decode("utf-8", "replace")


def split_array(text: str) -> tuple[str, ...]:
    """Split the text of a one-dimensional array without nulls into its elements."""
    body = text[1:-1]
    if not body:
        return ()
    if '"' not in body:
        return tuple(body.split(","))
    quoted_all = body[1:-1].split('","')
    if body.count('"') == 2 * len(quoted_all) and body[0] == body[-1] == '"' and "\\" not in body:
        return tuple(quoted_all)
    found = _ELEMENT.findall(body)
    if "\\" not in body:
        return tuple(quoted or plain for quoted, plain in found)
    return tuple(_ESCAPED.sub(r"\1", quoted) or plain for quoted, plain in found)


def register_loaders(connection: Connection[Any]) -> None:
    """Read what ``pg_stats`` holds fast, and times independent of the session's settings."""
    connection.adapters.register_loader(_ANYARRAY_OID, AnyArrayLoader)
    connection.adapters.register_loader(_FLOAT4_ARRAY_OID, FloatArrayLoader)
    connection.adapters.register_loader("timestamptz", TimestampLoader)


def read_leniently(connection: Connection[Any]) -> None:
    """From now on take any bytes for text."""
    for oid in _TEXT_OIDS:
        connection.adapters.register_loader(oid, LenientTextLoader)
