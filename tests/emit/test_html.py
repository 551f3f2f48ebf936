"""The report as one HTML page."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pgadvisor.emit.html import render_html
from pgadvisor.model.advice import AdviceData
from tests.emit.sample import an_advice, an_empty_advice
from tests.emit.sample_actions import HOSTILE, MARKUP

VOID = {"meta", "link", "br", "hr", "img", "input"}
DRAWN = {
    *("viewbox", "role", "aria-labelledby", "id", "text-anchor"),
    *("x", "y", "dy", "x1", "x2", "y1", "y2", "cx", "cy", "r", "d"),
}
"""Attributes of the picture."""


class Reader(HTMLParser):
    """Collects elements, and sees that each one that is opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element, and that it is open."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """See that it is the one that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep what is shown."""
        self.text += data


def a_hostile_advice() -> AdviceData:
    """All that is named in the choice of indexes wants to break out of it."""
    advice = an_advice()
    [first, second] = advice.choice.chosen
    [superseded] = advice.choice.superseded
    first = replace(
        first,
        name=MARKUP,
        candidate=replace(first.candidate, reason=MARKUP),
        size_notes=(MARKUP,),
    )
    choice = replace(
        advice.choice,
        chosen=(first, second),
        superseded=(replace(superseded, by=(MARKUP, HOSTILE)),),
    )
    [rejected] = advice.rejected
    return replace(
        advice,
        choice=choice,
        index_names=((superseded.index_oid, MARKUP),),
        rejected=(replace(rejected, reason=MARKUP, code=MARKUP),),
    )


def test_closes_what_it_opens() -> None:
    assert Reader(render_html(an_advice())).open == []
    assert Reader(render_html(an_advice(), explain_choice=True)).open == []
    assert Reader(render_html(an_empty_advice())).open == []


@pytest.mark.parametrize("explain_choice", [False, True])
def test_names_cannot_become_elements(*, explain_choice: bool) -> None:
    page = Reader(render_html(a_hostile_advice(), explain_choice=explain_choice))

    names = {name for name, _ in page.elements}
    assert not names & {"script", "b", "a", "img", "iframe", "link", "form"}
    assert "<script>alert(1)</script>" in page.text
    assert " ".join(HOSTILE.split()) in " ".join(page.text.split())


def test_loads_nothing_from_anywhere() -> None:
    page = Reader(render_html(an_advice()))

    attributes = {name for _, attributes in page.elements for name in attributes}
    assert attributes <= {"lang", "charset", "http-equiv", "content", "name", "class"} | DRAWN
    assert "url(" not in render_html(an_advice())


def test_allows_its_own_style_and_nothing_else() -> None:
    html = render_html(an_advice())
    [style] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)

    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")


@pytest.mark.parametrize("explain_choice", [False, True])
def test_holds_no_character_that_changes_how_it_reads(*, explain_choice: bool) -> None:
    html = render_html(a_hostile_advice(), explain_choice=explain_choice)

    assert not set(html) & {"\x1b", "\u202e", "\x07"}
