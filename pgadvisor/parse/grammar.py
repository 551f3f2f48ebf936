"""PostgreSQL's own grammar behind a few typed functions; all other modules here build on them.

The C library is guarded in three places (all measured with pglast 8.8):

- It reads up to the first NUL only, so a text with one is refused.
- Its tree builder has no stack check: 40,000 chained operators end the process.  Its normaliser
  has one, so long texts go through that first.
- Its translation of byte offsets is quadratic in the characters beyond ASCII, so tokens are
  found in a stand-in of the text that has one ASCII letter for each of those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

import pglast.parser
from pglast import ast
from pglast.stream import IndentedStream, RawStream

_T = TypeVar("_T")

_SAFE_LENGTH_CHARACTERS = 8_000
"""Below it no text can nest as deep as the tree builder's stack allows."""
_MAX_CHAIN_TOKENS = 4_000
_MAX_OFFSET_STEPS = 50_000_000
"""Steps of the quadratic translation of offsets that a text may cost: about half a second."""

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_TAG_BEYOND_ASCII = re.compile(r"\$[^\s$]*[^\x00-\x7f][^\s$]*\$")
_DML_STARTS = frozenset(
    {"SELECT", "INSERT", "UPDATE", "DELETE_P", "MERGE", "WITH", "VALUES", "TABLE", "ASCII_40"}
)
_STATEMENT_END = "ASCII_59"
_COMMENTS = frozenset({"SQL_COMMENT", "C_COMMENT"})
_UNLOCATED = frozenset({"SCONST", "ICONST", "FCONST", "ASCII_40", "ASCII_41", "ASCII_44"})
"""Tokens whose place is not kept in the tree."""
_CHAIN_TOKENS = frozenset(
    {"Op", "TYPECAST", "UNION", "EXCEPT", "INTERSECT", "JOIN", "COLLATE", "AT", "IS", "ISNULL"}
    | {"NOTNULL", "NOT", "LIKE", "ILIKE", "SIMILAR", "LESS_EQUALS", "GREATER_EQUALS", "NOT_EQUALS"}
    | {f"ASCII_{ord(character)}" for character in "+-*/%^<>="}
)


class StatementError(ValueError):
    """A text that is not what was asked for; the message never quotes the text.

    Args:
        reason: What is wrong, as a clause without a full stop.
        position: Index of the character that the parser stumbled over, where it is known.
    """

    def __init__(self, reason: str, position: int | None = None) -> None:
        self.reason = reason
        self.position = position
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Token:
    """One lexical token; ``end`` is exclusive."""

    start: int
    end: int
    name: str
    """As the grammar calls it: ``SCONST``, ``PARAM``, ``SELECT``, ``ASCII_40`` for ``(``."""
    is_reserved: bool = False

    @property
    def is_comment(self) -> bool:
        """It is white space to the grammar."""
        return self.name in _COMMENTS


def parse(text: str) -> tuple[ast.RawStmt, ...]:
    """Parse any number of statements.

    Raises:
        StatementError: The text does not parse, holds what no statement can hold, or is nested
            too deeply to be read safely.
    """
    refuse_impossible_characters(text)
    if len(text) > _SAFE_LENGTH_CHARACTERS:
        _refuse_expensive(text)
    return _guarded(lambda: pglast.parser.parse_sql(text))


def fingerprint_of(text: str) -> str:
    """Compute the fingerprint, which ignores literals, schemas and what output columns are called.

    Raises:
        StatementError: The text does not parse.
    """
    refuse_impossible_characters(text)
    return _guarded(lambda: pglast.parser.fingerprint(text))


def replace_constants(text: str) -> str:
    """Write ``$n`` for constants, as far as the C library knows them.

    Raises:
        StatementError: The text does not parse, or is nested too deeply.
    """
    refuse_impossible_characters(text)
    return _guarded(lambda: pglast.parser.normalize(text))


