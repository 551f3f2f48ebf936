"""What the values of a type are made of, as far as hiding them is concerned."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum, auto

from pgadvisor.model.schema import TypeKind, UserType
from pgadvisor.snapshotfile.pseudonym import TEXT_LENGTH


class Category(StrEnum):
    """How values of a type are hidden."""

    TEXT = auto()
    ORDERED = auto()
    """Values of fixed form, such as UUIDs: pseudonyms of the same form, in the same order."""
    NUMBER = auto()
    MOMENT = auto()
    """Dates, times and intervals."""
    JSON = auto()
    WORDS = auto()
    """Words with punctuation between them, which stays: ltree, hstore, vector, xml."""
    BOOLEAN = auto()
    ENUM = auto()
    ARRAY = auto()
    RANGE = auto()
    COMPOSITE = auto()
    NAME = auto()
    """Names of objects, such as regclass; they are no data."""
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a value is made of."""

    category: Category
    kind: str = ""
    """Values of one kind share one order and one set of pseudonyms."""
    is_padded: bool = False
    """``character(n)``: blanks at the end mean nothing."""
    is_integer: bool = False
    digits: int = 100
    """Of a number, before the point; 100: as many as anybody writes."""
    scale: int = 0
    """Of a number with few digits, after the point."""
    parts: tuple[Shape, ...] = ()
    """Of an array or a range, the one below it; of a composite type, its attributes."""
    labels: frozenset[str] = frozenset()
    """Words that stay: of an enum, all that there are."""


UNKNOWN = Shape(category=Category.UNKNOWN)
TEXT = Shape(category=Category.TEXT, kind="text")
INTEGER = Shape(category=Category.NUMBER, kind="number", is_integer=True)
DECIMAL = Shape(category=Category.NUMBER, kind="number")

_TEXTS = {"text", "character varying", "varchar", "character", "bpchar", "char", "name", "unknown"}
_ORDERED = {"uuid", "bytea", "inet", "cidr", "macaddr", "macaddr8"}
_INTEGERS = {"smallint", "integer", "bigint", "oid", "int", "int2", "int4", "int8"}
_DECIMALS = {"numeric", "decimal", "real", "double precision", "float4", "float8", "float"}
_MOMENTS = {
    "date": "date",
    "timestamp": "timestamp",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
    "timestamptz": "timestamptz",
    "time": "time",
    "time without time zone": "time",
    "interval": "interval",
    # With a zone it is not read, so its values are left out; a constant gets a neutral one.
    "time with time zone": "time",
    "timetz": "time",
}
_WORDS = {
    *("ltree", "lquery", "ltxtquery", "hstore", "xml", "vector", "halfvec", "sparsevec"),
    *("point", "line", "lseg", "box", "path", "polygon", "circle"),
}
_PATH_WORDS = {
    *("strict", "lax", "exists", "like_regex", "flag", "starts", "with", "is", "unknown", "last"),
    *("to", "true", "false", "null", "type", "size", "double", "ceiling", "floor", "abs"),
    *("datetime", "keyvalue"),
}
"""Of SQL/JSON paths, beside what they look for."""
_LEXEMES = {"tsvector", "tsquery"}
_RANGES = {
    "int4range": "integer",
    "int8range": "bigint",
    "numrange": "numeric",
    "daterange": "date",
    "tsrange": "timestamp",
    "tstzrange": "timestamptz",
}
_NAMES = {
    *("regclass", "regproc", "regprocedure", "regoper", "regoperator", "regtype", "regrole"),
    *("regconfig", "regdictionary", "regnamespace", "regcollation"),
}
_MODIFIER = re.compile(r"\(\s*(-?\d+)\s*(?:,\s*(-?\d+)\s*)?\)")
_MAX_DEPTH = 20


