"""What an analysis is given beside a snapshot, put together: one snapshot, values, plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pgadvisor.choose.executed import executed_statements, logged_executions
from pgadvisor.choose.logged import logged_statements
from pgadvisor.history.delta import delta
from pgadvisor.model.execution import Execution
from pgadvisor.model.log import LogDigest
from pgadvisor.model.snapshot import Snapshot, Unavailable
from pgadvisor.model.statement import Statement, Statements
from pgadvisor.parse.plans.execution import with_statements
from pgadvisor.standbys.merge import with_standbys
from pgadvisor.whatif.parameters import LoggedValues, logged_values


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """All that is to be judged."""

    snapshot: Snapshot
    """With the statements of files, logs and plans; its counters those of the window."""
    logged: Mapping[str, LoggedValues] = field(default_factory=dict)
    """By statement id, the values of calls that logs tell."""
    executions: tuple[Execution, ...] = ()
    """Executed plans, given and logged."""


@dataclass(frozen=True)
class Added:
    """What there is beside snapshots; the fields are arguments of ``advise``."""

    workload: Sequence[Statement] = ()
    workload_only: bool = False
    logs: LogDigest | None = None
    plans: Sequence[Execution] = ()


def gather(
    snapshot: Snapshot,
    since: Snapshot | None,
    standbys: Sequence[Snapshot],
    added: Added,
) -> Inputs:
    """Put together what ``advise`` is given.

    Args:
        snapshot: The database.
        since: An earlier one, or None.
        standbys: Of its standbys.
        added: Everything else.

    Raises:
        UsageError: The earlier snapshot, or one of a standby, does not belong to this one.
    """
    snapshot = with_standbys(delta(snapshot, since) if since else snapshot, standbys)
    snapshot = _with_workload(snapshot, added.workload, is_alone=added.workload_only)
    inputs = Inputs(snapshot=snapshot)
    if added.logs is not None:
        inputs = _with_logs(snapshot, added.logs)
    found = with_statements((*inputs.executions, *added.plans), inputs.snapshot.statements)
    new = executed_statements(found, inputs.snapshot)
    return replace(
        inputs,
        snapshot=_with_statements(inputs.snapshot, new),
        executions=with_statements(found, new) if new else found,
    )


def _with_workload(
    snapshot: Snapshot, workload: Sequence[Statement], *, is_alone: bool
) -> Snapshot:
    if is_alone:
        return replace(snapshot, statements=Statements(rows=tuple(workload)), plans=())
    return _with_statements(snapshot, workload)


def _with_statements(snapshot: Snapshot, added: Sequence[Statement]) -> Snapshot:
    if not added:
        return snapshot
    return replace(snapshot, statements=Statements(rows=(*snapshot.statements, *added)))


def _with_logs(snapshot: Snapshot, logs: LogDigest) -> Inputs:
    """Add the statements of logs, and find values of calls, and plans."""
    executions, unread = logged_executions(logs, snapshot.server.database)
    snapshot = _with_statements(snapshot, logged_statements(logs, snapshot))
    missing = [_unread(reason) for reason in unread]
    values: Mapping[str, LoggedValues] = {}
    if snapshot.redaction.level == "none":
        values = logged_values(logs, snapshot)
    else:
        missing.append(_REDACTED)
    snapshot = replace(snapshot, unavailable=(*snapshot.unavailable, *missing))
    return Inputs(snapshot=snapshot, logged=values, executions=executions)


def _unread(reason: str) -> Unavailable:
    return Unavailable(
        what="some plans of auto_explain in the log",
        reason=reason,
        consequence="they are not judged",
        remedy="Cut-off messages are the usual cause: see the server's log collector.",
    )


_REDACTED = Unavailable(
    what="values of the log",
    reason="the snapshot is redacted, and its pseudonyms would not meet real values",
    consequence="statements are planned for values of the statistics",
    remedy="Analyse the server itself, or a snapshot taken with --redact none.",
)
