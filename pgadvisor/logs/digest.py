"""What was added up, as values that last."""

from __future__ import annotations

from collections.abc import Iterator

from pgadvisor.logs.auto_explain import take_apart
from pgadvisor.logs.event import decode
from pgadvisor.logs.group import Calls, Group
from pgadvisor.logs.parameters import parameter_values
from pgadvisor.logs.reservoir import Kept
from pgadvisor.logs.tally import Tally
from pgadvisor.model.log import (
    LogDigest,
    LogEvents,
    LogFile,
    LoggedCall,
    LoggedPlan,
    LoggedStatement,
    LogHour,
)
from pgadvisor.parse.constants import constants_of
from pgadvisor.parse.parameters import parameter_numbers, substitute
from pgadvisor.parse.statement import StatementError
from pgadvisor.units import format_count


def digest(
    tally: Tally, files: tuple[LogFile, ...], size_bytes: int, notes: tuple[str, ...]
) -> LogDigest:
    """Put together what was read.

    Args:
        tally: What was added up.
        files: What was read.
        size_bytes: How much that was.
        notes: What could not be read of them.
    """
    found = [_statement(group) for group in tally.groups if _is_shown(group)]
    ranked = sorted(
        found, key=lambda s: (-s.times.total_ms, -s.calls, s.database, s.text, s.fingerprint)
    )
    return LogDigest(
        files=files,
        statements=tuple(ranked),
        hours=tuple(_hours(tally)),
        events=_events(tally),
        first_at=decode(tally.first_at),
        last_at=decode(tally.last_at),
        size_bytes=size_bytes,
        entries=tally.entries,
        notes=notes + tuple(_notes(tally)),
    )


def _is_shown(group: Group) -> bool:
    """It was run; what was only parsed, or only blamed, has a part in it all the same."""
    return bool(
        group.executed.count
        or group.explained.count
        or group.preparation_ms
        or group.temp_files
        or group.lock_waits
    )


def _statement(group: Group) -> LoggedStatement:
    calls = group.executed if group.is_executed else group.explained
    valued = group.executed if group.is_executed else group.values_of_plans
    is_query = bool(group.key.fingerprint)
    samples = tuple(_calls(valued.reservoir.items, group.text)) if is_query else ()
    slowest = [valued.slowest] if valued.slowest is not None and is_query else []
    return LoggedStatement(
        fingerprint=group.key.fingerprint,
        database=group.key.database,
        text=group.text,
        calls=calls.count,
        times=calls.timing.times(),
        is_timed_by_plans=not group.is_executed and group.explained.count > 0,
        preparation_ms=group.preparation_ms,
        temp_files=group.temp_files,
        temp_bytes=group.temp_bytes,
        lock_waits=group.lock_waits,
        errors=group.errors,
        samples=samples,
        slowest=next(_calls(slowest, group.text), None),
        plan_count=group.explained.count,
        plans=tuple(_plans(group.explained)),
    )


def _calls(kept: list[Kept], normalised: str) -> Iterator[LoggedCall]:
    for call in kept:
        if call.text and (found := _call(call, normalised)) is not None:
            yield found


def _call(kept: Kept, normalised: str) -> LoggedCall | None:
    """A call with its values; None: not all of them are known."""
    text = decode(kept.text)
    given = parameter_values(decode(kept.detail)) if kept.detail else {}
    try:
        numbers = parameter_numbers(text)
        if given is None or any(number not in given for number in numbers):
            return None
        values = {number: given[number] for number in numbers}
        constants = constants_of(text, normalised)
        known = {**values, **constants} if constants is not None else {}
        return LoggedCall(
            text=substitute(text, values) if values else text,
            values=tuple(sorted(known.items())),
            time_ms=kept.time_ms,
        )
    except StatementError:
        return None


def _plans(explained: Calls) -> Iterator[LoggedPlan]:
    kept = [explained.slowest, *explained.reservoir.items]
    for plan in {id(plan): plan for plan in kept}.values():
        apart = take_apart(plan.text) if plan is not None and plan.text else None
        if plan is not None and apart is not None:
            yield LoggedPlan(
                text=decode(plan.text), format=apart.format, time_ms=plan.time_ms or 0.0
            )


def _hours(tally: Tally) -> Iterator[LogHour]:
    has_calls = any(hour.calls for hour in tally.hours.values())
    for key, hour in sorted(tally.hours.items()):
        yield LogHour(
            hour=decode(key),
            calls=hour.calls if has_calls else hour.planned_calls,
            total_ms=hour.total_ms if has_calls else hour.planned_ms,
            errors=hour.errors,
        )


def _events(tally: Tally) -> LogEvents:
    names = LogEvents.__dataclass_fields__
    return LogEvents(**{name: tally.events[name] for name in names})


def _notes(tally: Tally) -> Iterator[str]:
    if tally.unpaired_durations:
        yield (
            f"{format_count(tally.unpaired_durations)} durations stand without a statement: of "
            "parse and bind steps, or log_line_prefix has neither %p nor %c, or log_statement "
            "does not log them"
        )
    if tally.groups.evicted_statements:
        yield (
            f"{format_count(tally.groups.evicted_statements)} statements of little time "
            f"({format_count(tally.groups.evicted_calls)} calls) were left out, since there are "
            "too many"
        )
    if tally.allowance.refused:
        yield "not all samples and plans were kept, since they are too large together"
    if tally.events["unread_plans"]:
        count = format_count(tally.events["unread_plans"])
        yield f"{count} plans of auto_explain do not tell their statement"