def split_statements(text: str) -> tuple[tuple[int, int], ...]:
    """Find the statements of a script: start and end of each, without what stands between.

    Raises:
        StatementError: The text does not parse.
    """
    refuse_impossible_characters(text)
    slices = _guarded(lambda: pglast.parser.split(text, True, True))  # noqa: FBT003  (its overload)
    return tuple((piece.start, piece.stop) for piece in slices)


def pieces(text: str) -> Iterator[str]:
    """Yield what stands between semicolons, comments included.

    These are the statements of a script, unless one of them holds others.  Parsing them one by
    one takes a time that grows with the script, and no faster, whatever characters it has.

    Raises:
        StatementError: A quote or a comment has no end.
    """
    start = 0
    for token in tokens(text):
        if token.name == _STATEMENT_END:
            yield text[start : token.start]
            start = token.end
    yield text[start:]


def tokens(text: str) -> tuple[Token, ...]:
    """Scan a text into tokens, comments included; offsets are characters.

    Raises:
        StatementError: A quote or a comment has no end.
    """
    refuse_impossible_characters(text)
    if text.isascii():
        return tuple(_scan(text))
    if _TAG_BEYOND_ASCII.search(text):
        # A stand-in could make two different dollar quotes equal, so the slow way it is.
        if len(_BEYOND_ASCII.findall(text)) * len(text) > _MAX_OFFSET_STEPS:
            raise StatementError("too many characters beyond ASCII beside dollar quotes")
        return tuple(_scan(text))
    # Z starts no prefix of a constant (as E'' or X'' would), and a word with one of these
    # characters in it is no keyword.
    found = _scan(_BEYOND_ASCII.sub("Z", text))
    return tuple(
        Token(token.start, token.end, "IDENT")
        if token.name != "IDENT"
        and _is_word(text[token.start])
        and not text[token.start : token.end].isascii()
        and not _is_quoted(text, token)
        else token
        for token in found
    )


def significant_tokens(text: str) -> tuple[Token, ...]:
    """Scan a text into tokens without its comments.

    Raises:
        StatementError: A quote or a comment has no end.
    """
    return tuple(token for token in tokens(text) if not token.is_comment)


def replace_tokens(text: str, replace: Callable[[Token, str], str | None]) -> str:
    """Rewrite tokens, and keep all that stands between them.

    Args:
        text: The text to rewrite.
        replace: Gets each token with its text; returns its replacement, or None to keep it.

    Raises:
        StatementError: A quote or a comment has no end.
    """
    parts: list[str] = []
    position = 0
    for token in tokens(text):
        new = replace(token, text[token.start : token.end])
        if new is not None:
            parts += (text[position : token.start], new)
            position = token.end
    parts.append(text[position:])
    return "".join(parts)


def deparse(node: ast.Node | tuple[ast.Node, ...]) -> str:
    """Write a tree as SQL text on one line.

    Raises:
        StatementError: The tree is nested too deeply, or holds what the printer does not know.
    """
    return _printed(lambda: RawStream()(node))


def indented(text: str) -> str:
    """Write a script as SQL text over several lines, without its comments.

    Raises:
        StatementError: It does not parse, or cannot be written.
    """
    trees = parse(text)
    return _printed(lambda: IndentedStream()(trees))


def children(node: ast.Node) -> Iterator[ast.Node]:
    """Yield the nodes directly below a node, those in lists of lists included."""
    for name in node:
        value = getattr(node, name)
        if isinstance(value, ast.Node):
            yield value
        elif isinstance(value, tuple):
            yield from _flat(value)


def walk(root: ast.Node | tuple[ast.Node, ...]) -> Iterator[ast.Node]:
    """Yield a node and all below it, in the order of the text; safe at any depth."""
    stack = list(reversed(root)) if isinstance(root, tuple) else [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(tuple(children(node))))


def mapped(node: ast.Node, change: Callable[[ast.Node], ast.Node]) -> ast.Node:
    """Copy a tree with some of its nodes changed, from the top; the tree itself stays as it is.

    Args:
        node: The top of the tree.
        change: Gets each node, and returns it, or another one to stand there as it is.

    Raises:
        StatementError: The tree is nested too deeply.
    """
    try:
        return _mapped(node, change)
    except RecursionError as error:
        raise StatementError("nested too deeply") from error


