"""Filling a database with the shop."""

from __future__ import annotations

from pathlib import Path

import psycopg

from tests.fixtures.databases import FORGET
from tests.whatif.statements import STATEMENTS


def fill(dsn: str) -> None:
    """Make the shop, analyse it, and run each query of the workload once."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute((Path(__file__).parent / "shop.sql").read_bytes())
        connection.execute("vacuum analyze")
        connection.execute(FORGET)
        for statement in STATEMENTS:
            if statement.startswith(("select", "with")):
                connection.execute(statement.encode())
