"""The choice of indexes as a whole, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.emit.frontier_picture import FrontierPicture, draw_frontier
from pgadvisor.emit.index_view import describe_writes
from pgadvisor.emit.words import describe_amount, format_amount, plural, verb
from pgadvisor.model.advice import AdviceData
from pgadvisor.model.choice import Choice, FrontierPoint, Optimality, SupersededIndex
from pgadvisor.units import format_count, format_ms, format_ratio, format_size

BEST_GAP_RATIO = 0.0005
"""A set that no other betters by more of the statements' time is told to be the best."""
_FRONTIER_ROWS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SupersededView:
    """An existing index that is useless beside the new ones."""

    name: str
    by: tuple[str, ...]
    """Names of new indexes that take its place."""
    text: str
    """What dropping it does: ``frees 20 MB``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierRow:
    """The best set for a budget of storage."""

    budget: str
    indexes: str
    saved: str
    """A day."""
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceView:
    """What is to be said of the chosen set."""

    summary: str
    """As a clause, for the report's head."""
    sentences: tuple[str, ...]
    superseded: tuple[SupersededView, ...]
    frontier: tuple[FrontierRow, ...]
    """A few of the budgets; empty where there is but one."""
    saved_label: str
    """What the rows' savings are."""
    picture: FrontierPicture | None


def view_choice(advice: AdviceData, *, explain: bool = False) -> ChoiceView | None:
    """Put the choice into words; None where there was nothing to choose from.

    Args:
        advice: What holds it.
        explain: Tell how it was come by, too.
    """
    choice = advice.choice
    if choice.optimality is None:
        return None
    rows = _thinned(choice.frontier) if len(choice.frontier) > 1 else ()
    return ChoiceView(
        summary=_summary(advice, choice.optimality),
        sentences=tuple(_sentences(advice, choice.optimality, explain=explain)),
        superseded=tuple(_superseded(index, advice) for index in choice.superseded),
        frontier=tuple(_frontier_row(point, choice) for point in rows),
        saved_label="saved a day" if choice.is_measured else "cost saved a day",
        picture=draw_frontier(choice),
    )


def candidate_count(advice: AdviceData) -> int:
    """How many indexes were to choose from: all but those that the planner could not be shown."""
    built = [rejected for rejected in advice.rejected if rejected.code != "not-built"]
    return len(advice.choice.chosen) + len(built)


def _summary(advice: AdviceData, found: Optimality) -> str:
    choice = advice.choice
    parts = [f"{format_count(len(choice.chosen))} of {_candidates(advice)}"]
    if choice.chosen:
        saved = format_amount(found.saved_per_day, is_measured=choice.is_measured)
        unit = "" if choice.is_measured else " of planner cost"
        share = f" ({_share(found)})" if found.total_per_day > 0 else ""
        parts[0] += f", {format_size(_size_bytes(choice))}, saving {saved}{unit} a day{share}"
    if found.is_cut_short:
        parts.append("the search was cut short")
    if _is_best(found):
        parts.append("proven to be the best set")
    elif math.isfinite(found.gap_ratio):
        parts.append(f"another set saves {format_ratio(found.gap_ratio)} more at most")
    return "; ".join(parts)


def _sentences(advice: AdviceData, found: Optimality, *, explain: bool) -> Iterator[str]:
    choice = advice.choice
    if choice.chosen:
        yield _saving(advice, found)
    else:
        yield f"No new index is advised, of {_candidates(advice)}."
    if choice.chosen and not choice.is_measured:
        yield "That is planner cost, not time: no time was measured for the statements."
    if choice.chosen and choice.geometric_mean_ratio is not None:
        yield _geometric(choice.geometric_mean_ratio)
    yield from _proof(advice, found)
    yield from _costs(choice)
    if explain and found.rounds:
        rounds = plural(found.rounds, "time")
        yield f"The chosen set was planned as a whole {rounds} until the choice was stable."


