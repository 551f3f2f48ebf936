"""The upper pages of an empty btree are what PostgreSQL takes for a btree of that height."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from pgadvisor.errors import TwinError
from pgadvisor.whatif.twin.storage.btree_pages import BLOCK_BYTES, PAGE_BYTES, with_height
from pgadvisor.whatif.twin.storage.files import RelationFile, set_lengths

METAPAGE = 0x053162.to_bytes(4, "little") + (4).to_bytes(4, "little")


@pytest.mark.live
@pytest.mark.parametrize("height", [0, 1, 2, 5])
def test_is_read_from_both_ends_and_searched(height: int, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        _make_empty_btree(connection, height)

        [metapage] = connection.execute("select root, level from bt_metap('t_pkey')").fetchall()
        rows = [
            connection.execute(query).fetchall()
            for query in (
                "select a from t order by a",
                "select a from t order by a desc",
                "select a from t where a > 5 order by a",
                "select a from t where a < 5 order by a desc",
                "select a from t where a = 5",
            )
        ]
        # A constant at the end of the histogram lets the planner look for the true maximum.
        connection.execute("explain select * from t where a > 1000")

    assert metapage == (1, height)
    assert rows == [[]] * 5


@pytest.mark.live
@pytest.mark.parametrize("height", [0, 1])
def test_amcheck_finds_nothing_wrong_where_no_level_is_left_out(height: int, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create extension amcheck")
        _make_empty_btree(connection, height)

        connection.execute("select bt_index_parent_check('t_pkey', true, true)")


@pytest.mark.live
def test_takes_half_of_each_block(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        path = _make_empty_btree(connection, 3)

    assert path.stat().st_blocks * 512 <= 3 * PAGE_BYTES
    assert path.stat().st_size == 50 * BLOCK_BYTES


def _make_empty_btree(connection: psycopg.Connection, height: int) -> Path:
    connection.execute("create extension pageinspect")
    connection.execute("set wal_skip_threshold = 0")
    connection.execute("set enable_seqscan = off")
    connection.execute("create table t (a integer primary key, b text)")
    [(path, directory)] = connection.execute(
        "select pg_relation_filepath('t_pkey'), current_setting('data_directory')"
    ).fetchall()
    file = RelationFile(
        path=Path(directory) / path, length_bytes=50 * BLOCK_BYTES, btree_height=height
    )
    set_lengths((file,), None)
    return file.path


def test_keeps_what_else_the_metapage_says() -> None:
    page = bytes(24) + METAPAGE + bytes(24) + b"\x01" + bytes(BLOCK_BYTES - 57)

    metapage, *path = with_height(page, 2)

    assert metapage[48 : PAGE_BYTES - 16] == page[48 : PAGE_BYTES - 16]
    assert metapage[-16:] == page[-16:]
    assert [len(one) for one in path] == [PAGE_BYTES] * 2


@pytest.mark.parametrize(
    "page", [bytes(BLOCK_BYTES), bytes(24) + METAPAGE, b"\xff" * BLOCK_BYTES], ids=str
)
def test_refuses_what_is_no_metapage(page: bytes) -> None:
    with pytest.raises(TwinError, match="its metapage is not of a known layout"):
        with_height(page, 1)