class TypeCatalog:
    """Shapes by the name of a type, those that the database defines included."""

    def __init__(self, types: Iterable[UserType]) -> None:
        self._user_types: dict[str, UserType] = {}
        for user_type in types:
            self._user_types[f"{user_type.schema}.{user_type.name}"] = user_type
            # Names in an SQL text may go without the schema.
            self._user_types.setdefault(user_type.name, user_type)
        self._shapes: dict[str, Shape] = {}

    def shape(self, type_name: str, depth: int = 0) -> Shape:
        """The shape of a type that is named as ``format_type`` does, or as people do."""
        known = self._shapes.get(type_name)
        if known is None:
            known = self._shapes[type_name] = self._made(type_name.strip(), depth)
        return known

    def _made(self, type_name: str, depth: int) -> Shape:
        if depth > _MAX_DEPTH:
            return UNKNOWN
        if type_name.endswith("]"):
            element = self.shape(type_name[: type_name.rindex("[")], depth + 1)
            return Shape(category=Category.ARRAY, parts=(element,))
        plain = type_name.replace('"', "")
        user_type = self._user_types.get(plain)
        if user_type is not None:
            return self._user_shape(user_type, depth)
        if type_name == '"char"':
            return Shape(category=Category.TEXT, kind="text:1")
        modifier = _MODIFIER.search(plain)
        numbers = [int(number) for number in modifier.groups() if number] if modifier else []
        base = " ".join(_MODIFIER.sub("", plain).rsplit(".", 1)[-1].lower().split())
        return self._built_in(base, numbers, depth)

    def _built_in(self, base: str, modifier: list[int], depth: int) -> Shape:
        if base in _TEXTS:
            return _text_shape(base, modifier)
        if base in _INTEGERS:
            return replace(INTEGER, digits=4) if base in {"smallint", "int2"} else INTEGER
        if base in _DECIMALS:
            return _decimal_shape(modifier)
        if base in _MOMENTS:
            return Shape(category=Category.MOMENT, kind=_MOMENTS[base])
        if base in _RANGES or base.replace("multirange", "range") in _RANGES:
            subtype = _RANGES[base.replace("multirange", "range")]
            return Shape(category=Category.RANGE, parts=(self.shape(subtype, depth + 1),))
        return _SIMPLE.get(base, UNKNOWN)

    def _user_shape(self, user_type: UserType, depth: int) -> Shape:
        match user_type.kind:
            case TypeKind.ENUM:
                return Shape(category=Category.ENUM, labels=frozenset(user_type.labels))
            case TypeKind.DOMAIN:
                return self.shape(user_type.base_type_name or "", depth + 1)
            case TypeKind.RANGE:
                subtype = self.shape(user_type.base_type_name or "", depth + 1)
                return Shape(category=Category.RANGE, parts=(subtype,))
            case TypeKind.COMPOSITE:
                parts = tuple(self.shape(name, depth + 1) for _, name in user_type.attributes)
                return Shape(category=Category.COMPOSITE, parts=parts)


_SIMPLE = {
    **{name: Shape(category=Category.ORDERED, kind=name) for name in _ORDERED},
    "cidr": Shape(category=Category.ORDERED, kind="inet"),
    **{name: Shape(category=Category.WORDS, kind="label") for name in _WORDS},
    **{name: Shape(category=Category.WORDS, kind="text") for name in _LEXEMES},
    **{name: Shape(category=Category.NAME) for name in _NAMES},
    **{name: Shape(category=Category.JSON) for name in ("json", "jsonb")},
    **{name: Shape(category=Category.BOOLEAN) for name in ("boolean", "bool")},
    "jsonpath": Shape(category=Category.WORDS, kind="label", labels=frozenset(_PATH_WORDS)),
    "money": DECIMAL,
    "citext": Shape(category=Category.TEXT, kind="citext"),
}


def hidden_whole(shape: Shape) -> Shape:
    """The shape of a column that its user named: numbers and moments get pseudonyms too."""
    if shape.category is Category.NUMBER:
        is_narrow = shape.digits < _WIDE_DIGITS
        kind = f"number:{shape.digits}:{shape.scale}" if is_narrow else "number"
        return replace(shape, category=Category.ORDERED, kind=kind)
    if shape.category is Category.MOMENT:
        return replace(shape, category=Category.ORDERED)
    return replace(shape, parts=tuple(hidden_whole(part) for part in shape.parts))


_WIDE_DIGITS = 9
"""Numbers of that many digits have room for any number of pseudonyms."""


def _text_shape(base: str, modifier: list[int]) -> Shape:
    is_padded = base in {"character", "bpchar", "char"}
    # Without a length in a column's type, character means one; in a cast it means any.
    length = modifier[0] if modifier else TEXT_LENGTH
    kind = "text" if length >= TEXT_LENGTH else f"text:{max(length, 1)}"
    return Shape(category=Category.TEXT, kind=kind, is_padded=is_padded)


def _decimal_shape(modifier: list[int]) -> Shape:
    if not modifier:
        return DECIMAL
    precision, scale = modifier[0], max(modifier[1] if len(modifier) > 1 else 0, 0)
    return replace(DECIMAL, digits=max(precision - scale, 0), scale=min(scale, precision))
