"""The first pages that the twin writes are what PostgreSQL takes for those of large indexes."""

from __future__ import annotations

import psycopg
import pytest

from pgadvisor.collect.assemble import collect
from pgadvisor.errors import TwinError
from pgadvisor.whatif.twin import Twin
from pgadvisor.whatif.twin.sizes.gin_size import GinSize
from pgadvisor.whatif.twin.storage.metapages import BrinMetapage, GinMetapage, Metapage
from tests.whatif.original import original_plan

GIN = GinMetapage(size=GinSize(entry_pages=30, data_pages=12, entries=4_711))
BRIN = BrinMetapage(map_pages=7)


@pytest.mark.live
@pytest.mark.matrix
def test_writes_the_counts_that_postgresql_reads(major_database: str) -> None:
    with psycopg.connect(major_database, autocommit=True) as connection:
        connection.execute("create extension pageinspect")
        connection.execute("create table t (a integer[], b integer)")
        connection.execute("create index i on t using gin (a)")
        connection.execute("create index j on t using brin (b) with (pages_per_range = 5)")
        pages = connection.execute("select get_raw_page('i', 0), get_raw_page('j', 0)").fetchone()
        assert pages is not None

        gin = connection.execute(
            "select n_pending_pages, n_total_pages, n_entry_pages, n_data_pages, n_entries, "
            "version from gin_metapage_info(%s)",
            (GIN.written(pages[0]),),
        ).fetchone()
        brin = connection.execute(
            "select magic, version, pagesperrange, lastrevmappage from brin_metapage_info(%s)",
            (BRIN.written(pages[1]),),
        ).fetchone()

    assert gin == (0, 43, 30, 12, 4_711, 2)
    assert brin == ("0xA8109CFA", 1, 5, 7)


@pytest.mark.parametrize("metapage", [GIN, BRIN], ids=["gin", "brin"])
def test_refuses_a_page_of_another_layout(metapage: Metapage) -> None:
    with pytest.raises(TwinError, match="its metapage is not of a known layout"):
        metapage.written(bytes(8192))


@pytest.mark.live
def test_plans_an_index_of_the_original_by_its_counts(database: str) -> None:
    statement = "select * from t where words && array['w7', 'w8'] and at between 9000 and 9500"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "create table t as select i as at, array['w' || i % 90, 'x' || i] as words, "
            "repeat('x', 300) as filler from generate_series(1, 60000) i"
        )
        connection.execute("create index t_words on t using gin (words)")
        connection.execute("create index t_at on t using brin (at) with (pages_per_range = 1)")
        connection.execute("vacuum analyze t")
        connection.execute("set enable_seqscan = off")
        by_words = original_plan(connection, statement)
        connection.execute("drop index t_words")
        by_place = original_plan(connection, statement)
        connection.execute("create index t_words on t using gin (words)")

        with Twin(collect(database)) as twin:
            settings = {"enable_seqscan": "off"}
            planned = twin.explain(statement, settings=settings)
            other = twin.explain(statement, drop=("t_words",), settings=settings)

    assert planned.shape == by_words.shape
    assert planned.total_cost == pytest.approx(by_words.total_cost, rel=0.01)
    assert other.total_cost == pytest.approx(by_place.total_cost, rel=0.001)
