"""What ``pg_statistic_ext_data`` holds, as bytes: three forms that PostgreSQL keeps to itself.

No type of them can be read from text, so their bytes are made here.  They are in the byte order
and with the alignment of the machine, which are those of the server beside us.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_N_DISTINCT_MAGIC = 0xA352BFA4
_DEPENDENCIES_MAGIC = 0xB4549A2C
_MCV_MAGIC = 0xE1A651C2
_BASIC = 1

_HEADER = struct.Struct("=III")
_COUNT = struct.Struct("=di")
_DEGREE = struct.Struct("=dh")
_NUMBER = struct.Struct("=h")
_OID = struct.Struct("=I")
_DIMENSION = struct.Struct("=iiii?3x")

_GROUP = re.compile(r'"(-?\d+(?:, -?\d+)+)": (\d+)')
_DEPENDENCY = re.compile(r'"(-?\d+(?:, -?\d+)*) => (-?\d+)": (\d+(?:\.\d+)?)')


class FormatError(ValueError):
    """A text or bytes that are not of the form they should have."""


def n_distinct_bytes(text: str, numbers: Mapping[int, int]) -> bytes:
    """The bytes of a ``pg_ndistinct``.

    Args:
        text: Its text form: ``{"1, 2": 800}``.
        numbers: The numbers of columns here by those in the text.

    Raises:
        FormatError: It is no such text, or names another column.
    """
    items = b""
    count = 0
    for members, combinations in _read(_GROUP, text):
        group = _renumbered(members, numbers)
        items += _COUNT.pack(float(combinations), len(group)) + _numbers(group)
        count += 1
    return _HEADER.pack(_N_DISTINCT_MAGIC, _BASIC, count) + items


def dependencies_bytes(text: str, numbers: Mapping[int, int]) -> bytes:
    """The bytes of a ``pg_dependencies``.

    Args:
        text: Its text form: ``{"1 => 2": 0.900000}``.
        numbers: The numbers of columns here by those in the text.

    Raises:
        FormatError: It is no such text, or names another column.
    """
    items = b""
    count = 0
    for determining, determined, degree in _read(_DEPENDENCY, text):
        group = _renumbered(f"{determining}, {determined}", numbers)
        items += _DEGREE.pack(float(degree), len(group)) + _numbers(group)
        count += 1
    return _HEADER.pack(_DEPENDENCIES_MAGIC, _BASIC, count) + items


def _read(item: re.Pattern[str], text: str) -> Iterator[tuple[str, ...]]:
    """Read all items of a text, or none of them."""
    if not text.startswith("{") or not text.endswith("}"):
        raise FormatError("not in braces")
    for part in re.split(r', (?=")', text[1:-1]):
        match = item.fullmatch(part)
        if match is None:
            raise FormatError(f"an item that is none: {part}")
        yield match.groups()


def _renumbered(members: str, numbers: Mapping[int, int]) -> list[int]:
    try:
        return [numbers[int(number)] for number in members.split(", ")]
    except KeyError as error:
        raise FormatError(f"there is no column of number {error}") from None


def _numbers(group: Sequence[int]) -> bytes:
    return b"".join(map(_NUMBER.pack, group))


@dataclass(frozen=True, slots=True, kw_only=True)
class McvDimension:
    """The values of one column or expression, in the server's own form."""

    type_oid: int
    value_count: int
    bytes_aligned: int
    """That they take up in memory."""
    type_length_bytes: int
    is_by_value: bool
    values: bytes
    """One after the other."""

    def fixed_values(self) -> list[bytes]:
        """The values of a type of fixed length."""
        length = self.type_length_bytes
        return [self.values[i : i + length] for i in range(0, len(self.values), length)]


@dataclass(frozen=True, slots=True, kw_only=True)
class McvItem:
    """One combination of values."""

    indexes: tuple[int | None, ...]
    """By dimension, the place among its values; None for NULL."""
    ratio: float
    base_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class McvList:
    """What a ``pg_mcv_list`` is made of."""

    dimensions: tuple[McvDimension, ...]
    items: tuple[McvItem, ...]


def read_mcv_list(data: bytes) -> McvList:
    """Take the bytes of a ``pg_mcv_list`` apart.

    Raises:
        FormatError: They are none.
    """
    try:
        return _read_mcv_list(data)
    except FormatError:
        raise
    except (struct.error, ValueError) as error:
        raise FormatError("a list of most common values that ends too early") from error


def _read_mcv_list(data: bytes) -> McvList:
    magic, kind, item_count = _HEADER.unpack_from(data)
    (dimension_count,) = _NUMBER.unpack_from(data, _HEADER.size)
    if (magic, kind) != (_MCV_MAGIC, _BASIC):
        raise FormatError("a list of most common values of another form")
    position = _HEADER.size + _NUMBER.size
    oids = [row[0] for row in _OID.iter_unpack(data[position:][: dimension_count * _OID.size])]
    position += dimension_count * _OID.size
    values_at = position + dimension_count * _DIMENSION.size
    dimensions = []
    facts = _DIMENSION.iter_unpack(data[position:values_at])
    for oid, (count, length, aligned, type_length, by_value) in zip(oids, facts, strict=True):
        dimension = McvDimension(
            type_oid=oid,
            value_count=count,
            bytes_aligned=aligned,
            type_length_bytes=type_length,
            is_by_value=by_value,
            values=data[values_at : values_at + length],
        )
        dimensions.append(dimension)
        values_at += length
    items, end = _read_items(data, values_at, item_count, dimension_count)
    if end != len(data):
        raise FormatError("a list of most common values with something behind it")
    return McvList(dimensions=tuple(dimensions), items=items)


def _read_items(
    data: bytes, position: int, item_count: int, dimension_count: int
) -> tuple[tuple[McvItem, ...], int]:
    form = struct.Struct(f"={dimension_count}?dd{dimension_count}H")
    items = []
    for _ in range(item_count):
        fields = form.unpack_from(data, position)
        position += form.size
        nulls, indexes = fields[:dimension_count], fields[dimension_count + 2 :]
        items.append(
            McvItem(
                indexes=tuple(
                    None if null else index for null, index in zip(nulls, indexes, strict=True)
                ),
                ratio=fields[dimension_count],
                base_ratio=fields[dimension_count + 1],
            )
        )
    return tuple(items), position


def mcv_list_bytes(mcv: McvList) -> bytes:
    """Put the bytes of a ``pg_mcv_list`` together."""
    count = len(mcv.dimensions)
    form = struct.Struct(f"={count}?dd{count}H")
    parts = [_HEADER.pack(_MCV_MAGIC, _BASIC, len(mcv.items)), _NUMBER.pack(count)]
    parts += [_OID.pack(dimension.type_oid) for dimension in mcv.dimensions]
    parts += [
        _DIMENSION.pack(
            dimension.value_count,
            len(dimension.values),
            dimension.bytes_aligned,
            dimension.type_length_bytes,
            dimension.is_by_value,
        )
        for dimension in mcv.dimensions
    ]
    parts += [dimension.values for dimension in mcv.dimensions]
    for item in mcv.items:
        nulls = (index is None for index in item.indexes)
        indexes = (index or 0 for index in item.indexes)
        parts.append(form.pack(*nulls, item.ratio, item.base_ratio, *indexes))
    return b"".join(parts)
