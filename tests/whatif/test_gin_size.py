"""The size of GIN indexes follows the elements of values; figures are of built ones."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.whatif.twin.sizes.document_elements import (
    Element,
    elements_by_json_key,
    elements_by_json_path,
    elements_by_pair,
    elements_by_trigram,
    elements_by_word,
    most_trigrams,
)
from pgadvisor.whatif.twin.sizes.entry_width import KeyStatistics
from pgadvisor.whatif.twin.sizes.gin_elements import ElementGroup, elements_of
from pgadvisor.whatif.twin.sizes.gin_size import GinSize, gin_size
from pgadvisor.whatif.twin.sizes.index_size import IndexShape
from pgadvisor.whatif.twin.sizes.key_shares import equal_shares

INTEGER = KeyStatistics(width_bytes=4, operator_class="int4_ops")
TAGS = ColumnStatistics(
    relation_oid=1,
    column="tags",
    most_common_elements=("a", "b"),
    most_common_element_ratios=(0.5, 0.25, 0.25, 0.5, 0.0),
    element_count_histogram=(0.0, 1.0, 2.0, 0.75),
)


def of_integers(distinct: float, rows: float, pages: int) -> IndexShape:
    key = replace(INTEGER, shares=equal_shares(distinct))
    return IndexShape(access_method="gin", rows=rows, keys=(key,), table_pages=pages)


def of_values(operator_class: str, *values: str) -> KeyStatistics:
    statistics = ColumnStatistics(
        relation_oid=1, column="a", average_width_bytes=20, histogram_bounds=values
    )
    return KeyStatistics(
        width_bytes=20, is_variable=True, operator_class=operator_class, values=statistics
    )


@pytest.mark.parametrize(
    ("distinct", "rows", "pages", "built"),
    [
        pytest.param(35, 40_000, 177, (10, 0), id="long lists"),
        pytest.param(2_000, 200_000, 896, (124, 0), id="lists"),
        pytest.param(20_000, 200_000, 896, (279, 0), id="short lists"),
        pytest.param(4, 200_000, 896, (1, 32), id="trees"),
    ],
)
def test_predicts_an_index_of_integers(
    distinct: float, rows: float, pages: int, built: tuple[int, int]
) -> None:
    predicted = gin_size(of_integers(distinct, rows, pages))

    assert predicted.entry_pages == pytest.approx(built[0], rel=0.1)
    assert predicted.data_pages == pytest.approx(built[1], rel=0.1)
    assert predicted.entries == pytest.approx(distinct, rel=0.01)


def test_keeps_pages_fuller_when_it_comes_back_to_them() -> None:
    shape = of_integers(20_000, 200_000, 896)

    in_parts = gin_size(replace(shape, build_memory_bytes=1e6))

    assert in_parts.entry_pages < gin_size(shape).entry_pages


def test_an_empty_table_has_an_empty_root() -> None:
    assert gin_size(of_integers(10, 0, 0)) == GinSize(entry_pages=1, data_pages=0, entries=0)


def test_shares_the_pages_that_an_index_has_in_fact_as_predicted() -> None:
    size = GinSize(entry_pages=30, data_pages=10, entries=1_000)

    assert size.scaled(81) == GinSize(entry_pages=60, data_pages=20, entries=2_000)
    assert size.scaled(2) == GinSize(entry_pages=1, data_pages=0, entries=25)


def test_takes_the_elements_of_arrays_as_analyze_counted_them() -> None:
    key = KeyStatistics(
        width_bytes=30, is_variable=True, operator_class="array_ops", values=TAGS, null_ratio=0.1
    )

    assert elements_of(key, 1_000) == (
        ElementGroup(keys=1.0, ratio=0.5, width_bytes=2.0),
        ElementGroup(keys=1.0, ratio=0.25, width_bytes=2.0),
        ElementGroup(keys=1.0, ratio=0.1, width_bytes=1.0),
    )


def test_lets_rare_elements_fall_on_as_the_listed_ones_do() -> None:
    ratios = tuple(0.5 / rank for rank in range(1, 101))
    values = replace(
        TAGS,
        most_common_elements=tuple(f"t{rank}" for rank in range(100)),
        most_common_element_ratios=(*ratios, 0.005, 0.5, 0.0),
        element_count_histogram=(0.0, 9.0, sum(0.5 / rank for rank in range(1, 2_001))),
    )
    key = KeyStatistics(width_bytes=30, operator_class="array_ops", values=values)

    groups = elements_of(key, 100_000)

    assert sum(group.keys for group in groups) == pytest.approx(2_000, rel=0.15)


def test_takes_keys_and_values_out_of_a_json_document() -> None:
    assert elements_by_json_key('{"a": {"b": [1.50, "x"]}, "c": null}') == {
        Element("", "a", 3),
        Element("", "b", 3),
        Element(".a.b[]", "1.50", 6),
        Element("", "x", 3),
        Element("", "c", 3),
        Element(".c", "", 2),
    }


def test_takes_a_hash_for_each_path_in_a_json_document() -> None:
    assert elements_by_json_path('{"a": {"b": [1, "x"]}, "c": true}') == {
        Element(".a.b[]", "1", 4),
        Element(".a.b[]", "x", 4),
        Element(".c", "t", 4),
    }


def test_takes_padded_trigrams_out_of_a_text() -> None:
    found = {element.text for element in elements_by_trigram("Cat, cat_1")}

    assert found == {"  c", " ca", "cat", "at ", "  1", " 1 "}


def test_takes_words_and_pairs_out_of_their_texts() -> None:
    assert elements_by_word("One, two one") == {Element("3", "one", 4), Element("3", "two", 4)}
    assert elements_by_pair(r'"a"=>"x\"y", "b"=>NULL') == {
        Element("", "a", 3),
        Element("a", r"x\"y", 6),
        Element("", "b", 3),
        Element("b", "", 2),
    }


def test_counts_trigrams_that_can_be_by_the_pairs_of_letters_that_are() -> None:
    assert most_trigrams({"aba"}) == 2
    assert most_trigrams({"abc", "bca"}) == 3


def test_tells_values_that_are_all_different_from_those_that_repeat() -> None:
    documents = [f'{{"number": {at}, "kind": "k{at % 5}"}}' for at in range(100)]

    groups = elements_of(of_values("jsonb_path_ops", *documents), 50_000)

    rows = sum(group.keys * group.ratio for group in groups if group.ratio < 1e-9)
    assert rows == pytest.approx(1)
    assert sum(group.keys for group in groups if group.ratio > 0.1) == pytest.approx(5, rel=1e-3)


def test_guesses_where_values_are_no_documents() -> None:
    [group] = elements_of(of_values("jsonb_ops", *(f"#{at}" for at in range(50))), 1_000)

    assert group.ratio * group.keys == pytest.approx(2)


@given(
    values=st.lists(st.text(max_size=12), max_size=60),
    operator_class=st.sampled_from(
        ["gin_trgm_ops", "jsonb_ops", "jsonb_path_ops", "gin_hstore_ops", "tsvector_ops"]
    ),
)
def test_any_values_give_elements_that_an_index_can_have(
    values: list[str], operator_class: str
) -> None:
    groups = elements_of(of_values(operator_class, *values), 10_000)

    assert all(group.keys > 0 and 0 < group.ratio <= 1.01 for group in groups)
