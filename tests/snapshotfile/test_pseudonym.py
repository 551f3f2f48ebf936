"""Pseudonyms keep order and equality, and tell nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.snapshotfile.pseudonym import (
    TEXT_LENGTH,
    Codes,
    NoRoomError,
    mentions_pseudonym,
    text_form,
    text_pseudonyms,
)

KEY = b"k" * 32
TEXTS = st.sets(st.text(min_size=1, max_size=12), max_size=40)
STATUSES = st.sets(st.text("abcdefghij_ABC", min_size=1, max_size=8), max_size=10)


def _codes(key: bytes = KEY) -> Codes:
    return Codes(key, "text")


@given(values=TEXTS)
def test_they_are_in_the_order_of_their_values(values: set[str]) -> None:
    found = text_pseudonyms(values, (), _codes(), text_form("text"))

    assert set(found) == values
    assert [found[value] for value in sorted(values)] == sorted(found.values())
    assert len(set(found.values())) == len(values)
    assert {len(pseudonym) for pseudonym in found.values()} <= {TEXT_LENGTH}


@given(values=st.sets(st.text("abcdefghij_ABC", min_size=9, max_size=20)), kept=STATUSES)
def test_kept_values_stand_where_they_stood(values: set[str], kept: set[str]) -> None:
    found = text_pseudonyms(values, kept, _codes(), text_form("text"))

    everything = {**found, **{value: value for value in kept}}
    assert not set(found.values()) & kept
    # Where one kept value continues another, hardly a string lies between them.
    if not any(a != b and b.startswith(a) for a in kept for b in kept):
        assert [everything[value] for value in sorted(everything)] == sorted(everything.values())
    assert {len(pseudonym) for pseudonym in found.values()} <= {TEXT_LENGTH}


def test_kept_values_of_other_alphabets_are_respected() -> None:
    kept = {"активен", "готов", "новый"}
    values = {"Ärger", "барсук", "ворон", "орёл"}

    found = text_pseudonyms(values, kept, _codes(), text_form("text"))

    everything = {**found, **{value: value for value in kept}}
    assert [everything[value] for value in sorted(everything)] == sorted(everything.values())


@given(values=TEXTS, kept=TEXTS)
def test_whatever_is_kept_no_two_become_equal(values: set[str], kept: set[str]) -> None:
    found = text_pseudonyms(values, kept, _codes(), text_form("text"))

    assert set(found) == values - kept
    assert len({*found.values(), *kept}) == len(found) + len(kept)


@given(values=st.sets(st.text("XYZ", min_size=1, max_size=2)))
def test_a_narrow_column_gets_narrow_ones(values: set[str]) -> None:
    found = text_pseudonyms(values, (), _codes(), text_form("text:2"))

    assert {len(pseudonym) for pseudonym in found.values()} <= {2}
    assert [found[value] for value in sorted(values)] == sorted(found.values())


def test_between_two_kept_letters_the_hidden_one_is_not_given_away() -> None:
    found = text_pseudonyms({"B"}, {"A", "C"}, _codes(), text_form("text:1"))

    assert set(found) == {"B"}
    assert found["B"] not in {"A", "C"}
    others = {
        text_pseudonyms({"B"}, {"A", "C"}, _codes(bytes([n] * 32)), text_form("text:1"))["B"]
        for n in range(20)
    }
    assert len(others) > 5


def test_more_values_than_room_is_an_error() -> None:
    with pytest.raises(NoRoomError, match="63 values have room for 62 pseudonyms"):
        text_pseudonyms(map(chr, range(1000, 1063)), (), _codes(), text_form("text:1"))  # type: ignore[arg-type]  # any iterable does


@pytest.mark.parametrize("kind", ["text", "text:1", "text:3", "label", "citext"])
def test_another_key_makes_other_ones(kind: str) -> None:
    values = ["a", "b", "c", "d", "e", "f", "g", "h"]

    one = text_pseudonyms(values, (), _codes(), text_form(kind))
    again = text_pseudonyms(values, (), _codes(), text_form(kind))
    other = text_pseudonyms(values, (), _codes(b"other"), text_form(kind))

    assert one == again
    assert one != other


def test_those_that_ignore_case_differ_by_more_than_case() -> None:
    values = [str(number) for number in range(500)]

    found = text_pseudonyms(values, (), _codes(), text_form("citext"))

    assert len({pseudonym.lower() for pseudonym in found.values()}) == len(values)


def test_a_pseudonym_is_recognised_in_sql() -> None:
    [pseudonym] = text_pseudonyms({"x"}, (), _codes(), text_form("text")).values()

    assert mentions_pseudonym(f"(status = '{pseudonym}'::text)")
    assert not mentions_pseudonym("(status ~~ 'pending%'::text)")
    assert not mentions_pseudonym("(a_long_column_name ~~* 'pending%'::text)")
    assert not mentions_pseudonym("(id ~~ 'x'::text)")


@given(count=st.integers(0, 30), room=st.integers(0, 200), start=st.integers(-50, 50))
def test_codes_are_distinct_ascending_and_within_bounds(count: int, room: int, start: int) -> None:
    if count > room:
        with pytest.raises(NoRoomError):
            _codes().ascending(count, start, start + room)
        return

    drawn = _codes().ascending(count, start, start + room)

    assert len(set(drawn)) == count
    assert drawn == sorted(drawn)
    assert all(start <= number < start + room for number in drawn)
