"""Plans of partitioned tables with all of their partitions.

EXPLAIN EXECUTE drops from a generic plan the partitions that its values exclude, and with them the
indexes that they are read by; a NULL excludes them all.  The costs it prints count them.  (EXPLAIN
with GENERIC_PLAN, of PostgreSQL 16 and later, leaves them in.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pgadvisor.model.plan import Plan
from pgadvisor.whatif.backend import NotPlanned

PRUNING = "enable_partition_pruning"
_REMOVED = "Subplans Removed"
_ROUNDING = 1e-9


def is_cut(plan: Plan) -> bool:
    """Partitions are left out of it."""
    return any(
        key == _REMOVED and value != "0" for node in plan.root.walk() for key, value in node.extra
    )


def whole_plan(
    outcome: Plan | NotPlanned, ask_again: Callable[[], Plan | NotPlanned]
) -> Plan | NotPlanned:
    """The same plan with its partitions, if some are left out.

    Without pruning none is, neither then nor while the statement is planned.  If that costs the
    same, it is the same plan.

    Args:
        outcome: What the planner said.
        ask_again: Plans the statement with ``enable_partition_pruning`` off.
    """
    if not isinstance(outcome, Plan) or not is_cut(outcome):
        return outcome
    whole = ask_again()
    if not isinstance(whole, Plan):
        return outcome
    if abs(whole.total_cost - outcome.total_cost) > _ROUNDING * outcome.total_cost:
        return outcome
    return replace(whole, settings=outcome.settings)
