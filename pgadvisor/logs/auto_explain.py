"""What ``auto_explain`` logs: a plan, and above or in it the statement with its values.

Plans are kept as they were written; reading them is another package's work.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass

_TOP_NODE = re.compile(
    rb"^\S[^\n]*  \(cost=\d+\.\d\d\.\.\d+\.\d\d rows=\d+ width=\d+\)", re.MULTILINE
)
_TEXT_PARAMETERS = re.compile(rb"\nQuery Parameters: ([^\n]*(?:\n[^\n]*)*)\Z")
_JSON_TEXT = re.compile(rb'"Query Text": ("[^"\\]*+(?:\\.[^"\\]*+)*+")', re.DOTALL)
_JSON_PARAMETERS = re.compile(rb'"Query Parameters": ("[^"\\]*+(?:\\.[^"\\]*+)*+")', re.DOTALL)
_YAML_TEXT = re.compile(rb'^Query Text: ("[^"\\]*+(?:\\.[^"\\]*+)*+")', re.DOTALL | re.MULTILINE)
_YAML_PARAMETERS = re.compile(
    rb'^Query Parameters: ("[^"\\]*+(?:\\.[^"\\]*+)*+")', re.DOTALL | re.MULTILINE
)
_XML_TEXT = re.compile(rb"<Query-Text>(.*?)</Query-Text>", re.DOTALL)
_XML_PARAMETERS = re.compile(rb"<Query-Parameters>(.*?)</Query-Parameters>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Explained:
    """A logged plan, taken apart as far as needs be."""

    query: bytes
    parameters: bytes
    """``$1 = '42', $2 = NULL``; empty: none, or not logged (before PostgreSQL 16)."""
    format: str


def take_apart(message: bytes) -> Explained | None:
    """Find statement and parameters in what stands after ``plan:``; None: there is no statement."""
    start = message.lstrip()[:14]
    for mark, read, pattern, parameters, name in _KINDS:
        if start.startswith(mark):
            query = read(message, pattern)
            if query is None:
                return None
            return Explained(query, read(message, parameters) or b"", name)
    return _of_text(message)


def _of_text(message: bytes) -> Explained | None:
    """The statement goes on up to the last line that can be the top of a plan.

    Nodes below the top are indented; a statement may hold a line that looks like one.
    """
    body = message.lstrip()
    if not body.startswith(b"Query Text: "):
        return None
    top = None
    for top in _TOP_NODE.finditer(body):  # noqa: B007  (the last one)
        pass
    head = body[len(b"Query Text: ") : top.start() if top else len(body)].rstrip(b"\n")
    parameters = _TEXT_PARAMETERS.search(head)
    if parameters is None:
        return Explained(head, b"", "text")
    return Explained(head[: parameters.start()], parameters[1], "text")


def _quoted(message: bytes, pattern: re.Pattern[bytes]) -> bytes | None:
    found = pattern.search(message)
    if found is None:
        return None
    try:
        text = json.loads(found[1], strict=False)
    except ValueError:
        return None
    return str(text).encode(errors="replace")


def _escaped(message: bytes, pattern: re.Pattern[bytes]) -> bytes | None:
    found = pattern.search(message)
    if found is None:
        return None
    # Bytes beyond ASCII stay as they are: Latin-1 maps each onto a character, and back.
    return html.unescape(found[1].decode("latin-1")).encode("latin-1", errors="replace")


_KINDS = (
    (b'Query Text: "', _quoted, _YAML_TEXT, _YAML_PARAMETERS, "yaml"),  # no SQL begins with "
    (b"{", _quoted, _JSON_TEXT, _JSON_PARAMETERS, "json"),
    (b"<", _escaped, _XML_TEXT, _XML_PARAMETERS, "xml"),
)
"""How a format begins, and how to find in it what is looked for."""
