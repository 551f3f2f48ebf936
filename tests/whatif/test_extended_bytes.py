"""The bytes of extended statistics: made as PostgreSQL lays them out, and read back."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.statistics import CommonCombination
from pgadvisor.whatif.twin.statistics.array_text import row_literal
from pgadvisor.whatif.twin.statistics.extended_bytes import (
    FormatError,
    McvDimension,
    McvItem,
    McvList,
    dependencies_bytes,
    mcv_list_bytes,
    n_distinct_bytes,
    read_mcv_list,
)
from pgadvisor.whatif.twin.statistics.sample_tables import combined

DIMENSIONS = st.builds(
    McvDimension,
    type_oid=st.integers(1, 2**32 - 1),
    value_count=st.integers(0, 65535),
    bytes_aligned=st.integers(0, 2**31 - 1),
    type_length_bytes=st.integers(-2, 64),
    is_by_value=st.booleans(),
    values=st.binary(max_size=50),
)
INDEX = st.none() | st.integers(0, 65535)
RATIO = st.floats(0, 1)


@st.composite
def mcv_lists(draw: st.DrawFn) -> McvList:
    dimensions = draw(st.lists(DIMENSIONS, min_size=1, max_size=8))
    indexes = st.tuples(*[INDEX] * len(dimensions))
    items = draw(st.lists(st.builds(McvItem, indexes=indexes, ratio=RATIO, base_ratio=RATIO)))
    return McvList(dimensions=tuple(dimensions), items=tuple(items))


@given(mcv_lists())
def test_a_list_of_common_values_is_read_as_it_was_made(mcv: McvList) -> None:
    assert read_mcv_list(mcv_list_bytes(mcv)) == mcv


@given(st.binary(max_size=300))
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        read_mcv_list(data)


@given(mcv_lists(), st.data())
def test_a_list_that_is_cut_off_is_refused(mcv: McvList, data: st.DataObject) -> None:
    whole = mcv_list_bytes(mcv)
    length = data.draw(st.integers(0, len(whole) - 1))

    with pytest.raises(FormatError):
        read_mcv_list(whole[:length])


def test_distinct_counts_follow_the_columns_to_their_new_numbers() -> None:
    made = n_distinct_bytes('{"2, 4": 800, "2, 4, -1": 12345}', {2: 1, 4: 3, -1: -1})

    assert made == struct.pack(
        "=IIIdihhdihhh", *(0xA352BFA4, 1, 2), *(800, 2, 1, 3), *(12345, 3, 1, 3, -1)
    )


def test_dependencies_follow_the_columns_to_their_new_numbers() -> None:
    made = dependencies_bytes('{"2 => 4": 1.000000, "2, -1 => 4": 0.250000}', {2: 1, 4: 3, -1: -1})

    assert made == struct.pack(
        "=IIIdhhhdhhhh", *(0xB4549A2C, 1, 2), *(1, 2, 1, 3), *(0.25, 3, 1, -1, 3)
    )


@pytest.mark.parametrize(
    "text",
    [
        *("", "{}", "[]", '{"1, 2": }', '{"1, 2": -5}', '{"1": 5}', '{"1, 2": 5'),
        *('{"1, 2": 5,"1, 2": 6}', '{"1, 2": 5} ', '{"1, 3": 5}', '{"1 => 2": 5}', "{null}"),
    ],
)
def test_what_is_no_text_of_distinct_counts_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        n_distinct_bytes(text, {1: 1, 2: 2})


@pytest.mark.parametrize(
    "text", ["", "{}", '{"1, 2": 1.0}', '{"1 => 3": 1.0}', '{"=> 2": 1.0}', '{"1 => 2": nan}']
)
def test_what_is_no_text_of_dependencies_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        dependencies_bytes(text, {1: 1, 2: 2})


NUMBERS = McvDimension(
    type_oid=23,
    value_count=2,
    bytes_aligned=0,
    type_length_bytes=4,
    is_by_value=True,
    values=struct.pack("=ii", 0, 1),
)
LETTERS = McvDimension(
    type_oid=25,
    value_count=1,
    bytes_aligned=8,
    type_length_bytes=-1,
    is_by_value=False,
    values=b"\1\0\0\0a",
)
PAIRS = McvList(
    dimensions=(NUMBERS, LETTERS),
    items=(
        McvItem(indexes=(1, 0), ratio=0.5, base_ratio=0.5),
        McvItem(indexes=(0, None), ratio=0.5, base_ratio=0.5),
    ),
)
COMBINATIONS = (
    CommonCombination(values=(None, None), ratio=0.75, base_ratio=0.25),
    CommonCombination(values=("a", "a"), ratio=0.125, base_ratio=0.0625),
)


def test_combinations_are_put_together_of_numbered_values() -> None:
    assert combined(COMBINATIONS, [PAIRS, PAIRS], [25, 25]) == McvList(
        dimensions=(LETTERS, LETTERS),
        items=(
            McvItem(indexes=(None, None), ratio=0.75, base_ratio=0.25),
            McvItem(indexes=(0, 0), ratio=0.125, base_ratio=0.0625),
        ),
    )


@pytest.mark.parametrize(
    ("pairs", "types"),
    [
        pytest.param(PAIRS, [20], id="another-type"),
        pytest.param(replace(PAIRS, dimensions=(LETTERS, LETTERS)), [25], id="no-number"),
        pytest.param(replace(PAIRS, dimensions=(NUMBERS,)), [25], id="one-dimension"),
        pytest.param(replace(PAIRS, items=PAIRS.items[:1]), [25], id="one-missing"),
        pytest.param(
            replace(PAIRS, items=(replace(PAIRS.items[0], indexes=(7, 0)), PAIRS.items[1])),
            [25],
            id="no-such-number",
        ),
        pytest.param(
            replace(PAIRS, items=(replace(PAIRS.items[0], indexes=(None, 0)), PAIRS.items[1])),
            [25],
            id="no-number-at-all",
        ),
    ],
)
def test_what_was_not_analysed_as_it_should_be_is_refused(pairs: McvList, types: list[int]) -> None:
    with pytest.raises(FormatError):
        combined(COMBINATIONS, [pairs], types)


def test_a_row_is_written_with_its_nulls_and_quotes() -> None:
    assert row_literal(("1", None, 'a "b" \\ c,', "")) == r'("1",,"a \"b\" \\ c,","")'
