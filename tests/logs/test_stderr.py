"""Logs with a prefix before each line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.logs import event, stderr
from pgadvisor.logs.event import Event
from pgadvisor.logs.prefix import compile_prefix
from pgadvisor.logs.stderr import StderrReader

PREFIX = "%m [%p] %q%u@%d "
HEAD = "2026-03-01 10:00:00.123 UTC [42] me@shop "
WHEN = b"2026-03-01 10:00:00.123 UTC"


def read(text: str | bytes, *, size: int = 10**6, has_tabs: bool = True) -> list[Event]:
    """All events of a text that comes in pieces of that size."""
    data = text.encode() if isinstance(text, str) else text
    reader = StderrReader(compile_prefix(PREFIX), has_tabs=has_tabs)
    found = [
        event
        for start in range(0, len(data), size)
        for event in reader.feed(data[start : start + size])
    ]
    return [*found, *reader.finish()]


def test_an_entry_is_told_with_all_that_its_prefix_says() -> None:
    assert read(f"{HEAD}LOG:  hello\n") == [(WHEN, b"42", b"shop", b"LOG", b"hello")]


def test_a_line_with_a_tab_goes_on_with_the_message() -> None:
    text = f"{HEAD}LOG:  select 1,\n\t\ttwo,\n\t\n\tthree\n{HEAD}DETAIL:  more\n"

    assert [found[3:] for found in read(text)] == [
        (b"LOG", b"select 1,\n\ttwo,\n\nthree"),
        (b"DETAIL", b"more"),
    ]


def test_a_line_of_another_program_is_no_part_of_a_message() -> None:
    reader = StderrReader(compile_prefix(PREFIX))
    text = f"{HEAD}LOG:  select 1\n\t+ 2\ncp: no such file\n{HEAD}LOG:  next\n"

    found = [*reader.feed(text.encode()), *reader.finish()]

    assert [one[4] for one in found] == [b"select 1\n+ 2", b"next"]
    assert reader.skipped_lines == 1


def test_where_tabs_were_lost_all_lines_without_a_prefix_go_on() -> None:
    text = f"{HEAD}LOG:  select 1\nfrom t\n\nwhere a\n{HEAD}LOG:  next\n"

    assert [one[4] for one in read(text, has_tabs=False)] == [
        b"select 1\nfrom t\n\nwhere a",
        b"next",
    ]


def test_line_ends_of_windows_are_line_ends() -> None:
    assert [one[4] for one in read(f"{HEAD}LOG:  a\r\n\tb\r\n{HEAD}LOG:  c\r\n", size=7)] == [
        b"a\nb",
        b"c",
    ]


def test_an_entry_without_its_end_is_left_out() -> None:
    reader = StderrReader(compile_prefix(PREFIX))

    found = [*reader.feed(f"{HEAD}LOG:  a\n{HEAD}LOG:  dele".encode()), *reader.finish()]

    assert [one[4] for one in found] == [b"a"]
    assert reader.is_cut_off


def test_what_comes_before_the_first_entry_is_skipped() -> None:
    reader = StderrReader(compile_prefix(PREFIX))

    found = [*reader.feed(f"\tand b\n\tand c\n{HEAD}LOG:  a\n".encode()), *reader.finish()]

    assert [one[4] for one in found] == [b"a"]
    assert reader.skipped_lines == 2


def test_seconds_since_1970_are_told_as_a_time() -> None:
    reader = StderrReader(compile_prefix("%n [%p] "))

    [found] = [*reader.feed(b"1772359200.123 [42] LOG:  a\n"), *reader.finish()]

    assert found[0] == WHEN


def test_an_entry_beyond_all_measure_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stderr, "MAX_ENTRY_BYTES", 1_000)
    reader = StderrReader(compile_prefix(PREFIX))
    long = f"{HEAD}LOG:  {'x' * 3_000}\n{HEAD}LOG:  a\n{HEAD}LOG:  b\n".encode()

    found = [one for at in range(0, len(long), 100) for one in reader.feed(long[at : at + 100])]
    found += reader.finish()

    assert [one[4] for one in found] == [b"a", b"b"]
    assert reader.oversized >= 1
    assert event.MAX_ENTRY_BYTES > 1_000_000


MESSAGES = st.text(
    alphabet=st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=60
)


@given(st.lists(st.tuples(st.sampled_from(["LOG", "ERROR", "DETAIL"]), MESSAGES), max_size=8),
       st.integers(1, 50), st.sampled_from(["\n", "\r\n"]),
       st.sampled_from(["utf-8", "utf-8", "latin-1", "euc_jp", "koi8-r"]))  # fmt: skip
def test_whatever_was_written_is_read_again(
    entries: list[tuple[str, str]], size: int, line_end: str, encoding: str
) -> None:
    # As PostgreSQL writes it: a tab after each line break in a message.
    lines = [f"{HEAD}{severity}:  " + text.replace("\n", "\n\t") for severity, text in entries]
    data = "".join(f"{line}\n" for line in lines).replace("\n", line_end)
    written = data.encode(encoding, errors="replace")

    found = read(written, size=size)

    expected = [
        (severity.encode(), text.encode(encoding, errors="replace")) for severity, text in entries
    ]
    # A line break at the very end of the log is none of the last message's.
    assert [(one[3], one[4].rstrip(b"\n")) for one in found] == [
        (severity, text.rstrip(b"\n")) for severity, text in expected
    ]


@given(st.binary(max_size=400), st.integers(1, 64))
def test_no_bytes_are_too_odd(data: bytes, size: int) -> None:
    read(data, size=size)


@given(st.lists(st.sampled_from([HEAD, "LOG:  ", "duration: 1.0 ms  ", "statement: ", "\n", "\t",
                                 "\r", "'", "select 1", "\0", "é"]), max_size=40),
       st.integers(1, 64))  # fmt: skip
def test_the_size_of_the_pieces_makes_no_difference(parts: list[str], size: int) -> None:
    data = "".join(parts)

    assert read(data, size=size) == read(data)
