"""What the original says."""

from __future__ import annotations

import psycopg

from pgadvisor.model.plan import Plan
from pgadvisor.parse.explain import plan_from_object

EXPLAIN = "explain (format json, verbose, settings) "


def original_plan(connection: psycopg.Connection, statement: str) -> Plan:
    """Plan a statement on a real server."""
    row = connection.execute((EXPLAIN + statement).encode()).fetchone()
    assert row is not None
    return plan_from_object(row[0])


def cost_error(original: Plan, other: Plan) -> float:
    """|other - original| / original, of the total costs."""
    return abs(other.total_cost - original.total_cost) / original.total_cost
