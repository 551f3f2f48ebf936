"""Memory for hashes alone: where sorts fit as they are, a larger factor spares them the rest."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence

from pgadvisor.model.executed_plan import ExecutedNode
from pgadvisor.model.node_use import NodeUse
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.plan_use import Sort, SortGroups
from pgadvisor.model.statement import Statement
from pgadvisor.model.usage import StatementKind
from pgadvisor.rulekit.case import Case
from pgadvisor.rulekit.executions import PlacedNode
from pgadvisor.rulekit.planned import plan_of
from pgadvisor.rulekit.settings import value_for_role

HASH_MULTIPLIER = "hash_mem_multiplier"
_USUAL = {13: 1.0, 15: 2.0}
"""What a hash may take by default, as a multiple of work_mem; before, as much as a sort."""
_STEP = 0.5
_HASHES = frozenset({"Hash", "Hash Join"})
_OTHERS = frozenset(
    {"Sort", "Incremental Sort", "Materialize", "CTE Scan", "WindowAgg", "Recursive Union"}
    | {"Function Scan", "Table Function Scan"}
)
"""Nodes that write files, too, and have work_mem for their rows."""
_SORTS_WITHIN = re.compile(r"\b(?:distinct|order\s+by|within\s+group)\b", re.IGNORECASE)
"""An aggregate that is not hashed may sort its input by itself, which no plan shows."""


def hash_multiplier_of(case: Case, role: str | None) -> float:
    """What a hash of a role may take now, as a multiple of ``work_mem``."""
    server = case.snapshot.server
    value = value_for_role(server, role, HASH_MULTIPLIER) if role else None
    setting = server.setting(HASH_MULTIPLIER)
    if value is None and setting is not None:
        value = setting.value
    try:
        return max(float(value or ""), 1.0)
    except ValueError:  # there is none, or one that is not kept
        return max((v for major, v in _USUAL.items() if server.major >= major), default=1.0)


def wanted_multiplier(
    case: Case, needed_bytes: float, work_mem_bytes: int, *, most_ratio: float
) -> float | None:
    """The ``hash_mem_multiplier`` that gives a hash so much; None: the server has none so large.

    Args:
        case: What is judged.
        needed_bytes: By the hash.
        work_mem_bytes: What it is a multiple of.
        most_ratio: The largest that is proposed.
    """
    if case.snapshot.server.setting(HASH_MULTIPLIER) is None or work_mem_bytes <= 0:
        return None
    wanted = math.ceil(needed_bytes / work_mem_bytes / _STEP) * _STEP
    return wanted if wanted <= most_ratio else None


def wants_memory_for_hashes_alone(node: PlacedNode) -> bool:
    """In the plan of a node nothing but hashes had too little memory."""
    return not any(map(_lacks_other_memory, node.uses.nodes))


def spills_in_hashes_alone(case: Case, role: str) -> bool:
    """Nothing but hashes writes the temporary files of a role, as far as plans tell.

    The executed plans of a statement tell it; without any, the one that the server made has
    hashes, and nothing else that could.  A statement without a plan tells nothing, and one of
    maintenance has another memory.
    """
    executed = _executed_by_statement(case)
    return all(
        _spills_in_hashes(case, statement, executed[statement.id])
        for statement in case.snapshot.statements
        if role in statement.roles
        and statement.temp_blocks_written > 0
        and (usage := case.usage.get(statement.id)) is not None
        and usage.kind is not StatementKind.UTILITY
    )


def _executed_by_statement(case: Case) -> defaultdict[str | None, list[NodeUse]]:
    """The nodes of all executed plans of each statement."""
    found: defaultdict[str | None, list[NodeUse]] = defaultdict(list)
    for execution, uses in zip(case.executions, case.uses_of_executions, strict=True):
        if uses is not None:
            found[execution.statement_id] += uses.nodes
    return found


def _spills_in_hashes(case: Case, statement: Statement, executed: Sequence[NodeUse]) -> bool:
    if any(map(_lacks_other_memory, executed)):
        return False
    if any(_is_hash_on_disk(use.node) for use in executed):
        return True
    plan = plan_of(case, statement)
    return isinstance(plan, Plan) and _has_hashes_alone(plan, statement.text)


def _has_hashes_alone(plan: Plan, text: str) -> bool:
    nodes = tuple(plan.root.walk())
    if not any(_is_hash(node) for node in nodes) or any(n.node_type in _OTHERS for n in nodes):
        return False
    may_sort = any(node.node_type == "Aggregate" and not _is_hash(node) for node in nodes)
    return not (may_sort and _SORTS_WITHIN.search(text))


def _is_hash(node: PlanNode) -> bool:
    return node.node_type == "Hash" or (
        node.node_type == "Aggregate" and node.strategy in {"Hashed", "Mixed"}
    )


def _is_hash_on_disk(node: ExecutedNode) -> bool:
    tables = (node.hash_aggregation, *(worker.hash_aggregation for worker in node.workers))
    return (node.hash_table is not None and node.hash_table.batches > 1) or any(
        table is not None and table.disk_bytes > 0 for table in tables
    )


def _lacks_other_memory(use: NodeUse) -> bool:
    """It wrote files, or forgot rows of a bitmap, and is no hash."""
    it = use.node
    if it.node_type in _HASHES or it.hash_aggregation is not None:
        return False
    return (
        any(sort is not None and sort.space_type == "Disk" for sort in _sorts(it))
        or any(g is not None and g.peak_disk_bytes > 0 for g in _groups(it))
        or (it.storage is not None and it.storage.storage_type == "Disk")
        or (it.heap_blocks is not None and it.heap_blocks.lossy > 0)
        or use.exclusive_buffers.temp_written_blocks > 0
    )


def _sorts(node: ExecutedNode) -> tuple[Sort | None, ...]:
    return (node.sort, *(worker.sort for worker in node.workers))


def _groups(node: ExecutedNode) -> tuple[SortGroups | None, ...]:
    return (node.full_sort_groups, node.presorted_groups)
