"""Why a plan leaves a hypothetical index alone: asked of the planner, not guessed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from pgadvisor.errors import RefusedError
from pgadvisor.model.plan import Plan

NO_WAY = "nothing in the statement can be looked up in it"
DEARER = "the planner finds another way cheaper"

_SEQUENTIAL = {"enable_seqscan": "off"}
_PENALTY = 1e9
"""Costs above it hold the penalty that majors before 18 add for what is switched off."""


class Explains(Protocol):
    """What plans; see :meth:`pgadvisor.whatif.twin.Twin.explain`."""

    def explain(
        self,
        statement: str,
        *,
        create: Iterable[str] = (),
        settings: Mapping[str, str] | None = None,
        unseen: Iterable[int] = (),
    ) -> Plan:
        """Plan one statement as if the database were different."""
        ...


def why_unused(
    twin: Explains,
    statement: str,
    create: str,
    names: Collection[str],
    *,
    rivals: Collection[int] = (),
    settings: Mapping[str, str] | None = None,
) -> str:
    """Plan a statement with an index where the planner is kept from its rivals.

    Args:
        twin: Plans.
        statement: One that is planned without the index though it is there.
        create: The CREATE INDEX.
        names: What plans call the index and its parts.
        rivals: OIDs of the other indexes on its table, those of constraints among them.
        settings: What the statement is planned under.

    Returns:
        A clause, with what it would cost where that is known; empty where the planner does not
        tell.
    """
    forced = {**(settings or {}), **_SEQUENTIAL}
    for unseen in ((), rivals):
        try:
            plan = twin.explain(statement, create=(create,), settings=forced, unseen=unseen)
        except RefusedError:
            return ""
        if plan.index_names.isdisjoint(names):
            continue
        relations = {node.relation for node in plan.root.walk() if node.relation}
        # Other tables are kept from their sequential scans too, and that is in the cost.
        is_alone = len(relations) == 1 and plan.total_cost < _PENALTY
        return f"with it, it would cost {plan.total_cost:,.2f}" if is_alone else DEARER
    return NO_WAY
