"""The report as one HTML page."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

from pgadvisor.emit.html import render_html
from tests.emit.sample import HOSTILE, an_advice, an_empty_advice

VOID = {"meta", "link", "br", "hr", "img", "input"}


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


def test_closes_what_it_opens() -> None:
    assert Reader(render_html(an_advice())).open == []
    assert Reader(render_html(an_empty_advice())).open == []


def test_names_cannot_become_elements() -> None:
    page = Reader(render_html(an_advice()))

    names = {name for name, _ in page.elements}
    assert not names & {"script", "b", "a", "img", "iframe", "link", "form"}
    assert "<script>alert(1)</script>" in page.text
    assert " ".join(HOSTILE.split()) in " ".join(page.text.split())


def test_loads_nothing_from_anywhere() -> None:
    page = Reader(render_html(an_advice()))

    attributes = {name for _, attributes in page.elements for name in attributes}
    assert attributes <= {"lang", "charset", "http-equiv", "content", "name", "class"}
    assert "url(" not in render_html(an_advice())


def test_allows_its_own_style_and_nothing_else() -> None:
    html = render_html(an_advice())
    [style] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)

    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")


def test_holds_no_character_that_changes_how_it_reads() -> None:
    html = render_html(an_advice())

    assert not set(html) & {"\x1b", "\u202e", "\x07"}
