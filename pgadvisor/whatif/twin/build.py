"""Building a twin out of a snapshot: schema, sizes, statistics, settings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import RelationKind
from pgadvisor.model.server import Server
from pgadvisor.sqltext.quote import qualified, quote_identifier, quote_literal
from pgadvisor.whatif.twin.ddl import Item, left_out, stages
from pgadvisor.whatif.twin.files import BLOCK_BYTES, RelationFile, set_lengths, whole_blocks
from pgadvisor.whatif.twin.session import TwinServer
from pgadvisor.whatif.twin.statistics import restore_columns, restore_relations

SAFE_EXTENSIONS = frozenset(
    {
        "bloom",
        "btree_gin",
        "btree_gist",
        "citext",
        "cube",
        "earthdistance",
        "fuzzystrmatch",
        "hstore",
        "intarray",
        "isn",
        "ltree",
        "pg_trgm",
        "pgcrypto",
        "seg",
        "tsm_system_rows",
        "tsm_system_time",
        "unaccent",
        "uuid-ossp",
        "vector",
    }
)
"""They bring types, operators and operator classes, and nothing that reaches outside."""
_NOT_NEEDED = frozenset({"plpgsql", "pg_stat_statements", "pg_buffercache", "pgstattuple"})
_QUOTED = r'"(?:[^"]|"")+"|[a-z_][a-z0-9_$]*'
_COLLATION = re.compile(rf"({_QUOTED})\.({_QUOTED})")
_PLANNER_SETTING = re.compile(
    r"(enable_\w+|\w+_cost|geqo\w*|\w+_collapse_limit|jit\w*|work_mem|hash_mem_multiplier"
    r"|effective_cache_size|cursor_tuple_fraction|constraint_exclusion|recursive_worktable_factor"
    r"|max_parallel_workers_per_gather|min_parallel_\w+_size|parallel_leader_participation"
    r"|plan_cache_mode|debug_parallel_query|force_parallel_mode)"
)
_RENAMED = {"force_parallel_mode": "debug_parallel_query"}


@dataclass(slots=True)
class Built:
    """What became of the snapshot."""

    notes: list[str] = field(default_factory=list)
    """What is missing or different, as clauses."""
    oids: dict[int, int] = field(default_factory=dict)
    """The twin's OIDs of tables and indexes by the snapshot's."""
    files: dict[int, RelationFile] = field(default_factory=dict)
    """By the twin's OID: the storage of tables and indexes."""


def build(server: TwinServer, catalog: Catalog) -> Built:
    """Rebuild a snapshot in an empty database.

    Raises:
        TwinError: The server is gone, or the file system refuses.
    """
    built = Built(notes=list(left_out(catalog)))
    _extensions(server, catalog, built)
    _collations(server, catalog)
    server.run([f"GRANT ALL ON SCHEMA public TO {quote_identifier('twin')}"])
    _schema(server, catalog, built)
    _find_relations(server, catalog, built)
    set_lengths(built.files.values(), server.cluster.owner)
    built.notes += restore_relations(server, catalog)
    built.notes += restore_columns(server, catalog)
    built.notes += _settings(server, catalog.snapshot.server)
    return built


def locale_for(server: Server) -> str:
    """The locale for a twin: under C a plain btree serves LIKE, elsewhere it does not."""
    return "C" if server.collation in {"C", "POSIX"} else "C.UTF-8"


def _extensions(server: TwinServer, catalog: Catalog, built: Built) -> None:
    """Make extensions first, while the database holds nothing of the snapshot's."""
    available = {row[0] for row in server.query("select name from pg_available_extensions")}
    for extension in catalog.snapshot.server.extensions:
        if extension.name in _NOT_NEEDED:
            continue
        if extension.name not in SAFE_EXTENSIONS or extension.name not in available:
            built.notes.append(f"extension {extension.name} is not in the twin")
            continue
        schema = quote_identifier(extension.schema)
        if extension.schema not in {"public", "pg_catalog"}:
            server.admin.execute(
                f"create schema if not exists {schema} authorization twin".encode()
            )
        name = quote_identifier(extension.name)
        server.admin.execute(f"create extension {name} schema {schema} cascade".encode())


