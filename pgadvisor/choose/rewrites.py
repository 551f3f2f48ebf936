"""What the planner makes of statements that are written differently."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pgadvisor.model.action import (
    Action,
    IndexDefinition,
    ManualSteps,
    RewriteCost,
    RewriteStatement,
)
from pgadvisor.model.finding import Finding
from pgadvisor.model.plan import Plan
from pgadvisor.whatif.backend import AS_IS, Backend, Configuration, NotPlanned

Costed = Mapping[RewriteStatement, Action]
"""What becomes of each rewrite: it has a cost, or it is left out."""


def cost_rewrites(
    findings: Iterable[Finding], backend: Backend, indexes: frozenset[IndexDefinition]
) -> Costed:
    """Plan the old and the new text of each rewrite.

    A rewrite that the planner refuses, though it plans the old text, is left out: steps with the
    reason stand in its place.

    Args:
        findings: With the rewrites.
        backend: The planner, which has built the indexes.
        indexes: What the same advice creates.
    """
    rewrites = tuple(
        dict.fromkeys(
            action
            for finding in findings
            for action in finding.remedies
            if isinstance(action, RewriteStatement)
        )
    )
    settings = [AS_IS, *([Configuration(create=indexes)] if indexes else [])]
    questions = [
        question
        for one in rewrites
        for question in ((one.before, AS_IS), *((one.after, setting) for setting in settings))
    ]
    plans = iter(backend.plans(questions))
    return {one: _judged(one, [next(plans) for _ in range(1 + len(settings))]) for one in rewrites}


def with_costs(findings: Iterable[Finding], costed: Costed) -> tuple[Finding, ...]:
    """The findings with what has become of their rewrites."""
    return tuple(
        replace(
            finding,
            remedies=tuple(
                costed.get(action, action) if isinstance(action, RewriteStatement) else action
                for action in finding.remedies
            ),
        )
        for finding in findings
    )


def _judged(rewrite: RewriteStatement, plans: list[Plan | NotPlanned]) -> Action:
    before, after, *with_indexes = plans
    if isinstance(before, NotPlanned):
        return replace(rewrite, cost_note=f"the planner refuses the old text: {before.reason}")
    if isinstance(after, NotPlanned):
        return ManualSteps(
            title="Write the statement differently",
            steps=(
                f"A rewrite is left out, as the planner refuses it ({after.reason}).",
                "Write it by hand.",
            ),
        )
    better = [plan.total_cost for plan in with_indexes if isinstance(plan, Plan)]
    return replace(
        rewrite,
        cost=RewriteCost(
            before=before.total_cost,
            after=after.total_cost,
            after_with_indexes=better[0] if better else None,
        ),
    )
