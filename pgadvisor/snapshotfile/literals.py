"""Constants of SQL texts, replaced as the statistics' values are, so that both still meet."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from pgadvisor.snapshotfile import moments
from pgadvisor.snapshotfile.coarsen import read_number, significant_digits
from pgadvisor.snapshotfile.constants import BITS, Constant, pieces
from pgadvisor.snapshotfile.containers import replace_elements
from pgadvisor.snapshotfile.guess import guess_type
from pgadvisor.snapshotfile.pseudonym import CODE_LENGTH
from pgadvisor.snapshotfile.sink import HiddenError, is_text_kind
from pgadvisor.snapshotfile.types import TEXT, Category, Shape, TypeCatalog
from pgadvisor.snapshotfile.values import ValueRedactor, has_no_words
from pgadvisor.sqltext.quote import quote_literal

PLAIN_DIGITS = 4
"""Numbers with no more significant digits stay: they are limits and lengths, and nobody's."""

_LIKE = frozenset({"~~", "~~*", "!~~", "!~~*", "like", "ilike"})
_REGULAR = frozenset({"~", "~*", "!~", "!~*"})
_MESSAGES = frozenset({"notice", "warning", "exception", "info", "log", "debug", "raise"})
"""Of RAISE, whose ``%`` are counted."""
JSON_OPERATORS = frozenset({"->", "->>", "#>", "#>>", "?", "?|", "?&"})
"""Before the key of a JSON object, or several."""
_STRUCTURE_WORDS = frozenset(
    {"limit", "offset", "first", "next", "modulus", "remainder", "tablesample"}
)
_UNITS = {
    *("microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month"),
    *("quarter", "year", "decade", "century", "millennium", "dow", "isodow", "doy", "isoyear"),
    *("epoch", "timezone", "julian"),
}
_ENCODINGS = {"hex", "base64", "escape", "utf8", "utf-8", "latin1", "sql_ascii"}
_HASHES = {"md5", "sha1", "sha224", "sha256", "sha384", "sha512"}
_LANGUAGES = {
    *("simple", "arabic", "armenian", "basque", "catalan", "danish", "dutch", "english"),
    *("estonian", "finnish", "french", "german", "greek", "hindi", "hungarian", "indonesian"),
    *("irish", "italian", "lithuanian", "nepali", "norwegian", "polish", "portuguese"),
    *("romanian", "russian", "serbian", "spanish", "swedish", "tamil", "turkish", "yiddish"),
}
_MAY_HOLD_CONSTANTS = re.compile(r"""['"]|--|/\*|\$(?!\d)|(?<![\w$])\.?\d""")
"""Most normalised statements hold none, and scanning them takes time."""
_ZONE = re.compile(r"UTC|GMT|[A-Z][A-Za-z]+/[A-Z][A-Za-z_/+-]{1,30}")
# Atomic groups, the longest words first: a hostile text must not make it try all divisions.
_FORMAT = re.compile(
    r"(?>MONTH|YYYY|IYYY|HH24|HH12|YYY|MON|DAY|DDD|YY|IY|MM|DD|DY|HH|MI|SS|MS|US|TZ|OF|AM|PM|WW"
    r"|IW|ID|FM|TH|Q|J|D|T|[^A-Za-z0-9]|[09]+)++",
    re.IGNORECASE,
)
_OBJECT_NAME = re.compile(r'(?:[A-Za-z_][\w$]*|"[^"]+")(?:\.(?:[A-Za-z_][\w$]*|"[^"]+"))*')
_FORMATTERS = {"to_char", "to_date", "to_timestamp", "to_number"}
_NAMING = {"nextval", "currval", "setval", "current_setting", "set_config", "to_regclass"}
_VOCABULARY = {
    **dict.fromkeys(("date_trunc", "date_part", "extract", "date_bin"), _UNITS),
    **dict.fromkeys(("encode", "decode", "convert_from", "convert_to", "convert"), _ENCODINGS),
    **dict.fromkeys(("digest", "hmac", "encode"), _HASHES | _ENCODINGS),
    **dict.fromkeys(
        (
            *("to_tsvector", "to_tsquery", "plainto_tsquery", "phraseto_tsquery"),
            *("websearch_to_tsquery", "ts_headline", "ts_lexize"),
        ),
        _LANGUAGES,
    ),
}
_INTERVAL = re.compile(
    r"[-+ \d.:]*(?:(?:microsecond|millisecond|second|minute|hour|day|week|month|mon|year|sec|min)"
    r"s?\b[-+ \d.:]*)*|P[\dTYMWDHS.]+",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
_INTERVAL_SHAPE = Shape(category=Category.MOMENT, kind="interval")
_PATTERN_WORD = re.compile(r"[^\W_]+")
_ANCHORED = re.compile(r"\A(\^?)(.*?)(\$?)\Z", re.DOTALL)
_TEXT_ARRAY = Shape(category=Category.ARRAY, parts=(TEXT,))
_NEUTRAL = {
    Category.MOMENT: {"time": "00:00:00", "interval": "0 seconds"},
    Category.ORDERED: {
        "uuid": "00000000-0000-0000-0000-000000000000",
        "bytea": "\\x",
        "inet": "10.0.0.0",
        "macaddr": "02:00:00:00:00:00",
        "macaddr8": "02:00:00:00:00:00:00:00",
        "number": "0",
    },
}
_NEUTRAL_DATE = "2000-01-01"
_NEUTRAL_VALUES = {
    Category.NUMBER: "0",
    Category.JSON: "null",
    Category.BOOLEAN: "false",
    Category.ARRAY: "{}",
    Category.RANGE: "empty",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlRedactor:
    """Replaces the constants of SQL texts, and leaves their comments out.

    Args:
        values: Replaces single values.
        types: Shapes of the types that constants are cast to.
        labels: Labels of all enums; the schema names them, so they stay.
    """

    values: ValueRedactor
    types: TypeCatalog
    labels: frozenset[str] = frozenset()

    def text(self, sql: str) -> str:
        """Replace the constants of an expression, a definition, or a statement.

        Raises:
            StatementError: A quote or a comment has no end.
        """
        return self._replaced(sql)

    def partition_bound(self, sql: str, key: Shape | None = None) -> str:
        """Replace the texts of a partition's bound.

        Numbers and dates stay: made inexact, partitions would overlap or be empty.

        Args:
            sql: ``FOR VALUES ...``.
            key: The shape of the column that the table is divided by, where it is one.

        Raises:
            StatementError: A quote or a comment has no end.
        """
        return self._replaced(sql, is_bound=True, key=key)

    def _replaced(self, sql: str, *, is_bound: bool = False, key: Shape | None = None) -> str:
        if _MAY_HOLD_CONSTANTS.search(sql) is None:
            return sql
        parts = []
        for piece in pieces(sql):
            if piece.constant is not None:
                parts.append(self._constant(piece.constant, is_bound=is_bound, key=key))
            else:
                parts.append(" " if piece.is_comment else piece.text)
        return "".join(parts)

    def _constant(self, constant: Constant, *, is_bound: bool, key: Shape | None) -> str:
        if constant.token.name in BITS:
            return constant.written[0] + re.sub(r"[1-9A-Fa-f]", "0", constant.written[1:])
        if not constant.is_string:
            return self._number(constant, is_bound=is_bound)
        if self._is_structure(constant):
            return constant.written
        # What a partition may hold has to be a value of the key's own type, and of its length.
        shape = key or self._shape(constant)
        if is_bound and shape.category in {Category.NUMBER, Category.MOMENT}:
            self.values.sink.boundary(constant.value)
            return constant.written
        new = self._string(constant, shape)
        return constant.written if new == constant.value else quote_literal(new)

    def _number(self, constant: Constant, *, is_bound: bool) -> str:
        if is_bound:
            self.values.sink.boundary(constant.written)
            return constant.written
        if constant.is_type_modifier or constant.operator in _STRUCTURE_WORDS:
            return constant.written
        try:
            number = read_number(constant.written)
        except ValueError:
            # A number in another base, or of an absurd length.
            return "0"
        if significant_digits(number) <= PLAIN_DIGITS:
            return constant.written
        return self._coarse_number(constant.written)

    def _coarse_number(self, written: str) -> str:
        kind = self.values.sink.kind_of(written) or ""
        try:
            if kind.startswith("number"):
                return self.values.sink.hide(kind, written)
            coarse = self.values.sink.number(written, is_integer=written.isdigit())
        except HiddenError:
            return "0"
        # With a point it was a numeric constant, which an integer compares differently with.
        return coarse if written.isdigit() or "." in coarse else f"{coarse}.0"

    def _is_structure(self, constant: Constant) -> bool:
        """Whether a string tells PostgreSQL what to do, and is no value of anybody's."""
        value, function = constant.value, constant.function
        word = value.lower()
        return (
            has_no_words(value)
            or value in self.labels
            or word in _VOCABULARY.get(function.rpartition(".")[2], ())
            or (function in _FORMATTERS and _FORMAT.fullmatch(value) is not None)
            or (
                function in _NAMING
                and constant.is_first_argument
                and _OBJECT_NAME.fullmatch(value) is not None
            )
            or (
                (function == "timezone" or constant.operator == "zone")
                and _ZONE.fullmatch(value) is not None
            )
            or (function == "with" and constant.operator == "=" and len(value) <= PLAIN_DIGITS + 4)
        )

    def _shape(self, constant: Constant) -> Shape:
        """The shape of a string: that of its cast, of its equal in the statistics, or a guess."""
        value = constant.value
        shape = None if constant.type_name is None else self.types.shape(constant.type_name)
        if shape is not None and shape.category is not Category.TEXT:
            return shape
        kind = self.values.sink.kind_of(value.rstrip(" ") if shape and shape.is_padded else value)
        if kind is not None and (is_text_kind(kind) or shape is None):
            category = Category.TEXT if is_text_kind(kind) else Category.ORDERED
            return replace(shape or TEXT, category=category, kind=kind)
        if shape is not None:
            return shape
        if self.values.sink.is_kept(value):
            return TEXT
        return self.types.shape(guess_type([value]))

    def _string(self, constant: Constant, shape: Shape) -> str:
        value = constant.value
        if shape == _INTERVAL_SHAPE and _is_plain_interval(value):
            return value
        if shape.category is Category.NUMBER:
            is_plain = value.strip().lstrip("+-").isdigit() and len(value.strip()) <= PLAIN_DIGITS
            if is_plain:
                return value
        try:
            if shape == _TEXT_ARRAY:
                return replace_elements(value, lambda text: self._text(constant, TEXT, text))
            if shape.category is Category.TEXT:
                return self._text(constant, shape, value)
            return self.values.value(shape, value)
        except HiddenError:
            return self._neutral(constant, shape)

    def _text(self, constant: Constant, shape: Shape, text: str) -> str:
        """Replace a text; of a pattern, wildcards and anchors stay."""
        if constant.operator in _LIKE | _MESSAGES:
            return _PATTERN_WORD.sub(lambda match: self._word(match[0]), text)
        if constant.operator in _REGULAR:
            return _ANCHORED.sub(lambda match: self._anchored(*match.groups()), text, count=1)
        if constant.operator in JSON_OPERATORS and text in self.values.names:
            return text
        return self.values.value(shape, text)

    def _anchored(self, start: str, inner: str, end: str) -> str:
        return start + (self._word(inner) if inner else "") + end

    def _word(self, word: str) -> str:
        try:
            return self.values.sink.hide(TEXT.kind, word)
        except HiddenError:
            return "x" * CODE_LENGTH

    def _neutral(self, constant: Constant, shape: Shape) -> str:
        """A value that the type takes, in place of one that cannot be hidden otherwise."""
        if shape.category is Category.MOMENT and moments.is_timeless(constant.value):
            return constant.value
        if shape.category in _NEUTRAL:
            return _NEUTRAL[shape.category].get(shape.kind, _NEUTRAL_DATE)
        if shape.category in _NEUTRAL_VALUES:
            return _NEUTRAL_VALUES[shape.category]
        return self._word(constant.value)


def _is_plain_interval(text: str) -> bool:
    """Whether it is a single quantity, such as ``7 days``: a limit of the program, and nobody's."""
    numbers = [number for number in _DIGITS.findall(text) if int(number)]
    return (
        _INTERVAL.fullmatch(text) is not None
        and len(numbers) <= 1
        and all(len(number) <= PLAIN_DIGITS for number in numbers)
    )
