"""Executed plans of sessions in which a method of the planner is switched off."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pgadvisor.rulekit import (
    Action,
    Case,
    Confidence,
    Evidence,
    Finding,
    ManualSteps,
    Outcome,
    PlacedNode,
    Provenance,
    Severity,
    SkipRule,
    at_nodes,
    change_for_role,
    change_where_set,
    format_ms,
    rule,
    value_for_role,
    worst_of_each,
)
from pgadvisor.rulekit.plans import (
    at_plan,
    executed_roots,
    measured,
    role_of,
    unmeasured,
)

_OFF_BY_DEFAULT = {"enable_partitionwise_aggregate", "enable_partitionwise_join"}
_SCANS = ("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan", "Bitmap Index Scan")
_JOINS = ("Nested Loop", "Hash Join", "Hash", "Merge Join", "Materialize", "Memoize")
_SORTS = ("Sort", "Incremental Sort")
_GROUPS = ("Aggregate", "Group", "Unique", "SetOp")
_PARALLEL = ("Gather", "Gather Merge")
_INSTEAD: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("enable_seqscan", "enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan"),
        (*_SCANS, *_SORTS),
    ),
    "enable_tidscan": _SCANS,
    **dict.fromkeys(
        ("enable_hashjoin", "enable_mergejoin", "enable_nestloop", "enable_parallel_hash"),
        (*_JOINS, *_SORTS, *_SCANS),
    ),
    "enable_material": _JOINS,
    "enable_memoize": (*_JOINS, *_SCANS),
    **dict.fromkeys(("enable_sort", "enable_incremental_sort"), (*_SORTS, *_SCANS, *_JOINS)),
    "enable_hashagg": (*_GROUPS, *_SORTS, *_SCANS),
    "enable_presorted_aggregate": (*_GROUPS, *_SORTS),
    "enable_group_by_reordering": (*_GROUPS, *_SORTS),
    "enable_distinct_reordering": (*_GROUPS, *_SORTS),
    "enable_gathermerge": (*_PARALLEL, *_SORTS),
    "enable_partition_pruning": ("Append", "MergeAppend", "Merge Append", *_SCANS),
}
"""Of a method that is off, the nodes that could be others with it; without entry: all."""
_REVIEW = "somebody switched it off for a reason: try it in one transaction first"
_FORBIDDEN_COST = 1e10
"""The planner added so much to what was off, before PostgreSQL 18."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When it matters."""

    min_time_ms: float = 10.0
    """What the nodes took that could be otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Off:
    """A method that is off in a plan."""

    name: str
    nodes: tuple[PlacedNode, ...]
    """What could be otherwise with it."""
    is_used_all_the_same: bool

    @property
    def time_ms(self) -> float:
        return sum(node.exclusive_ms for node in self.nodes)


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("executed-plans",))
def planner_method_off(case: Case, limits: Limits) -> Outcome:
    """A method of the planner is switched off where a statement was run.

    ## Why it matters
    ``enable_seqscan = off`` and its like were made to find out why a plan is chosen.  Left in a
    configuration, a role or the code of an application, they forbid what is right for the next
    statement, or for the same one a year later.  What the planner cannot do without, it uses all
    the same, and its other choices get worse, as before PostgreSQL 18 such a plan costs ten
    thousand million, next to which no difference counts.

    ## What it leaves alone
    Methods that are off by default; methods that are on; plans without ``SETTINGS``, which do not
    tell; and plans in which nothing that takes long could be otherwise.  What can be saved is at
    most what those nodes took that the method could replace: a scan by a scan, a join with its
    sides by a join.

    ## Before you act
    Somebody switched it off for a reason: look for it, mend that (an estimate, an index, a cost),
    and switch it on for one transaction first.  For a single statement that is planned wrongly,
    ``SET LOCAL`` in its transaction is the right place, and can stay.

    ## Example
        EXPLAIN (ANALYZE, SETTINGS) SELECT * FROM orders WHERE total > 0;
        -- Settings: enable_seqscan = 'off'
        ALTER ROLE web IN DATABASE shop RESET enable_seqscan;
    """
    yield from unmeasured(case)
    found = (
        _finding(case, root, off)
        for root in executed_roots(case)
        for off in _switched_off(root)
        if off.nodes and off.time_ms >= limits.min_time_ms
    )
    yield from worst_of_each(found)


def _switched_off(root: PlacedNode) -> Iterator[_Off]:
    for name, value in root.execution.plan.settings:
        if name.startswith("enable_") and value == "off" and name not in _OFF_BY_DEFAULT:
            types = _INSTEAD.get(name)
            nodes = tuple(n for n in root.walk() if types is None or n.node.node_type in types)
            used = any(n.node.disabled or n.node.total_cost >= _FORBIDDEN_COST for n in root.walk())
            yield _Off(name=name, nodes=nodes, is_used_all_the_same=used)


def _finding(case: Case, root: PlacedNode, off: _Off) -> Finding:
    finding = Finding(
        subject=off.name,
        summary=f"{off.name} is off, which may have changed nodes of {format_ms(off.time_ms)}",
        detail="The plan has what is forbidden all the same, as there was no other way."
        if off.is_used_all_the_same
        else "",
        evidence=(
            Evidence(
                name=off.name, value="off", source=f"{root.execution.source}, EXPLAIN (SETTINGS)"
            ),
            measured(root, "time of what could be otherwise", off.time_ms, "ms"),
        ),
        provenance=Provenance.MEASURED,
        confidence=Confidence.MEDIUM,
        guards=("it is on by default", "the plan has nodes that it may have changed"),
        remedies=_remedies(case, root, off),
    )
    placed = at_nodes(finding, off.nodes)
    return replace(placed, identity=at_plan(finding, root, off.name, saved_ms=None).identity)


def _remedies(case: Case, root: PlacedNode, off: _Off) -> tuple[Action, ...]:
    trial = ManualSteps(
        title=f"Try the statement with {off.name} on",
        steps=(
            (
                f"`BEGIN; SET LOCAL {off.name} = on;`, then EXPLAIN (ANALYZE, BUFFERS) of the "
                "statement, then `COMMIT`."
            ),
            (
                "Where it is faster, find who switched it off: pg_db_role_setting (`\\drds`) tells "
                f"it of roles and databases, `SHOW {off.name}` in a new session of the server; "
                "else it is in the application's code or its connection string."
            ),
            f"`RESET {off.name}` there, and mend what it was meant for.",
        ),
    )
    server, role = case.snapshot.server, role_of(case, root)
    try:
        if role is not None and value_for_role(server, role, off.name) == "off":
            return trial, change_for_role(server, role, off.name, "on", review_reason=_REVIEW)
        setting = server.setting(off.name)
        if setting is not None and setting.value == "off":
            return trial, change_where_set(server, off.name, "on", review_reason=_REVIEW)
    except SkipRule:  # nobody can change it there, or it is the collecting role's own
        pass
    return (trial,)
