"""Switching indexes: a hidden one is moved to another table for as long as it is hidden.

The planner opens every index of a table, also those that are not valid, so a thousand hidden
ones would cost each EXPLAIN a quarter of a millisecond.  Hence hidden indexes belong, by
``pg_index.indrelid``, to a table that nobody queries.  The planner notices because the table's
own row in ``pg_class`` is touched.

The function runs with the superuser's rights and may be called by anybody in this database,
code of the snapshot's included: all it can do is to move an index between that table and the
one that we know to be its own, and to have a relation looked up again.  Whatever it names is
qualified, operators too, which does without a search path of its own and saves a third of the
time.  Its plans are made once, while the catalog is small and a scan of all of it the cheapest,
and kept while rolled-back rows pile up there: hence no such scan.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgadvisor.whatif.twin.session import ROLE, TwinServer

FIRST_OWN_OID = 16384
"""What is below is PostgreSQL's own (``FirstNormalObjectId``)."""
_SETUP = f"""
create table pgadvisor_twin.home (
    index_oid oid primary key,
    table_oid oid not null
);
insert into pgadvisor_twin.home
    select indexrelid, indrelid from pg_index join pg_class c on c.oid = indexrelid
    where c.relowner = '{ROLE}'::regrole;
create table pgadvisor_twin.lot ();
create function pgadvisor_twin.switch(
    shown pg_catalog.oid[], hidden pg_catalog.oid[], touched pg_catalog.oid[]
) returns pg_catalog.void
language plpgsql security definer set enable_seqscan = off as $$
declare
    one pg_catalog.oid;
begin
    -- One by one is faster than a join for the few indexes that a configuration has.
    foreach one in array shown loop
        update pg_catalog.pg_index set indrelid = coalesce((
            select h.table_oid from pgadvisor_twin.home h
            where h.index_oid operator(pg_catalog.=) one
        ), indrelid)
        where indexrelid operator(pg_catalog.=) one and one operator(pg_catalog.>=) {FIRST_OWN_OID};
    end loop;
    foreach one in array hidden loop
        update pg_catalog.pg_index
        set indrelid = 'pgadvisor_twin.lot'::pg_catalog.regclass
        from pgadvisor_twin.home h
        where h.index_oid operator(pg_catalog.=) one and indexrelid operator(pg_catalog.=) one;
    end loop;
    foreach one in array touched loop
        update pg_catalog.pg_class set relname = relname
        where oid operator(pg_catalog.=) one and oid operator(pg_catalog.>=) {FIRST_OWN_OID};
    end loop;
end $$;
grant usage on schema pgadvisor_twin to {ROLE};
"""  # noqa: S608  (our own constant)
_HOMES = "select index_oid::bigint, table_oid::bigint from pgadvisor_twin.home"
_REGISTER = """
insert into pgadvisor_twin.home
select indexrelid, indrelid from pg_index where indexrelid = any(%s)
on conflict (index_oid) do update set table_oid = home.table_oid
returning index_oid::bigint, table_oid::bigint
"""
_TIDY_EVERY = 2_000


class Switchboard:
    """Shows and hides indexes of one twin.

    Args:
        server: The twin's server, whose schema is complete.
    """

    def __init__(self, server: TwinServer) -> None:
        self._server = server
        self._uses = 0
        server.command(_SETUP)
        self._homes: dict[int, int] = dict(server.query(_HOMES))

    def register(self, oids: Sequence[int]) -> None:
        """Let new indexes be switched, as those that were there at first can be.

        Raises:
            TwinError: The server is gone.
        """
        self._homes |= self._server.query(_REGISTER, (list(oids),))

    def hide(self, oids: Sequence[int]) -> None:
        """Hide indexes until a statement shows them.

        Raises:
            TwinError: The server is gone.
        """
        self._server.command(self._call((), oids))

    def statement(self, shown: Iterable[int], hidden: Iterable[int]) -> str:
        """The statement that switches, for use in a transaction that is rolled back."""
        self._uses += 1
        if self._uses % _TIDY_EVERY == 0:
            # What was rolled back is dead weight in the catalog.
            self._server.command("vacuum pg_index, pg_class")
        return self._call(tuple(shown), tuple(hidden))

    def _call(self, shown: Sequence[int], hidden: Sequence[int]) -> str:
        touched = {self._homes[oid] for oid in (*shown, *hidden)}
        return f"SELECT pgadvisor_twin.switch({_array(shown)}, {_array(hidden)}, {_array(touched)})"


def _array(oids: Iterable[int]) -> str:
    return "'{" + ",".join(map(str, sorted(oids))) + "}'"
