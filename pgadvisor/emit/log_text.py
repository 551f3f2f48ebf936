"""What was read from logs, for terminals."""

from __future__ import annotations

from collections.abc import Iterator

from pgadvisor.emit.page import Page
from pgadvisor.emit.plaintext import one_line, shortened
from pgadvisor.emit.words import plural
from pgadvisor.model.log import LogDigest, LogEvents, LoggedStatement, LogHour
from pgadvisor.units import format_count, format_ms, format_ratio, format_size

DEFAULT_WIDTH = 100
DEFAULT_TOP = 20
_MIN_WIDTH = 40
_MAX_HOURS = 48
_TEXT_LENGTH = 400
_VALUES_SHOWN = 5
_BAR_WIDTH = 30


def render_log_text(
    digest: LogDigest,
    *,
    width: int | None = None,
    color: bool = False,
    top: int = DEFAULT_TOP,
    show_literals: bool = False,
) -> str:
    """Render what was read from logs for a terminal.

    Args:
        digest: What was read.
        width: Columns, 40 at least; None: 100.
        color: Use ANSI colours.
        top: How many statements are listed.
        show_literals: Show the values of calls.
    """
    page = Page(width=max(width or DEFAULT_WIDTH, _MIN_WIDTH), color=color)
    _head(page, digest)
    _statements(page, digest, top, show_literals=show_literals)
    _hours(page, digest.hours)
    if digest.notes:
        page.heading("Not read, or not told")
        for note in digest.notes:
            page.paragraph(f"- {note}", hanging=2)
    return page.text()


def _head(page: Page, digest: LogDigest) -> None:
    page.paragraph(
        f"{plural(digest.entries, 'entry', 'entries')} in {format_size(digest.size_bytes)} of logs",
        style="bold",
    )
    for file in digest.files:
        begins = f", log_line_prefix '{file.prefix}'" if file.prefix else ""
        if file.format == "stderr" and not file.prefix:
            begins = ", of whose log_line_prefix only time and process were made out"
        page.labelled("file", f"{file.name}: {file.format}{begins}")
    if digest.first_at:
        page.labelled("from", digest.first_at)
        page.labelled("to", digest.last_at)
    calls = sum(statement.calls for statement in digest.statements)
    distinct = plural(len(digest.statements), "distinct statement")
    page.labelled("statements", f"{plural(calls, 'call')} of {distinct}")
    for label, text in _events(digest.events):
        page.labelled(label, text)


def _events(events: LogEvents) -> Iterator[tuple[str, str]]:
    if events.errors or events.warnings:
        warnings = plural(events.warnings, "warning")
        yield "errors", f"{format_count(events.errors)}, and {warnings}"
    if events.temp_files:
        yield (
            "temporary files",
            f"{format_count(events.temp_files)}, {format_size(events.temp_bytes)}",
        )
    if events.lock_waits or events.deadlocks:
        deadlocks = plural(events.deadlocks, "deadlock")
        yield "lock waits", f"{format_count(events.lock_waits)}, and {deadlocks}"
    if events.autovacuums or events.autoanalyzes:
        yield (
            "autovacuum",
            f"{plural(events.autovacuums, 'vacuum')}, {plural(events.autoanalyzes, 'analyze')}",
        )
    if events.checkpoints:
        yield "checkpoints", format_count(events.checkpoints)


def _statements(page: Page, digest: LogDigest, top: int, *, show_literals: bool) -> None:
    if not digest.statements:
        page.gap()
        page.paragraph(
            "No statement was logged. log_min_duration_statement, log_statement or auto_explain "
            "make a server log them."
        )
        return
    page.heading("Statements that took most time")
    total_ms = sum(statement.times.total_ms for statement in digest.statements)
    for number, statement in enumerate(digest.statements[:top], 1):
        page.gap()
        page.paragraph(f"{number}. {_figures(statement, total_ms)}", hanging=3)
        with page.indented(3):
            page.paragraph(shortened(statement.text, _TEXT_LENGTH), style="cyan")
            beside = "; ".join(_beside(statement))
            if beside:
                page.paragraph(beside)
            if show_literals:
                _values(page, statement)
    if len(digest.statements) > top:
        page.gap()
        page.paragraph(f"and {format_count(len(digest.statements) - top)} more; JSON has all")


def _figures(statement: LoggedStatement, total_ms: float) -> str:
    calls = plural(statement.calls, "call")
    times = statement.times
    where = f" in {one_line(statement.database)}" if statement.database else ""
    if not times.count:
        return f"{calls}{where}, times not logged"
    share = format_ratio(times.total_ms / total_ms) if total_ms > 0 else "0 %"
    mean, p95, longest = map(format_ms, (times.mean_ms, times.p95_ms, times.max_ms))
    return (
        f"{share} of the time: {calls}{where}, {format_ms(times.total_ms)} in all, "
        f"{mean} on average, p95 {p95}, at most {longest}"
    )


def _beside(statement: LoggedStatement) -> Iterator[str]:
    if statement.is_timed_by_plans:
        yield "only auto_explain logged it"
    if statement.preparation_ms:
        yield f"{format_ms(statement.preparation_ms)} to parse and bind"
    if statement.temp_files:
        size = format_size(statement.temp_bytes)
        yield f"{plural(statement.temp_files, 'temporary file')}, {size}"
    if statement.lock_waits:
        yield plural(statement.lock_waits, "lock wait")
    if statement.errors:
        yield plural(statement.errors, "error")
    if statement.plan_count:
        yield plural(statement.plan_count, "logged plan")
    if statement.samples:
        yield f"values of {plural(len(statement.samples), 'call')} kept"


def _values(page: Page, statement: LoggedStatement) -> None:
    for call in statement.samples[:_VALUES_SHOWN]:
        taken = f" ({format_ms(call.time_ms)})" if call.time_ms is not None else ""
        values = ", ".join(f"${number} = {value}" for number, value in call.values)
        page.paragraph(f"- {shortened(values or call.text, _TEXT_LENGTH)}{taken}", hanging=2)


def _hours(page: Page, hours: tuple[LogHour, ...]) -> None:
    busy = [hour for hour in hours if hour.hour]
    if not any(hour.calls or hour.errors for hour in busy):
        return
    page.heading("By hour, in the time zone of the log")
    shown = busy[-_MAX_HOURS:]
    if len(busy) > len(shown):
        page.paragraph(f"the last {len(shown)} of {len(busy)} hours; JSON has all")
    most = max(hour.total_ms for hour in shown) or 1.0
    for hour in shown:
        bar = "#" * round(hour.total_ms / most * _BAR_WIDTH)
        errors = f", {plural(hour.errors, 'error')}" if hour.errors else ""
        figures = f"{plural(hour.calls, 'call')}, {format_ms(hour.total_ms)}{errors}"
        page.verbatim(f"{hour.hour}:00  {bar:<{_BAR_WIDTH}}  {figures}")
