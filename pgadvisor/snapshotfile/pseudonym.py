"""Pseudonyms that keep order and equality, and nothing else.

All values of a kind are sorted together; the pseudonym of a value is a random code, and the codes
are handed out in that order.  So a pseudonym tells of its value only between which others it
lies.  Values that are kept as they are stand between them as fixed points.
"""

from __future__ import annotations

import hmac
import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

MARK = "~~"
"""Ends each pseudonym of a text, where its column has room for that."""
CODE_LENGTH = 10
TEXT_LENGTH = CODE_LENGTH + len(MARK)
"""Characters of a pseudonym of a text; columns with less room get shorter ones."""

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FOLDED_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_MIN_ROOM = 8
"""Pseudonyms to choose from for each value that lies between two kept ones."""
_MIN_RANDOM = 4
"""Characters of a pseudonym that are random, if it begins as its neighbour does."""
_LAST_LETTER = "\ud7fb"
"""What follows are surrogates, which are no characters."""
_MENTION = re.compile(rf"[0-9A-Za-z]{{{_MIN_RANDOM}}}{MARK}")
_ROLE = re.compile(r"role_[0-9a-f]{8}")


class NoRoomError(ValueError):
    """There are more values than pseudonyms that their type can hold."""


def mentions_pseudonym(sql: str) -> bool:
    """Whether an SQL text holds the pseudonym of a text, and so does not mean what it says.

    Pseudonyms in columns of fewer than twelve characters have no mark and are not seen.
    """
    return _MENTION.search(sql) is not None


def is_role_pseudonym(role: str) -> bool:
    """Whether a role may be one that ``all`` gave another name: ``role_0a1b2c3d``."""
    return _ROLE.fullmatch(role) is not None


