"""References between tables that no constraint declares."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Columns of a table whose combinations are taken to be those of another one."""

    table_oid: int
    columns: frozenset[str]
    referenced_table_oid: int
