"""Values of parameters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.logs.parameters import parameter_values


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ("parameters: $1 = '42', $2 = NULL", {1: "'42'", 2: "NULL"}),
        ("Parameters: $1 = 'it''s, $2 = ''x'''", {1: "'it''s, $2 = ''x'''"}),
        ("$1 = 'a\nb'", {1: "'a\nb'"}),
        ("parameters: $1 = 'cut o...', $2 = '1'", {2: "'1'"}),
        (r"parameters: $1 = 'C:\temp'", {1: r"E'C:\\temp'"}),
        ("parameters: $1 = ''", {1: "''"}),
        ("", {}),
    ],
)
def test_values_are_read_as_sql(detail: str, expected: dict[int, str]) -> None:
    assert parameter_values(detail) == expected


@pytest.mark.parametrize(
    "detail", ["Key (email)=(a) already exists.", "$1 = 'open", "$1 = 'a' and more", "$1 = a"]
)
def test_what_is_no_list_of_values_is_none(detail: str) -> None:
    assert parameter_values(detail) is None


TEXTS = st.text(max_size=20).filter(lambda t: "\0" not in t and not t.endswith("..."))


@given(st.lists(st.none() | TEXTS, max_size=5))
def test_whatever_was_written_is_read_again(values: list[str | None]) -> None:
    written = ", ".join(
        f"${number} = " + ("NULL" if value is None else "'" + value.replace("'", "''") + "'")
        for number, value in enumerate(values, 1)
    )

    found = parameter_values(f"Parameters: {written}")

    assert found is not None
    assert [_value(found[number]) for number in range(1, len(values) + 1)] == values


def _value(literal: str) -> str | None:
    if literal == "NULL":
        return None
    if literal.startswith("E"):
        literal = literal[1:].replace("\\\\", "\\")
    return literal[1:-1].replace("''", "'")


@given(st.text(max_size=60))
def test_no_text_is_too_odd(text: str) -> None:
    parameter_values(text)
