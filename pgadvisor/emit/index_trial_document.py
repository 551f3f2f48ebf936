"""New indexes for statements as values of the explain document."""

from __future__ import annotations

from pgadvisor.emit import explain_document as doc
from pgadvisor.emit.index_trial import IndexTrial, StatementTrial
from pgadvisor.emit.plan_tree import tree_lines
from pgadvisor.model.plan import Plan
from pgadvisor.sqltext.index import describe_index

_WIDTH = 10_000
"""No line of a plan is broken."""


def index_trial_part(tried: StatementTrial) -> doc.IndexTrialPart:
    """What was tried for one statement, as it may be shown."""
    trial = tried.trial
    before = trial.tried.before if trial is not None else None
    after = trial.tried.after if trial is not None else None
    return doc.IndexTrialPart(
        source=tried.source,
        reason_untried=tried.why_not or (trial.choice.unavailable_reason if trial else ""),
        cost_before=before.total_cost if before is not None else None,
        cost_after=after.total_cost if after is not None else None,
        plan_before=_lines(before),
        plan_after=_lines(after),
        indexes=tuple(_indexes(trial, after)) if trial is not None and after is not None else (),
        sql=trial.sql if trial is not None else (),
        is_runnable=trial.is_runnable if trial is not None else True,
        rejected=_rejected(trial) if trial is not None else (),
    )


def _lines(plan: Plan | None) -> tuple[str, ...]:
    return () if plan is None else tree_lines(plan, _WIDTH)


def _indexes(trial: IndexTrial, after: Plan) -> list[doc.TriedIndexPart]:
    return [
        doc.TriedIndexPart(
            name=index.name,
            size_bytes=index.size_bytes,
            is_used=index.is_used(after),
            notes=index.notes,
        )
        for index in trial.tried.created
    ]


def _rejected(trial: IndexTrial) -> tuple[doc.RejectedIndexPart, ...]:
    return tuple(
        doc.RejectedIndexPart(
            index=describe_index(each.candidate.definition), code=each.code, reason=each.reason
        )
        for each in trial.choice.rejected
    )
