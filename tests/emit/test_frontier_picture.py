"""Saved time against storage as a picture."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from pgadvisor.emit.frontier_picture import FrontierPicture, draw_frontier
from pgadvisor.emit.html import render_html
from pgadvisor.model.choice import Choice, FrontierPoint
from pgadvisor.units import GiB, MiB
from tests.emit.choice_sample import FRONTIER, a_point
from tests.emit.sample import an_advice


def drawn(points: Sequence[FrontierPoint], *, is_measured: bool = True) -> FrontierPicture:
    picture = draw_frontier(Choice(frontier=tuple(points), is_measured=is_measured))
    assert picture is not None
    return picture


def corners(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML] (\S+) (\S+)", path)]


def svg(html: str) -> ET.Element:
    [text] = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    return ET.fromstring(text)  # noqa: S314  (written by ourselves, just now)


SMALL = a_point(2 * MiB, 1 * MiB, 1_000.0, 3_000.0, index_count=1)
LARGE = a_point(4 * MiB, 4 * MiB, 4_000.0, 5_000.0, is_chosen=True)


def test_steps_from_what_was_found_to_what_was_found() -> None:
    """The axes reach from 64 to 700 for 4 MB, and from 304 up to 34 for 5 s."""
    assert corners(drawn([SMALL, LARGE]).found) == [
        (64.0, 304.0),
        (223.0, 304.0),
        (223.0, 250.0),
        (700.0, 250.0),
        (700.0, 88.0),
        (700.0, 88.0),
    ]


def test_the_bound_of_a_budget_holds_for_all_smaller_ones() -> None:
    assert corners(drawn([SMALL, LARGE]).bound) == [
        (64.0, 142.0),
        (382.0, 142.0),
        (382.0, 34.0),
        (700.0, 34.0),
    ]


def test_a_worse_set_for_more_storage_lowers_nothing() -> None:
    worse = a_point(3 * MiB, 3 * MiB, 500.0, 9_000.0)

    picture = drawn([SMALL, worse, LARGE])

    heights = [y for _, y in corners(picture.found)]
    bounds = [y for _, y in corners(picture.bound)]
    assert heights == sorted(heights, reverse=True)
    assert bounds == sorted(bounds, reverse=True)
    assert len(picture.points) == 2


def test_the_band_lies_between_the_two() -> None:
    picture = drawn([SMALL, LARGE])

    assert corners(picture.band) == corners(picture.found) + corners(picture.bound)[::-1]
    assert picture.band.endswith(" Z")


def test_marks_the_advised_set_and_says_what_it_is() -> None:
    picture = drawn(FRONTIER)

    assert picture.label == "advised: 2 indexes, 4 MB, 19.9 s a day"
    assert picture.chosen is not None
    assert (picture.chosen.x, picture.chosen.y) == ("403.2", "88.5")
    assert picture.chosen.words == "Within 4 MB: 2 indexes, 4 MB, 19.9 s a day"


def test_axes_have_units_and_round_ticks() -> None:
    picture = drawn(FRONTIER)

    assert picture.x_title == "storage of the new indexes, MB"
    assert picture.y_title == "execution time saved a day, s"
    assert [mark.label for mark in picture.x_marks] == ["0", "1", "2", "3", "4", "5", "6", "7"]
    assert [mark.label for mark in picture.y_marks] == ["0", "5", "10", "15", "20", "25"]


def test_costs_are_no_time() -> None:
    points = [replace(p, saved_per_day=p.saved_per_day * 1e6, bound_per_day=3e10) for p in FRONTIER]

    picture = drawn(points, is_measured=False)

    assert picture.y_title == "planner cost x calls saved a day, billions"
    assert picture.label == "advised: 2 indexes, 4 MB, 19.95 billion a day"


def test_a_budget_that_nothing_uses_up_is_not_drawn_to_its_end() -> None:
    wide = a_point(10 * GiB, 4 * MiB, 4_000.0, 5_000.0, is_chosen=True)

    assert [mark.label for mark in drawn([SMALL, wide]).x_marks][-1] == "5.0"


def test_without_bounds_there_is_no_band() -> None:
    picture = drawn([SMALL, replace(LARGE, bound_per_day=math.inf)])

    assert (picture.bound, picture.band) == ("", "")
    assert "proven" not in picture.description


@pytest.mark.parametrize(
    "points",
    [
        pytest.param((), id="none"),
        pytest.param((LARGE,), id="one"),
        pytest.param((LARGE, replace(LARGE, budget_bytes=9 * MiB)), id="the same"),
        pytest.param((a_point(0, 0, 0, 0), a_point(MiB, MiB, 0, 0)), id="nothing saved"),
        pytest.param((SMALL, replace(LARGE, saved_per_day=math.nan)), id="no number"),
    ],
)
def test_draws_nothing_where_there_is_nothing_to_compare(
    points: tuple[FrontierPoint, ...],
) -> None:
    assert draw_frontier(Choice(frontier=points, is_measured=True)) is None


def test_is_a_picture_with_a_title_and_a_description() -> None:
    picture = svg(render_html(an_advice()))

    names = [
        picture.find(f"*[@id='{name}']") for name in picture.get("aria-labelledby", "").split()
    ]
    texts = [name.text for name in names if name is not None]
    assert picture.get("role") == "img"
    assert texts == [
        "What indexes save a day against the storage that they take",
        (
            "6 budgets of storage, each with the best set that was found. The advised set is "
            "marked. Within 4 MB: 2 indexes, 4 MB, 19.9 s a day. The band reaches up to what is "
            "proven to be the most that any set saves."
        ),
    ]


def test_nothing_is_drawn_outside() -> None:
    for element in svg(render_html(an_advice())).iter():
        across = [element.get(name) for name in ("x", "x1", "x2", "cx")]
        down = [element.get(name) for name in ("y", "y1", "y2", "cy")]
        assert all(0 <= float(x) <= 720 for x in across if x)
        assert all(0 <= float(y) <= 360 for y in down if y)


def test_depends_on_nothing_but_figures() -> None:
    """No name of a table, an index or a statement gets into it."""
    choice = an_advice().choice

    bare = Choice(frontier=choice.frontier, is_measured=True)

    assert draw_frontier(bare) == draw_frontier(choice)
