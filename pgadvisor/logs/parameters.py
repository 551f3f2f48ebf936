"""The values that the log gives for parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pgadvisor.sqltext.quote import quote_literal

_LABEL = re.compile(r"\s*(?:Query )?[Pp]arameters:\s*")
_VALUE = re.compile(r"\$(\d{1,6}) = (NULL|'((?:[^']|'')*)')(?:, |\s*$)")
_CUT_OFF = "..."
"""Stands at the end of a value that ``log_parameter_max_length`` has cut off."""


def parameter_values(detail: str) -> Mapping[int, str] | None:
    """Read ``parameters: $1 = '42', $2 = NULL`` into SQL literals by number.

    A value that ends in three dots may have been cut off, so it counts as unknown.

    Returns:
        None: the text is something else, or is broken.
    """
    label = _LABEL.match(detail)
    place = label.end() if label else 0
    found: dict[int, str] = {}
    while place < len(detail):
        value = _VALUE.match(detail, place)
        if value is None:
            return None
        place = value.end()
        if value[2] == "NULL":
            found[int(value[1])] = "NULL"
        elif not value[3].endswith(_CUT_OFF):
            found[int(value[1])] = quote_literal(value[3].replace("''", "'"))
    return found
