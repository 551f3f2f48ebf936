"""What an analysis rests on, in words: the time that counters cover, and the gates."""

from __future__ import annotations

from collections.abc import Iterator

from pgadvisor.emit.words import plural
from pgadvisor.model.advice import AdviceData
from pgadvisor.model.gates import Gate, GateState
from pgadvisor.model.window import Window
from pgadvisor.units import MS_PER_DAY, format_moment, format_ms

_SAME_DAYS = 1 / (24 * 60)
"""Windows that differ by less are one: both were reset by the same script."""
_TOPOLOGY = "topology"


def describe_judgement(advice: AdviceData) -> str:
    """What was judged on, and which gates kept how many rules from judging."""
    return "; ".join((_windows(advice), *_skips(advice)))


def describe_nodes(advice: AdviceData) -> Iterator[tuple[str, str]]:
    """Labelled sentences on the time in between, and on standbys, where there are such."""
    for note in advice.earlier.notes if advice.earlier else ():
        yield "In between", note
    for standby in advice.standbys:
        since = (
            f"counted since {format_moment(standby.counted_since)} ({standby.note})"
            if standby.counted_since
            else f"nobody knows since when it counts ({standby.note})"
        )
        told = (f"{standby.name}, {since}", plural(standby.statement_count, "statement"))
        yield "Standby", " ".join((f"{', '.join(told)}.", *standby.notes))


def gate_warnings(advice: AdviceData) -> Iterator[str]:
    """Gates that are not open, and yet kept no rule from judging; and what was assumed."""
    for gate in advice.gates.rows:
        if gate.state is not GateState.OPEN and not skipped_by(gate, advice):
            rest = (
                "an index that goes is left to review."
                if gate.id == _TOPOLOGY
                else "no rule was skipped for it, but what rests on it is less sure."
            )
            yield f"{gate.detail} ({gate.id}): {rest}"
    if advice.choice.chosen and advice.statement_window.days is None:
        yield (
            "Nobody knows how long statements were counted: what a day saves takes all that was "
            "counted for one day's."
        )


def skipped_by(gate: Gate, advice: AdviceData) -> tuple[str, ...]:
    """The rules that a gate which is not open kept from judging."""
    if gate.state is GateState.OPEN:
        return ()
    return tuple(
        item.rule_id for item in advice.skipped if not item.subject and item.reason == gate.detail
    )


def _skips(advice: AdviceData) -> Iterator[str]:
    counted = 0
    for gate in advice.gates.rows:
        if count := len(skipped_by(gate, advice)):
            counted += count
            # Since when statistics run has been said a few words before.
            yield f"{plural(count, 'rule')} skipped because {gate.detail.partition(' (')[0]}"
    own = sum(not item.subject for item in advice.skipped) - counted
    if own:
        more = "more " if counted else ""
        words = ("rule", "a reason of its own") if own == 1 else ("rules", "reasons of their own")
        yield f"{own} {more}{words[0]} skipped for {words[1]}"


def _windows(advice: AdviceData) -> str:
    statements, tables = advice.statement_window, advice.counter_window
    if advice.server.statements_info is None or _is_same(statements, tables):
        is_less = statements.days is not None and statements.days < (tables.days or 0.0)
        return _window(statements if is_less else tables, "statistics")
    return (
        f"{_window(tables, 'statistics of tables and indexes')} and "
        f"{_window(statements, 'statistics of statements')}"
    )


def _is_same(first: Window, second: Window) -> bool:
    if first.days is None or second.days is None:
        return first == second
    return abs(first.days - second.days) <= _SAME_DAYS


def _window(window: Window, what: str) -> str:
    note = f" ({window.note})" if window.note else ""
    if window.days is None:
        return f"{what} of unknown age{note}"
    length = format_ms(window.days * MS_PER_DAY)
    if window.is_lower_bound or window.since is None:
        bound = "at least " if window.is_lower_bound else ""
        return f"{bound}{length} of {what}{note}"
    if window.is_difference:
        return f"{length} of {what}, {window.note}"
    return f"{length} of {what} since the reset of {format_moment(window.since)}"
