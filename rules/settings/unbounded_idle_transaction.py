"""Roles of the application that may sit idle in a transaction for ever."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    MS_PER_DAY,
    OWN_SOURCES,
    Case,
    ChangeSetting,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Outcome,
    Provenance,
    Severity,
    SkipRule,
    StatementKind,
    change_for_role,
    format_ms,
    format_ratio,
    rule,
)

_TIMEOUT = "idle_in_transaction_session_timeout"
_BOUNDS = (_TIMEOUT, "transaction_timeout")
"""Either ends such a session; the second one is of PostgreSQL 17."""
_WRITES = frozenset(
    {StatementKind.INSERT, StatementKind.UPDATE, StatementKind.DELETE, StatementKind.MERGE}
)
_MAINTENANCE = frozenset(
    [
        "alter",
        "analyze",
        "cluster",
        "copy",
        "create",
        "drop",
        "import",
        "reindex",
        "refresh",
        "truncate",
        "vacuum",
    ]
)
"""First words of what migrations, loads and backups run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which roles are worth a word, and what is proposed."""

    min_calls_ratio: float = 0.01
    """Share of the workload's calls; who runs less is hardly the application."""

    timeout_ms: float = 60_000.0
    """The proposed timeout: no program thinks for so long between two statements."""


@dataclass(slots=True)
class _Work:
    """What one role does."""

    calls: int = 0
    writes: int = 0
    does_maintenance: bool = False


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements",))
def unbounded_idle_transaction(case: Case, limits: Limits) -> Outcome:
    """A role of the application may stay idle in a transaction for ever.

    ## Why it matters
    A program that hangs, or waits for another service, between BEGIN and COMMIT keeps its locks,
    and keeps vacuum from removing any row that died since it began.  One forgotten session is
    enough to let a busy table grow for days.

    ## What it leaves alone
    Roles for which somebody has set this timeout or ``transaction_timeout``, for the role, the
    database or the server, to whatever value.  Roles that write nothing, that run little, and
    those that also run migrations, loads or backups.

    ## Before you act
    A session that is ended so loses its connection and rolls back; the application has to
    connect again.  Sessions that are open already keep the old value, those of a pooler, too.

    ## Example
        ALTER ROLE shop IN DATABASE shop SET idle_in_transaction_session_timeout = '1min';
        ALTER ROLE shop IN DATABASE shop RESET idle_in_transaction_session_timeout;
    """
    setting = case.snapshot.server.setting(_TIMEOUT)
    if setting is None:
        raise SkipRule(f"{_TIMEOUT} is not in the snapshot")
    bounds = [bound for name in _BOUNDS if (bound := case.snapshot.server.setting(name))]
    for bound in bounds:
        if bound.source in OWN_SOURCES:
            raise SkipRule(
                f"what the server says of {bound.name} is hidden by the collecting role's own value"
            )
    if any(bound.value != "0" or bound.source != "default" for bound in bounds):
        return
    _require_window(case)
    work = _work_by_role(case)
    if not work:
        raise SkipRule("which roles run the statements is not in the snapshot")
    total = sum(one.calls for one in work.values())
    for role, one in sorted(work.items()):
        is_application = (
            one.writes > 0
            and not one.does_maintenance
            and one.calls >= limits.min_calls_ratio * total
        )
        if is_application and not _is_decided(case, role):
            yield _finding(role, one, total, _change(case, role, limits))


def _require_window(case: Case) -> None:
    """Go on only where a weekly load or migration would have been seen."""
    days, needed = case.statement_window.days, case.limits.usage_window_days
    if days is None:
        raise SkipRule("nobody knows how long statements have been counted")
    if days < needed:
        counted, wanted = (format_ms(each * MS_PER_DAY) for each in (days, needed))
        raise SkipRule(f"statements have been counted for {counted}, {wanted} are needed")


def _work_by_role(case: Case) -> dict[str, _Work]:
    """Calls of a statement that several roles run are those of the one that runs it most."""
    work: dict[str, _Work] = defaultdict(_Work)
    for statement in case.snapshot.statements:
        usage = case.usage.get(statement.id)
        first_word = next(iter(statement.text.lower().split(maxsplit=1)), "")
        for role in statement.roles:
            work[role].does_maintenance |= first_word in _MAINTENANCE
        for role in statement.roles[:1]:
            work[role].calls += statement.calls
            if usage is not None and usage.kind in _WRITES:
                work[role].writes += statement.calls
    return work


def _is_decided(case: Case, role: str) -> bool:
    """Somebody has set a bound for the role, or for all roles of the database."""
    return any(
        given.name in _BOUNDS and given.role in {role, None}
        for given in case.snapshot.server.role_settings
    )


def _finding(role: str, work: _Work, total: int, change: ChangeSetting) -> Finding:
    return Finding(
        subject=role,
        summary=f"{role} runs {format_ratio(work.calls / total)} of the workload's calls and may "
        "stay idle in a transaction for ever",
        detail="Its locks stay, and vacuum removes nothing that died since, until somebody ends "
        "the session.",
        evidence=tuple(_evidence(work, total)),
        provenance=Provenance.CATALOG,
        confidence=Confidence.MEDIUM,
        guards=(
            "neither it nor the database nor the server has a timeout for it",
            "it writes, and runs no migrations, loads or backups",
        ),
        remedies=(change,),
        impact=Impact(risk="one hanging session holds locks and stops vacuum in all tables"),
    )


def _evidence(work: _Work, total: int) -> Iterator[Evidence]:
    yield Evidence(name=_TIMEOUT, value="0", source="pg_settings, pg_db_role_setting")
    yield Evidence(
        name="share of the calls",
        value=round(work.calls / total, 4),
        unit="ratio",
        source="pg_stat_statements.calls",
    )
    yield Evidence(name="calls that write", value=work.writes, source="pg_stat_statements.calls")


def _change(case: Case, role: str, limits: Limits) -> ChangeSetting:
    return change_for_role(
        case.snapshot.server,
        role,
        _TIMEOUT,
        f"{limits.timeout_ms:.0f}",
        review_reason="make sure first that the application connects again after an error, and "
        "that it waits for no other service or person within a transaction",
    )
