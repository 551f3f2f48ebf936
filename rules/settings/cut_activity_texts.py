"""Statements that are too long to be shown whole while they run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    Impact,
    KiB,
    ManualSteps,
    Outcome,
    Provenance,
    Setting,
    Severity,
    SkipRule,
    Statement,
    change_where_set,
    format_count,
    format_ratio,
    format_size,
    known,
    rule,
)

_SETTING = "track_activity_query_size"
_COUNTED = "pg_stat_statements"
_SMALLEST_STEP_BYTES = 2 * KiB
_QUERY_ID_SINCE = 14
"""From then on pg_stat_activity leads to the whole text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When too much is cut off, and what is proposed."""

    min_share_ratio: float = 0.1
    """Of the workload's execution time, in statements that are cut off and would not be."""

    max_proposed_bytes: int = 16 * KiB
    """Each session has room for so much, used or not; longer statements stay cut off."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements",))
def cut_activity_texts(case: Case, limits: Limits) -> Outcome:
    """Much of the time goes into statements whose text is cut off while they run.

    ## Why it matters
    `pg_stat_activity` and the report of a deadlock in the log show the first 1,023 bytes of what
    a session runs, unless ``track_activity_query_size`` says otherwise.  Of a statement that an
    ORM has written that is often the list of its columns: which rows it asks for, or even which
    table, is cut off, just when somebody wants to know who blocks whom.

    ## What it leaves alone
    Servers whose long statements take less than a tenth of the time; statements of more than
    16 kB, most of which is a list of values; and what functions run, which is not shown there.
    ``pg_stat_statements`` and ``log_min_duration_statement`` have whole texts anyhow.

    ## Before you act
    It takes a restart, and so much shared memory for each connection that there may be: let it
    wait for the next one.  Meanwhile, and for longer statements, ``query_id`` leads to the whole
    text from PostgreSQL 14 on.  Texts are measured as ``pg_stat_statements`` has them, with
    parameters in the place of values and without comments: as they run, most are longer.

    ## Example
        SELECT count(*) FROM pg_stat_activity WHERE octet_length(query) >= 1023;
        ALTER SYSTEM SET track_activity_query_size = '4kB';  -- and a restart
    """
    setting = known(case.snapshot.server.setting(_SETTING), f"values of {_SETTING}")
    shown = case.snapshot.server.setting("track_activities")
    if shown is not None and shown.value == "off":
        raise SkipRule("track_activities is off: no text is shown at all")
    statements = _shown_statements(case)
    cut = [
        statement
        for statement in statements
        if int(setting.value) <= _length(statement) < limits.max_proposed_bytes
    ]
    if cut and _share(case, cut) >= limits.min_share_ratio:
        yield _finding(case, setting, cut)


def _shown_statements(case: Case) -> tuple[Statement, ...]:
    """Those that sessions sent: what a function runs is not shown as such."""
    if any(missing.what == f"texts of {_COUNTED}" for missing in case.snapshot.unavailable):
        raise SkipRule(f"the texts of {_COUNTED} could not be read")
    counted = [each for each in case.snapshot.statements if each.source == _COUNTED]
    if not counted:
        raise SkipRule(f"{_COUNTED} has counted no statement")
    return tuple(statement for statement in counted if statement.is_top_level)


def _length(statement: Statement) -> int:
    """Bytes; one more is taken by the end of the text."""
    return len(statement.text.encode())


def _share(case: Case, statements: Sequence[Statement]) -> float:
    return sum(case.share_of(statement) for statement in statements)


def _finding(case: Case, setting: Setting, cut: Sequence[Statement]) -> Finding:
    longest, wanted = max(map(_length, cut)), _SMALLEST_STEP_BYTES
    while wanted <= longest:
        wanted *= 2
    count = "1 statement that takes" if len(cut) == 1 else f"{format_count(len(cut))} that take"
    return Finding(
        subject=_SETTING,
        summary=f"Of {count} {format_ratio(_share(case, cut))} of the time, only the first "
        f"{format_count(int(setting.value) - 1)} bytes are shown while they run",
        evidence=tuple(_evidence(case, setting, cut, wanted)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        guards=(
            "what functions run is not counted",
            f"{format_size(wanted)} hold the longest of them",
        ),
        remedies=(
            change_where_set(case.snapshot.server, _SETTING, str(wanted)),
            *_meanwhile(case),
        ),
        impact=Impact(risk="who looks at what blocks, or takes long, sees half of a statement"),
        statement_ids=tuple(statement.id for statement in cut),
    )


def _evidence(
    case: Case, setting: Setting, cut: Sequence[Statement], wanted: int
) -> Iterator[Evidence]:
    texts = "pg_stat_statements.query"
    yield Evidence(
        name=_SETTING,
        value=int(setting.value),
        unit="bytes",
        source=f"pg_settings.setting, from: {setting.source}",
    )
    yield Evidence(
        name="statements that are cut off", value=len(cut), unit="statements", source=texts
    )
    yield Evidence(
        name="the longest of them", value=max(map(_length, cut)), unit="bytes", source=texts
    )
    yield Evidence(
        name="share of execution time",
        value=round(_share(case, cut), 4),
        unit="ratio",
        source="pg_stat_statements.total_exec_time",
    )
    connections = case.snapshot.server.setting("max_connections")
    if connections is not None:
        yield Evidence(
            name="shared memory that it takes then",
            value=wanted * int(connections.value),
            unit="bytes",
            source="pg_settings: max_connections",
        )


def _meanwhile(case: Case) -> Iterator[ManualSteps]:
    if case.snapshot.server.major >= _QUERY_ID_SINCE:
        yield ManualSteps(
            title="Look the whole text up until the next restart",
            steps=(
                (
                    "`SELECT a.pid, s.query FROM pg_stat_activity a JOIN pg_stat_statements s ON "
                    "s.queryid = a.query_id AND s.dbid = a.datid AND s.userid = a.usesysid`."
                ),
            ),
        )
