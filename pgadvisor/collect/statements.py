"""The statements of ``pg_stat_statements``, whichever version of it, in whichever schema."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pgadvisor.collect import reasons
from pgadvisor.collect.queries import Version, query
from pgadvisor.collect.scope import counted
from pgadvisor.collect.session import ReadError, Record, Session
from pgadvisor.collect.statement_text import (
    INSUFFICIENT_PRIVILEGE,
    UNAVAILABLE,
    clean,
    is_noise,
)
from pgadvisor.model.server import Extension, Server, StatementsInfo
from pgadvisor.model.snapshot import Unavailable
from pgadvisor.model.statement import Statement, Statements

EXTENSION = "pg_stat_statements"
_Key = tuple[int, int, bool]
_KEY = ("role_oid", "query_id", "is_top_level")
_SUMMED = (
    *("calls", "total_time_ms", "planning_time_ms", "rows", "shared_blocks_hit"),
    *("shared_blocks_read", "shared_blocks_dirtied", "shared_blocks_written", "temp_blocks_read"),
    *("temp_blocks_written", "block_read_time_ms", "block_write_time_ms", "wal_bytes"),
    "jit_time_ms",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadStatements:
    """What was read, and what could not be."""

    statements: Statements
    info: StatementsInfo
    unavailable: tuple[Unavailable, ...] = ()


def extension_of(server: Server) -> Extension | None:
    """The extension, where it is installed in this database."""
    return next((one for one in server.extensions if one.name == EXTENSION), None)


def version_of(extension: Extension) -> Version:
    """The extension's version: ``(1, 12)``."""
    return tuple(int(part) for part in extension.version.split(".") if part.isdecimal())


def read_statements(session: Session, extension: Extension, server: Server) -> ReadStatements:
    """Read the statements of this database, the most expensive first.

    Raises:
        ReadError: It failed; of the code 55000, because the library is not preloaded.
    """
    version = version_of(extension)

    def text_of(name: str) -> str:
        return query(name, version, extension_schema=extension.schema)

    rows = session.fetch(text_of("statements"))
    [info] = session.fetch(text_of("statements_info"))
    unavailable: list[Unavailable] = []
    texts: dict[_Key, str] = {}
    try:
        for row in session.fetch(text_of("statement_texts")):
            texts[row["role_oid"], row["query_id"], row["is_top_level"]] = row["text"]
    except ReadError as error:
        unavailable.append(_no_texts(error))
    statements, hidden = _statements(rows, texts)
    if hidden:
        unavailable.append(_hidden(hidden))
    return ReadStatements(
        statements=Statements(rows=statements),
        info=_info(info, extension, server),
        unavailable=tuple(unavailable),
    )


def _statements(
    rows: Iterable[Record], texts: dict[_Key, str]
) -> tuple[tuple[Statement, ...], int]:
    """Merge the roles of each statement; also return how many entries are hidden from us."""
    groups: defaultdict[tuple[int, bool], list[Statement]] = defaultdict(list)
    written: dict[tuple[int, bool], str] = {}
    hidden = 0
    for row in rows:
        role_oid, query_id, is_top_level = (row.pop(name) for name in _KEY)
        text = texts.get((role_oid, query_id, is_top_level), UNAVAILABLE)
        if query_id is None or text == INSUFFICIENT_PRIVILEGE:
            hidden += 1
            continue
        if is_noise(text):
            continue
        role = row.pop("role")
        key = (query_id, is_top_level)
        written.setdefault(key, text)
        groups[key].append(
            Statement(
                id=str(query_id) if is_top_level else f"{query_id}/nested",
                text=text,
                roles=(role,) if role is not None else (),
                is_top_level=is_top_level,
                **row,
            )
        )
    merged = [_cleaned(merge(group), written[key]) for key, group in groups.items()]
    merged.sort(key=lambda statement: (-statement.total_time_ms, statement.id))
    return tuple(merged), hidden


def _cleaned(statement: Statement, text: str) -> Statement:
    kept, fingerprint = (text, "") if text == UNAVAILABLE else clean(text)
    return replace(statement, text=kept, fingerprint=fingerprint)


def merge(entries: list[Statement]) -> Statement:
    """Add up the entries of one statement that several roles ran."""
    if len(entries) == 1:
        return entries[0]
    first = entries[0]
    sums = {name: sum(getattr(entry, name) for entry in entries) for name in _SUMMED}
    calls = sums["calls"]
    mean = sums["total_time_ms"] / calls if calls else 0.0
    # The variance within the entries and the one between their means.
    squares = sum(
        entry.calls * (entry.stddev_time_ms**2 + (entry.mean_time_ms - mean) ** 2)
        for entry in entries
    )
    starts = [entry.since for entry in entries if entry.since is not None]
    return replace(
        first,
        roles=_busiest_first(entries),
        mean_time_ms=mean,
        min_time_ms=min(entry.min_time_ms for entry in entries),
        max_time_ms=max(entry.max_time_ms for entry in entries),
        stddev_time_ms=math.sqrt(squares / calls) if calls else 0.0,
        since=min(starts, default=None),
        **sums,
    )


def _busiest_first(entries: Iterable[Statement]) -> tuple[str, ...]:
    """The roles, by the time that the statement took in their hands."""
    times: defaultdict[str, float] = defaultdict(float)
    for entry in entries:
        for role in entry.roles:
            times[role] += entry.total_time_ms
    return tuple(sorted(times, key=lambda role: (-times[role], role)))


def _info(row: Record, extension: Extension, server: Server) -> StatementsInfo:
    track = server.setting("pg_stat_statements.track")
    limit = server.setting("pg_stat_statements.max")
    return StatementsInfo(
        extension_version=extension.version,
        schema=extension.schema,
        max_entries=int(limit.value) if limit is not None else None,
        track=track.value if track is not None else None,
        **row,
    )


def _no_texts(error: ReadError) -> Unavailable:
    is_encoding = error.sqlstate in reasons.UNTRANSLATABLE
    return Unavailable(
        what="texts of pg_stat_statements",
        reason=error.happened,
        consequence="statements are counted but not analysed",
        remedy=(
            "A statement with a badly encoded text, of whichever database, hides all texts: "
            "SELECT pg_stat_statements_reset() for that database removes it."
            if is_encoding
            else error.next_step
        ),
        sqlstate=error.sqlstate,
        is_failure=True,
    )


def _hidden(count: int) -> Unavailable:
    return Unavailable(
        what=f"{counted(count, 'statement')} of other roles in pg_stat_statements",
        reason="the role may see its own statements only",
        consequence="their load is not analysed, and an index they use may look unused",
        remedy="GRANT pg_monitor TO the role; pgadvisor grants prints it.",
    )
