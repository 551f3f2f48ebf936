"""Extensions and collations: what the superuser makes, while the database holds nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.other_object import OtherKind
from pgadvisor.sqltext.quote import qualified, quote_identifier
from pgadvisor.whatif.twin.session import ROLE, TwinServer

SAFE_EXTENSIONS = frozenset(
    {
        *("bloom", "btree_gin", "btree_gist", "citext", "cube", "dict_int", "dict_xsyn"),
        *("earthdistance", "fuzzystrmatch", "hstore", "intarray", "isn", "ltree", "pg_trgm"),
        *("pgcrypto", "seg", "tablefunc", "tsm_system_rows", "tsm_system_time", "unaccent"),
        *("uuid-ossp", "vector"),
    }
)
"""They bring types, operators and functions, and nothing that reaches outside."""
NOT_NEEDED = frozenset(
    {
        *("plpgsql", "pg_stat_statements", "pg_buffercache", "pgstattuple", "pg_prewarm"),
        *("pg_visibility", "pg_freespacemap", "pageinspect", "amcheck", "pgrowlocks", "hypopg"),
        *("auto_explain", "pg_walinspect", "pg_surgery", "moddatetime", "autoinc"),
        *("postgres_fdw", "file_fdw"),
    }
)
"""They look at a server or work in triggers, and no plan of an application's depends on them;
or they serve foreign tables, which are reported one by one."""
_QUOTED = r'"(?:[^"]|"")+"|[^".]+'
_ICU = re.compile(r'"([A-Za-z0-9-]{1,50}-x-icu)"')
_CREATE_COLLATION = re.compile(r"CREATE COLLATION ", re.IGNORECASE)
_COLLATION = re.compile(rf"({_QUOTED})\.({_QUOTED})")


def create_extensions(server: TwinServer, catalog: Catalog) -> list[str]:
    """Make the snapshot's extensions; returns what is missing.

    Their scripts run with the superuser's rights, hence before anything of the snapshot's
    exists, and from a list of those that are known.
    """
    rows = server.query("select name from pg_available_extensions")
    available = {row[0] for row in rows}
    notes = []
    for extension in catalog.snapshot.server.extensions:
        if extension.name in NOT_NEEDED:
            continue
        if extension.name not in SAFE_EXTENSIONS:
            notes.append(f"extension {extension.name} is left out: it is not one known to be safe")
        elif extension.name not in available:
            notes.append(f"extension {extension.name} is left out: these binaries lack it")
        else:
            create_schema(server, extension.schema)
            name, schema = quote_identifier(extension.name), quote_identifier(extension.schema)
            server.command(f"create extension if not exists {name} schema {schema} cascade")
    return notes


def create_collations(server: TwinServer, catalog: Catalog) -> list[str]:
    """Make the snapshot's collations, and stand-ins of the same name where that fails.

    Stand-ins compare by the C library's UTF-8 order, and like the originals (and unlike ``C``) they
    keep a plain btree from serving LIKE.
    """
    wanted = set(_collations(catalog))
    for schema in sorted({schema for schema, _ in wanted}):
        create_schema(server, schema)
    # Nothing but collations may come before the last extension, whose script trusts what it finds.
    made = (o.definition for o in catalog.snapshot.other_objects if o.kind is OtherKind.COLLATION)
    server.run(definition for definition in made if _CREATE_COLLATION.match(definition))
    known = {
        (row[0], row[1])
        for row in server.query(
            "select n.nspname, c.collname from pg_collation c "
            "join pg_namespace n on n.oid = c.collnamespace "
            "where c.collencoding in (-1, pg_char_to_encoding('UTF8'))"
        )
    }
    notes = []
    for schema, name in sorted(wanted - known):
        locale = server.cluster.locale if server.cluster.locale != "C" else "C.UTF-8"
        server.command(
            f"create collation {qualified(schema, name)} (provider = libc, locale = '{locale}')"
        )
        notes.append(f"collation {schema}.{name} is stood in for by {locale}")
    return notes


def _collations(catalog: Catalog) -> Iterator[tuple[str, str]]:
    snapshot = catalog.snapshot
    for text in (
        *(column.collation for table in snapshot.tables for column in table.columns),
        *(key.collation for index in snapshot.indexes for key in index.keys),
        *(made.collation for made in snapshot.types),
    ):
        if text and (match := _COLLATION.fullmatch(text)):
            yield _bare(match[1]), _bare(match[2])
    for text in (
        *(statement.text for statement in snapshot.statements),
        *(view.definition for view in snapshot.views),
        *(index.definition for index in snapshot.indexes),
        *(constraint.definition for constraint in snapshot.constraints),
    ):
        # Each server with ICU has these; other collations are some column's.
        yield from (("pg_catalog", name) for name in _ICU.findall(text))


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def create_schema(server: TwinServer, name: str) -> None:
    """Make a schema for the role, who may make none: nor could it make extensions.

    Raises:
        TwinError: The server is gone.
    """
    if name != "public" and not name.startswith("pg_"):
        server.command(f"create schema if not exists {quote_identifier(name)} authorization {ROLE}")
