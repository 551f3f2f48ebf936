"""Large tables that one process reads alone though nothing seems to forbid workers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    GiB,
    ManualSteps,
    Outcome,
    PlacedNode,
    Provenance,
    Severity,
    at_nodes,
    executed_nodes,
    format_ms,
    format_size,
    qualified,
    rule,
    table_of,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    is_maintenance,
    is_worth_it,
    measured,
    own_time,
    setting_in_plan,
    unmeasured,
    without_buffers,
)

_WANTED = "max_parallel_workers_per_gather"
_USUAL_WORKERS = 2
_WRITERS = {"ModifyTable", "LockRows"}
_STOPS_EARLY = {"Limit"}
_GATHERS = {"Gather", "Gather Merge"}
_SAFE = "s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a scan is large enough for workers."""

    min_table_bytes: int = 1 * GiB
    """What the scan reads of the table."""

    min_time_ms: float = 1_000.0
    """What the scan takes by itself."""

    min_time_ratio: float = 0.3
    """The same as a share of the plan's time."""

    max_returned_ratio: float = 0.2
    """Rows that the scan hands up, as a share of those it reads, unless an aggregate is above it:
    handing many over costs more than reading them side by side saves."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("executed-plans",))
def serial_large_scan(case: Case, limits: Limits) -> Outcome:
    """One process reads a large table alone, though workers could read it with it.

    ## Why it matters
    A table of gigabytes of which few rows are kept, or that is added up, can be read by several
    processes at once.  A single function that is not marked PARALLEL SAFE, as none of a user's
    own is unless it says so, makes the planner give up workers for the whole statement.

    ## What it leaves alone
    Small tables and short scans; plans that have workers; statements that write, lock rows,
    or stop early; scans that hand up many rows; temporary tables; tables with
    ``parallel_workers = 0``; and servers, roles or sessions with
    ``max_parallel_workers_per_gather = 0``, as that is how workers are forbidden.  What can be
    saved is at most the workers' part of the scan's own time: with two workers, two thirds.

    ## Before you act
    An index that finds the rows comes first.  Workers help where processors are idle.  A
    cursor, a serializable transaction and a driver that fetches in portions get no workers,
    either; no plan tells.  Mark a function PARALLEL SAFE only if it writes nothing and uses no
    state of the session.

    ## Example
        SELECT oid::regprocedure FROM pg_proc
         WHERE proparallel <> 's' AND pronamespace = 'public'::regnamespace;
        ALTER FUNCTION net_price(numeric) PARALLEL SAFE;
        ALTER FUNCTION net_price(numeric) PARALLEL UNSAFE;  -- the way back
    """
    yield from unmeasured(case)
    yield from without_buffers(case)
    found = (
        _finding(case, node)
        for node in executed_nodes(case)
        if node.node.node_type == "Seq Scan"
        and not node.node.parallel_aware
        and is_worth_it(node, node.exclusive_ms, limits)
        and _read_bytes(case, node) >= limits.min_table_bytes
        and not _is_forbidden(case, node)
        and _is_reduced(node, limits)
    )
    yield from worst_of_each(found)


def _read_bytes(case: Case, node: PlacedNode) -> float:
    """By the blocks that one of its loops touched."""
    blocks = node.use.exclusive_buffers.touched_blocks / max(node.use.loops, 1.0)
    return blocks * case.snapshot.server.block_size_bytes


def _is_forbidden(case: Case, node: PlacedNode) -> bool:
    """Something is known for which there are no workers, or the user wants none."""
    around = [above.node.node_type for above in node.ancestors()]
    root = node.execution.plan.root
    table = table_of(case, node.node)
    return (
        bool((_WRITERS | _GATHERS | _STOPS_EARLY).intersection(around))
        or any(below.node_type in _WRITERS for below in root.walk())
        or is_maintenance(node.execution)
        or _workers(case, node) == 0
        or (table is not None and table.persistence == "t")
        or (table is not None and table.option_values.get("parallel_workers") == "0")
    )


def _is_reduced(node: PlacedNode, limits: Limits) -> bool:
    read = node.use.rows + node.use.removed_rows
    if node.use.rows <= limits.max_returned_ratio * read:
        return True
    return any(above.node.node_type == "Aggregate" for above in node.ancestors())


def _workers(case: Case, node: PlacedNode) -> int:
    """How many workers a plan may have."""
    setting = case.snapshot.server.setting(_WANTED)
    value = setting_in_plan(node.execution, _WANTED) or (setting.value if setting else "")
    return int(value) if value.isdigit() else _USUAL_WORKERS


def _saved_ms(case: Case, node: PlacedNode) -> float:
    workers = _workers(case, node)
    return node.exclusive_ms * workers / (workers + 1)


def _unsafe_functions(case: Case, node: PlacedNode) -> tuple[str, ...]:
    """Functions of the user's that the plan calls and that get no workers."""
    texts = [
        text
        for each in node.execution.plan.root.walk()
        for text in (each.filter, each.join_filter, each.index_condition, *each.output)
        if text
    ]
    texts.append(node.execution.plan.query_text or "")
    return tuple(
        f"{qualified(function.schema, function.name)}({function.arguments})"
        for function in case.snapshot.functions
        if function.parallel != _SAFE
        and any(re.search(rf'\b{re.escape(function.name)}"?\(', text) for text in texts)
    )


def _finding(case: Case, node: PlacedNode) -> Finding:
    unsafe = _unsafe_functions(case, node)
    finding = Finding(
        subject=node.name,
        summary=f"{node.name} reads {format_size(_read_bytes(case, node))} in one process, "
        f"{format_ms(node.exclusive_ms)} long",
        detail=f"It calls {', '.join(unsafe)}, which gets no workers." if unsafe else "",
        evidence=tuple(_evidence(case, node)),
        provenance=Provenance.MEASURED,
        confidence=Confidence.HIGH if unsafe else Confidence.LOW,
        guards=(
            "it neither writes, locks rows nor stops early",
            f"{_WANTED} is not known to be 0",
            "few rows are handed up, or an aggregate is above it",
        ),
        remedies=(
            ManualSteps(title="Find out why it has no workers", steps=tuple(_steps(node, unsafe))),
        ),
    )
    return at_nodes(finding, [node], saved_ms=_saved_ms(case, node))


def _evidence(case: Case, node: PlacedNode) -> Iterator[Evidence]:
    yield measured(node, "read of the table", round(_read_bytes(case, node)), "bytes")
    yield own_time(node)
    yield Evidence(
        name=_WANTED,
        value=_workers(case, node),
        source="pg_settings, EXPLAIN (SETTINGS), or PostgreSQL's default",
    )


def _steps(node: PlacedNode, unsafe: tuple[str, ...]) -> Iterator[str]:
    yield "See first whether an index finds the rows."
    for function in unsafe:
        yield (
            f"`ALTER FUNCTION {function} PARALLEL SAFE`, if it writes nothing and uses no state of "
            "the session; the way back is `PARALLEL UNSAFE`."
        )
    if not unsafe:
        yield (
            "Look for functions of your own in the statement that are not marked PARALLEL SAFE: "
            "`SELECT oid::regprocedure, proparallel FROM pg_proc WHERE proparallel <> 's'`."
        )
    yield (
        f"See that the planner knows the size of the table: `ANALYZE {node.node.relation}`; and "
        "that it runs in no cursor and no serializable transaction."
    )
