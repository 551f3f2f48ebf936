"""The SQL that makes a role which may read all that pgadvisor needs, and no more."""

from __future__ import annotations

from collections.abc import Sequence

from pgadvisor.sqltext.quote import quote_identifier

_HEAD = """\
-- Run this as the owner of the database or as a superuser.  It is all that pgadvisor needs: it
-- reads, in short read-only transactions, and never writes.
--
-- Give the role a password on its own terms, or let pg_hba.conf say how it logs in:
--     CREATE ROLE {role} LOGIN CONNECTION LIMIT 3;
-- A role that may write nothing, and that gives up quickly, is the safest reader:
--     ALTER ROLE {role} SET default_transaction_read_only = on;
--     ALTER ROLE {role} SET statement_timeout = '30s';
"""
_CONNECT = """\
-- To log in to this database.
GRANT CONNECT ON DATABASE {database} TO {role};
"""
_MONITOR = """\
-- To see the statements of all roles in pg_stat_statements, all settings and the state of
-- replication.  It gives no access to any table.
GRANT pg_monitor TO {role};
"""
_SCHEMA = """\
-- To see the statistics of the tables (pg_stats shows them only to those who may read the table)
-- and to ask for plans of SELECT statements.
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role};
-- To see how far the sequences have come, and so when a key runs out of numbers.
GRANT SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role};
-- Tables of the future have to be granted by each role that makes them:
--     ALTER DEFAULT PRIVILEGES FOR ROLE their_owner IN SCHEMA {schema}
--         GRANT SELECT ON TABLES TO {role};
"""
_TAIL = """\
-- Not granted, on purpose: pg_read_all_data, which would also show the password hashes in
-- pg_authid; INSERT, UPDATE and DELETE, without which the plans of such statements come from the
-- planner twin alone.
"""


_NO_ROLES = frozenset({"none", "public"})
"""PostgreSQL keeps these for itself, quoted or not; ``public`` would be everybody."""


def grants_sql(role: str, database: str, schemas: Sequence[str]) -> str:
    """Write the grants for a reading role, with the reason for each.

    Args:
        role: Who is to read.
        database: What is to be analysed.
        schemas: Schemas to be read.

    Raises:
        ValueError: A name is empty or holds a NUL.
    """
    if role in _NO_ROLES:
        raise ValueError(f"no role can be called {role}")
    names = {"role": quote_identifier(role), "database": quote_identifier(database)}
    for_comment = {name: " ".join(text.split()) for name, text in names.items()}
    parts = [_HEAD.format(**for_comment), _CONNECT.format(**names), _MONITOR.format(**names)]
    parts += [_schema(quote_identifier(schema), names["role"]) for schema in schemas]
    return "\n".join((*parts, _TAIL))


def _schema(schema: str, role: str) -> str:
    """Fill in the names; within a comment a line break of a name would end the comment."""
    lines: list[str] = []
    for line in _SCHEMA.splitlines():
        filled = line.format(schema=schema, role=role)
        lines.append(" ".join(filled.split()) if line.startswith("--") else filled)
    return "\n".join(lines) + "\n"
