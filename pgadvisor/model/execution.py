"""One execution of a statement with its plan, and whose statement it is."""

from __future__ import annotations

from dataclasses import dataclass

from pgadvisor.model.executed_plan import ExecutedPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """An executed plan with where it comes from."""

    plan: ExecutedPlan
    source: str
    """Where anybody finds it: ``slow.json``, ``plan 2 of slow.txt``, ``auto_explain``."""
    fingerprint: str = ""
    """Of the statement's text; empty: the plan comes without one, or it does not parse."""
    statement_id: str | None = None
    """The statement of the workload that it is a plan of; None: of none that is known."""
