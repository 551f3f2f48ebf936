"""What the twin's catalog says of the objects that CREATE STATISTICS made in it."""

from __future__ import annotations

from dataclasses import dataclass

from pgadvisor.sqltext.quote import qualified
from pgadvisor.whatif.twin.session import TwinServer

_EXPRESSIONS_SINCE = 14
_OBJECTS = """
select sn.nspname, s.stxname, s.oid::bigint, tn.nspname, c.relname,
    array(select a.attname from unnest(s.stxkeys::int2[]) with ordinality as k (number, place)
            join pg_attribute a on a.attrelid = s.stxrelid and a.attnum = k.number
        order by k.place),
    s.stxkeys::int2[],
    array(select a.atttypid::bigint
        from unnest(s.stxkeys::int2[]) with ordinality as k (number, place)
            join pg_attribute a on a.attrelid = s.stxrelid and a.attnum = k.number
        order by k.place),
    {expressions}
from pg_statistic_ext s
    join pg_namespace sn on sn.oid = s.stxnamespace
    join pg_class c on c.oid = s.stxrelid
    join pg_namespace tn on tn.oid = c.relnamespace
where s.stxowner = 'twin'::regrole
"""
_DEFINITIONS = "coalesce(pg_get_statisticsobjdef_expressions(s.oid), '{}')"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsObject:
    """An object of the twin's."""

    schema: str
    name: str
    oid: int
    table_schema: str
    table: str
    columns: tuple[str, ...]
    """In the order in which its values are kept."""
    numbers: tuple[int, ...]
    """Of the columns."""
    type_oids: tuple[int, ...]
    """Of the columns."""
    expressions: tuple[str, ...]
    """As they are to be read with an empty search path."""

    @property
    def what(self) -> str:
        """For people: ``statistics public.orders_stats on public.orders``."""
        return f"statistics {self.schema}.{self.name} on {self.table_schema}.{self.table}"

    @property
    def qualified_table(self) -> str:
        """The table, quoted."""
        return qualified(self.table_schema, self.table)


def read_statistics_objects(server: TwinServer) -> dict[tuple[str, str], StatisticsObject]:
    """Read all of them, by schema and name.

    Raises:
        TwinError: The server is gone.
    """
    has_expressions = server.cluster.binaries.major >= _EXPRESSIONS_SINCE
    rows = server.query(
        _OBJECTS.format(expressions=_DEFINITIONS if has_expressions else "'{}'::text[]")
    )
    return {
        (schema, name): StatisticsObject(
            schema=schema,
            name=name,
            oid=oid,
            table_schema=table_schema,
            table=table,
            columns=tuple(columns),
            numbers=tuple(numbers),
            type_oids=tuple(type_oids),
            expressions=tuple(expressions),
        )
        for schema, name, oid, table_schema, table, columns, numbers, type_oids, expressions in rows
    }
