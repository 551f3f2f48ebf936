"""Logs as JSON, one object a line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.logs import jsonlog
from pgadvisor.logs.event import Event
from pgadvisor.logs.jsonlog import JsonReader

WHEN = "2026-03-01 10:00:00.123 UTC"


def line(message: str, **more: object) -> str:
    """One line as PostgreSQL writes it."""
    fields = {"timestamp": WHEN, "user": "me", "dbname": "shop", "pid": 42,
              "session_id": "69a4.2b", "line_num": 3, "error_severity": "LOG",
              "message": message, "query_id": -17}  # fmt: skip
    return json.dumps(fields | more) + "\n"


def read(text: str | bytes, *, size: int = 10**6) -> tuple[list[Event], JsonReader]:
    """All events of a text that comes in pieces of that size."""
    data = text.encode() if isinstance(text, str) else text
    reader = JsonReader()
    found = [
        event
        for start in range(0, len(data), size)
        for event in reader.feed(data[start : start + size])
    ]
    return [*found, *reader.finish()], reader


def test_a_line_is_told_with_its_detail_and_its_statement() -> None:
    found, _ = read(line("hi\nho", detail="parameters: $1 = '1'", statement="select 1"))

    start = (WHEN.encode(), b"69a4.2b", b"shop")
    assert found == [
        (*start, b"LOG", b"hi\nho"),
        (*start, b"DETAIL", b"parameters: $1 = '1'"),
        (*start, b"STATEMENT", b"select 1"),
    ]


@pytest.mark.parametrize("broken", ["{", "[]", '{"message": 1}', "x" * 50, '{"a":' * 5_000, "\0"])
def test_a_broken_line_is_skipped(broken: str) -> None:
    found, reader = read(f"{line('a')}{broken}\n{line('b')}")

    assert [one[4] for one in found] == [b"a", b"b"]
    assert reader.skipped_lines == 1


def test_a_line_in_another_encoding_is_read() -> None:
    found, _ = read(line("PLACE").replace("PLACE", "é").encode("latin-1"))

    assert [one[4].decode() for one in found] == ["é"]


def test_a_line_without_its_end_is_left_out() -> None:
    found, reader = read(line("a") + line("b")[:-5])

    assert [one[4] for one in found] == [b"a"]
    assert reader.is_cut_off


def test_a_line_beyond_all_measure_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonlog, "MAX_ENTRY_BYTES", 1_000)

    found, reader = read(line("x" * 5_000) + line("a"), size=100)

    assert [one[4] for one in found] == [b"a"]
    assert reader.oversized > 0


@given(
    st.lists(st.text(max_size=40), max_size=6), st.integers(1, 80), st.sampled_from(["\n", "\r\n"])
)
def test_whatever_was_written_is_read_again(messages: list[str], size: int, line_end: str) -> None:
    text = "".join(line(message) for message in messages)

    found, _ = read(text.replace("\n", line_end), size=size)

    assert [one[4].decode() for one in found] == messages


@given(st.binary(max_size=300), st.integers(1, 64))
def test_no_bytes_are_too_odd(data: bytes, size: int) -> None:
    read(data, size=size)
