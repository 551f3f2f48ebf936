"""What the twin's catalog tells of an index that its size depends on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pgadvisor.whatif.twin.session import TwinServer

_FACTS = """
select
    n.nspname, c.relname, c.oid::bigint, i.indrelid::bigint, pg_relation_filepath(c.oid),
    am.amname,
    pg_get_expr(i.indpred, i.indrelid), i.indnkeyatts::int,
    not i.indisunique and not exists (
        select from unnest(i.indclass) as k(opclass)
            join pg_opclass o on o.oid = k.opclass
        where not exists (
            select from pg_amproc p
            where p.amprocfamily = o.opcfamily and p.amproclefttype = o.opcintype
                and p.amprocrighttype = o.opcintype and p.amprocnum = 4)),
    coalesce(c.reloptions, '{}'),
    array(
        select array[
            a.attname,
            coalesce(ta.attname, ''),
            case when i.indkey[a.attnum - 1] = 0
                then pg_get_indexdef(c.oid, a.attnum, false) else '' end,
            format_type(a.atttypid, a.atttypmod),
            a.attlen::text,
            case a.attalign when 'c' then '1' when 's' then '2' when 'i' then '4' else '8' end,
            coalesce((select o.opcname from pg_opclass o
                where o.oid = i.indclass[a.attnum - 1] and a.attnum <= i.indnkeyatts), ''),
            coalesce(array_to_string(a.attoptions, ' '), '')]
        from pg_attribute a
            left join pg_attribute ta
                on ta.attrelid = i.indrelid and ta.attnum = i.indkey[a.attnum - 1]
                and ta.attnum > 0
        where a.attrelid = c.oid
        order by a.attnum)
from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_am am on am.oid = c.relam
where i.indexrelid = any(%s)
"""
_OPTION = re.compile(r"(\w+)=(\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexColumn:
    """A column of an index."""

    name: str
    """Its own, under which an expression has statistics."""
    table_column: str
    """Empty for an expression."""
    expression: str
    """Empty for a column."""
    type_name: str
    """Without its schema, with its modifier."""
    length_bytes: int
    """-1: variable."""
    alignment_bytes: int
    operator_class: str
    """Without its schema; empty for a column that is included."""
    options: Mapping[str, str]
    """Of the operator class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFacts:
    """An index as the twin's catalog has it."""

    schema: str
    name: str
    oid: int
    table_oid: int
    """The twin's own."""
    path: str | None
    """None: it has no storage, being that of a partitioned table."""
    access_method: str
    predicate: str | None
    key_count: int
    may_deduplicate: bool
    options: Mapping[str, str]
    columns: tuple[IndexColumn, ...]


def read_index_facts(server: TwinServer, oids: Sequence[int]) -> Iterator[IndexFacts]:
    """Look indexes up in the twin's catalog.

    Raises:
        TwinError: The server is gone.
    """
    for row in server.query(_FACTS, (list(oids),)):
        yield _facts(row)


def _facts(row: tuple[Any, ...]) -> IndexFacts:
    options = _options(" ".join(row[9]))
    return IndexFacts(
        schema=row[0],
        name=row[1],
        oid=row[2],
        table_oid=row[3],
        path=row[4],
        access_method=row[5],
        predicate=row[6],
        key_count=row[7],
        may_deduplicate=row[8] and options.get("deduplicate_items", "on") in {"on", "true"},
        options=options,
        columns=tuple(_column(*column) for column in row[10]),
    )


def _column(
    name: str,
    table_column: str,
    expression: str,
    type_name: str,
    length: str,
    alignment: str,
    operator_class: str,
    options: str,
) -> IndexColumn:
    return IndexColumn(
        name=name,
        table_column=table_column,
        expression=expression,
        type_name=type_name.rsplit(".", 1)[-1].strip('"'),
        length_bytes=int(length),
        alignment_bytes=int(alignment),
        operator_class=operator_class,
        options=_options(options),
    )


def _options(text: str) -> Mapping[str, str]:
    return dict(_OPTION.findall(text)) if text else {}
