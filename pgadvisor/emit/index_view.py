"""A chosen index in words: what it is worth within the set, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.emit.effect_view import EffectView, EffectWriter
from pgadvisor.emit.loss import timed_losses
from pgadvisor.emit.words import describe_amount, plural, verb
from pgadvisor.model.choice import Choice, ChosenIndex
from pgadvisor.units import format_ms, format_size


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexView:
    """An index of the chosen set."""

    name: str
    worth: str
    """In a sentence or two: what the set would lose without it, and what it costs."""
    facts: tuple[tuple[str, str], ...]
    """Label and text of the long form."""
    losses: tuple[EffectView, ...]
    """From the whole set to the whole set without it, the greatest loss first."""


def view_index(chosen: ChosenIndex, choice: Choice, writer: EffectWriter) -> IndexView:
    """Put an index of the chosen set into words."""
    return IndexView(
        name=chosen.name,
        worth=" ".join(_worth(chosen, choice)),
        facts=tuple(_facts(chosen, choice)),
        losses=tuple(map(writer.view, timed_losses(chosen, choice))),
    )


def describe_writes(entries_per_day: float, write_ms_per_day: float | None, which: str = "") -> str:
    """What writes pay: ``500 index entries a day, which take about 12 ms``."""
    count = round(entries_per_day)
    text = f"{plural(count, f'{which}index entry', f'{which}index entries')} a day"
    if not write_ms_per_day:
        return text
    return f"{text}, which {verb(count, 'takes', 'take')} about {format_ms(write_ms_per_day)}"


def _worth(chosen: ChosenIndex, choice: Choice) -> Iterator[str]:
    if choice.optimality is not None:
        yield _marginal(chosen, choice)
    write_ms, build_ms = chosen.write_ms_per_day, chosen.build_ms
    if write_ms and build_ms is not None:
        yield f"Writing it takes about {format_ms(write_ms)} a day, building it {_build(build_ms)}."
    elif write_ms:
        yield f"Writing it takes about {format_ms(write_ms)} a day."
    elif build_ms is not None:
        yield f"Building it takes {_build(build_ms)}."


def _build(build_ms: float) -> str:
    return f"about {format_ms(build_ms)}"


def _marginal(chosen: ChosenIndex, choice: Choice) -> str:
    if chosen.marginal_per_day <= 0:
        return "The other chosen indexes would save as much without it."
    amount = describe_amount(chosen.marginal_per_day, is_measured=choice.is_measured)
    if len(choice.chosen) == 1:
        return f"It saves {amount}" + (", writes paid." if choice.is_measured else ".")
    return f"Without it the chosen indexes would save {amount} less{_dearer(chosen)}."


def _dearer(chosen: ChosenIndex) -> str:
    count = len(chosen.losses)
    return f", and {plural(count, 'statement')} would be dearer" if count else ""


def _facts(chosen: ChosenIndex, choice: Choice) -> Iterator[tuple[str, str]]:
    candidate = chosen.candidate
    yield "For", candidate.reason
    size = f"about {format_size(candidate.size_bytes)}" if candidate.size_bytes else "not known"
    yield "Size", "; ".join((size, *chosen.size_notes))
    yield "Writes", describe_writes(chosen.written_entries_per_day, chosen.write_ms_per_day)
    if chosen.build_ms is not None:
        yield "Build", _build(chosen.build_ms)
    gaining = sum(effect.cost_after < effect.cost_before for effect in chosen.effects)
    gain = f"{plural(gaining, 'statement')} {verb(gaining, 'gets', 'get')} cheaper"
    if chosen.saved_ms_per_day is not None:
        gain += f"; its share of what they save is {format_ms(chosen.saved_ms_per_day)} a day"
    yield "Gain", gain
    if choice.optimality is not None:
        lost = describe_amount(chosen.marginal_per_day, is_measured=choice.is_measured)
        yield "Lost without it", f"{lost}{_dearer(chosen)}"
