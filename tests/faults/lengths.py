"""Tables and indexes of any size that take no disk: their files are lengthened by holes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from pgadvisor.cluster.launch import Cluster
from tests.faults.fault import Size

_SEGMENT_BYTES = 1 << 30
_BLOCK_BYTES = 8_192


@contextmanager
def lengthened(cluster: Cluster, dsn: str, sizes: Sequence[Size]) -> Iterator[None]:
    """Let relations be as long as they are to look, with as many rows; afterwards as they were.

    Pages of zeros are valid new pages, so whoever reads them finds no rows.
    """
    with psycopg.connect(dsn, autocommit=True) as session, ExitStack() as undo:
        if sizes:
            session.execute("set pg_stat_statements.track = 'none'")
            session.execute("checkpoint")
        for size in sizes:
            found = session.execute(
                "select pg_relation_filepath(oid), relpages, reltuples from pg_class"
                " where oid = to_regclass(%s)",
                (size.table,),
            ).fetchone()
            if found is None or found[0] is None:
                continue  # mended, the table is partitioned, or the index gone
            path, pages, rows = found
            file = cluster.data_directory / path
            undo.callback(_set_length, file, file.stat().st_size, cluster.owner)
            undo.callback(_set_pages, session, size.table, pages, rows)
            _set_length(file, size.size_bytes, cluster.owner)
            _set_pages(session, size.table, size.size_bytes // _BLOCK_BYTES, size.rows)
        yield


def _set_pages(session: psycopg.Connection, relation: str, pages: int, rows: float) -> None:
    session.execute(
        "update pg_class set relpages = %s, reltuples = %s where oid = %s::regclass",
        (pages, rows, relation),
    )


def _set_length(file: Path, size_bytes: int, owner: tuple[int, int] | None) -> None:
    for number in range(1, -(-_length(file) // _SEGMENT_BYTES)):
        file.with_name(f"{file.name}.{number}").unlink()
    os.truncate(file, min(size_bytes, _SEGMENT_BYTES))
    for number in range(1, -(-size_bytes // _SEGMENT_BYTES)):
        part = file.with_name(f"{file.name}.{number}")
        part.touch(mode=0o600)
        if owner is not None:
            os.chown(part, *owner)
        os.truncate(part, min(size_bytes - number * _SEGMENT_BYTES, _SEGMENT_BYTES))


def _length(file: Path) -> int:
    parts = [file, *file.parent.glob(f"{file.name}.[0-9]*")]
    return sum(part.stat().st_size for part in parts)