class Codes:
    """Random numbers in ascending order, the same ones for the same key and label."""

    def __init__(self, key: bytes, label: str) -> None:
        self._key = key
        self._label = label.encode()
        self._count = 0

    def ascending(self, count: int, low: int, high: int) -> list[int]:
        """Draw that many distinct numbers from ``low`` to ``high - 1``.

        Raises:
            NoRoomError: There are fewer.
        """
        room = high - low
        if count > room:
            raise NoRoomError(f"{count} values have room for {max(room, 0)} pseudonyms")
        if room <= 4 * count:
            order = sorted(range(low, high), key=lambda _: self._draw())
            return sorted(order[:count])
        drawn: set[int] = set()
        while len(drawn) < count:
            drawn.add(low + self._draw() % room)
        return sorted(drawn)

    def _draw(self) -> int:
        self._count += 1
        message = b"%b %d" % (self._label, self._count)
        return int.from_bytes(hmac.digest(self._key, message, "sha256"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TextForm:
    """What the pseudonyms of a kind of text look like."""

    length: int = CODE_LENGTH
    alphabet: str = _ALPHABET
    mark: str = MARK


def text_form(kind: str) -> TextForm:
    """The form of a kind: ``text``, ``text:8`` (eight characters at most), ``citext``..."""
    if kind == "citext":
        return TextForm(alphabet=_FOLDED_ALPHABET)
    if kind == "label":
        return TextForm(alphabet=_LETTERS, mark="")
    _, _, length = kind.partition(":")
    return TextForm(length=min(int(length), CODE_LENGTH), mark="") if length else TextForm()


def text_pseudonyms(
    hidden: Collection[str], kept: Collection[str], codes: Codes, form: TextForm
) -> dict[str, str]:
    """Pseudonyms of texts, in the order of their bytes (the ``C`` collation).

    Args:
        hidden: What needs a pseudonym.
        kept: What stays as it is; a pseudonym is none of these, and lies between the same ones
            as its value wherever enough strings of letters and digits do.
        codes: Where the randomness comes from.
        form: What the pseudonyms look like.

    Raises:
        NoRoomError: There are more values than strings of that form.
    """
    fixed = sorted(kept)
    found: dict[str, str] = {}
    homeless: list[str] = []
    for low, high, run in _runs(sorted(set(hidden) - set(kept)), fixed):
        gap = _gap(low, high, len(run), form)
        if gap is None:
            homeless += run
            continue
        places = codes.ascending(len(run), gap.start, gap.stop)
        found |= zip(run, (gap.code(place) + form.mark for place in places), strict=True)
    if homeless:
        found |= _anywhere(homeless, {*fixed, *found.values()}, form, codes)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gap:
    """Codes between two kept values."""

    space: _Space
    prefix: str
    start: int
    stop: int

    def code(self, place: int) -> str:
        return self.prefix + self.space.code(place)


def _gap(low: str | None, high: str | None, count: int, form: TextForm) -> _Gap | None:
    """Find enough codes between two kept values, beginning as the lower one where need be."""
    for prefix in _prefixes(low or "", form.length):
        space = _Space(form.alphabet, form.length - len(prefix))
        start = 0
        if low is not None and low.startswith(prefix):
            start = space.after(low[len(prefix) :])
        stop = space.size
        if high is not None and high.startswith(prefix):
            stop = space.before(high[len(prefix) :])
        elif high is not None and high < prefix:
            stop = 0
        # Between two kept values with room for one, a pseudonym would give its value away.
        if stop - start >= _MIN_ROOM * count or (low is None and high is None):
            return _Gap(space=space, prefix=prefix, start=start, stop=stop)
    return None


def _prefixes(low: str, length: int) -> Iterator[str]:
    """Beginnings of strings above a text, the shortest first."""
    yield ""
    for place in range(max(min(len(low), length - _MIN_RANDOM), 0)):
        # Letters beyond ASCII lie above all codes; the next letter lies above them.
        following = chr(ord(low[place]) + 1) if low[place] < _LAST_LETTER else ""
        if following:
            yield low[:place] + following
        yield low[: place + 1]


class _Space:
    """All strings of one length over an alphabet, numbered in order."""

    def __init__(self, alphabet: str, length: int) -> None:
        self._alphabet = alphabet
        self._length = length
        self.size = len(alphabet) ** length

    def code(self, number: int) -> str:
        base = len(self._alphabet)
        digits = []
        for _ in range(self._length):
            number, digit = divmod(number, base)
            digits.append(self._alphabet[digit])
        return "".join(reversed(digits))

    def after(self, text: str) -> int:
        """The number of the first code that is greater than a text."""
        below, is_code = self._below(text)
        return below + is_code

    def before(self, text: str) -> int:
        """One more than the number of the last code that is less than a text."""
        return self._below(text)[0]

    def _below(self, text: str) -> tuple[int, bool]:
        """How many codes are less than a text, and whether it begins with one."""
        base = len(self._alphabet)
        total = 0
        for place in range(self._length):
            if place >= len(text):
                return total, False
            digit = bisect_left(self._alphabet, text[place])
            total += digit * base ** (self._length - 1 - place)
            if digit == base or self._alphabet[digit] != text[place]:
                return total, False
        return total, True


def _runs(
    hidden: Sequence[str], fixed: Sequence[str]
) -> Iterator[tuple[str | None, str | None, Sequence[str]]]:
    """Cut sorted values where a fixed point lies between them."""
    for low, high in pairwise((None, *fixed, None)):
        start = 0 if low is None else bisect_left(hidden, low)
        stop = len(hidden) if high is None else bisect_left(hidden, high)
        if stop > start:
            yield low, high, hidden[start:stop]


def _anywhere(
    values: Sequence[str], taken: Collection[str], form: TextForm, codes: Codes
) -> dict[str, str]:
    """Codes for values between which and their neighbours no code lies; among them in order."""
    space = _Space(form.alphabet, form.length)
    wanted = min(len(values) + len(taken), space.size)
    free = [space.code(place) + form.mark for place in codes.ascending(wanted, 0, space.size)]
    free = [code for code in free if code not in taken]
    if len(free) < len(values):
        raise NoRoomError(f"{len(values)} values have room for {len(free)} pseudonyms")
    return dict(zip(values, free, strict=False))
