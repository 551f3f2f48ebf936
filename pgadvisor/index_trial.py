"""Which new indexes would help one statement most, and what its plan becomes with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pgadvisor.advice import Advice
from pgadvisor.emit.index_trial import IndexTrial
from pgadvisor.emit.what_if import TriedIndex, WhatIf
from pgadvisor.model.action import CreateIndex
from pgadvisor.model.budget import Budget
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.parse.workload import statements_of
from pgadvisor.pipeline import Progress, advise
from pgadvisor.sqltext.actions import all_steps_of
from pgadvisor.sqltext.index import create_index_sql
from pgadvisor.whatif.twin import Twin

CALLS_PER_DAY = 1_000.0
"""What a statement is weighed with that nobody has counted, against what writes pay."""
_NAME = "statement"


def indexes_for(
    snapshot: Snapshot,
    text: str,
    *,
    budget: Budget | None = None,
    calls_per_day: float = CALLS_PER_DAY,
    planner: Callable[[Snapshot], Twin] = Twin,
    progress: Progress | None = None,
) -> IndexTrial:
    """Choose indexes for a statement as if it were all that is asked of the database.

    Args:
        snapshot: The database.
        text: The statement; literals in it matter, ``$n`` are unknown values.
        budget: Bounds of the choice.
        calls_per_day: How often it runs; what writes to its tables pay is held against that.
        planner: Makes the twin that shows the plans.
        progress: Told what is going on.

    Raises:
        UsageError: It is no statement that has a plan.
        RefusedError: The twin cannot plan it.
        ClusterError: The twin cannot be started.
    """
    [statement] = statements_of(_NAME, text)
    weighed = replace(statement, weight=calls_per_day)
    advice = advise(
        snapshot, budget=budget, workload=(weighed,), workload_only=True, progress=progress
    )
    wanted = tuple(
        create_index_sql(index.candidate.definition, index.name) for index in advice.choice.chosen
    )
    if progress is not None:
        progress("planning with the indexes", 0, 0)
    with planner(snapshot) as twin:
        tried = _tried(twin, text, wanted)
    return IndexTrial(tried=tried, choice=advice.choice, sql=_sql(advice))


def _tried(twin: Twin, text: str, wanted: tuple[str, ...]) -> WhatIf:
    before = twin.explain(text)
    if not wanted:
        return WhatIf(statement=text, before=before)
    made = [(sql, twin.create(sql)) for sql in wanted]
    return WhatIf(
        statement=text,
        before=before,
        after=twin.explain(text, create=wanted),
        created=tuple(
            TriedIndex(
                statement=sql,
                name=one.name,
                size_bytes=one.size_bytes,
                part_names=one.part_names,
                notes=(*one.notes, *one.size_notes),
            )
            for sql, one in made
        ),
    )


def _sql(advice: Advice) -> tuple[str, ...]:
    """As the migration creates the chosen indexes, partition by partition where there are any."""
    chosen = {index.candidate.definition for index in advice.choice.chosen}
    actions = [
        action
        for made in advice.recommendations
        for action in made.actions
        if isinstance(action, CreateIndex) and action.index in chosen
    ]
    return tuple(statement for step in all_steps_of(actions) for statement in step.up)
