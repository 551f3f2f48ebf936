"""Pseudonyms of values with a fixed form: UUIDs, bytes, addresses, and named columns' numbers."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any
from uuid import UUID

from pgadvisor.snapshotfile import moments
from pgadvisor.snapshotfile.coarsen import read_number
from pgadvisor.snapshotfile.moments import DAY, MICROSECONDS_PER_SECOND
from pgadvisor.snapshotfile.pseudonym import Codes

_BIG = 10**9
"""Fits into an integer."""
_DAYS = 60_000
"""From 2000 to the year 2164."""
_FIRST_DAY = 10_957 * DAY
_OCTAL = re.compile(rb"\\(\\|[0-3][0-7]{2})")

SortKey = Any  # keys of one kind are comparable with one another, and with nothing else


@dataclass(frozen=True, slots=True)
class Form:
    """How values of a kind are sorted, and how their pseudonyms are made."""

    key: Callable[[str], SortKey]
    """Raises ValueError for a text that is no such value."""
    size: int
    """How many pseudonyms there are."""
    forge: Callable[[int], str]
    """Makes a pseudonym of a number from zero to ``size - 1``, in that order."""


def ordered_pseudonyms(kind: str, values: Collection[str], codes: Codes) -> dict[str, str]:
    """Pseudonyms of the same form in the order of the type; equal values get equal ones.

    Raises:
        NoRoomError: There are more values than pseudonyms.
    """
    form = form_of(kind)
    keys = {value: form.key(value) for value in values}
    distinct = sorted(set(keys.values()))
    places = codes.ascending(len(distinct), 0, form.size)
    forged = {key: form.forge(place) for key, place in zip(distinct, places, strict=True)}
    return {value: forged[key] for value, key in keys.items()}


def form_of(kind: str) -> Form:
    """The form of a kind; ``number:4:2`` is for numbers of four digits and two after the point."""
    if kind.startswith("number:"):
        _, digits, scale = kind.split(":")
        return _small_number(int(digits), int(scale))
    return _FORMS[kind]


def _small_number(digits: int, scale: int) -> Form:
    def forge(place: int) -> str:
        whole, rest = divmod(place, 10**scale)
        return f"{whole}.{rest:0{scale}}" if scale else str(whole)

    return Form(key=read_number, size=10 ** (digits + scale), forge=forge)


def _bytes_of(text: str) -> bytes:
    if text.startswith("\\x"):
        return bytes.fromhex(text[2:])
    return _OCTAL.sub(
        lambda match: b"\\" if match[1] == b"\\" else bytes([int(match[1], 8)]), text.encode()
    )


def _macaddr_bytes(text: str) -> bytes:
    return bytes.fromhex(re.sub(r"[:.-]", "", text))


def _colons(number: int, length: int) -> str:
    return number.to_bytes(length, "big").hex(":")


def _compare_networks(left: Any, right: Any) -> int:  # noqa: ANN401  (interfaces of ipaddress)
    """As PostgreSQL's ``network_cmp``: the common bits of the prefix, its length, all bits."""
    if left.version != right.version:
        return int(left.version) - int(right.version)
    common = min(left.network.prefixlen, right.network.prefixlen)
    shift = left.max_prefixlen - common
    first, second = int(left.ip) >> shift, int(right.ip) >> shift
    keys = (
        (first, left.network.prefixlen, int(left.ip)),
        (second, right.network.prefixlen, int(right.ip)),
    )
    return (keys[0] > keys[1]) - (keys[0] < keys[1])


_network_key = cmp_to_key(_compare_networks)


def _inet_key(text: str) -> SortKey:
    return _HashableKey(ipaddress.ip_interface(text))


class _HashableKey:
    """An address in PostgreSQL's order; equal addresses are one dictionary key."""

    def __init__(self, address: Any) -> None:  # noqa: ANN401  (an interface of ipaddress)
        self._address = address
        self._key = _network_key(address)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _HashableKey) and self._address == other._address

    def __hash__(self) -> int:
        return hash(self._address)

    def __lt__(self, other: _HashableKey) -> bool:
        return bool(self._key < other._key)


def _moment_form(kind: str, size: int, start: int, step: int) -> Form:
    return Form(
        key=lambda text: moments.read(kind, text),
        size=size,
        forge=lambda place: moments.write(kind, start + place * step),
    )


_FORMS = {
    "uuid": Form(key=lambda text: UUID(text).int, size=2**128, forge=lambda n: str(UUID(int=n))),
    "bytea": Form(key=_bytes_of, size=2**64, forge=lambda n: f"\\x{n:016x}"),
    "inet": Form(
        key=_inet_key,
        size=2**24,
        # Addresses of private networks.
        forge=lambda n: str(ipaddress.ip_address((10 << 24) + n)),
    ),
    "macaddr": Form(key=_macaddr_bytes, size=2**40, forge=lambda n: f"02:{_colons(n, 5)}"),
    "macaddr8": Form(key=_macaddr_bytes, size=2**56, forge=lambda n: f"02:{_colons(n, 7)}"),
    "number": Form(key=read_number, size=_BIG, forge=str),
    "date": _moment_form("date", _DAYS, _FIRST_DAY, DAY),
    "timestamp": _moment_form("timestamp", _BIG, _FIRST_DAY, MICROSECONDS_PER_SECOND),
    "timestamptz": _moment_form("timestamptz", _BIG, _FIRST_DAY, MICROSECONDS_PER_SECOND),
    "time": _moment_form("time", 86_400, 0, MICROSECONDS_PER_SECOND),
    "interval": _moment_form("interval", _BIG, 0, MICROSECONDS_PER_SECOND),
}
