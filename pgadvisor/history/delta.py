"""The difference of two snapshots of one database, as a snapshot of the time in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from pgadvisor.history.comparable import is_identified, refuse_incomparable
from pgadvisor.history.continuity import counters_continuity, statements_continuity
from pgadvisor.history.counters import difference, has_fallen
from pgadvisor.history.objects import object_difference, without_strangers
from pgadvisor.history.statements import statement_difference
from pgadvisor.model.counters import SERVER_COUNTERS
from pgadvisor.model.earlier import Continuity, EarlierSnapshot
from pgadvisor.model.server import Server, StatementsInfo
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.units import format_moment

_BEGAN = frozenset({Continuity.RESET, Continuity.LOST})
"""What there is now was all counted in between."""


def delta(new: Snapshot, old: Snapshot) -> Snapshot:
    """The later snapshot with what was counted since the earlier one.

    Schema, sizes and statistics are those of the later snapshot; statements that were not run in
    between are left out.  What was set to zero in between counts from there on, and never with
    what was before.

    Args:
        new: The later snapshot.
        old: The earlier one, of the same database.

    Raises:
        UsageError: There is no difference to be made: see
            :func:`~pgadvisor.history.comparable.refuse_incomparable`; or another node answered.
    """
    refuse_incomparable(new, old)
    counters, statements = counters_continuity(new, old), statements_continuity(new, old)
    earlier = EarlierSnapshot(
        collected_at=old.server.collected_at, counters=counters, statements=statements
    )
    new = replace(without_strangers(new, old), earlier=earlier)
    objects = object_difference(new, old, has_restarted=counters in _BEGAN)
    rows = new.statements
    notes: tuple[str, ...] = ()
    if statements is Continuity.CONTINUED:
        found = statement_difference(new, old)
        rows, notes = found.statements, found.notes
    known = {statement.id for statement in rows}
    return replace(
        new,
        server=_server(new.server, old.server, earlier),
        table_activity=objects.tables,
        index_activity=objects.indexes,
        statements=rows,
        plans=tuple(plan for plan in new.plans if plan.statement_id in known),
        earlier=replace(
            earlier,
            notes=(*_notes(new, old, earlier), *objects.notes, *notes),
            unwatched_index_oids=objects.unwatched_index_oids,
        ),
    )


def _server(new: Server, old: Server, earlier: EarlierSnapshot) -> Server:
    parts = {}
    for name, counters in SERVER_COUNTERS.items():
        now, before = getattr(new, name), getattr(old, name)
        if now is None or before is None or has_fallen(now, before, counters):
            parts[name] = now
        elif name == "activity":
            is_new = earlier.counters in _BEGAN
            parts[name] = now if is_new else difference(now, before, counters)
        elif now.reset_at != before.reset_at:  # those of the server have a beginning of their own
            parts[name] = now
        else:
            counted = difference(now, before, counters)
            parts[name] = replace(counted, reset_at=old.collected_at)
    return replace(
        new,
        statistics_reset_at=_start(earlier.counters, new.statistics_reset_at, old),
        statements_info=_info(new.statements_info, old, earlier),
        **parts,
    )


def _info(
    info: StatementsInfo | None, old: Server, earlier: EarlierSnapshot
) -> StatementsInfo | None:
    if info is None:
        return None
    reset_at = _start(earlier.statements, info.reset_at, old)
    before = old.statements_info
    if before is None or has_fallen(info, before, ("deallocations",)):
        return replace(info, reset_at=reset_at)
    if earlier.statements is Continuity.CONTINUED:
        info = difference(info, before, ("deallocations",))
    return replace(info, reset_at=reset_at)


def _start(continuity: Continuity, reset_at: datetime | None, old: Server) -> datetime | None:
    """When the counters that are left begin; None: nobody knows."""
    if continuity is Continuity.CONTINUED:
        return old.collected_at
    return reset_at if continuity is Continuity.RESET else None


def _notes(new: Snapshot, old: Snapshot, earlier: EarlierSnapshot) -> Iterator[str]:
    now, before = new.server, old.server
    if not is_identified(new, old):
        yield (
            "No system identifier says that both snapshots are of one cluster: they have the "
            "database's name and tables in common."
        )
    if earlier.counters is Continuity.RESET and now.statistics_reset_at is not None:
        at = format_moment(now.statistics_reset_at)
        yield f"The counters of the database were reset at {at}: what came before is not judged."
    if earlier.counters is Continuity.LOST:
        yield (
            "The counters of the database began anew without a reset, as after a crash: what came "
            "before is not judged, and nobody knows when that was."
        )
    if earlier.counters is Continuity.UNCLEAR and now.statistics_reset_at is not None:
        at = format_moment(now.statistics_reset_at)
        yield (
            f"Some counters were reset at {at} (those of one table, perhaps), and nothing shows "
            "which: nobody knows what the others cover."
        )
    if now.started_at and now.started_at > before.collected_at:
        yield (
            f"The server was started again at {format_moment(now.started_at)}"
            f"{_after_restart(earlier.counters)}."
        )
    yield from _notes_on_statements(now.statements_info, earlier)
    # A file and the server itself are the usual pair, of which there is nothing to say.
    levels = (old.redaction.level, new.redaction.level)
    if "none" not in levels and levels[0] != levels[1]:
        yield (
            f"The two snapshots are redacted differently ({' and '.join(levels)}): counters are "
            "compared, texts and values are those of the later one."
        )


def _after_restart(continuity: Continuity) -> str:
    return ", which counters survive" if continuity is Continuity.CONTINUED else ""


def _notes_on_statements(info: StatementsInfo | None, earlier: EarlierSnapshot) -> Iterator[str]:
    if earlier.statements is Continuity.LOST:
        yield "pg_stat_statements was reset in between, and nobody knows when."
    elif earlier.statements is Continuity.RESET and info is not None and info.reset_at is not None:
        yield (
            f"pg_stat_statements was reset at {format_moment(info.reset_at)}: what statements did "
            "before is not judged."
        )
