"""A choice of two indexes with all that is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.candidate import Candidate, StatementEffect
from pgadvisor.model.choice import (
    Choice,
    ChosenIndex,
    FrontierPoint,
    Optimality,
    SupersededIndex,
)
from pgadvisor.sqltext.index import index_name
from pgadvisor.units import KiB, MiB

SUPERSEDED_OID = 77
OPTIMALITY = Optimality(
    saved_per_day=19_950.0, bound_per_day=20_250.0, total_per_day=20_550.0, rounds=2
)


def a_choice(
    first: IndexDefinition, second: IndexDefinition, effects: Sequence[StatementEffect]
) -> Choice:
    """Two indexes, the first of which does nearly all; the second serves the last statement.

    Args:
        first: For all statements.
        second: For the last one.
        effects: Of both together.
    """
    names = index_name(first), index_name(second)
    return Choice(
        chosen=(
            ChosenIndex(
                candidate=Candidate(
                    definition=first,
                    statement_ids=("1", "2"),
                    reason="equality on customer_id, order by created_at",
                    size_bytes=3 * MiB,
                ),
                name=names[0],
                effects=tuple(effects),
                saved_ms_per_day=20_000.0,
                written_entries_per_day=500.0,
                write_ms_per_day=12.0,
                marginal_per_day=19_800.0,
                losses=tuple(_lost(effect) for effect in effects),
                build_ms=4_200.0,
                size_notes=("how many rows the predicate leaves is a guess",),
            ),
            ChosenIndex(
                candidate=Candidate(
                    definition=second,
                    statement_ids=("2",),
                    reason="equality on lower(name)",
                    size_bytes=1 * MiB,
                ),
                name=names[1],
                effects=tuple(effects[-1:]),
                saved_ms_per_day=80.0,
                written_entries_per_day=1.0,
                marginal_per_day=90.0,
                notes=("lower(name) has no statistics",),
            ),
        ),
        superseded=(
            SupersededIndex(
                index_oid=SUPERSEDED_OID,
                by=(names[0],),
                size_bytes=20 * MiB,
                freed_entries_per_day=480.0,
                saved_per_day=11.0,
            ),
        ),
        effects=tuple(effects),
        is_measured=True,
        optimality=OPTIMALITY,
        frontier=FRONTIER,
        geometric_mean_ratio=0.02,
        what_if_calls=40,
        costed_statements=2,
        total_statements=3,
        covered_time_ratio=0.98,
        uncosted=(("3", "could not be planned: column is missing"),),
        assumed=(("1", "status = 'pending'"),),
    )


def a_point(
    budget_bytes: int,
    index_bytes: int,
    saved_per_day: float,
    bound_per_day: float,
    *,
    index_count: int = 2,
    is_chosen: bool = False,
) -> FrontierPoint:
    """A point of the frontier."""
    return FrontierPoint(
        budget_bytes=budget_bytes,
        index_bytes=index_bytes,
        index_count=index_count,
        saved_per_day=saved_per_day,
        bound_per_day=bound_per_day,
        is_chosen=is_chosen,
    )


FRONTIER = (
    a_point(512 * KiB, 500 * KiB, 9_000.0, 9_400.0, index_count=1),
    a_point(1 * MiB, 1 * MiB, 14_000.0, 15_500.0, index_count=1),
    a_point(2 * MiB, 1_600 * KiB, 17_000.0, 18_200.0),
    a_point(4 * MiB, 4 * MiB, 19_950.0, 20_250.0, is_chosen=True),
    a_point(8 * MiB, 6 * MiB, 20_100.0, 20_400.0, index_count=4),
    a_point(16 * MiB, 6 * MiB, 20_100.0, 20_400.0, index_count=4),
)


def _lost(effect: StatementEffect) -> StatementEffect:
    """What becomes of a statement without the index: all is as it was before."""
    return replace(effect, cost_before=effect.cost_after, cost_after=effect.cost_before)
