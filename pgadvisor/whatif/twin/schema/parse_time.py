"""Code of the snapshot's that would run while an expression is only read.

Constants are read with their types, and a domain's check runs with them.  The twin's domains have
none that does anything, but a function of the snapshot's may have given them one meanwhile; it
could then change what names stand for in the midst of an expression, and so the expression's type.
"""

from __future__ import annotations

from pgadvisor.whatif.twin.session import TwinServer

PIN_PATH = "select pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', {})"
"""Lets unqualified names stand for PostgreSQL's own; in the braces, whether locally."""
_CHECKS = """
select exists (
    select from pg_constraint k join pg_type t on t.oid = k.contypid
    where t.typowner = 'twin'::regrole and k.contype = 'c'
        and pg_get_constraintdef(k.oid) <> 'CHECK (true)')
"""


def runs_code(server: TwinServer) -> bool:
    """Whether reading a constant may run code of the snapshot's.

    Raises:
        TwinError: The server is gone.
    """
    [(found,)] = server.query(_CHECKS)
    return bool(found)
