"""What stands around a statement's text to have it planned with its ``$n`` unknown.

PostgreSQL 16 and later have a word for it.  Before, the statement is prepared, and the plan that
is explained is the one for whatever values, given NULLs: it is the same plan at the same cost, but
partitions that a NULL excludes are not listed among its children.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

GENERIC_PLAN_SINCE = 16
"""The major version from which on EXPLAIN leaves ``$n`` unknown by itself."""
INDETERMINATE_TYPE = "42P18"
OWN_SETTING = "plan_cache_mode"
"""Set around a prepared statement, and listed in its plan."""

_OPTIONS = "FORMAT JSON, VERBOSE, SETTINGS"
_NAME = "pgadvisor_q"
_UNTYPED = re.compile(r"parameter \$(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainForm:
    """Text before and after a statement; the server runs all of it in one go."""

    head: str
    tail: str
    is_prepared: bool = False
    """It leaves a prepared statement behind when it fails."""


GENERIC = ExplainForm(head=f"EXPLAIN (GENERIC_PLAN, {_OPTIONS}) ", tail="\n")
"""The line break ends a comment at the end of the text."""
PLAIN = ExplainForm(head=f"EXPLAIN ({_OPTIONS}) ", tail="\n")


def prepared(parameter_count: int, texts: Iterable[int] = ()) -> ExplainForm:
    """The form by PREPARE and EXECUTE, which every major version knows.

    Args:
        parameter_count: The highest ``n`` of ``$n`` in the statement, at least 1.
        texts: Numbers of parameters whose type cannot be told, which become texts.
    """
    chosen = frozenset(texts)
    types = ["text" if n in chosen else "unknown" for n in range(1, max(chosen, default=0) + 1)]
    listed = f"({', '.join(types)})" if types else ""
    nulls = ", ".join(["NULL"] * parameter_count)
    return ExplainForm(
        head=f"SET LOCAL {OWN_SETTING} = force_generic_plan; PREPARE {_NAME}{listed} AS ",
        tail=f"\n; EXPLAIN ({_OPTIONS}) EXECUTE {_NAME}({nulls}); DEALLOCATE {_NAME}",
        is_prepared=True,
    )


def untyped_parameter(reason: str) -> int | None:
    """The number of the parameter whose type the server could not tell; None: it names none."""
    match = _UNTYPED.search(reason)
    return int(match[1]) if match else None
