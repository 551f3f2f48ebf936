"""Saved time against storage as a picture: what it consists of, in its own coordinates.

Only figures and words of ours go into it, no name of a stranger.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pgadvisor.emit.axis import Axis, count_axis, size_axis, time_axis
from pgadvisor.emit.words import format_amount, plural
from pgadvisor.model.choice import Choice, FrontierPoint
from pgadvisor.units import format_size

WIDTH, HEIGHT = 720, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 700, 34, 304
_X_STEPS, _Y_STEPS = 8, 5
_TAIL_RATIO = 1.25
"""Storage beyond what the largest set takes is shown as far as this, for nothing happens there."""
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A tick's number and where it stands on its axis."""

    place: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A budget's set."""

    x: str
    y: str
    words: str
    """What it is, for whoever points at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierPicture:
    """All that is drawn; coordinates are numbers as text, the origin is at the top left."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    title: str
    description: str
    x_title: str
    y_title: str
    x_marks: tuple[Mark, ...]
    y_marks: tuple[Mark, ...]
    found: str
    """A path: the most that was found to be saved with as much storage."""
    bound: str
    """A path: no set saves more than that."""
    band: str
    """What lies between, closed."""
    points: tuple[Point, ...]
    chosen: Point | None
    label: str
    """Of the chosen point; empty without one."""


def draw_frontier(choice: Choice) -> FrontierPicture | None:
    """Draw what other budgets would save; None where there is nothing to compare."""
    points = [p for p in choice.frontier if math.isfinite(p.saved_per_day)]
    is_varied = len({p.index_bytes for p in points}) > 1
    if not is_varied or max(p.saved_per_day for p in points) <= 0:
        return None
    canvas = _Canvas.of(points, is_measured=choice.is_measured)
    found, bound = _found(points, canvas), _bound(points, canvas)
    advised = next((p for p in points if p.is_chosen), None)
    chosen = _point(advised, canvas) if advised else None
    return FrontierPicture(
        width=WIDTH,
        height=HEIGHT,
        left=_LEFT,
        right=_RIGHT,
        top=_TOP,
        bottom=_BOTTOM,
        title="What indexes save a day against the storage that they take",
        description=_description(points, chosen, has_bound=bool(bound)),
        x_title=f"storage of the new indexes, {canvas.storage.unit}",
        y_title=_y_title(canvas),
        x_marks=tuple(
            Mark(place=_number(canvas.x(tick.value)), label=tick.label)
            for tick in canvas.storage.ticks
            if tick.value <= canvas.end_bytes * (1 + _ROUNDING)
        ),
        y_marks=tuple(
            Mark(place=_number(canvas.y(tick.value)), label=tick.label)
            for tick in canvas.saved.ticks
        ),
        found=_path(found),
        bound=_path(bound),
        band=f"{_path([*found, *reversed(bound)])} Z" if bound else "",
        points=tuple(_point(p, canvas) for p in points if not p.is_chosen),
        chosen=chosen,
        label=f"advised: {_words(advised, canvas)}" if advised else "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Canvas:
    """Turns bytes and savings into coordinates."""

    storage: Axis
    saved: Axis
    end_bytes: float
    """Where the picture ends at the right."""
    is_measured: bool

    @classmethod
    def of(cls, points: Sequence[FrontierPoint], *, is_measured: bool) -> _Canvas:
        """Choose the axes; nothing is known beyond the largest budget, and nothing drawn."""
        widest = max(p.index_bytes for p in points)
        largest = max(max(p.budget_bytes, p.index_bytes) for p in points)
        end_bytes = min(widest * _TAIL_RATIO, float(largest))
        bounds = [p.bound_per_day for p in points if math.isfinite(p.bound_per_day)]
        make = time_axis if is_measured else count_axis
        return cls(
            storage=size_axis(end_bytes, _X_STEPS),
            saved=make(max([p.saved_per_day for p in points] + bounds), _Y_STEPS),
            end_bytes=end_bytes,
            is_measured=is_measured,
        )

    def x(self, size_bytes: float) -> float:
        """From the left."""
        return _LEFT + (_RIGHT - _LEFT) * min(size_bytes / self.end_bytes, 1.0)

    def y(self, per_day: float) -> float:
        """From the top."""
        return _BOTTOM - (_BOTTOM - _TOP) * min(max(per_day / self.saved.end, 0.0), 1.0)


def _found(points: Sequence[FrontierPoint], canvas: _Canvas) -> list[tuple[float, float]]:
    """Steps: what was found for less storage can be had for more, too."""
    corners = [(canvas.x(0.0), canvas.y(0.0))]
    best = 0.0
    for point in sorted(points, key=lambda p: (p.index_bytes, p.saved_per_day)):
        if point.saved_per_day > best:
            x = canvas.x(point.index_bytes)
            corners += [(x, canvas.y(best)), (x, canvas.y(point.saved_per_day))]
            best = point.saved_per_day
    return [*corners, (canvas.x(canvas.end_bytes), canvas.y(best))]


def _bound(points: Sequence[FrontierPoint], canvas: _Canvas) -> list[tuple[float, float]]:
    """Steps: what cannot be had for more storage cannot be had for less; empty: not known."""
    if not all(math.isfinite(p.bound_per_day) for p in points):
        return []
    least = math.inf
    corners: list[tuple[float, float]] = []
    for point in sorted(points, key=lambda p: (-p.budget_bytes, p.bound_per_day)):
        x = canvas.x(point.budget_bytes)
        if corners:
            corners.append((x, canvas.y(least)))
        least = min(least, point.bound_per_day)
        corners.append((x, canvas.y(least)))
    corners.append((canvas.x(0.0), canvas.y(least)))
    return corners[::-1]


def _point(point: FrontierPoint, canvas: _Canvas) -> Point:
    return Point(
        x=_number(canvas.x(point.index_bytes)),
        y=_number(canvas.y(point.saved_per_day)),
        words=f"Within {format_size(point.budget_bytes)}: {_words(point, canvas)}",
    )


def _words(point: FrontierPoint, canvas: _Canvas) -> str:
    saved = format_amount(point.saved_per_day, is_measured=canvas.is_measured)
    return (
        f"{plural(point.index_count, 'index', 'indexes')}, {format_size(point.index_bytes)}, "
        f"{saved} a day"
    )


def _description(points: Sequence[FrontierPoint], chosen: Point | None, *, has_bound: bool) -> str:
    parts = [f"{plural(len(points), 'budget')} of storage, each with the best set that was found."]
    if chosen:
        parts.append(f"The advised set is marked. {chosen.words}.")
    if has_bound:
        parts.append("The band reaches up to what is proven to be the most that any set saves.")
    return " ".join(parts)


def _y_title(canvas: _Canvas) -> str:
    what = "execution time" if canvas.is_measured else "planner cost x calls"
    return f"{what} saved a day" + (f", {canvas.saved.unit}" if canvas.saved.unit else "")


def _path(corners: Sequence[tuple[float, float]]) -> str:
    return " ".join(
        f"{'L' if number else 'M'} {_number(x)} {_number(y)}"
        for number, (x, y) in enumerate(corners)
    )


def _number(coordinate: float) -> str:
    return f"{coordinate:.1f}"
