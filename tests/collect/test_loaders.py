"""Arrays of pg_stats, split by ourselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.collect.loaders import split_array


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("{}", ()),
        ("{1,2,3}", ("1", "2", "3")),
        ('{a,"b c",""}', ("a", "b c", "")),
        ('{"{1,2}","{3}"}', ("{1,2}", "{3}")),
        (r'{"with \"quote\"","back\\slash","comma,"}', ('with "quote"', "back\\slash", "comma,")),
        ('{"line\nbreak",ü}', ("line\nbreak", "ü")),
    ],
)
def test_splits(text: str, elements: tuple[str, ...]) -> None:
    assert split_array(text) == elements


@given(st.lists(st.text()))
def test_finds_every_element_of_a_quoted_array(elements: list[str]) -> None:
    quoted = (element.replace("\\", "\\\\").replace('"', '\\"') for element in elements)
    text = "{" + ",".join(f'"{element}"' for element in quoted) + "}"

    assert split_array(text) == tuple(elements)
