"""Statements that are planned once for all values, and how to have them planned for each."""

from __future__ import annotations

from collections.abc import Sequence

from pgadvisor.model.action import ManualSteps
from pgadvisor.rulekit.case import Case
from pgadvisor.sqltext.quote import quote_identifier

PLAN_CACHE_MODE = "plan_cache_mode"


def is_plan_cache_decided(case: Case, roles: Sequence[str]) -> bool:
    """Somebody has set it already, for the server or for all of these roles."""
    server = case.snapshot.server
    setting = server.setting(PLAN_CACHE_MODE)
    if setting is not None and setting.value != "auto":
        return True
    decided = {
        s.role for s in server.role_settings if s.name == PLAN_CACHE_MODE and s.value != "auto"
    }
    return bool(roles) and decided.issuperset(roles)


def plan_for_each_value(roles: Sequence[str]) -> ManualSteps:
    """What to do, for the roles that run the statement; empty: they are not known."""
    quoted = [quote_identifier(role) for role in roles] or ["..."]
    return ManualSteps(
        title="Plan the statement for each value",
        steps=(
            (
                "See whether it is prepared on the server at all: drivers do so after some "
                "executions (`prepareThreshold` of JDBC, `prepare_threshold` of psycopg)."
            ),
            *(
                f"`ALTER ROLE {role} SET {PLAN_CACHE_MODE} = force_custom_plan`, for all "
                f"statements of the role; the way back is `ALTER ROLE {role} RESET "
                f"{PLAN_CACHE_MODE}`."
                for role in quoted
            ),
            f"For one transaction: `SET LOCAL {PLAN_CACHE_MODE} = force_custom_plan`.",
        ),
    )
