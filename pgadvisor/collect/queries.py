"""The texts of all catalog reads: one ``.sql`` file each, in variants where versions differ.

``name.sql`` is for the oldest version; ``name_16.sql`` holds from version 16 on.  Of
``pg_stat_statements``, whose columns go by the version of the extension, ``name_1_11.sql`` holds
from 1.11 on.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from pgadvisor.sqltext.quote import quote_identifier

MARKER = "/* pgadvisor */"
"""In each of our statements, so that those who watch the server know whose they are."""
EXTENSION_SCHEMA = "@extschema@"
"""PostgreSQL's own placeholder, in extension scripts, for the schema of the extension."""

_VARIANT = re.compile(r"^(?P<name>[a-z_]+?)(?:_(?P<version>\d+(?:_\d+)?))?\.sql$")
_FIRST_WORD = re.compile(r"^(with recursive|with|select)\b")

Version = tuple[int, ...]


def query(name: str, version: Version, *, extension_schema: str | None = None) -> str:
    """The text of a read for a version of the server, or of the extension that it reads.

    Args:
        name: Name of the file without its version.
        version: ``(16,)`` for the server's major, ``(1, 11)`` for an extension's.
        extension_schema: Where the extension is installed; the only thing ever put into a text.
    """
    variants = _variants()[name]
    chosen = max((of for of in variants if of <= version), default=min(variants))
    text = variants[chosen]
    if extension_schema is not None:
        text = text.replace(EXTENSION_SCHEMA, quote_identifier(extension_schema))
    return text


@cache
def _variants() -> dict[str, dict[Version, str]]:
    """All texts by name and by the version that each holds from."""
    found: dict[str, dict[Version, str]] = {}
    for file in (files("pgadvisor.collect") / "sql").iterdir():
        match = _VARIANT.match(file.name)
        if match is None:
            continue
        version = tuple(int(part) for part in (match["version"] or "0").split("_"))
        found.setdefault(match["name"], {})[version] = _marked(file.read_text("utf-8"))
    return found


def _marked(text: str) -> str:
    """Drop the header, and put our mark where ``pg_stat_statements`` keeps it."""
    lines = text.splitlines()
    body = "\n".join(line for line in lines if not line.lstrip().startswith("--"))
    return _FIRST_WORD.sub(rf"\1 {MARKER}", body, count=1)
