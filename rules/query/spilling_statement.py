"""Statements whose sorts and hashes do not fit into memory."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pgadvisor.rulekit import (
    HASH_MULTIPLIER,
    MS_PER_DAY,
    Action,
    Case,
    ChangeSetting,
    Confidence,
    Evidence,
    Finding,
    Impact,
    KiB,
    ManualSteps,
    MiB,
    Outcome,
    Provenance,
    Severity,
    Statement,
    StatementKind,
    change_for_role,
    format_ms,
    format_ratio,
    format_size,
    hash_multiplier_of,
    rule,
    share_of_time,
    spills_in_hashes_alone,
    value_for_role,
    wanted_multiplier,
    work_mem_mib,
)

_SETTING = "work_mem"
_IN_MEMORY = 2.0
"""Rows take about so many times the room in memory that they take in a file."""
_STEPS_WITHOUT_MEMORY = 2
_FIRST_VERSION = (1, 10)
"""Of pg_stat_statements that measures temporary files, with track_io_timing."""
_REVIEW_REASON = (
    "each {what} of each session of the role may take it: sort and hash less first, then try it in "
    "one transaction, and measure"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Which statements spill enough to matter."""

    min_temp_bytes: int = 8 * MiB
    """Written to temporary files in a call, on average."""

    min_share_ratio: float = 0.005
    """Share of the workload's execution time."""

    min_file_time_ratio: float = 0.1
    """Share of writing and reading temporary files in its time, where that is measured; with less
    they stay in the system's cache, and more memory gains next to nothing."""

    max_work_mem_bytes: int = 512 * MiB
    """More than this is not proposed for any statement."""

    max_hash_mem_multiplier_ratio: float = 8.0
    """Where more would be needed, or sorts spill as well, ``work_mem`` is proposed."""

    max_memory_ratio: float = 0.25
    """Of the memory beside ``shared_buffers``, where the machine's is known: what all sessions
    that are at work may take together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Memory:
    """What gives statements the memory that they need."""

    setting: str
    value: str
    """In base units."""
    size_bytes: int
    """That a sort or hash may take then."""

    @property
    def is_for_hashes(self) -> bool:
        """Sorts get no more."""
        return self.setting == HASH_MULTIPLIER

    @property
    def shown(self) -> str:
        """As SET takes it."""
        value = self.value if self.is_for_hashes else f"'{int(self.value) * KiB // MiB}MB'"
        return f"{self.setting} = {value}"


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def spilling_statement(case: Case, limits: Limits) -> Outcome:
    """A statement writes temporary files.

    ## Why it matters
    A sort or hash larger than ``work_mem`` goes through temporary files: what it writes it reads
    again, and on a busy disk everybody waits.

    ## What it leaves alone
    Statements that write little, or that take little of the workload's time, and utility
    statements such as CREATE INDEX, which have ``maintenance_work_mem``.

    ## Before you act
    More memory is the last resort, and never for the whole server: ``work_mem`` is taken for
    each sort and hash of each session.  While temporary files stay in the operating system's
    cache, it may gain nothing at all: where PostgreSQL 15 and ``track_io_timing`` tell that they
    take less than a tenth of the statement's time, it is a remark, and no memory is advised; else
    measure.  Where ``[machine]`` of the configuration says how
    much memory there is, no more is proposed than the sessions at work can have at once.
    Where plans tell that nothing but hashes writes files of the role that runs it,
    ``hash_mem_multiplier`` gives them as much, and sorts no more than they have.

    ## Example
        SELECT customer_id, sum(total) FROM orders GROUP BY customer_id ORDER BY 2 DESC;
        BEGIN; SET LOCAL work_mem = '64MB'; SELECT ...; COMMIT;
    """
    groups: dict[str, list[Statement]] = defaultdict(list)
    for statement in case.snapshot.statements:
        usage = case.usage.get(statement.id)
        if usage is None or usage.kind is StatementKind.UTILITY or statement.calls == 0:
            continue
        temp_bytes = _temp_bytes_per_call(case, statement)
        share = case.share_of_all((statement,))
        if temp_bytes >= limits.min_temp_bytes and share >= limits.min_share_ratio:
            groups[case.shape_of(statement)].append(statement)
    felt = [each for each in groups.values() if _is_felt(case, each, limits)]
    needs = _Needs(case, limits, {_role_of(each[0]) for each in groups.values()})
    changes = needs.changes(felt)
    for statements in groups.values():
        if statements in felt:
            yield _finding(case, statements, needs, changes.get(_role_of(statements[0])))
        else:
            yield _remark(_finding(case, statements, needs, None))


def _role_of(statement: Statement) -> str:
    return next(iter(statement.roles), "")


def _temp_bytes_per_call(case: Case, statement: Statement) -> float:
    block_bytes = case.snapshot.server.block_size_bytes
    return statement.temp_blocks_written * block_bytes / statement.calls


def _file_time_ratio(case: Case, statements: Sequence[Statement]) -> float | None:
    """What temporary files take of the time of statements; None: it is not measured."""
    info, timing = (
        case.snapshot.server.statements_info,
        case.snapshot.server.setting("track_io_timing"),
    )
    total_ms = sum(statement.total_time_ms for statement in statements)
    is_measured = info is not None and info.version >= _FIRST_VERSION
    if not is_measured or timing is None or timing.value != "on" or total_ms <= 0:
        return None
    return sum(statement.temp_block_time_ms for statement in statements) / total_ms


def _is_felt(case: Case, statements: Sequence[Statement], limits: Limits) -> bool:
    ratio = _file_time_ratio(case, statements)
    return ratio is None or ratio >= limits.min_file_time_ratio


def _remark(finding: Finding) -> Finding:
    """The same without more memory, which would gain little."""
    return replace(
        finding,
        detail=f"{finding.detail}  Its files take little of that, so that more memory would gain "
        "next to nothing.",
        remedies=tuple(
            replace(action, steps=action.steps[:_STEPS_WITHOUT_MEMORY])
            if isinstance(action, ManualSteps)
            else action
            for action in finding.remedies
        ),
        severity=Severity.INFO,
    )


def _most_bytes(case: Case, limits: Limits) -> int:
    """What a sort or hash may take at most, as far as the machine is known."""
    server, memory_bytes = case.snapshot.server, case.machine.memory_bytes
    buffers = server.setting("shared_buffers")
    if memory_bytes is None or buffers is None:
        return limits.max_work_mem_bytes
    rest_bytes = max(memory_bytes - int(buffers.value) * server.block_size_bytes, 0)
    fair_bytes = int(limits.max_memory_ratio * rest_bytes / _busy_sessions(case))
    return min(limits.max_work_mem_bytes, fair_bytes)


def _busy_sessions(case: Case) -> float:
    """Sessions at work, now or on average of the window, whichever are more; one at least."""
    server, days = case.snapshot.server, case.counter_window.days
    now = sum(one.count for one in server.connections or () if one.state == "active")
    active_ms = server.activity.active_time_ms
    average = active_ms / (days * MS_PER_DAY) if active_ms and days else 0.0
    return max(now, average, 1.0)


class _Needs:
    """Memory for the statements of each role, within what there is.

    Args:
        case: What is judged.
        limits: What is proposed at most.
        roles: Whose statements spill.
    """

    def __init__(self, case: Case, limits: Limits, roles: Iterable[str]) -> None:
        self._case = case
        self._most_ratio = limits.max_hash_mem_multiplier_ratio
        self.most_bytes = _most_bytes(case, limits)
        self._with_hashes = {role for role in roles if role and spills_in_hashes_alone(case, role)}

    def memory(self, role: str, temp_bytes: float) -> _Memory:
        """What a statement of a role needs that writes so much in a call."""
        mib = work_mem_mib(_IN_MEMORY * temp_bytes)
        multiplier = self._multiplier(role, _IN_MEMORY * temp_bytes)
        return _Memory(
            setting=_SETTING if multiplier is None else HASH_MULTIPLIER,
            value=str(mib * MiB // KiB) if multiplier is None else f"{multiplier:g}",
            size_bytes=mib * MiB,
        )

    def _multiplier(self, role: str, needed_bytes: float) -> float | None:
        """None: sorts spill as well, or it would have to be too large."""
        value = value_for_role(self._case.snapshot.server, role, _SETTING)
        if role not in self._with_hashes or value is None:
            return None
        return wanted_multiplier(
            self._case, needed_bytes, int(value) * KiB, most_ratio=self._most_ratio
        )

    def changes(self, groups: Iterable[Sequence[Statement]]) -> dict[str, ChangeSetting]:
        """By role, what the greediest of its statements needs: a role has one value for all."""
        wanted: dict[str, float] = {}
        for statements in groups:
            role, temp_bytes = (
                _role_of(statements[0]),
                _temp_bytes_per_call(self._case, statements[0]),
            )
            if role and self.memory(role, temp_bytes).size_bytes <= self.most_bytes:
                wanted[role] = max(temp_bytes, wanted.get(role, 0.0))
        memories = {role: self.memory(role, size) for role, size in wanted.items()}
        return {
            role: self._change(role, memory)
            for role, memory in memories.items()
            if self._is_more(role, memory)
        }

    def _is_more(self, role: str, memory: _Memory) -> bool:
        if memory.is_for_hashes:
            return float(memory.value) > hash_multiplier_of(self._case, role)
        now = value_for_role(self._case.snapshot.server, role, _SETTING)
        return int(memory.value) > int(now or 0)

    def _change(self, role: str, memory: _Memory) -> ChangeSetting:
        reason = _REVIEW_REASON.format(what="hash" if memory.is_for_hashes else "sort and hash")
        server = self._case.snapshot.server
        return change_for_role(server, role, memory.setting, memory.value, review_reason=reason)


def _finding(
    case: Case, statements: list[Statement], needs: _Needs, change: ChangeSetting | None
) -> Finding:
    statement = statements[0]
    memory = needs.memory(_role_of(statement), _temp_bytes_per_call(case, statement))
    temp_bytes = _temp_bytes_per_call(case, statement)
    work_mem = case.snapshot.server.setting(_SETTING)
    now = f"{format_size(int(work_mem.value) * 1024)}" if work_mem else "unknown"
    tables = sorted(
        {
            case.catalog.tables[relation.table_oid].qualified_name
            for relation in case.usage[statement.id].relations
            if relation.table_oid in case.catalog.tables
        }
    )
    return Finding(
        subject=", ".join(tables) or f"statement {statement.id}",
        identity=case.shape_of(statement),
        summary=f"A statement on {', '.join(tables) or 'no table'} writes "
        f"{format_size(temp_bytes)} of temporary files in each call",
        detail=f"It takes {format_ms(statement.mean_time_ms)} on average; work_mem is {now}.",
        evidence=(
            Evidence(
                name="temporary files a call",
                value=round(temp_bytes),
                unit="bytes",
                source="pg_stat_statements.temp_blks_written",
            ),
            Evidence(name="work_mem", value=now, source="pg_settings"),
            *_multiplier_now(case, statement, memory),
            share_of_time(case.share_of_all((statement,))),
            *_file_time(case, statements),
        ),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.HIGH,
        guards=(
            "it is no utility statement",
            f"it takes {format_ratio(case.share_of_all((statement,)))} of the workload's time",
            *(("nothing but hashes writes files, as plans tell",) if memory.is_for_hashes else ()),
        ),
        remedies=_remedies(memory, needs.most_bytes, change),
        impact=Impact(risk="sorting and hashing waits for the disk"),
        statement_ids=tuple(s.id for s in statements),
    )


def _file_time(case: Case, statements: Sequence[Statement]) -> Iterator[Evidence]:
    ratio = _file_time_ratio(case, statements)
    if ratio is not None:
        yield Evidence(
            name="share of temporary files in its time",
            value=round(ratio, 4),
            unit="ratio",
            source="pg_stat_statements.temp_blk_read_time, temp_blk_write_time",
        )


def _multiplier_now(case: Case, statement: Statement, memory: _Memory) -> Iterator[Evidence]:
    if memory.is_for_hashes:
        yield Evidence(
            name=HASH_MULTIPLIER,
            value=hash_multiplier_of(case, _role_of(statement)),
            unit="times work_mem",
            source="pg_settings, pg_db_role_setting",
        )


def _remedies(memory: _Memory, most_bytes: int, change: ChangeSetting | None) -> tuple[Action, ...]:
    """Less to sort first, then memory for this statement alone."""
    steps = [
        (
            "Sort and group less: leave out columns that are not needed until the end, filter "
            "before the join, and join the wide rows to the few that remain."
        ),
        "See whether an index gives the order, so that nothing has to be sorted.",
    ]
    is_affordable = memory.size_bytes <= most_bytes
    if is_affordable:
        steps.append(
            f"If it has to be: `SET LOCAL {memory.shown}` in its transaction, and "
            "measure; for the role that runs it only where most of what it runs is like it, and "
            "never for the whole server."
        )
    else:
        steps.append(
            f"It would need about {format_size(memory.size_bytes)} of memory for each run, which "
            "is more than a session should take: keep a summary table instead."
        )
    manual = ManualSteps(title="Keep the statement from spilling to disk", steps=tuple(steps))
    return (manual,) if change is None or not is_affordable else (manual, change)
