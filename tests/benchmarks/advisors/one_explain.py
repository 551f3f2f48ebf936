"""One EXPLAIN a statement: simulate an index on each of its columns, and take what is used.

The way of supabase's ``index_advisor``, which looks at one statement at a time: here its answers
for all statements are put together, and a budget is filled by benefit for each byte.
"""

from __future__ import annotations

from tests.benchmarks.advisors.cost_model import Indexes, Objective
from tests.benchmarks.advisors.db2advis import credits_of, fill


def one_explain(objective: Objective, budget_bytes: int) -> Indexes:
    """Choose indexes of one key."""
    return fill(credits_of(objective, width=1), budget_bytes)
