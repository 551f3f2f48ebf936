"""Text of strangers for terminals."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.emit.plaintext import one_line, printable, segments, shortened


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a\tb\nc", "a\tb\nc", id="layout-stays"),
        pytest.param("größer 表 🐘", "größer 表 🐘", id="letters-stay"),
        pytest.param("\x1b[31mred", "[31mred", id="colour"),
        pytest.param("\x1b]52;c;aGk=\x07", "]52;c;aGk=", id="clipboard"),
        pytest.param("\x9b31m", "31m", id="c1"),
        pytest.param("a\rb\x08c\x00d\x7f", "abcd", id="carriage-return-and-backspace"),
        pytest.param("user\u202etxt.exe\u2066\u200f", "usertxt.exe", id="direction"),
    ],
)
def test_drops_what_a_terminal_would_act_upon(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_leaves_no_control_character(text: str) -> None:
    left = {unicodedata.category(c) for c in printable(text) if c not in "\n\t"}

    assert not left & {"Cc", "Cs"}


@given(st.text(), st.integers(1, 20))
def test_shortens_to_one_line(text: str, length: int) -> None:
    short = shortened(text, length)

    assert len(short) <= length
    assert len(short.splitlines()) <= 1
    assert short in {one_line(text), f"{one_line(text)[: length - 1]}…"}


def test_takes_backticks_in_pairs_for_code() -> None:
    assert segments("Run `a` and `b`.") == (
        ("Run ", False),
        ("a", True),
        (" and ", False),
        ("b", True),
        (".", False),
    )
    assert segments("one ` only") == (("one ` only", False),)
