"""The whole product on one screen: from a snapshot to advice.

::

    snapshot -> usage -> rules -> candidates -> what-if -> choice -> costed rules
             -> recommendations -> migration -> advice
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

from pgadvisor.advice import Advice
from pgadvisor.choose.coherence import coherent
from pgadvisor.choose.joint_drops import with_proof
from pgadvisor.choose.recommend import recommend, redacted_definitions, unseen_drops
from pgadvisor.choose.rewrites import with_costs
from pgadvisor.choose.setting_effect import told_by_trials
from pgadvisor.choose.simulate import Simulation, simulate
from pgadvisor.config import Config
from pgadvisor.diagnose.baseline import compare
from pgadvisor.diagnose.engine import changed_limits, diagnose, diagnose_choice
from pgadvisor.diagnose.gates import evaluate_gates
from pgadvisor.diagnose.suppress import idle_suppressions
from pgadvisor.emit.fidelity import describe_fidelity
from pgadvisor.emit.migration import build_migration
from pgadvisor.errors import ClusterError
from pgadvisor.inputs import Added, Inputs, gather
from pgadvisor.model.advice import Recommendation
from pgadvisor.model.baseline import Baseline
from pgadvisor.model.budget import Budget
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.choice import Choice
from pgadvisor.model.execution import Execution
from pgadvisor.model.finding import Diagnosis
from pgadvisor.model.log import LogDigest
from pgadvisor.model.sensitivity import PlansByValue
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import Statement
from pgadvisor.parse.usage import usage_of
from pgadvisor.propose.references import implied_references
from pgadvisor.registry import load_rules
from pgadvisor.rulekit import AnyRule, Case
from pgadvisor.snapshotfile import describe_redaction
from pgadvisor.whatif.backend import Backend
from pgadvisor.whatif.twin import Twin
from pgadvisor.whatif.twin.workers import twin_of

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is (0: unknown)."""


def advise(  # noqa: PLR0913  (each has a default, and all but the first go by keyword)
    snapshot: Snapshot,
    *,
    budget: Budget | None = None,
    config: Config | None = None,
    since: Snapshot | None = None,
    standbys: Sequence[Snapshot] = (),
    baseline: Baseline | None = None,
    only_new: bool = False,
    rule_directories: Sequence[Path] = (),
    workload: Sequence[Statement] = (),
    workload_only: bool = False,
    logs: LogDigest | None = None,
    plans: Sequence[Execution] = (),
    migration_format: str = "plain",
    planner: Callable[[Snapshot], Backend] | None = None,
    today: date | None = None,
    show_literals: bool = False,
    progress: Progress | None = None,
) -> Advice:
    """Analyse a snapshot.

    Args:
        snapshot: What ``collect`` or ``load`` returned.
        budget: Bounds of the index choice.
        config: Limits, gates and suppressions; see ``load_config``.
        since: An earlier snapshot of the same database: what was counted since then is judged.
        standbys: Snapshots of the database's standbys, each of which counts its own scans.
        baseline: Findings that are known; see ``load_baseline``.
        only_new: Leave these out of report and migration.
        rule_directories: Directories with rules of your own.
        workload: Statements beside those of the snapshot, such as ``read_workload`` returns.
        workload_only: Take them in the place of the snapshot's.
        logs: What ``read_logs`` returned: values of calls, and statements that the counters lack.
        plans: What ``read_executions`` returned: they are judged, and correct what plans cost.
        migration_format: ``plain``, ``alembic`` or ``django``.
        planner: Answers what-if questions: ``functools.partial(HypoPG, dsn)``; None: the twin.
        today: The day on which expiry is looked at; None: the snapshot's own.
        show_literals: Let the advice hold values of statements and of plans.
        progress: Told what is going on.

    Raises:
        ConfigError: A rule, a limit or a format that does not exist.
        UsageError: The earlier snapshot, or one of a standby, does not belong to this one.
        UnusableHypoPGError: The planner is HypoPG, and its server cannot be used.
    """
    started, settings, bounds = time.monotonic(), config or Config(), budget or Budget()
    rules, day = load_rules(tuple(rule_directories)), today or snapshot.server.collected_at.date()
    added = Added(workload, workload_only, logs, plans, show_literals)
    given = gather(snapshot, since, standbys, added)
    case = _case_of(given, settings, progress)
    diagnosis = diagnose(case, rules, settings, today=day)
    asked, judge = planner or _twin_for(case), partial(_judge, case, rules, settings, day)
    simulation = simulate(case, diagnosis.findings, bounds, asked, judge, progress, given.logged)
    found = _told_by(diagnosis, simulation)  # what is known took part in the choice, too
    diagnosis, known = compare(found, baseline, today=day, is_only_new=only_new)
    made = _recommended(diagnosis, simulation, case)
    return Advice.assemble(
        case=case,
        diagnosis=diagnosis,
        simulation=simulation,
        recommendations=made,
        migration=build_migration(made, format=migration_format),
        budget=bounds,
        lowered_limits=changed_limits(settings, rules),
        idle_suppressions=idle_suppressions(settings.suppress, found.keys()),
        baseline=known,
        analysis_time_ms=(time.monotonic() - started) * 1000,
        show_literals=show_literals,
    )


