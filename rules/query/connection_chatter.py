"""Tests of connections and queries of the catalog, which do no work of the application's."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    GateState,
    Impact,
    ManualSteps,
    Outcome,
    Provenance,
    Severity,
    SkipRule,
    Statement,
    StatementKind,
    StatementUsage,
    format_count,
    format_ratio,
    rule,
)

_CATALOG_PREFIXES = ("pg_", "information_schema.")
_MONITORING_WORDS = (
    *("monitor", "exporter", "datadog", "pganalyze", "pgwatch", "zabbix", "newrelic", "grafana"),
    *("prometheus", "nagios", "cloudsql", "rdsadmin", "azure", "dynatrace", "pghero", "patroni"),
)
"""In the name of a role that is meant to look at the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much talk is too much."""

    min_calls_ratio: float = 0.1
    """Share of such statements in all calls."""

    min_calls_per_day_count: float = 10_000.0
    """Fewer calls trouble nobody, whatever their share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One kind of such statements."""

    identity: str
    subject: str
    risk: str
    steps: tuple[str, ...]


_PINGS = _Kind(
    identity="pings",
    subject="pings of connections",
    risk="each costs the round trip of a real statement",
    steps=(
        (
            "Let the pool test a connection only after it was idle, and not each time that it is "
            "handed out: `pool_pre_ping` with `pool_recycle` in SQLAlchemy, `testOnBorrow` and "
            "`validationInterval` in JDBC pools, `CONN_HEALTH_CHECKS` in Django."
        ),
        (
            "A driver's own test needs no statement: `isValid()` of JDBC. Or do without tests, "
            "and try a statement again where the connection turns out to be gone."
        ),
    ),
)
_CATALOG = _Kind(
    identity="catalog",
    subject="queries of the catalog",
    risk="the application learns again and again what hardly ever changes",
    steps=(
        (
            "Find what asks for tables, columns and types: an ORM that reads the schema at each "
            "start or each connection, or a driver that looks up types."
        ),
        (
            "Let it keep what it has learned: a schema cache in Rails, `reflect` once for each "
            "process in SQLAlchemy, a longer life for connections."
        ),
    ),
)


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("statements",))
def connection_chatter(case: Case, limits: Limits) -> Outcome:
    """Many statements only test connections or read the catalog.

    ## Why it matters
    ``SELECT 1`` before each query doubles the round trips, and a transaction that is one
    statement long takes twice the time.  None of it shows in execution times, since the
    statements themselves are fast.

    ## What it leaves alone
    Roles whose name says that they watch the server, what runs inside functions, and small
    shares.  What steers a session, such as BEGIN and SET, is not in a snapshot and not counted.

    ## Before you act
    A test of connections has its reason: a firewall or a failover that drops them in silence.
    Test less often rather than never.

    ## Example
        SELECT query, calls FROM pg_stat_statements ORDER BY calls DESC LIMIT 10;
    """
    eviction = case.gates.gate("eviction")
    if eviction.state is GateState.CLOSED:
        # What is called often stays, and what is evicted is missing in the sum of all calls.
        raise SkipRule(eviction.detail)
    if case.statement_window.days is None:
        raise SkipRule(f"nobody knows how often statements run: {case.statement_window.note}")
    total = sum(statement.calls for statement in case.snapshot.statements)
    for kind, statements in _by_kind(case).items():
        calls = sum(statement.calls for statement in statements)
        per_day = calls / case.statement_window.days if case.statement_window.days else 0.0
        is_much = calls >= limits.min_calls_ratio * total
        if is_much and per_day >= limits.min_calls_per_day_count:
            yield _finding(kind, statements, calls / total, per_day)


def _by_kind(case: Case) -> Mapping[_Kind, list[Statement]]:
    groups: dict[_Kind, list[Statement]] = defaultdict(list)
    for statement in case.snapshot.statements:
        usage = case.usage.get(statement.id)
        is_counted = statement.source == "pg_stat_statements" and statement.is_top_level
        if usage is None or not is_counted or _is_monitoring(statement):
            continue
        kind = next((kind for kind, is_such in _KINDS if is_such(statement, usage)), None)
        if kind is not None:
            groups[kind].append(statement)
    return groups


def _is_monitoring(statement: Statement) -> bool:
    return bool(statement.roles) and all(
        any(word in role.lower() for word in _MONITORING_WORDS) for role in statement.roles
    )


def _is_ping(statement: Statement, usage: StatementUsage) -> bool:
    words = statement.text.lower().rstrip("; ").split()
    return (
        usage.kind is StatementKind.SELECT
        and len(words) == 2  # noqa: PLR2004  (SELECT and a constant)
        and (words[1].removeprefix("$").isdigit() or words[1] in {"''", "'x'", "true"})
    )


def _reads_catalog(_statement: Statement, usage: StatementUsage) -> bool:
    """All that it reads is what the snapshot has no tables of: the system's own."""
    return (
        usage.kind is StatementKind.SELECT
        and not usage.relations
        and bool(usage.unresolved)
        and all(name.startswith(_CATALOG_PREFIXES) for name in usage.unresolved)
    )


_KINDS: tuple[tuple[_Kind, Callable[[Statement, StatementUsage], bool]], ...] = (
    (_PINGS, _is_ping),
    (_CATALOG, _reads_catalog),
)


def _finding(kind: _Kind, statements: list[Statement], ratio: float, per_day: float) -> Finding:
    often = sorted(statements, key=lambda statement: -statement.calls)
    return Finding(
        subject=kind.subject,
        identity=kind.identity,
        summary=f"{format_ratio(ratio)} of all calls are {kind.subject}: "
        f"{format_count(per_day)} a day",
        evidence=(
            Evidence(
                name="calls a day",
                value=round(per_day),
                unit="calls",
                source="pg_stat_statements.calls",
            ),
            Evidence(
                name="share of all calls",
                value=round(ratio, 4),
                unit="ratio",
                source="pg_stat_statements.calls",
            ),
            Evidence(
                name="the most frequent",
                value=often[0].text[:100],
                source="pg_stat_statements.query",
            ),
        ),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=("roles that watch the server are not counted",),
        remedies=(ManualSteps(title=f"Fewer {kind.subject}", steps=kind.steps),),
        impact=Impact(risk=kind.risk),
        statement_ids=tuple(statement.id for statement in statements),
    )
