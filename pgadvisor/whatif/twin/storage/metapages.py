"""What the planner reads of an index beside its length: its first page.

Of a btree it reads the height (``btree_pages``), of a GIN index how many pages and entries it
has (``gincostestimate``), of a BRIN index how many pages its map has (``brincostestimate``).
pgvector's indexes have their parameters there, which CREATE INDEX has written.

The server has the first pages of new GIN and BRIN indexes in memory, and would not see what is
written to their files.  So they get other files, which it has never read.

Layouts: ``src/include/access/ginblock.h`` and ``brin_page.h``, unchanged since PostgreSQL 13.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Protocol

from pgadvisor.cluster.remedy import remedy_for
from pgadvisor.errors import TwinError
from pgadvisor.whatif.twin.session import TwinServer
from pgadvisor.whatif.twin.sizes.brin_size import map_pages
from pgadvisor.whatif.twin.sizes.gin_size import GinSize, gin_size
from pgadvisor.whatif.twin.sizes.index_size import IndexShape
from pgadvisor.whatif.twin.storage.btree_pages import BLOCK_BYTES
from pgadvisor.whatif.twin.storage.files import RelationFile

_CONTENTS_AT = 24
_GIN_PENDING_AT = _CONTENTS_AT + struct.calcsize("=III")
_GIN_PENDING = struct.Struct("=I")
_GIN_COUNTS_AT = _CONTENTS_AT + struct.calcsize("=IIIIq")
"""After the list of pending entries."""
_GIN_COUNTS = struct.Struct("=IIIxxxxqi")
_GIN_LAYOUT_VERSION = 2
_BRIN = struct.Struct("=IIII")
_BRIN_MAGIC = 0xA8109CFA
_BRIN_LAYOUT_VERSION = 1
_FIRST_NODE = 3_000_000_000
"""Of our own files; the server's own numbers start far below."""
_LAST_NODE = "select coalesce(max(relfilenode), 0)::bigint from pg_class where relfilenode >= %s"
_MOVED = """
update pg_class c set relfilenode = new.node
from unnest(%s::oid[], %s::oid[]) as new(oid, node)
where c.oid = new.oid
"""


class Metapage(Protocol):
    """What the planner is to read in the first page of an index."""

    def written(self, page: bytes) -> bytes:
        """The page that CREATE INDEX has made of an empty table, changed.

        Raises:
            TwinError: The page is none of the kind that we know.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GinMetapage:
    """Of a GIN index."""

    size: GinSize
    pending_pages: int = 0
    """Rows that were added since the last VACUUM, and are not among the entries yet."""

    def written(self, page: bytes) -> bytes:
        """See :class:`Metapage`."""
        version = _GIN_COUNTS.unpack_from(page, _GIN_COUNTS_AT)[-1]
        if version != _GIN_LAYOUT_VERSION:
            raise _unknown("GIN")
        size = self.size
        counts = (size.pages, size.entry_pages, size.data_pages, size.entries, version)
        changed = bytearray(page)
        _GIN_COUNTS.pack_into(changed, _GIN_COUNTS_AT, *counts)
        _GIN_PENDING.pack_into(changed, _GIN_PENDING_AT, self.pending_pages)
        return bytes(changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrinMetapage:
    """Of a BRIN index."""

    map_pages: int

    def written(self, page: bytes) -> bytes:
        """See :class:`Metapage`."""
        magic, version, pages_per_range, _ = _BRIN.unpack_from(page, _CONTENTS_AT)
        if (magic, version) != (_BRIN_MAGIC, _BRIN_LAYOUT_VERSION):
            raise _unknown("BRIN")
        changed = bytearray(page)
        # The number of the map's last page, which begins after this one.
        _BRIN.pack_into(changed, _CONTENTS_AT, magic, version, pages_per_range, self.map_pages)
        return bytes(changed)


def metapage_of(shape: IndexShape, pages: int, pending_pages: int = 0) -> Metapage | None:
    """What the planner would read in an index.

    Args:
        shape: The index.
        pages: Its length.
        pending_pages: How many of them a GIN index has not sorted in yet.

    Returns:
        None: the planner reads nothing there, or what CREATE INDEX has written is right.
    """
    if shape.access_method == "gin" and pages > 1:
        size = gin_size(shape).scaled(pages - pending_pages)
        return GinMetapage(size=size, pending_pages=pending_pages)
    if shape.access_method == "brin" and map_pages(shape) > 1:
        return BrinMetapage(map_pages=map_pages(shape))
    return None


def write_metapages(
    server: TwinServer,
    files: Mapping[int, RelationFile],
    metapages: Mapping[int, Metapage],
) -> dict[int, RelationFile]:
    """Write first pages, each into a new file.

    Args:
        server: The twin's server.
        files: The files of relations as they are, by OID.
        metapages: What to write, for some of them.

    Returns:
        The files of all of them from now on; the new ones have no length yet.

    Raises:
        TwinError: A page is of an unknown layout, or the file system refuses.
    """
    moved = dict(files)
    if not metapages:
        return moved
    [(last,)] = server.query(_LAST_NODE, (_FIRST_NODE,))
    nodes = dict(zip(metapages, count(max(last + 1, _FIRST_NODE)), strict=False))
    for oid, metapage in metapages.items():
        moved[oid] = replace(files[oid], path=files[oid].path.with_name(str(nodes[oid])))
        try:
            _write(files[oid].path, moved[oid].path, metapage, server.cluster.owner)
        except OSError as error:
            raise TwinError(
                "writing the first pages of the twin's indexes",
                str(error.strerror),
                remedy_for(error.strerror or "") or "Run it again with another TMPDIR.",
            ) from error
    server.command(_MOVED, (list(nodes), list(nodes.values())))
    return moved


def _write(old: Path, new: Path, metapage: Metapage, owner: tuple[int, int] | None) -> None:
    with old.open("rb") as stream:
        page = stream.read(BLOCK_BYTES)
    if len(page) != BLOCK_BYTES:
        raise TwinError("reading the first page of an index", "the file is empty")
    new.write_bytes(metapage.written(page))
    new.chmod(0o600)
    if owner is not None:
        os.chown(new, *owner)
    os.truncate(old, 0)


def _unknown(kind: str) -> TwinError:
    return TwinError(
        f"writing the counts of a {kind} index", "its metapage is not of a known layout"
    )
