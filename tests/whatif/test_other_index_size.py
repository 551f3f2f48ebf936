"""Indexes other than btrees get the size that PostgreSQL gives them; figures are of built ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.whatif.twin.sizes.entry_width import KeyStatistics
from pgadvisor.whatif.twin.sizes.index_size import IndexShape
from pgadvisor.whatif.twin.sizes.key_shares import UNIQUE_KEYS, equal_shares
from pgadvisor.whatif.twin.sizes.other_index_size import other_index_pages


def pages(
    access_method: str,
    key: KeyStatistics,
    *,
    rows: float,
    table_pages: int = 0,
    major: int = 18,
    options: Mapping[str, str] | None = None,
) -> int:
    return other_index_pages(
        IndexShape(
            access_method=access_method,
            rows=rows,
            keys=(key,),
            table_pages=table_pages,
            table_rows=rows,
            major=major,
            options=options or {},
        )
    )


def integer(distinct: float = UNIQUE_KEYS) -> KeyStatistics:
    return KeyStatistics(width_bytes=4, shares=equal_shares(distinct))


def stored(
    type_name: str,
    operator_class: str,
    width_bytes: float,
    *,
    lengths: tuple[str, ...] = (),
    **options: str,
) -> KeyStatistics:
    return KeyStatistics(
        width_bytes=width_bytes,
        is_variable=True,
        type_name=type_name,
        operator_class=operator_class,
        options=options,
        shares=equal_shares(UNIQUE_KEYS),
        values=ColumnStatistics(relation_oid=1, column="a", range_length_histogram=lengths),
    )


@pytest.mark.parametrize(
    ("distinct", "rows", "options", "built"),
    [
        pytest.param(300_000, 300_000, {}, 1_026, id="unique"),
        pytest.param(20_000, 300_000, {}, 1_077, id="fifteen rows a key"),
        pytest.param(120_000, 120_000, {"fillfactor": "50"}, 642, id="half full buckets"),
        pytest.param(3, 100_000, {}, 758, id="three keys"),
    ],
)
def test_predicts_a_hash_index(
    distinct: float, rows: float, options: Mapping[str, str], built: int
) -> None:
    predicted = pages("hash", integer(distinct), rows=rows, options=options)

    assert predicted == pytest.approx(built, rel=0.03)


@pytest.mark.parametrize(
    ("key", "range_pages", "built"),
    [
        pytest.param(stored("timestamp", "timestamp_minmax_ops", 8), 128, 3, id="wide ranges"),
        pytest.param(stored("timestamp", "timestamp_minmax_ops", 8), 2, 11, id="narrow ranges"),
        pytest.param(stored("text", "text_minmax_ops", 76), 4, 26, id="texts"),
        pytest.param(stored("inet", "inet_inclusion_ops", 7), 4, 6, id="inclusion"),
        pytest.param(stored("float8", "float8_minmax_multi_ops", 8), 8, 19, id="several values"),
        pytest.param(stored("int4", "int4_bloom_ops", 4), 8, 24, id="filters"),
    ],
)
def test_predicts_a_brin_index(key: KeyStatistics, range_pages: int, built: int) -> None:
    options = {"pages_per_range": str(range_pages)}

    predicted = pages("brin", key, rows=250_000, table_pages=4_546, options=options)

    assert predicted == pytest.approx(built, abs=1)


def test_predicts_filters_that_are_compressed() -> None:
    dates = replace(
        stored("date", "date_bloom_ops", 4),
        shares=equal_shares(334),
        values=ColumnStatistics(relation_oid=1, column="a", correlation=1.0),
    )

    assert pages("brin", dates, rows=200_000, table_pages=4_391) == 4


@pytest.mark.parametrize(
    ("key", "major", "built"),
    [
        pytest.param(stored("box", "point_ops", 32), 18, 831, id="points"),
        pytest.param(stored("box", "point_ops", 32), 13, 920, id="points before 14"),
        pytest.param(stored("box", "box_ops", 32), 18, 1_126, id="boxes"),
        pytest.param(stored("gbtreekey8", "gist_int4_ops", 8), 18, 247, id="integers"),
        pytest.param(stored("gbtreekey8", "gist_int4_ops", 8), 17, 424, id="integers before 18"),
        pytest.param(stored("gbtreekey32", "gist_uuid_ops", 32), 18, 546, id="UUIDs"),
        pytest.param(
            stored("tsrange", "range_ops", 22, lengths=("3600",) * 10), 18, 447, id="even ranges"
        ),
        pytest.param(
            stored("int4range", "range_ops", 14, lengths=("1", "50", "100")), 18, 529, id="ranges"
        ),
        pytest.param(stored("int4range", "range_ops", 14), 17, 732, id="ranges before 18"),
        pytest.param(stored("inet", "inet_ops", 7), 18, 493, id="addresses"),
    ],
)
def test_predicts_a_gist_index(key: KeyStatistics, major: int, built: int) -> None:
    predicted = pages("gist", key, rows=100_000, major=major)

    assert predicted == pytest.approx(built, rel=0.25)


@pytest.mark.parametrize(
    ("key", "built"),
    [
        pytest.param(stored("point", "quad_point_ops", 16), 339, id="quadtree"),
        pytest.param(stored("point", "kd_point_ops", 16), 412, id="k-d tree"),
        pytest.param(stored("polygon", "poly_ops", 101), 495, id="polygons by their boxes"),
        pytest.param(stored("inet", "inet_ops", 7), 299, id="addresses"),
        pytest.param(stored("text", "text_ops", 9), 296, id="texts"),
    ],
)
def test_predicts_an_spgist_index(key: KeyStatistics, built: int) -> None:
    assert pages("spgist", key, rows=60_000) == pytest.approx(built, rel=0.25)


@pytest.mark.parametrize(
    ("method", "key", "options", "built"),
    [
        pytest.param("hnsw", stored("vector(64)", "vector_l2_ops", 18), {}, 281, id="hnsw"),
        pytest.param(
            "hnsw", stored("vector(64)", "vector_l2_ops", 18), {"m": "6"}, 218, id="hnsw with m"
        ),
        pytest.param("hnsw", stored("bit(64)", "bit_hamming_ops", 13), {}, 153, id="hnsw of bits"),
        pytest.param(
            "hnsw", stored("halfvec(64)", "halfvec_l2_ops", 18), {"m": "24"}, 268, id="hnsw, half"
        ),
        pytest.param(
            "ivfflat", stored("vector(64)", "vector_l2_ops", 18), {"lists": "20"}, 150, id="lists"
        ),
        pytest.param(
            "ivfflat", stored("vector(8)", "vector_l2_ops", 37), {}, 102, id="short lists"
        ),
    ],
)
def test_predicts_an_index_of_vectors(
    method: str, key: KeyStatistics, options: Mapping[str, str], built: int
) -> None:
    predicted = pages(method, key, rows=4_000, options=options)

    assert predicted == pytest.approx(built, rel=0.02)


@pytest.mark.parametrize(("options", "built"), [({}, 590), ({"length": "200"}, 1_178)])
def test_predicts_a_bloom_index(options: Mapping[str, str], built: int) -> None:
    assert pages("bloom", integer(), rows=300_000, options=options) == pytest.approx(built, abs=1)


@pytest.mark.parametrize("rows", [0.0, 1.0, 5e3, 5e6, 5e9])
@pytest.mark.parametrize(
    "method", ["hash", "brin", "gin", "gist", "spgist", "bloom", "hnsw", "ivfflat", "unheard_of"]
)
def test_every_kind_has_a_size(method: str, rows: float) -> None:
    predicted = pages(method, integer(100), rows=rows, table_pages=int(rows / 50))

    assert 1 <= predicted <= 110 + rows
