"""Logs as CSV."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.logs.csvlog import CsvReader
from pgadvisor.logs.event import Event

WHEN = "2026-03-01 10:00:00.123 UTC"


def row(message: str, *, detail: str = "", query: str = "", severity: str = "LOG") -> str:
    """One row as PostgreSQL 15 writes it: texts are quoted, numbers are not."""

    def quoted(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if text else ""

    return (
        f'{WHEN},"me","shop",42,"[local]",69a4.2b,3,"SELECT",2026-03-01 09:00:00 UTC,3/12,0,'
        f"{severity},00000,{quoted(message)},{quoted(detail)},,,,,{quoted(query)},,,"
        '"psql","client backend",,-17\n'
    )


def read(text: str | bytes, *, size: int = 10**6) -> tuple[list[Event], CsvReader]:
    """All events of a text that comes in pieces of that size."""
    data = text.encode() if isinstance(text, str) else text
    reader = CsvReader()
    found = [
        event
        for start in range(0, len(data), size)
        for event in reader.feed(data[start : start + size])
    ]
    return [*found, *reader.finish()], reader


def test_a_row_is_told_with_its_detail_and_its_query() -> None:
    found, _ = read(row('say "hi",\nthen go', detail="parameters: $1 = '1'", query="select 1"))

    start = (WHEN.encode(), b"69a4.2b", b"shop")
    assert found == [
        (*start, b"LOG", b'say "hi",\nthen go'),
        (*start, b"DETAIL", b"parameters: $1 = '1'"),
        (*start, b"STATEMENT", b"select 1"),
    ]


def test_a_broken_row_spoils_no_other() -> None:
    found, reader = read(row("a") + row("b")[:110] + "\n" + row("c") + row("d"))

    assert [one[4] for one in found] == [b"a", b"c", b"d"]
    assert reader.skipped_lines > 0


def test_a_row_without_its_end_is_left_out() -> None:
    found, reader = read(row("a") + row("b")[:-30])

    assert [one[4] for one in found] == [b"a"]
    assert reader.is_cut_off


TEXTS = st.text(
    alphabet=st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=60
)


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=6), st.integers(1, 80))
def test_whatever_was_written_is_read_as_other_readers_do(
    entries: list[tuple[str, str, str]], size: int
) -> None:
    text = "".join(row(message, detail=detail, query=query) for message, detail, query in entries)

    found, _ = read(text, size=size)

    expected: list[tuple[str, str]] = []
    for fields in csv.reader(io.StringIO(text, newline="")):
        expected.append(("LOG", fields[13]))
        expected += [("DETAIL", fields[14])] if fields[14] else []
        expected += [("STATEMENT", fields[19])] if fields[19] else []
    assert [(one[3].decode(), one[4].decode()) for one in found] == expected


@given(st.binary(max_size=400), st.integers(1, 64))
def test_no_bytes_are_too_odd(data: bytes, size: int) -> None:
    read(row("a").encode() + data, size=size)


@given(st.integers(0, 300), st.integers(0, 300), st.binary(max_size=4))
def test_damage_costs_the_rows_that_it_is_in(start: int, length: int, garbage: bytes) -> None:
    text = (row("first") + row("second", query="select 2")).encode()
    damaged = text[:start] + garbage + text[start + length :]

    found, _ = read(damaged + b"\n" + row("third").encode() + row("fourth").encode())

    assert (b"LOG", b"fourth") in [one[3:] for one in found]
