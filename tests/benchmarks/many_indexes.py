"""One data set and many indexes on it, of every kind: what sizes, plans and costs are held to.

``many_indexes_data.sql`` makes the data; statistics targets are such that ANALYZE sees every
row, and so says the same each time.  ``many_indexes_cases.sql`` has the indexes, and below each
one statements that gain by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

EXTENSIONS = ("pg_trgm", "btree_gist", "btree_gin", "bloom", "ltree", "vector")
NAME = "tried"
"""What an index is called while it is tried, in whatever schema; parts have names of their own."""

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An index, and statements that gain by it."""

    kind: str
    """``btree, several columns``: the access method, and what is special."""
    create: str
    """``create index on ...``, without a name."""
    statements: tuple[str, ...]
    """Their plans with the index differ from those without."""

    @property
    def create_named(self) -> str:
        """The same, with a name for the index."""
        return re.sub(r"\bindex on\b", f"index {NAME} on", self.create, count=1)


def fill(dsn: str) -> None:
    """Make the data set in an empty database: 400,000 rows, in a few seconds."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for extension in EXTENSIONS:
            connection.execute(f"create extension {extension}".encode())
        connection.execute((_HERE / "many_indexes_data.sql").read_bytes())
        connection.execute("vacuum analyze")


def _read(text: str) -> Iterator[Case]:
    kind = ""
    for block in re.split(r"\n(?=create |-- )", text)[1:]:
        first, *others = block.strip().splitlines()
        if first.startswith("-- "):
            kind = first.removeprefix("-- ")
        else:
            statements = tuple(other.strip().rstrip(";") for other in others)
            yield Case(kind=kind, create=first.rstrip(";"), statements=statements)


CASES = tuple(_read((_HERE / "many_indexes_cases.sql").read_text()))
"""All of them."""
