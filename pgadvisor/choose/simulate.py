"""All that the planner is asked in one analysis: fidelity, candidates, drops, values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pgadvisor.choose.chooser import IndexChooser
from pgadvisor.choose.drops import check_drops
from pgadvisor.choose.inquiry import Progress
from pgadvisor.choose.rewrites import Costed, cost_rewrites
from pgadvisor.choose.workload import UNKNOWN_WINDOW_DAYS, Workload, weigh, with_proposals
from pgadvisor.choose.write_cost import WriteCost
from pgadvisor.errors import ClusterError, HypoPGError
from pgadvisor.model.action import DropIndex
from pgadvisor.model.budget import Budget
from pgadvisor.model.choice import Choice
from pgadvisor.model.finding import Diagnosis, Finding
from pgadvisor.model.schema import Index
from pgadvisor.model.sensitivity import PlansByValue
from pgadvisor.model.snapshot import Snapshot, Unavailable
from pgadvisor.propose.indexes import propose_indexes
from pgadvisor.rulekit import Case
from pgadvisor.whatif.backend import Backend
from pgadvisor.whatif.parameters import PinnedValues, survey
from pgadvisor.whatif.undroppable import why_not_droppable

Judge = Callable[[Choice, tuple[PlansByValue, ...]], Diagnosis]
"""Runs the rules that look at the choice, and at how plans depend on values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What the planner said."""

    choice: Choice = field(default_factory=Choice)
    refused_drops: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By schema and name, why the planner wants an index to stay."""
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

    Raises:
        UnusableHypoPGError: HypoPG was asked for, and its server cannot be used.
    """
    if progress is not None:
        progress("starting the planner", 0, 0)
    try:
        with planner(case.snapshot) as backend:
            asked = _ask(case, findings, budget, backend, progress)
            costed = judge(asked.choice, asked.plans_by_value) if judge else Diagnosis()
            chosen = frozenset(index.candidate.definition for index in asked.choice.chosen)
            rewrites = cost_rewrites((*findings, *costed.findings), backend, chosen)
            return replace(asked, costed=costed, rewrites=rewrites)
    except (ClusterError, HypoPGError) as error:
        missing = Unavailable(
            what="HypoPG" if isinstance(error, HypoPGError) else "the planner twin",
            reason=f"{error.attempted}: {error.happened}",
            consequence="no index is proposed for its saving; no drop and no rewrite is checked",
            remedy=error.next_step,
            is_failure=True,
        )
        costed = judge(Choice(), ()) if judge else Diagnosis()
        return Simulation(unavailable=(missing,), costed=costed)


def _ask(
    case: Case,
    findings: Sequence[Finding],
    budget: Budget,
    backend: Backend,
    progress: Progress | None,
) -> Simulation:
    catalog, usages = case.catalog, tuple(case.usage.values())
    fidelity = backend.fidelity()
    workload = weigh(
        tuple(case.snapshot.statements), case.usage, catalog, case.statement_window.days
    )
    candidates = propose_indexes(catalog, usages, case.limits)
    workload, candidates = with_proposals(workload, candidates, findings, case.usage, catalog)
    days = case.counter_window.days or UNKNOWN_WINDOW_DAYS
    chooser = IndexChooser(
        workload.statements,
        candidates,
        backend,
        WriteCost(catalog, usages, days, workload.statements),
        catalog=catalog,
        progress=progress,
    )
    choice = chooser.choose(budget, with_frontier=True)
    wanted = _drops(case, findings)
    kept = {i.oid: reason for i in wanted if (reason := why_not_droppable(catalog, i))}
    drops = tuple(index for index in wanted if index.oid not in kept)
    chosen = frozenset(index.candidate.definition for index in choice.chosen)
    check = check_drops(drops, workload.statements, backend, chosen)
    names = {index.oid: (index.schema, index.name) for index in wanted}
    by_value = survey(
        backend,
        case.snapshot.statements,
        case.usage,
        catalog,
        pinned=_pinned(workload),
        progress=progress,
    )
    choice = replace(
        choice,
        covered_time_ratio=workload.covered_time_ratio,
        assumed=workload.assumed,
        fidelity=fidelity,
        what_if_calls=backend.call_count,
    )
    return Simulation(
        choice=choice,
        refused_drops={names[oid]: why for oid, why in (kept | dict(check.refused)).items()},
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


def _drops(case: Case, findings: Sequence[Finding]) -> tuple[Index, ...]:
    wanted = {
        (action.schema, action.name)
        for finding in findings
        for action in finding.remedies
        if isinstance(action, DropIndex)
    }
    return tuple(
        index
        for index in case.snapshot.indexes
        if (index.schema, index.name) in wanted and index.is_valid
    )
