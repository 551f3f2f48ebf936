"""The report for terminals."""

from __future__ import annotations

import io
import re
import sys
from dataclasses import replace

import pytest

from pgadvisor.emit.text import print_report, render_text
from pgadvisor.model.finding import Skipped
from tests.emit.sample import an_advice, an_empty_advice

UNBROKEN = re.compile(r"^ *(CREATE|DROP|ALTER|ANALYZE|select|key:|index:|instead:)")
ANSI = re.compile(r"\x1b\[\d+m")


@pytest.mark.parametrize("explain_choice", [False, True])
@pytest.mark.parametrize("width", [40, 60, 80, 132])
def test_keeps_to_the_width_except_for_sql_keys_and_names(
    width: int, *, explain_choice: bool
) -> None:
    text = render_text(an_advice(), width=width, explain_choice=explain_choice)
    lines = text.splitlines()

    assert [x for x in lines if len(x) > width and not UNBROKEN.match(x)] == []


def test_is_never_narrower_than_forty_columns() -> None:
    assert render_text(an_advice(), width=1) == render_text(an_advice(), width=40)


@pytest.mark.parametrize("explain_choice", [False, True])
def test_says_the_same_at_any_width(*, explain_choice: bool) -> None:
    def words(text: str) -> list[str]:
        return [word for word in text.split() if set(word) != {"-"}]

    narrow, wide = (
        render_text(an_advice(), width=width, explain_choice=explain_choice) for width in (40, 200)
    )

    assert words(narrow) == words(wide)


@pytest.mark.parametrize("explain_choice", [False, True])
def test_sends_no_command_to_the_terminal(*, explain_choice: bool) -> None:
    text = render_text(an_advice(), explain_choice=explain_choice)

    assert "".join(c for c in text if not c.isprintable() and c != "\n") == ""


def test_colours_change_nothing_but_colours() -> None:
    plain, colored = (render_text(an_advice(), color=color) for color in (False, True))

    assert ANSI.sub("", colored) == plain
    assert colored != plain


def test_shows_the_decisive_things_first() -> None:
    head = render_text(an_advice()).split("To be changed")[0]

    assert "PostgreSQL 18.4" in head
    assert "12.4 days of statistics" in head
    assert "1 of 2 plans the same, median cost error 0.5 %" in head
    assert "! A limit was lowered: drop-window 1 instead of 35 days." in head
    assert "! This analysis is partial" in head
    assert "6 recommendations, 3 findings (1 critical, 1 warning, 1 info)." in head


def test_says_that_rules_could_not_judge_and_not_that_all_is_well() -> None:
    advice = replace(an_empty_advice(), skipped=(Skipped(rule_id="a-rule", reason="no figures"),))

    text = render_text(advice)

    assert "- a-rule: no figures" in text
    assert "Nothing to change was found by the 1 rule that could judge everything." in text


def test_lists_no_more_than_twenty_things_that_were_not_judged() -> None:
    skipped = tuple(Skipped(rule_id="a-rule", reason=f"reason {n}") for n in range(25))

    text = render_text(replace(an_empty_advice(), skipped=skipped))

    assert text.count("- a-rule: reason") == 20
    assert "- and 5 more; the other formats list all" in text


def test_hands_the_whole_report_to_the_writer() -> None:
    written: list[str] = []

    print_report(an_advice(), written.append)

    assert written == [render_text(an_advice())]


def test_prints_without_colours_where_nobody_looks_at_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_report(an_empty_advice())

    assert capsys.readouterr().out == render_text(an_empty_advice())


@pytest.mark.parametrize(
    ("environment", "is_colored"),
    [
        pytest.param({"TERM": "xterm"}, True, id="terminal"),
        pytest.param({"TERM": "xterm", "NO_COLOR": "1"}, False, id="no-color"),
        pytest.param({"TERM": "dumb"}, False, id="dumb"),
    ],
)
def test_prints_colours_where_the_terminal_wants_them(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], *, is_colored: bool
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", terminal)

    print_report(an_empty_advice())

    assert ("\x1b[1m" in terminal.getvalue()) is is_colored
