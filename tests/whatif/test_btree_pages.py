"""The upper pages of an empty btree are what PostgreSQL takes for a btree of that height."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from pgadvisor.errors import TwinError
from pgadvisor.whatif.twin.btree_pages import BLOCK_BYTES, with_height
from pgadvisor.whatif.twin.files import RelationFile, set_lengths

METAPAGE = 0x053162.to_bytes(4, "little") + (4).to_bytes(4, "little")


@pytest.mark.live
@pytest.mark.parametrize("height", [0, 1, 2, 5])
def test_amcheck_finds_nothing_wrong(height: int, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create extension amcheck")
        connection.execute("create extension pageinspect")
        connection.execute("set wal_skip_threshold = 0")
        connection.execute("create table t (a integer primary key, b text)")
        [(path, directory)] = connection.execute(
            "select pg_relation_filepath('t_pkey'), current_setting('data_directory')"
        ).fetchall()
        file = RelationFile(
            path=Path(directory) / path, length_bytes=50 * BLOCK_BYTES, btree_height=height
        )

        set_lengths((file,), None)

        [metapage] = connection.execute("select root, level from bt_metap('t_pkey')").fetchall()
        connection.execute("select bt_index_parent_check('t_pkey', true, true)")
        rows = connection.execute("select * from t where a > 5 order by a").fetchall()
        assert metapage == (1, height)
        assert rows == []


def test_keeps_what_else_the_metapage_says() -> None:
    page = bytes(24) + METAPAGE + bytes(24) + b"\x01" + bytes(BLOCK_BYTES - 57)

    pages = with_height(page, 2)

    assert len(pages) == 4 * BLOCK_BYTES
    assert pages[48:BLOCK_BYTES] == page[48:]


@pytest.mark.parametrize(
    "page", [bytes(BLOCK_BYTES), bytes(24) + METAPAGE, b"\xff" * BLOCK_BYTES], ids=str
)
def test_refuses_what_is_no_metapage(page: bytes) -> None:
    with pytest.raises(TwinError, match="its metapage is not of a known layout"):
        with_height(page, 1)
