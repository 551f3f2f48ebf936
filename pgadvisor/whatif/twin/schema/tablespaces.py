"""Tablespaces whose disks have costs of their own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from pgadvisor.errors import TwinError
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Index, RelationKind, Table
from pgadvisor.sqltext.quote import qualified, quote_literal
from pgadvisor.whatif.twin.session import ROLE, TwinServer

_COSTS = ("random_page_cost", "seq_page_cost")
_COST = re.compile(r"\d{1,9}(?:\.\d{1,9})?(?:e[+-]?\d{1,2})?")
_OWN = """
select n.nspname, c.relname, c.relkind::text
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'i') and c.relowner = %s::regrole
"""


def place_relations(server: TwinServer, catalog: Catalog) -> None:
    """Move relations into tablespaces with the costs that they have on the original.

    The planner asks for a tablespace's costs, and for nothing else of it; so what is in one
    without costs stays where it is.  Nobody but us makes tablespaces or moves relations there.

    Raises:
        TwinError: The server is gone, or the file system refuses.
    """
    costs = _costs(catalog)
    own = costs.get(catalog.snapshot.server.default_tablespace, {})
    if own:
        server.command(f"alter tablespace pg_default set ({_listed(own)})")
    moved = [
        (relation, wanted)
        for relation in _stored(catalog)
        if (wanted := costs.get(relation.tablespace or "", {})) != own
        and relation.tablespace is not None
    ]
    here = {(schema, name): kind for schema, name, kind in server.query(_OWN, (ROLE,))}
    made: dict[tuple[tuple[str, str], ...], str] = {}
    for relation, wanted in moved:
        kind = here.get((relation.schema, relation.name))
        if kind is not None:
            key = tuple(sorted(wanted.items()))
            if key not in made:
                made[key] = _create(server, len(made), wanted)
            what = "table" if kind == "r" else "index"
            name = qualified(relation.schema, relation.name)
            server.command(f"alter {what} {name} set tablespace {made[key]}")


def _costs(catalog: Catalog) -> Mapping[str, Mapping[str, str]]:
    """The costs by the name of the tablespace, those that have some."""
    return {
        tablespace.name: costs
        for tablespace in catalog.snapshot.server.tablespaces
        if (costs := {n: v for n, v in tablespace.options if n in _COSTS and _COST.fullmatch(v)})
    }


def _stored(catalog: Catalog) -> Iterator[Table | Index]:
    """Relations with storage; where a partitioned one is says only where new parts go."""
    kinds = {RelationKind.TABLE, RelationKind.MATERIALIZED_VIEW}
    yield from (table for table in catalog.snapshot.tables if table.kind in kinds)
    yield from (index for index in catalog.snapshot.indexes if not index.is_partitioned)


def _create(server: TwinServer, number: int, costs: Mapping[str, str]) -> str:
    """Make a tablespace within the server's temporary directory; returns its name."""
    name = f"pgadvisor_{number}"
    directory = server.cluster.directory / "tablespaces" / name
    try:
        directory.mkdir(mode=0o700, parents=True)
        if server.cluster.owner is not None:
            for path in (directory.parent, directory):
                os.chown(path, *server.cluster.owner)
    except OSError as error:
        raise TwinError(
            "making a tablespace for the planner twin",
            error.strerror or "the file system refuses",
            "Set TMPDIR to a directory that you may write to.",
        ) from error
    options = f" with ({_listed(costs)})" if costs else ""
    server.command(f"create tablespace {name} location {quote_literal(str(directory))}{options}")
    return name


def _listed(costs: Mapping[str, str]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in costs.items())