def statement_of(raw: ast.RawStmt) -> ast.Node:
    """The statement inside the parser's envelope."""
    statement = raw.stmt
    if statement is None:
        raise StatementError("empty")
    return statement


def name_parts(names: tuple[object, ...] | None) -> tuple[str, ...]:
    """The strings of a qualified name, of a function or an operator."""
    return tuple(part.sval for part in names or () if isinstance(part, ast.String) and part.sval)


def refuse_impossible_characters(text: str) -> None:
    """Refuse what the C library would cut at or choke on.

    Raises:
        StatementError: The text holds a NUL or half of a surrogate pair.
    """
    if "\0" in text:
        raise StatementError("holds a NUL character", text.index("\0"))
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise StatementError("holds half of a surrogate pair", error.start) from error


def _refuse_expensive(text: str) -> None:
    """Refuse a long text that would overflow the stack or take minutes."""
    found = significant_tokens(text)
    beyond = 0 if text.isascii() else len(_BEYOND_ASCII.findall(text))
    located = sum(token.name not in _UNLOCATED for token in found)
    if beyond * located > _MAX_OFFSET_STEPS:
        raise StatementError("too long for a text with that many characters beyond ASCII")
    is_plain = True
    longest_chain = 0
    for is_end, statement in groupby(found, lambda token: token.name == _STATEMENT_END):
        if not is_end:
            names = [token.name for token in statement]
            is_plain = is_plain and names[0] in _DML_STARTS
            # No chain goes on beyond the end of a statement.
            longest_chain = max(longest_chain, sum(name in _CHAIN_TOKENS for name in names))
    if is_plain:
        replace_constants(text)
    elif longest_chain > _MAX_CHAIN_TOKENS:
        raise StatementError("too long for a statement of that kind")


def _printed(write: Callable[[], str]) -> str:
    try:
        return str(write())
    except RecursionError as error:
        raise StatementError("nested too deeply to be written") from error
    except (NotImplementedError, AttributeError, KeyError, TypeError, ValueError) as error:
        # The printers of rare nodes fail in one of these ways.
        raise StatementError("cannot be written") from error


def _guarded(call: Callable[[], _T]) -> _T:
    try:
        return call()
    except pglast.parser.ParseError as error:
        message = str(error.args[0]) if error.args else ""
        position = error.args[1] if len(error.args) > 1 else None
        if message.startswith(("memory exhausted", "stack depth")):
            raise StatementError("nested too deeply", position) from None
        # The parser's message quotes the text, and so does the exception that carries it.
        raise StatementError("does not parse", position) from None


def _scan(text: str) -> list[Token]:
    return [
        Token(token.start, token.end + 1, token.name, token.kind == "RESERVED_KEYWORD")
        for token in _guarded(lambda: pglast.parser.scan(text))
    ]


def _is_word(character: str) -> bool:
    return character == "_" or character.isalpha() or not character.isascii()


def _is_quoted(text: str, token: Token) -> bool:
    """Whether it is a constant with a prefix, such as ``E'...'``."""
    return token.name.endswith("CONST") or text[token.end - 1] in "'\"$"


def _mapped(node: ast.Node, change: Callable[[ast.Node], ast.Node]) -> ast.Node:
    changed = change(node)
    if changed is not node:
        return changed
    copy = type(node)()  # type: ignore[call-arg]  # each node class takes its fields, all optional
    for name in node:
        setattr(copy, name, _mapped_value(getattr(node, name), change))
    return copy


def _mapped_value(value: object, change: Callable[[ast.Node], ast.Node]) -> object:
    if isinstance(value, ast.Node):
        return _mapped(value, change)
    if isinstance(value, tuple):
        return tuple(_mapped_value(item, change) for item in value)
    return value


def _flat(values: tuple[object, ...]) -> Iterator[ast.Node]:
    for value in values:
        if isinstance(value, ast.Node):
            yield value
        elif isinstance(value, tuple):
            yield from _flat(value)
