"""``log_line_prefix``, given or recognised."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.logs.prefix import compile_prefix, recognise

MOMENT = "2026-03-01 10:00:00"


def heads(setting: str, line: str) -> list[dict[str, bytes | None]]:
    """What the prefix makes of a line."""
    pattern = compile_prefix(setting).pattern
    return [found.groupdict() for found in pattern.finditer(b"\n" + line.encode())]


@pytest.mark.parametrize(
    ("setting", "line", "expected"),
    [
        ("", "LOG:  x", {"severity": b"LOG"}),
        ("%m [%p] ", f"{MOMENT}.123 UTC [42] LOG:  x", {"process": b"42"}),
        ("%m [%p] ", f"{MOMENT}.123 +0330 [42] LOG:  x", {"time": f"{MOMENT}.123 +0330".encode()}),
        ("%t:%r:%u@%d:[%p]:", f"{MOMENT} UTC:10.0.0.1(5432):me@shop:[42]:LOG:  x",
         {"database": b"shop", "process": b"42"}),
        ("%t:%r:%u@%d:[%p]:", f"{MOMENT} UTC:fe80::1(5432):a:b@c:d:[42]:LOG:  x",
         {"database": b"c:d"}),
        ("%t:%r:%u@%d:[%p]:", f"{MOMENT} UTC::@:[42]:LOG:  x", {"database": b""}),
        ("%m [%p] %q%u@%d ", f"{MOMENT}.123 UTC [42] LOG:  x", {"database": None}),
        ("%m [%p] %q%u@%d ", f"{MOMENT}.123 UTC [42] me@shop ERROR:  x",
         {"database": b"shop", "severity": b"ERROR"}),
        ("<%c|%a> ", "<69a4.2b|psql - LOG:  not this one> LOG:  x", {"session": b"69a4.2b"}),
        ("%-8p|%10d|", "42      |      shop|LOG:  x", {"process": b"42", "database": b"shop"}),
        ("%n %p %e ", "1772359200.123 42 00000 LOG:  x", {"time": b"1772359200.123"}),
        ("100%% %p ", "100% 42 LOG:  x", {"process": b"42"}),
        ("%p %z", "42 LOG:  x", {"process": b"42"}),
        ("%p %", "42 LOG:  x", {"process": b"42"}),
        ("%p/%p ", "42/42 LOG:  x", {"process": b"42"}),
        ("[%Q] %v %x %l %i %s %b ", f"[-17] 3/12 0 7 SELECT {MOMENT} UTC client backend LOG:  x",
         {"severity": b"LOG"}),
        ("%m [%p] ", f"{MOMENT}.123 UTC [42] LOG:  00000: duration: 1 ms", {"severity": b"LOG"}),
    ],
)  # fmt: skip
def test_each_escape_is_understood(
    setting: str, line: str, expected: dict[str, bytes | None]
) -> None:
    [found] = heads(setting, line)

    assert expected.items() <= found.items()


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("%m [%p] ", f"{MOMENT} UTC [42] LOG:  x"),
        ("%m [%p] ", f"\t{MOMENT}.123 UTC [42] LOG:  x"),
        ("%m [%p] ", "LOG:  x"),
        ("", "\tLOG:  x"),
        ("%p ", "42 LOG: x"),
    ],
)
def test_other_lines_are_no_heads(setting: str, line: str) -> None:
    assert heads(setting, line) == []


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        ("%m [%p] ", "{m} [{p}] "),
        ("%m [%p] %q%u@%d ", "{m} [{p}] me@shop "),
        ("%m [%p] %q%u@%d/%a ", "{m} [{p}] me@shop/[unknown] "),
        ("%t:%r:%u@%d:[%p]:", "{t}:[local]:me@shop:[{p}]:"),
        ("%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
         "{t} [{p}]: [3-1] user=me,db=shop,app=psql,client=[local] "),
        ("%t-%c-", "{t}-69a4.2b-"),
        ("%m ", "{m} "),
        ("", ""),
    ],
)  # fmt: skip
def test_a_common_prefix_is_recognised(setting: str, values: str) -> None:
    lines = [
        values.format(m=f"{MOMENT}.{number:03} UTC", t=f"{MOMENT} UTC", p=number) + "LOG:  hello"
        for number in range(100, 120)
    ]

    found = recognise("\n".join(["", *lines, ""]).encode())

    assert found is not None
    assert found.setting == setting
    assert found.is_exact


def test_of_another_prefix_time_and_process_are_made_out() -> None:
    line = f"me on shop! {MOMENT}.123 UTC pid [42-7] xid=0 | LOG:  hello"

    found = recognise(f"\n{line}\n{line}\n".encode())

    assert found is not None
    assert not found.is_exact
    [first, _] = found.pattern.finditer(f"\n{line}\n{line}\n".encode())
    assert first["time"] == f"{MOMENT}.123 UTC".encode()
    assert first["process"] == b"42"
    assert "database" not in found.pattern.groupindex


def test_a_database_is_not_taken_for_more_than_its_name() -> None:
    line = f"{MOMENT}.123 UTC [42] me@shop over ssl LOG:  hello"

    found = recognise(f"\n{line}\n{line}\n".encode())

    assert found is not None
    assert not found.is_exact


def test_the_server_s_own_setting_is_taken_if_it_fits() -> None:
    line = f"{MOMENT} UTC [42] me on shop: LOG:  hello"
    sample = f"\n{line}\n{line}\n".encode()

    fits, differs = recognise(sample, "%t [%p] %u on %d: "), recognise(sample, "%m %u ")

    assert fits is not None
    assert fits.setting == "%t [%p] %u on %d: "
    assert differs is not None
    assert differs.setting == ""


def test_what_is_no_log_is_not_recognised() -> None:
    assert recognise(b"\nselect 1;\nselect 2;\n") is None


ESCAPES = ["%m", "%t", "%n", "%p", "%c", "%u", "%d", "%a", "%h", "%r", "%q", "%l", "%e", "%s"]
TEXTS = [" ", ":", "[", "]", "-", "@", "=", "(", ")", "*", "\\", "^", "$", "%%", "|", "db="]


@given(st.lists(st.sampled_from(ESCAPES + TEXTS), max_size=12), st.binary(max_size=300))
def test_no_setting_and_no_bytes_are_too_odd(parts: list[str], sample: bytes) -> None:
    setting = "".join(parts)

    compile_prefix(setting)
    recognise(b"\n" + sample, setting)


@given(st.text(max_size=30), st.sampled_from(["LOG", "ERROR", "DETAIL"]))
def test_a_prefix_of_plain_text_is_found_as_it_is(text: str, severity: str) -> None:
    text = "".join(c for c in text if c not in "%\n\t\r")

    [found] = heads(text, f"{text}{severity}:  hello")

    assert found["severity"] == severity.encode()
