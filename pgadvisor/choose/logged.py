"""What a log adds to the workload: values for its statements, and statements of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from pgadvisor.choose.workload import Workload
from pgadvisor.model.candidate import WeightedStatement
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.log import LogDigest, LoggedStatement
from pgadvisor.model.plan import Plan
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import Statement
from pgadvisor.model.usage import StatementKind
from pgadvisor.model.window import statement_window
from pgadvisor.parse.usage import usage_of
from pgadvisor.units import SECONDS_PER_DAY
from pgadvisor.whatif.backend import Backend, Configuration
from pgadvisor.whatif.parameters.logged import LoggedValues

MAX_ADDED = 200
"""Statements of a log that the counters do not have, those of most time."""
MAX_PLANNED_CALLS = 12
_LEAST_DAYS = 1 / 24
_MOMENT_LENGTH = len("2026-03-31 12:00:00")


def with_logged_values(
    workload: Workload, logged: Mapping[str, LoggedValues], backend: Backend
) -> Workload:
    """Cost statements for a call that was really made: the one nearest to the mean cost of all.

    Statements that particular values are assumed of already are left as they are.

    Args:
        workload: The statements.
        logged: By statement id, their calls in a log.
        backend: The planner.

    Raises:
        TwinError: The planner is gone.
    """
    assumed = dict(workload.assumed)
    statements: list[WeightedStatement] = []
    for statement in workload.statements:
        calls = None if statement.id in assumed else logged.get(statement.id)
        text = _typical(statement, calls, backend) if calls is not None else None
        if calls is not None and text is not None:
            count = len(calls.calls)
            which = f" nearest to the mean of {count}" if count > 1 else ""
            assumed[statement.id] = f"the values of the logged call{which}"
            statement = replace(statement, text=text)  # noqa: PLW2901  (with its values)
        statements.append(statement)
    return replace(workload, statements=tuple(statements), assumed=tuple(sorted(assumed.items())))


def _typical(statement: WeightedStatement, calls: LoggedValues, backend: Backend) -> str | None:
    """The text whose cost is nearest to the mean of all; None: the planner takes none of them."""
    texts = calls.texts.most_common(MAX_PLANNED_CALLS)
    under = Configuration(settings=statement.settings)
    plans = backend.plans([(text, under) for text, _ in texts])
    costs = [
        (plan.total_cost, count, text)
        for plan, (text, count) in zip(plans, texts, strict=True)
        if isinstance(plan, Plan)
    ]
    if not costs:
        return None
    mean = sum(cost * count for cost, count, _ in costs) / sum(count for _, count, _ in costs)
    _, _, nearest = min(costs, key=lambda one: (abs(one[0] - mean), one[2]))
    return nearest


def logged_statements(digest: LogDigest, snapshot: Snapshot) -> tuple[Statement, ...]:
    """Statements of a log that the snapshot has not, weighed by their calls a day.

    Their time is that of their calls in the log, for as long as the snapshot's counters run.  They
    have to be of this database: the log says so, or it tells none; and their tables are here.

    Args:
        digest: What was read.
        snapshot: What is known already.
    """
    known = {statement.fingerprint for statement in snapshot.statements}
    catalog = Catalog(snapshot)
    return tuple(_new(digest, known, catalog))[:MAX_ADDED]


def _new(digest: LogDigest, known: set[str], catalog: Catalog) -> Iterator[Statement]:
    days = max(_days(digest), _LEAST_DAYS)
    counted_days = statement_window(catalog.snapshot).days or 1.0
    for logged in digest.statements:
        if not _is_wanted(logged, known, catalog):
            continue
        known.add(logged.fingerprint)
        calls_per_day, mean_ms = logged.calls / days, logged.times.mean_ms
        yield Statement(
            id=_id(logged),
            text=logged.text,
            source="workload",
            fingerprint=logged.fingerprint,
            weight=calls_per_day,
            mean_time_ms=mean_ms,
            total_time_ms=calls_per_day * counted_days * mean_ms,
        )


def _is_wanted(logged: LoggedStatement, known: set[str], catalog: Catalog) -> bool:
    is_here = logged.database in {"", catalog.snapshot.server.database}
    if not logged.fingerprint or logged.fingerprint in known or not logged.calls or not is_here:
        return False
    usage = usage_of(_id(logged), logged.text, catalog)
    return usage is not None and usage.kind is not StatementKind.UTILITY and bool(usage.relations)


def _id(logged: LoggedStatement) -> str:
    return f"log:{logged.fingerprint}"


def _days(digest: LogDigest) -> float:
    """How long the log is, in days; 0: it does not tell."""
    try:
        first, last = (
            datetime.fromisoformat(text[:_MOMENT_LENGTH])
            for text in (digest.first_at, digest.last_at)
        )
    except ValueError:
        return 0.0
    return (last - first).total_seconds() / SECONDS_PER_DAY
