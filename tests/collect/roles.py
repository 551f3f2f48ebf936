"""Roles to read with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import psycopg
from psycopg import conninfo, sql

from pgadvisor.collect.grants import grants_sql

_numbers = count(1)


@contextmanager
def reading_role(dsn: str, *schemas: str, monitor: bool = True) -> Iterator[str]:
    """Make a role with the grants that we print (or with CONNECT only); yield a DSN for it."""
    role = f"reader_{next(_numbers)}"
    name = sql.Identifier(role)
    database = conninfo.conninfo_to_dict(dsn)["dbname"]
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("create role {} login").format(name))
        if monitor:
            connection.execute(grants_sql(role, str(database), schemas).encode())
        yield conninfo.make_conninfo(dsn, user=role)
        connection.execute(sql.SQL("drop owned by {}").format(name))
        connection.execute(sql.SQL("drop role {}").format(name))
