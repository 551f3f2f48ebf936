"""Where values go on their way through redaction: first they are counted in, then replaced.

A pseudonym depends on all values of its kind, so a snapshot is walked twice by the same code: with
a :class:`Collector`, which gives each value back as it was, and then with a :class:`Replacer`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Protocol

from pgadvisor.snapshotfile import moments
from pgadvisor.snapshotfile.coarsen import (
    Grid,
    coarse_moments,
    coarse_numbers,
    is_endless,
    read_number,
    write_number,
)
from pgadvisor.snapshotfile.forms import form_of, ordered_pseudonyms
from pgadvisor.snapshotfile.pseudonym import Codes, NoRoomError, text_form, text_pseudonyms

_Bounds = tuple[str, float, tuple[str, ...]]
"""A histogram: its kind, its rows per bin, its bounds."""


class HiddenError(ValueError):
    """A value that cannot be replaced by another one of its type, and so has to go."""


def is_text_kind(kind: str) -> bool:
    """Whether values of a kind are texts of any form."""
    return kind.partition(":")[0] in {"text", "citext", "label"}


class Sink(Protocol):
    """What values are handed to."""

    def hide(self, kind: str, value: str) -> str:
        """Replace a value by its pseudonym, unless it is kept.

        Raises:
            HiddenError: It is no value of that kind, or there are too many of them.
        """
        ...

    def number(self, value: str, *, is_integer: bool) -> str:
        """Make a number inexact.

        Raises:
            HiddenError: It is no number.
        """
        ...

    def moment(self, kind: str, value: str) -> str:
        """Make a date, a time or an interval inexact.

        Raises:
            HiddenError: It is none.
        """
        ...

    def number_bounds(
        self, values: Sequence[str], rows_per_bin: float, *, is_integer: bool
    ) -> tuple[str, ...]:
        """Make the bounds of a histogram of numbers inexact.

        Raises:
            HiddenError: One of them is no number.
        """
        ...

    def moment_bounds(
        self, kind: str, values: Sequence[str], rows_per_bin: float
    ) -> tuple[str, ...]:
        """Make the bounds of a histogram of moments inexact.

        Raises:
            HiddenError: One of them is none.
        """
        ...

    def boundary(self, value: str) -> None:
        """Take note of a number or a moment that stays, as it is part of the schema."""
        ...

    def kind_of(self, value: str) -> str | None:
        """The kind under which the statistics hold a value, or None where they do not."""
        ...

    def is_kept(self, value: str) -> bool:
        """Whether a text stays as it is, wherever it stands."""
        ...

    def keep(self) -> None:
        """Count a value that stays as it is."""
        ...


class Collector:
    """The first walk: takes note of all values and gives them back unchanged.

    Args:
        kept: Texts that stay as they are.
    """

    def __init__(self, kept: Collection[str]) -> None:
        self._kept = frozenset(kept)
        self._values: dict[str, set[str]] = defaultdict(set)
        self._kinds: dict[str, str] = {}
        self._numbers: list[Decimal] = []
        self._times: list[int] = []
        self._bounds: dict[_Bounds, tuple[str, ...]] = {}
        self.is_learning = True
        """Statistics tell the kind of a value; literals ask for it."""

    def hide(self, kind: str, value: str) -> str:
        """See :meth:`Sink.hide`."""
        if not is_text_kind(kind):
            _check(kind, value)
        self._values[kind].add(value)
        if self.is_learning and (kind == "text" or value not in self._kinds):
            self._kinds[value] = kind
        return value

    def number(self, value: str, *, is_integer: bool) -> str:
        """See :meth:`Sink.number`."""
        del is_integer
        if not is_endless(value):
            _number(value)
        return value

    def moment(self, kind: str, value: str) -> str:
        """See :meth:`Sink.moment`."""
        if not moments.is_timeless(value):
            _moment(kind, value)
        return value

    def number_bounds(
        self, values: Sequence[str], rows_per_bin: float, *, is_integer: bool
    ) -> tuple[str, ...]:
        """See :meth:`Sink.number_bounds`."""
        coarse = coarse_numbers(_finite(values), rows_per_bin, is_integer=is_integer)
        self._numbers += coarse
        written = map(write_number, coarse)
        key = (_number_kind(is_integer=is_integer), rows_per_bin, tuple(values))
        self._bounds[key] = _merged(values, written, is_endless)
        return tuple(values)

    def moment_bounds(
        self, kind: str, values: Sequence[str], rows_per_bin: float
    ) -> tuple[str, ...]:
        """See :meth:`Sink.moment_bounds`."""
        coarse = coarse_moments(_finite_moments(kind, values), rows_per_bin, kind)
        if kind not in {"time", "interval"}:
            self._times += coarse
        written = [_written(kind, moment) for moment in coarse]
        merged = _merged(values, written, moments.is_timeless)
        self._bounds[kind, rows_per_bin, tuple(values)] = merged
        return tuple(values)

    def boundary(self, value: str) -> None:
        """See :meth:`Sink.boundary`."""
        try:
            self._numbers.append(read_number(value))
        except ValueError:
            try:
                self._times.append(moments.read("timestamptz", value))
            except moments.MomentError:
                return

    def kind_of(self, value: str) -> str | None:
        """See :meth:`Sink.kind_of`."""
        return self._kinds.get(value)

    def is_kept(self, value: str) -> bool:
        """See :meth:`Sink.is_kept`."""
        return value in self._kept

    def keep(self) -> None:
        """See :meth:`Sink.keep`; only the second walk counts."""

    def replacer(self, key: bytes) -> Replacer:
        """Make pseudonyms for all that was noted."""
        pseudonyms = {kind: self._pseudonyms(kind, key) for kind in sorted(self._values)}
        return Replacer(
            pseudonyms=pseudonyms,
            bounds=self._bounds,
            grid=Grid(self._numbers, self._times),
            kinds=self._kinds,
            kept=self._kept,
        )

    def _pseudonyms(self, kind: str, key: bytes) -> dict[str, str]:
        codes, values = Codes(key, kind), self._values[kind]
        try:
            if not is_text_kind(kind):
                return ordered_pseudonyms(kind, values, codes)
            kept = values & self._kept
            hidden = values - self._kept
            if kind != "citext":
                return text_pseudonyms(hidden, kept, codes, text_form(kind))
            folded = {value: value.lower() for value in hidden}
            found = text_pseudonyms(
                set(folded.values()), {value.lower() for value in kept}, codes, text_form(kind)
            )
            return {value: found.get(fold, fold) for value, fold in folded.items()}
        except NoRoomError:
            # None of them can stay; the replacer refuses each.
            return {}


class Replacer:
    """The second walk: gives each value its replacement, and counts.

    Args:
        pseudonyms: By kind, then by value.
        bounds: Whole histograms made inexact.
        grid: The round values that numbers and moments snap to.
        kinds: Under which kind the statistics hold a value.
        kept: Texts that stay as they are.
    """

    def __init__(
        self,
        *,
        pseudonyms: dict[str, dict[str, str]],
        bounds: dict[_Bounds, tuple[str, ...]],
        grid: Grid,
        kinds: dict[str, str],
        kept: frozenset[str],
    ) -> None:
        self._pseudonyms = pseudonyms
        self._bounds = bounds
        self._grid = grid
        self._kinds = kinds
        self._kept = kept
        self.pseudonymised = 0
        self.coarsened = 0
        self.kept = 0

    def hide(self, kind: str, value: str) -> str:
        """See :meth:`Sink.hide`."""
        if value in self._kept and is_text_kind(kind):
            self.kept += 1
            return value
        try:
            found = self._pseudonyms[kind][value]
        except KeyError:
            raise HiddenError from None
        self.pseudonymised += 1
        return found

    def number(self, value: str, *, is_integer: bool) -> str:
        """See :meth:`Sink.number`."""
        if is_endless(value):
            return value
        self.coarsened += 1
        return write_number(self._grid.number(_number(value), is_integer=is_integer))

    def moment(self, kind: str, value: str) -> str:
        """See :meth:`Sink.moment`."""
        if moments.is_timeless(value):
            return value
        self.coarsened += 1
        return _written(kind, self._grid.moment(kind, _moment(kind, value)))

    def number_bounds(
        self, values: Sequence[str], rows_per_bin: float, *, is_integer: bool
    ) -> tuple[str, ...]:
        """See :meth:`Sink.number_bounds`."""
        return self._known_bounds(_number_kind(is_integer=is_integer), values, rows_per_bin)

    def moment_bounds(
        self, kind: str, values: Sequence[str], rows_per_bin: float
    ) -> tuple[str, ...]:
        """See :meth:`Sink.moment_bounds`."""
        return self._known_bounds(kind, values, rows_per_bin)

    def boundary(self, value: str) -> None:
        """See :meth:`Sink.boundary`; the first walk took note of it."""
        del value
        self.kept += 1

    def kind_of(self, value: str) -> str | None:
        """See :meth:`Sink.kind_of`."""
        return self._kinds.get(value)

    def is_kept(self, value: str) -> bool:
        """See :meth:`Sink.is_kept`."""
        return value in self._kept

    def keep(self) -> None:
        """See :meth:`Sink.keep`."""
        self.kept += 1

    def _known_bounds(
        self, kind: str, values: Sequence[str], rows_per_bin: float
    ) -> tuple[str, ...]:
        """What the first walk made of them."""
        found = self._bounds.get((kind, rows_per_bin, tuple(values)))
        if found is None:
            raise HiddenError
        self.coarsened += len(values)
        return found


def _number_kind(*, is_integer: bool) -> str:
    return "integer" if is_integer else "number"


def _merged(values: Sequence[str], coarse: Iterable[str], stays: _Test) -> tuple[str, ...]:
    """Put the values that stay back where they stood."""
    remaining = iter(coarse)
    return tuple(value if stays(value) else next(remaining) for value in values)


class _Test(Protocol):
    def __call__(self, text: str, /) -> bool: ...


def _check(kind: str, value: str) -> None:
    try:
        form_of(kind).key(value)
    except ValueError:
        raise HiddenError from None


def _number(value: str) -> Decimal:
    try:
        return read_number(value)
    except ValueError:
        raise HiddenError from None


def _moment(kind: str, value: str) -> int:
    try:
        return moments.read(kind, value)
    except moments.MomentError:
        raise HiddenError from None


def _written(kind: str, moment: int) -> str:
    try:
        return moments.write(kind, moment)
    except moments.MomentError:
        raise HiddenError from None


def _finite(values: Sequence[str]) -> list[Decimal]:
    return [_number(value) for value in values if not is_endless(value)]


def _finite_moments(kind: str, values: Sequence[str]) -> list[int]:
    return [_moment(kind, value) for value in values if not moments.is_timeless(value)]
