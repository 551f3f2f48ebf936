"""Redaction: a snapshot without the data of anybody, and still one that plans like it."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal, get_args

from pgadvisor.errors import UsageError
from pgadvisor.model.snapshot import Redaction, Snapshot, Unavailable
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.parse.grammar import StatementError
from pgadvisor.snapshotfile.coarsen import K_ROWS
from pgadvisor.snapshotfile.columns import Columns, Described
from pgadvisor.snapshotfile.constants import Piece, pieces
from pgadvisor.snapshotfile.extended_statistics import described_rows
from pgadvisor.snapshotfile.literals import JSON_OPERATORS, SqlRedactor
from pgadvisor.snapshotfile.pseudonym import Codes
from pgadvisor.snapshotfile.rewrite import RARE_COMBINATIONS, Rewriter
from pgadvisor.snapshotfile.sink import Collector, Replacer
from pgadvisor.snapshotfile.statistics import StatisticsRedactor, kept_texts
from pgadvisor.snapshotfile.values import ValueRedactor
from pgadvisor.units import format_count

Level = Literal["none", "default", "all"]
"""How much is redacted."""

KEY_BYTES = 32
_UNREADABLE = "their values cannot be told apart"
_REASONS = {RARE_COMBINATIONS: f"fewer than {K_ROWS} rows share them"}
_KEY_NAME = re.compile(r"[A-Za-z_]\w{0,40}")


def redact(
    snapshot: Snapshot, level: Level, *, columns: Sequence[str] = (), key: bytes | None = None
) -> Snapshot:
    """Replace the data of a snapshot; names, counters, sizes and costs stay.

    - ``none``: nothing is replaced.
    - ``default``: a text that at least 50 rows share in a column of at most 100 different values
      stays if it looks like a status; any other text, UUID, address, byte string, and every value
      within JSON, becomes a pseudonym.  Equal values get equal pseudonyms throughout the
      snapshot, in the same order.  Numbers and dates lose digits, unless 50 rows share them.
    - ``all``: nothing stays because it is shared, roles get other names, comments are left out.

    Constants in definitions, statements and plans are replaced in the same way.

    Args:
        snapshot: What to redact; it stays as it is.
        level: How much.
        columns: Columns of which no value is kept: ``schema.table.column``, ``table.column`` or
            ``column``.
        key: Decides about the pseudonyms; None: a new one, which nobody keeps.

    Raises:
        UsageError: A level or a column that does not exist.
    """
    if level not in get_args(Level):
        raise UsageError(
            "redacting the snapshot",
            f"there is no level {level!r}",
            f"The levels are {', '.join(get_args(Level))}.",
        )
    known = Columns(snapshot, columns)
    if level == "none":
        if columns:
            raise UsageError(
                "redacting the snapshot",
                "columns are to be hidden at a level that hides nothing",
                "Use the level default or all.",
            )
        return snapshot
    return _redacted(snapshot, known, level, secrets.token_bytes(KEY_BYTES) if key is None else key)


def _redacted(snapshot: Snapshot, columns: Columns, level: Level, key: bytes) -> Snapshot:
    """Walk the snapshot twice: pseudonyms depend on all values that there are."""
    kept = frozenset[str]() if level == "all" else kept_texts(_statistics(snapshot, columns))
    collector = Collector(kept)
    first = _rewriter(snapshot, columns, collector, level, key)
    first.redacted_statistics(snapshot)
    collector.is_learning = False
    first.redacted_rest(snapshot)

    replacer = collector.replacer(key)
    second = _rewriter(snapshot, columns, replacer, level, key)
    redacted = second.redacted_rest(second.redacted_statistics(snapshot))
    return replace(
        redacted,
        unavailable=snapshot.unavailable + _left_out(second.left_out),
        redaction=_redaction(snapshot, redacted, replacer, level),
    )


def _statistics(
    snapshot: Snapshot, columns: Columns
) -> Iterator[tuple[ColumnStatistics, Described]]:
    yield from ((row, columns.describe(row)) for row in snapshot.column_statistics)
    yield from described_rows(snapshot.extended_statistics, columns)


def describe_redaction(redaction: Redaction) -> str:
    """Say in a sentence or two what was done, and what it may cost."""
    if redaction.level == "none":
        return "Nothing was redacted: the snapshot holds values of your tables."
    shared = "even those that many rows share" if redaction.level == "all" else "shared ones kept"
    text = (
        f"{format_count(redaction.pseudonymised_values)} values were replaced by pseudonyms and "
        f"{format_count(redaction.coarsened_values)} numbers and dates made inexact, {shared}. "
        "Estimates for LIKE, regular expressions and narrow ranges are less exact than with the "
        "values themselves; the report states what that cost in fidelity."
    )
    changed = len(redaction.changed_index_oids)
    if changed:
        text += (
            f" The definitions of {format_count(changed)} indexes hold pseudonyms: do not create "
            "them again from this snapshot."
        )
    return text


def _rewriter(
    snapshot: Snapshot,
    columns: Columns,
    sink: Collector | Replacer,
    level: Level,
    key: bytes,
) -> Rewriter:
    values = ValueRedactor(sink, _json_keys(snapshot))
    labels = frozenset(label for user_type in snapshot.types for label in user_type.labels)
    roles = _role_names(snapshot, key) if level == "all" else {}
    return Rewriter(
        statistics=StatisticsRedactor(columns, values, keeps_shared=level != "all"),
        sql=SqlRedactor(values=values, types=columns.types, labels=labels),
        rename_role=lambda role: roles.get(role, role),
        keeps_comments=level != "all",
    )


def _json_keys(snapshot: Snapshot) -> frozenset[str]:
    """Keys of JSON objects that the schema names, in an index or a view for instance."""
    return frozenset(
        piece.constant.value
        for sql in _schema_texts(snapshot)
        for piece in _readable_pieces(sql)
        if piece.constant is not None
        and piece.constant.operator in JSON_OPERATORS
        and _KEY_NAME.fullmatch(piece.constant.value)
    )


def _readable_pieces(sql: str) -> Iterable[Piece]:
    try:
        return tuple(pieces(sql))
    except StatementError:
        return ()


def _schema_texts(snapshot: Snapshot) -> Iterator[str]:
    for index in snapshot.indexes:
        yield index.definition
    for constraint in snapshot.constraints:
        yield constraint.definition
    for view in snapshot.views:
        yield view.definition
    for table in snapshot.tables:
        yield table.definition or ""
        for column in table.columns:
            yield column.default_sql or ""
    for statistics in snapshot.extended_statistics:
        yield statistics.definition


def _role_names(snapshot: Snapshot, key: bytes) -> dict[str, str]:
    roles = {role for statement in snapshot.statements for role in statement.roles}
    server = snapshot.server
    roles |= {setting.role for setting in server.role_settings if setting.role}
    for sessions in (
        server.connections,
        server.open_transactions,
        server.prepared_transactions,
        server.blocking_sessions,
    ):
        roles |= {one.role for one in sessions or () if one.role}
    commands = server.statements_info.session_commands if server.statements_info else None
    roles |= {role for one in commands or () for role in one.roles}
    names = Codes(key, "role").ascending(len(roles), 0, 16**8)
    return {role: f"role_{name:08x}" for role, name in zip(sorted(roles), names, strict=True)}


def _redaction(before: Snapshot, after: Snapshot, replacer: Replacer, level: Level) -> Redaction:
    earlier = before.redaction
    definitions = {index.oid: index.definition for index in before.indexes}
    changed = {index.oid for index in after.indexes if index.definition != definitions[index.oid]}
    return Redaction(
        level="all" if "all" in {level, earlier.level} else level,
        pseudonymised_values=replacer.pseudonymised,
        coarsened_values=replacer.coarsened,
        kept_values=replacer.kept,
        changed_index_oids=tuple(sorted(changed | set(earlier.changed_index_oids))),
    )


def _left_out(counts: Counter[str]) -> tuple[Unavailable, ...]:
    return tuple(
        Unavailable(
            what=f"{format_count(count)} {what}",
            reason=f"left out when the snapshot was redacted: {_REASONS.get(what, _UNREADABLE)}",
            consequence="estimates that need them are less exact, and objects may be missing",
            remedy="Save with --redact none where the file stays with you.",
        )
        for what, count in sorted(counts.items())
    )
