"""Which settings the planner alone looks at: they may be changed on somebody's server, too."""

from __future__ import annotations

import re

_PLANNING = re.compile(
    r"enable_[a-z_]+|(seq_page|random_page|cpu_[a-z_]+|parallel_[a-z]+)_cost"
    r"|geqo(_[a-z_]+)?|(from|join)_collapse_limit|jit(_[a-z_]+_cost)?|work_mem|hash_mem_multiplier"
    r"|effective_cache_size|effective_io_concurrency|cursor_tuple_fraction|constraint_exclusion"
    r"|recursive_worktable_factor|max_parallel_workers_per_gather|min_parallel_[a-z]+_scan_size"
    r"|parallel_leader_participation|force_parallel_mode|debug_parallel_query"
)
_EXECUTION = frozenset({"effective_io_concurrency"})
"""What no cost of the planner depends on, and carrying out the plan does."""


def is_planner_setting(name: str) -> bool:
    """It changes plans, and nothing else that the session does."""
    return _PLANNING.fullmatch(name.lower()) is not None


def is_for_execution(name: str) -> bool:
    """The planner does not look at it, so that planning with another value tells nothing."""
    return name.lower() in _EXECUTION


def is_costed(name: str) -> bool:
    """Planning with another value tells what comes of it."""
    return is_planner_setting(name) and not is_for_execution(name)