def _saving(advice: AdviceData, found: Optimality) -> str:
    choice = advice.choice
    count = len(choice.chosen)
    amount = describe_amount(found.saved_per_day, is_measured=choice.is_measured)
    what = "time" if choice.is_measured else "cost"
    share = f": {_share(found)} of the costed statements' {what}" if found.total_per_day else ""
    paid = ", writes paid" if choice.is_measured else ""
    return (
        f"{plural(count, 'new index', 'new indexes')} of {_candidates(advice)}, "
        f"{format_size(_size_bytes(choice))}{' together' if count > 1 else ''}, "
        f"{verb(count, 'saves', 'save')} {amount}{paid}{share}."
    )


def _geometric(ratio: float) -> str:
    """Beside the sum, which a few statements may decide."""
    way = "rises" if ratio > 1 else "falls"
    return (
        f"With each statement counted once, however much it takes, cost {way} to "
        f"{format_ratio(ratio)} of what it was (geometric mean)."
    )


def _proof(advice: AdviceData, found: Optimality) -> Iterator[str]:
    if found.is_cut_short:
        yield (
            f"The search was cut short after {format_ms(advice.budget.time_limit_ms)}; "
            "more time (--time-limit) may find a better set."
        )
    these = f"{_candidates(advice, 'these')} within the budget"
    if not math.isfinite(found.gap_ratio):
        yield "How much better another set could be is not known."
    elif not _is_best(found):
        what = "time" if advice.choice.is_measured else "cost"
        yield (
            f"By the planner's costs it is proven that no set of {these} saves more than this and "
            f"a further {format_ratio(found.gap_ratio)} of the statements' {what}."
        )
    elif advice.choice.chosen:
        yield f"By the planner's costs this is proven to be the best set of {these}."
    else:
        yield f"By the planner's costs it is proven that no set of {these} pays."


def _is_best(found: Optimality) -> bool:
    return found.gap_ratio < BEST_GAP_RATIO


def _costs(choice: Choice) -> Iterator[str]:
    if not choice.chosen:
        return
    entries = sum(index.written_entries_per_day for index in choice.chosen)
    times = [i.write_ms_per_day for i in choice.chosen if i.write_ms_per_day is not None]
    if round(entries) > 0:
        writes = describe_writes(entries, sum(times) if times else None, which="more ")
        yield f"Writes make {writes}."
    builds = [index.build_ms for index in choice.chosen if index.build_ms is not None]
    if builds:
        yield f"Building takes about {format_ms(sum(builds))}."


def _superseded(index: SupersededIndex, advice: AdviceData) -> SupersededView:
    names = dict(advice.index_names)
    text = f"frees {format_size(index.size_bytes)}"
    if (entries := round(index.freed_entries_per_day)) > 0:
        text += f" and {plural(entries, 'index entry', 'index entries')} written a day"
    if index.saved_per_day > 0:
        saved = describe_amount(index.saved_per_day, is_measured=advice.choice.is_measured)
        text += f", which saves {saved}"
    return SupersededView(
        name=names.get(index.index_oid, f"OID {index.index_oid}"), by=index.by, text=text
    )


def _thinned(points: Sequence[FrontierPoint]) -> tuple[FrontierPoint, ...]:
    """Some of the points, spread evenly, with both ends and the chosen one."""
    last = len(points) - 1
    if last < _FRONTIER_ROWS:
        return tuple(points)
    places = {round(step * last / (_FRONTIER_ROWS - 1)) for step in range(_FRONTIER_ROWS)}
    return tuple(p for place, p in enumerate(points) if place in places or p.is_chosen)


def _frontier_row(point: FrontierPoint, choice: Choice) -> FrontierRow:
    return FrontierRow(
        budget=format_size(point.budget_bytes),
        indexes=format_count(point.index_count),
        saved=format_amount(point.saved_per_day, is_measured=choice.is_measured),
        is_chosen=point.is_chosen,
    )


def _candidates(advice: AdviceData, which: str = "") -> str:
    count = candidate_count(advice)
    if which and count == 1:
        return "this one candidate"
    return f"{which} {plural(count, 'candidate')}".strip()


def _size_bytes(choice: Choice) -> int:
    return sum(index.candidate.size_bytes for index in choice.chosen)


def _share(found: Optimality) -> str:
    return format_ratio(found.saved_per_day / found.total_per_day)