def _collations(server: TwinServer, catalog: Catalog) -> None:
    """Make libc stand-ins for collations that these binaries lack (they have no ICU)."""
    wanted = {
        match.groups()
        for name in _named_collations(catalog)
        if (match := _COLLATION.fullmatch(name))
    }
    known = {tuple(r) for r in server.query(
        "select quote_ident(n.nspname), quote_ident(collname) "
        "from pg_collation c join pg_namespace n on n.oid = collnamespace"
    )}  # fmt: skip
    for schema, name in sorted(wanted):
        bare = (_bare(schema), _bare(name))
        if bare in {(_bare(s), _bare(n)) for s, n in known}:
            continue
        target = qualified(*bare)
        server.admin.execute(b"set allow_system_table_mods = on")
        if bare[0] not in {"pg_catalog", "public"}:
            schema_sql = (
                f"create schema if not exists {quote_identifier(bare[0])} authorization twin"
            )
            server.admin.execute(schema_sql.encode())
        server.admin.execute(
            f"create collation {target} (provider = libc, locale = 'C.UTF-8')".encode()
        )
        server.admin.execute(b"reset allow_system_table_mods")


def _named_collations(catalog: Catalog) -> Iterator[str]:
    for table in catalog.snapshot.tables:
        yield from (column.collation for column in table.columns if column.collation)
    for index in catalog.snapshot.indexes:
        yield from (key.collation for key in index.keys if key.collation)


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _schema(server: TwinServer, catalog: Catalog, built: Built) -> None:
    """Run the DDL stage by stage; what fails is tried again after each later stage."""
    pending: list[Item] = []
    reasons: dict[str, str] = {}
    for stage in stages(catalog):
        pending = _attempt(server, [*stage.items, *pending], reasons, built)
    while pending:
        left = _attempt(server, pending, reasons, built)
        if len(left) == len(pending):
            break
        pending = left
    built.notes += [f"{item.what} is not in the twin: {reasons[item.what]}" for item in pending]


def _attempt(
    server: TwinServer, items: list[Item], reasons: dict[str, str], built: Built
) -> list[Item]:
    """Run items; return those that failed in every form."""
    failures = server.run(item.sql for item in items)
    failed: list[Item] = []
    for position, reason in sorted(failures.items()):
        item = items[position]
        for text in item.simpler:
            if not server.run([text]):
                built.notes.append(f"{item.what} is simpler in the twin: {reason}")
                break
        else:
            reasons[item.what] = reason
            failed.append(item)
    return failed


_RELATIONS = """
select n.nspname, c.relname, c.oid, c.relkind, pg_relation_filepath(c.oid)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'i', 'I')
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
"""


def _find_relations(server: TwinServer, catalog: Catalog, built: Built) -> None:
    rows = server.query(_RELATIONS)
    found = {(schema, name): (oid, path) for schema, name, oid, _, path in rows}
    sizes: Mapping[tuple[str, str], tuple[int, int]] = {
        **{(t.schema, t.name): (t.oid, t.size_bytes) for t in catalog.snapshot.tables},
        **{(i.schema, i.name): (i.oid, i.size_bytes) for i in catalog.snapshot.indexes},
    }
    data = Path(server.cluster.data_directory)
    for key, (oid, size_bytes) in sizes.items():
        if key not in found:
            continue
        twin_oid, path = found[key]
        built.oids[oid] = twin_oid
        table = catalog.tables.get(oid)
        has_storage = path is not None and (
            table is None or table.kind is not RelationKind.FOREIGN_TABLE
        )
        if has_storage:
            built.files[twin_oid] = RelationFile(
                path=data / path, length_bytes=_length(oid, size_bytes, catalog)
            )


def _length(oid: int, size_bytes: int, catalog: Catalog) -> int:
    """An index keeps its metapage at least; an empty table has no pages at all."""
    length = whole_blocks(size_bytes)
    return max(length, BLOCK_BYTES) if oid in catalog.indexes else length


def _settings(server: TwinServer, original: Server) -> list[str]:
    """Give the role's session the original's planner settings and search path."""
    notes = []
    for setting in original.settings:
        if setting.is_default or not _PLANNER_SETTING.fullmatch(setting.name):
            continue
        name = _RENAMED.get(setting.name, setting.name)
        value = quote_literal(_with_unit(setting.value, setting.unit))
        refused = server.run([f"SET {name} = {value}"]).values()
        notes += [f"setting {setting.name} is not taken over: {reason}" for reason in refused]
    path = ", ".join(map(quote_identifier, original.search_path)) or "''"
    server.run([f"SET search_path = {path}"])
    return notes


def _with_unit(value: str, unit: str | None) -> str:
    """``pg_settings`` counts in units such as ``8kB``; SET takes that as a factor."""
    match = re.fullmatch(r"(\d+)(kB|MB)", unit or "")
    if match and re.fullmatch(r"\d+", value):
        return f"{int(value) * int(match[1])}{match[2]}"
    return value
