"""HypoPG's own functions, as they are called on one server."""

from __future__ import annotations

from dataclasses import dataclass

from pgadvisor.collect.queries import MARKER
from pgadvisor.sqltext.quote import quote_identifier

HIDES_SINCE = (1, 4)
"""The version of HypoPG from which on an index that exists can be hidden."""

_CREATE = """\
select {marker} h.indexname from {schema}.hypopg_create_index($1::pg_catalog.text) as h"""
_SIZE = """\
select {marker} {schema}.hypopg_relation_size(h.indexrelid) as size_bytes
from {schema}.hypopg_create_index($1::pg_catalog.text) as h"""
_HIDE = """\
select {marker} {schema}.hypopg_hide_index(o.oid)
from pg_catalog.unnest($1::pg_catalog.oid[]) as o (oid)"""
_COUNT = "select {marker} pg_catalog.count(*) as count from {schema}.hypopg()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Functions:
    """Calls of HypoPG's functions, each a statement."""

    create: str
    """Makes the index of a CREATE INDEX statement, and tells what plans call it."""
    size: str
    """Makes one, and tells how large it would be."""
    hide: str
    """Hides indexes that exist, by their OIDs."""
    clear: str
    """Removes all indexes, and shows again what is hidden."""
    count: str
    """Counts the indexes that are left."""
    can_hide: bool
    """This version has ``hide``."""


def functions(schema: str, version: tuple[int, ...]) -> Functions:
    """Write the calls for the schema that the extension is in, and for its version."""
    names = {"marker": MARKER, "schema": quote_identifier(schema)}
    can_hide = version >= HIDES_SINCE
    clear = "select {marker} {schema}.hypopg_reset()"
    if can_hide:
        # A reset leaves hidden what was there before.
        clear += ", {schema}.hypopg_unhide_all_indexes()"
    return Functions(
        create=_CREATE.format(**names),
        size=_SIZE.format(**names),
        hide=_HIDE.format(**names),
        clear=clear.format(**names),
        count=_COUNT.format(**names),
        can_hide=can_hide,
    )
