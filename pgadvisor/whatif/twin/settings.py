"""The original's settings in the session that plans."""

from __future__ import annotations

import re

from pgadvisor.model.server import Server
from pgadvisor.sqltext.quote import quote_identifier
from pgadvisor.whatif.twin.batch import Command
from pgadvisor.whatif.twin.session import TwinServer, refusal_of

_PLANNING = re.compile(
    r"enable_\w+|(seq_page|random_page|cpu_\w+|parallel_\w+)_cost|geqo\w*|\w+_collapse_limit"
    r"|jit(_\w+_cost)?|work_mem|hash_mem_multiplier|effective_cache_size|cursor_tuple_fraction"
    r"|constraint_exclusion|recursive_worktable_factor|max_parallel_workers_per_gather"
    r"|min_parallel_\w+_size|parallel_leader_participation|debug_parallel_query"
    r"|force_parallel_mode|DateStyle|IntervalStyle|TimeZone|default_text_search_config"
    r"|array_nulls|transform_null_equals|bytea_output"
)
"""What the planner looks at, and what decides how a value is read.

How string constants are read stays as it is by default: a text is shown to be one statement by a
parser that reads them so, and has to be one for the server too.
"""
_RENAMED = {
    "force_parallel_mode": "debug_parallel_query",
    "debug_parallel_query": "force_parallel_mode",
}
"""Older and newer names, for where a server does not know the one."""
_SWITCH = re.compile(r"enable_\w+")
_SET = "select pg_catalog.set_config($1, $2, false)"


def take_over_settings(server: TwinServer, original: Server) -> list[str]:
    """Give the role's session the original's settings and search path; returns what it refuses.

    Defaults are compared too: they are not the same in all majors.  A way of planning that an
    older original does not know is switched off.

    Raises:
        TwinError: The server is gone.
    """
    here = dict(server.query("select name, setting from pg_settings"))
    theirs = {s.name: s.value for s in original.settings if _PLANNING.fullmatch(s.name)}
    wanted = {
        name if name in here else _RENAMED.get(name, name): value for name, value in theirs.items()
    }
    if theirs and server.cluster.binaries.major > original.major:
        unknown = (name for name in here if _SWITCH.fullmatch(name) and name not in wanted)
        wanted.update(dict.fromkeys(unknown, "off"))
    different = [(name, value) for name, value in wanted.items() if here.get(name) != value]
    path = ", ".join(map(quote_identifier, original.search_path))
    different.append(("search_path", path))
    results = server.run_each(Command(_SET, pair) for pair in different)
    return [
        f"setting {name} is not taken over: {reason}"
        for (name, _), result in zip(different, results, strict=True)
        if (reason := refusal_of(result)) is not None
    ]
