"""Switching indexes: a hidden one is moved to another table for as long as it is hidden.

The planner opens every index of a table, also those that are not valid, so a thousand hidden
ones would cost each EXPLAIN a quarter of a millisecond.  Hence hidden indexes belong, by
``pg_index.indrelid``, to a table that nobody queries.  The planner notices because the table's
own row in ``pg_class`` is touched.

The function runs with the superuser's rights and may be called by anybody in this database,
code of the snapshot's included: all it can do is to move an index between that table and the
one that we know to be its own.  Whatever it names is qualified, operators too, which does without
a search path of its own and saves a third of the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgadvisor.whatif.twin.session import ROLE, TwinServer

_SETUP = f"""
create table pgadvisor_twin.home (
    index_oid oid primary key,
    table_oid oid not null
);
insert into pgadvisor_twin.home
    select indexrelid, indrelid from pg_index join pg_class c on c.oid = indexrelid
    where c.relowner = '{ROLE}'::regrole;
create table pgadvisor_twin.lot ();
create function pgadvisor_twin.switch(shown pg_catalog.oid[], hidden pg_catalog.oid[])
returns pg_catalog.void
language plpgsql security definer as $$
declare
    one pg_catalog.oid;
    own pg_catalog.oid;
    touched pg_catalog.oid[] := '{{}}';
begin
    -- One by one is faster than a join for the few indexes that a configuration has.
    foreach one in array shown operator(pg_catalog.||) hidden loop
        select h.table_oid into own from pgadvisor_twin.home h
        where h.index_oid operator(pg_catalog.=) one;
        continue when not found;
        update pg_catalog.pg_index
        set indrelid = case when one operator(pg_catalog.=) any (hidden)
            then 'pgadvisor_twin.lot'::pg_catalog.regclass else own end
        where indexrelid operator(pg_catalog.=) one;
        if own operator(pg_catalog.<>) all (touched) then
            touched := touched operator(pg_catalog.||) own;
        end if;
    end loop;
    foreach own in array touched loop
        update pg_catalog.pg_class set relname = relname where oid operator(pg_catalog.=) own;
    end loop;
end $$;
grant usage on schema pgadvisor_twin to {ROLE};
"""  # noqa: S608  (our own constant)
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

    def register(self, oids: Sequence[int]) -> None:
        """Let new indexes be switched, as those that were there at first can be.

        Raises:
            TwinError: The server is gone.
        """
        self._server.command(
            "insert into pgadvisor_twin.home "
            "select indexrelid, indrelid from pg_index where indexrelid = any(%s) "
            "on conflict do nothing",
            (list(oids),),
        )

    def hide(self, oids: Sequence[int]) -> None:
        """Hide indexes until a statement shows them.

        Raises:
            TwinError: The server is gone.
        """
        self._server.command("select pgadvisor_twin.switch('{}', %s::oid[])", (list(oids),))

    def statement(self, shown: Iterable[int], hidden: Iterable[int]) -> str:
        """The statement that switches, for use in a transaction that is rolled back."""
        self._uses += 1
        if self._uses % _TIDY_EVERY == 0:
            # What was rolled back is dead weight in the catalog.
            self._server.command("vacuum pg_index, pg_class")
        return f"SELECT pgadvisor_twin.switch({_array(shown)}, {_array(hidden)})"


def _array(oids: Iterable[int]) -> str:
    return "'{" + ",".join(map(str, sorted(oids))) + "}'"
