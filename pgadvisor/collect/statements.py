"""The statements of ``pg_stat_statements``, whichever version of it, in whichever schema."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pgadvisor.collect import reasons
from pgadvisor.collect.queries import Version, query
from pgadvisor.collect.scope import counted
from pgadvisor.collect.session import ReadError, Record, Session
from pgadvisor.collect.session_commands import SessionCommands
from pgadvisor.collect.statement_text import (
    INSUFFICIENT_PRIVILEGE,
    UNAVAILABLE,
    clean,
    is_noise,
)
from pgadvisor.model.server import Extension, Server, StatementsInfo
from pgadvisor.model.snapshot import HIDDEN_STATEMENTS, Unavailable
from pgadvisor.model.statement import Statement, Statements, merge_statements

EXTENSION = "pg_stat_statements"
_Key = tuple[int, int, bool]
_KEY = ("role_oid", "query_id", "is_top_level")


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
    commands = SessionCommands()
    statements, hidden = _statements(rows, texts, commands)
    if hidden:
        unavailable.append(_hidden(hidden))
    return ReadStatements(
        statements=Statements(rows=statements),
        info=replace(
            _info(info, extension, server), session_commands=None if hidden else commands.found()
        ),
        unavailable=tuple(unavailable),
    )


def _statements(
    rows: Iterable[Record], texts: dict[_Key, str], commands: SessionCommands
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
        role = row.pop("role")
        commands.add(text, role)
        if is_noise(text):
            continue
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
    merged = [_cleaned(merge_statements(group), written[key]) for key, group in groups.items()]
    merged.sort(key=lambda statement: (-statement.total_time_ms, statement.id))
    return tuple(merged), hidden


def _cleaned(statement: Statement, text: str) -> Statement:
    kept, fingerprint = (text, "") if text == UNAVAILABLE else clean(text)
    return replace(statement, text=kept, fingerprint=fingerprint)


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
        what=f"{counted(count, 'statement')} {HIDDEN_STATEMENTS}",
        reason="the role may see its own statements only",
        consequence="their load is not analysed, and an index they use may look unused",
        remedy="GRANT pg_monitor TO the role; pgadvisor grants prints it.",
    )
