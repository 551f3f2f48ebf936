"""All that the planner is asked in one analysis: fidelity, candidates, drops, values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeVar

from pgadvisor.choose.chooser import IndexChooser
from pgadvisor.choose.inquiry import Progress
from pgadvisor.choose.joint_drops import joint_drops, proven_duplicates, wanted_drops
from pgadvisor.choose.logged import with_logged_values
from pgadvisor.choose.rewrites import Costed, cost_rewrites
from pgadvisor.choose.setting_trial import SettingTrial, try_settings
from pgadvisor.choose.workload import UNKNOWN_WINDOW_DAYS, Workload, weigh, with_proposals
from pgadvisor.choose.write_cost import WriteCost
from pgadvisor.errors import ClusterError, HypoPGError
from pgadvisor.model.action import ChangeSetting
from pgadvisor.model.budget import Budget
from pgadvisor.model.choice import Choice
from pgadvisor.model.finding import Diagnosis, Finding
from pgadvisor.model.sensitivity import PlansByValue
from pgadvisor.model.snapshot import Snapshot, Unavailable
from pgadvisor.propose.indexes import propose_indexes
from pgadvisor.rulekit import Case
from pgadvisor.whatif.backend import Backend
from pgadvisor.whatif.parameters import LoggedValues, PinnedValues, survey

Value = TypeVar("Value")

Judge = Callable[[Choice, tuple[PlansByValue, ...]], Diagnosis]
"""Runs the rules that look at the choice, and at how plans depend on values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What the planner said."""

    choice: Choice = field(default_factory=Choice)
    refused_drops: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By schema and name, why the planner wants an index to stay."""
    checked_drops: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """By schema and name of indexes that may go: how many statements were planned without it."""
    setting_trials: Mapping[ChangeSetting, SettingTrial] = field(default_factory=dict)
    """What planner settings that findings want to change do to the plans of the workload."""
    plans_by_value: tuple[PlansByValue, ...] = ()
    """Of the statements that take most time, with the values that were tried."""
    costed: Diagnosis = field(default_factory=Diagnosis)
    """What the rules say that look at the choice."""
    rewrites: Costed = field(default_factory=dict)
    """What becomes of the rewrites of all rules."""
    unavailable: tuple[Unavailable, ...] = ()


def simulate(
    case: Case,
    findings: Sequence[Finding],
    budget: Budget,
    planner: Callable[[Snapshot], Backend],
    judge: Judge | None = None,
    progress: Progress | None = None,
    logged: Mapping[str, LoggedValues] = MappingProxyType({}),
) -> Simulation:
    """Choose indexes, check drops and cost rewrites with one planner.

    Where the planner fails, the analysis goes on without, and says so.

    Args:
        case: The snapshot with its usage.
        findings: Of the rules so far; their proposals compete, their drops are checked.
        budget: Bounds of the choice.
        planner: Makes the planner out of the snapshot.
        judge: Runs the rules that look at the choice; None: there are none.
        progress: Told as statements are costed.
        logged: By statement id, the values of calls that a log tells.

    Raises:
        UnusableHypoPGError: HypoPG was asked for, and its server cannot be used.
    """
    if progress is not None:
        progress("starting the planner", 0, 0)
    try:
        with planner(case.snapshot) as backend:
            asked = _ask(case, findings, budget, backend, progress, logged)
            costed = judge(asked.choice, asked.plans_by_value) if judge else Diagnosis()
            chosen = frozenset(index.candidate.definition for index in asked.choice.chosen)
            rewrites = cost_rewrites((*findings, *costed.findings), backend, chosen)
            return replace(asked, costed=costed, rewrites=rewrites)
    except (ClusterError, HypoPGError) as error:
        missing = Unavailable(
            what="HypoPG" if isinstance(error, HypoPGError) else "the planner twin",
            reason=f"{error.attempted}: {error.happened}",
            consequence="no index is proposed for its saving, and no drop, rewrite or setting is "
            "checked",
            remedy=error.next_step,
            is_failure=True,
        )
        choice = Choice(unavailable_reason=f"{missing.what} failed: {missing.reason}")
        return Simulation(
            choice=choice,
            refused_drops=_unchecked(case, findings),
            costed=judge(choice, ()) if judge else Diagnosis(),
            unavailable=(missing,),
        )


def _ask(
    case: Case,
    findings: Sequence[Finding],
    budget: Budget,
    backend: Backend,
    progress: Progress | None,
    logged: Mapping[str, LoggedValues],
) -> Simulation:
    catalog, usages = case.catalog, tuple(case.usage.values())
    fidelity = backend.fidelity()
    workload = weigh(
        tuple(case.snapshot.statements), case.usage, catalog, case.statement_window.days
    )
    candidates = propose_indexes(catalog, usages, case.limits)
    workload, candidates = with_proposals(workload, candidates, findings, case.usage, catalog)
    pinned = _pinned(workload)
    workload = with_logged_values(workload, logged, backend)
    days = case.counter_window.days or UNKNOWN_WINDOW_DAYS
    chooser = IndexChooser(
        workload.statements,
        candidates,
        backend,
        WriteCost(catalog, usages, days, workload.statements),
        catalog=catalog,
        executions=case.executions,
        progress=progress,
    )
    choice = chooser.choose(budget, with_frontier=True)
    drops = joint_drops(case, findings, choice, workload.statements, backend)
    chosen = frozenset(index.candidate.definition for index in choice.chosen)
    trials = try_settings(findings, workload.statements, catalog, backend, chosen)
    by_value = survey(
        backend,
        case.snapshot.statements,
        case.usage,
        catalog,
        pinned=pinned,
        logged=logged,
        progress=progress,
    )
    choice = replace(
        choice,
        superseded=tuple(s for s in choice.superseded if s.index_oid in drops.checked),
        covered_time_ratio=workload.covered_time_ratio,
        assumed=workload.assumed,
        rebuilt_sizes=backend.rebuilt_sizes(_large_btrees(case)),
        fidelity=fidelity,
        what_if_calls=backend.call_count,
    )
    return Simulation(
        choice=choice,
        refused_drops=_by_name(case, drops.refused),
        checked_drops=_by_name(case, drops.checked),
        setting_trials=trials,
        plans_by_value=by_value,
    )


def _pinned(workload: Workload) -> dict[str, PinnedValues]:
    """Statements of which an index or a rule tells what they ask for."""
    words = dict(workload.assumed)
    return {
        statement.id: PinnedValues(text=statement.text, words=words[statement.id])
        for statement in workload.statements
        if statement.id in words
    }


def _large_btrees(case: Case) -> tuple[int, ...]:
    """Indexes with a length of their own that is worth a look, parts of partitioned ones too."""
    return tuple(
        index.oid
        for index in case.snapshot.indexes
        if index.access_method == "btree"
        and index.size_bytes >= case.limits.min_table_bytes
        and index.table_oid in case.catalog.tables
    )


def _unchecked(case: Case, findings: Sequence[Finding]) -> dict[tuple[str, str], str]:
    """Drops that only a planner could show to be harmless, where there was none."""
    proven = proven_duplicates(case)
    return {
        (index.schema, index.name): "no planner could show that no statement needs it"
        for index in wanted_drops(case, findings)
        if index.oid not in proven
    }


def _by_name(case: Case, by_oid: Mapping[int, Value]) -> dict[tuple[str, str], Value]:
    indexes = case.catalog.indexes
    return {(indexes[oid].schema, indexes[oid].name): found for oid, found in by_oid.items()}
