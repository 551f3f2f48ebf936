"""Text of strangers within Markdown, as a real parser reads it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pgadvisor.emit.markdown_text import code, escape, fence, prose, table_code
from pgadvisor.emit.plaintext import one_line, printable

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MEAN = st.text(alphabet="ab1 `|<>[]()*_~\\#-+.:/@!&;$=\n\r\t{}\"'ü\x1b\u202e", max_size=40)


def tokens(markdown: str) -> list[Token]:
    return [
        inner
        for token in PARSER.parse(markdown)
        for inner in (token.children if token.type == "inline" and token.children else [token])
    ]


def shown(markdown: str) -> str:
    kinds = {"text", "text_special", "code_inline"}
    return "".join(token.content for token in tokens(markdown) if token.type in kinds)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u200b", "")).strip()


@given(MEAN)
def test_a_text_means_itself_in_a_paragraph(text: str) -> None:
    kinds = {token.type for token in tokens(escape(text))}

    assert squeezed(shown(escape(text))) == squeezed(one_line(text))
    assert kinds <= {"paragraph_open", "paragraph_close", "text", "text_special"}


@given(MEAN)
def test_a_text_stays_in_its_cell_of_a_table(text: str) -> None:
    row = f"| a | b |\n|---|---|\n| {escape(text)} | {table_code(text)} |\n"

    cells = [token.type for token in tokens(row)].count("td_open")

    assert cells == 2
    assert squeezed(shown(row)) == squeezed(f"ab{one_line(text)}{one_line(text)}")


@given(MEAN.filter(lambda text: one_line(text) != ""))
def test_code_means_itself(text: str) -> None:
    [token] = [token for token in tokens(f"x {code(text)}") if token.type == "code_inline"]

    assert token.content == one_line(text)


@given(MEAN)
def test_a_block_of_code_ends_where_it_should(text: str) -> None:
    [block] = PARSER.parse(fence(text))

    assert block.type == "fence"
    lines = printable(text).rstrip().split("\n")
    assert block.content.rstrip("\n").split("\n") == lines


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        pytest.param("orders_note_idx", "orders_note_idx", id="underscores-in-words"),
        pytest.param("_x_", "\\_x\\_", id="emphasis"),
        pytest.param("see https://e.x", "see https\\://e.x", id="link"),
        pytest.param("www.e.x", "www\\.e.x", id="bare-link"),
        pytest.param("ask @octocat", "ask @&#8203;octocat", id="mention"),
        pytest.param("12.4 days", "12.4 days", id="figure"),
        pytest.param("12. days", "12\\. days", id="list"),
        pytest.param("# a", "\\# a", id="heading"),
    ],
)
def test_escapes_what_means_something_and_no_more(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def test_shows_the_sql_in_a_sentence_as_code() -> None:
    assert prose("Run `DROP TABLE <a>`, then *wait*.") == "Run `DROP TABLE <a>`, then \\*wait\\*."