def _case_of(given: Inputs, config: Config, progress: Progress | None) -> Case:
    calls = {statement_id: values.calls for statement_id, values in given.logged.items()}
    case = build_case(given.snapshot, config, progress, given.executions)
    return replace(case, logged_calls=calls)


def build_case(
    snapshot: Snapshot,
    config: Config | None = None,
    progress: Progress | None = None,
    executions: Sequence[Execution] = (),
) -> Case:
    """Parse the workload and evaluate the gates: what every rule is given."""
    settings = config or Config()
    catalog = Catalog(snapshot)
    usage = {}
    for position, statement in enumerate(snapshot.statements, start=1):
        if (found := usage_of(statement.id, statement.text, catalog)) is not None:
            usage[statement.id] = found
        if progress is not None:
            progress("reading statements", position, len(snapshot.statements))
    return Case(
        catalog=catalog,
        usage=usage,
        gates=evaluate_gates(snapshot, settings.gates, executions=len(executions)),
        limits=settings.gates,
        machine=settings.machine,
        pools=settings.pools,
        executions=tuple(executions),
    )


def _judge(
    case: Case,
    rules: Mapping[str, AnyRule],
    settings: Config,
    day: date,
    choice: Choice,
    by_value: tuple[PlansByValue, ...],
) -> Diagnosis:
    """What the rules say that look at the choice."""
    judged = replace(case, fidelity=choice.fidelity, plans_by_value=by_value)
    return diagnose_choice(judged, choice, rules, settings, today=day)


def _told_by(diagnosis: Diagnosis, simulation: Simulation) -> Diagnosis:
    """What all rules have found, with what the planner says of it."""
    diagnosis = with_proof(diagnosis, simulation.checked_drops)
    findings = told_by_trials(diagnosis.findings, simulation.setting_trials)
    found = _joined(replace(diagnosis, findings=findings), simulation.costed)
    return replace(found, findings=with_costs(found.findings, simulation.rewrites))


def _recommended(
    diagnosis: Diagnosis, simulation: Simulation, case: Case
) -> tuple[Recommendation, ...]:
    choice = simulation.choice
    made = recommend(diagnosis.findings, choice, _refused(case, simulation))
    return coherent(made, case, choice)


def _twin_for(case: Case) -> Callable[[Snapshot], Backend]:
    """The twin, which is told what the workload knows of undeclared foreign keys."""
    return partial(twin_of, references=implied_references(case.usage.values(), case.catalog))


def _refused(case: Case, simulation: Simulation) -> dict[tuple[str, str], str]:
    """Indexes that the migration is not to drop, by schema and name, with the reason."""
    return {
        **unseen_drops(case),
        **simulation.refused_drops,
        **redacted_definitions(case.snapshot),
    }


def _joined(first: Diagnosis, second: Diagnosis) -> Diagnosis:
    return Diagnosis(
        findings=first.findings + second.findings,
        skipped=first.skipped + second.skipped,
        clear=first.clear + second.clear,
        suppressed=first.suppressed + second.suppressed,
        broken=first.broken + second.broken,
    )


def redaction_cost(original: Snapshot, redacted: Snapshot, progress: Progress | None = None) -> str:
    """Say in one sentence what redaction costs in fidelity: two twins, compared.

    Args:
        original: As it was collected.
        redacted: As it was saved.
        progress: Told what is going on.
    """
    done = describe_redaction(redacted.redaction)
    if redacted.redaction.level == "none":
        return done
    if not any(plan.plan for plan in original.plans):
        return f"{done}\nWhat that costs is not known, since the server explained no statement."
    measured: list[str] = []
    for snapshot in (original, redacted):
        if progress is not None:
            progress("measuring what redaction costs", len(measured), 2)
        try:
            with Twin(snapshot) as twin:
                measured.append(describe_fidelity(twin.fidelity()))
        except ClusterError as error:
            return f"{done}\nWhat that costs is not known: {error.happened}."
    return f"{done}\nThe twin plans like the original: {measured[1]} (unredacted: {measured[0]})."
