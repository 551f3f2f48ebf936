"""A plan as EXPLAIN prints it: each node with its figures, its conditions below."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.emit.plaintext import one_line
from pgadvisor.model.executed_plan import ExecutedNode
from pgadvisor.model.plan import Plan, PlanNode

_STEP = 3
"""Columns that a level is indented by: ``-> ``."""
_AGGREGATES = {"Sorted": "GroupAggregate", "Hashed": "HashAggregate", "Mixed": "MixedAggregate"}
_JOINS = {"Hash Join": "Hash", "Merge Join": "Merge"}
_NAMED = ("CTE Name", "Function Name", "Table Function Name", "Tuplestore Name")
"""What is scanned where it is no relation."""
_NOT_SHOWN = frozenset(
    {
        *("Output", "Parallel Aware", "Async Capable", "Inner Unique", "Single Copy", "Command"),
        *("Partial Mode", "Planning Time", "Query Identifier", "Cache Mode", "Planning", "JIT"),
        *_NAMED,
    }
)
"""What says nothing about how the plan goes, or is part of a node's first line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeText:
    """One node of a plan in words."""

    depth: int
    """Levels above it."""
    label: str
    """``InitPlan 1``; empty for a plain child."""
    head: str
    """``Index Scan using orders_pkey on orders o``."""
    figures: str
    """``(cost=0.43..8.45 rows=1 width=8)``."""
    details: tuple[str, ...] = ()
    """``Index Cond: (id = 1)``."""

    @property
    def identity(self) -> tuple[str, ...]:
        """What it does, without what that costs: equal for nodes that do the same."""
        return (self.label, self.head, *self.details)

    def lines(self, width: int) -> tuple[str, ...]:
        """The node's lines.

        Args:
            width: Columns that a line may take.
        """
        level = " " * min((self.depth - 1) * _STEP, width // 2) if self.depth else ""
        start = f"{level}-> " if self.depth else ""
        below = " " * (len(start) + 2)
        found = _wrapped(f"{level}{self.label}", level, width) if self.label else []
        if len(start) + len(self.head) + 2 + len(self.figures) <= width:
            found.append(f"{start}{self.head}  {self.figures}")
        else:
            found += _wrapped(f"{start}{self.head}", below, width)
            found += _wrapped(f"{below}{self.figures}", below, width)
        for detail in self.details:
            found += _wrapped(f"{below}{detail}", f"{below}  ", width)
        return tuple(found)


def tree_of(plan: Plan) -> tuple[NodeText, ...]:
    """Put a plan into words, node by node, from the top."""
    return tuple(_nodes(plan.root, 0))


def tree_lines(plan: Plan, width: int) -> tuple[str, ...]:
    """A whole plan as lines of at most that many columns."""
    return tuple(line for node in tree_of(plan) for line in node.lines(width))


def _wrapped(text: str, below: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        max(width, len(below) + _MIN_TEXT),
        subsequent_indent=below,
        break_on_hyphens=False,
        replace_whitespace=False,
    )


_MIN_TEXT = 10


def _nodes(node: PlanNode, depth: int) -> Iterator[NodeText]:
    yield NodeText(
        depth=depth,
        label=one_line(_label(node)),
        head=head_of(node),
        figures=f"(cost={node.startup_cost:.2f}..{node.total_cost:.2f} "
        f"rows={node.rows:.0f} width={node.width_bytes})",
        details=details_of(node),
    )
    for child in node.children:
        yield from _nodes(child, depth + 1)


def head_of(node: PlanNode) -> str:
    """The first line of a node: ``Index Scan using orders_pkey on orders o``."""
    return one_line(_head(node, _beside(node)))


def details_of(node: PlanNode) -> tuple[str, ...]:
    """The lines below it: ``Index Cond: (id = 1)``."""
    return tuple(one_line(detail) for detail in _details(node, _beside(node)))


def _beside(node: PlanNode) -> dict[str, object]:
    """What has no field in every plan's nodes, by its key."""
    found: dict[str, object] = {key: json.loads(value) for key, value in node.extra}
    if isinstance(node, ExecutedNode):
        fields = (
            ("CTE Name", node.cte_name),
            ("Function Name", node.function_name),
            ("Command", node.command),
            ("Parallel Aware", node.parallel_aware),
            ("Custom Plan Provider", node.custom_provider),
            ("Cache Key", node.cache_key),
            ("Disabled", node.disabled),
            ("Single Copy", node.single_copy),
            ("Subplans Removed", node.subplans_removed),
        )
        found |= {key: value for key, value in fields if value}
        for keys in node.grouping_sets:
            shown = ", ".join(keys.keys) or "()"
            found[keys.kind] = f"{found[keys.kind]}; {shown}" if keys.kind in found else shown
    return found


def _label(node: PlanNode) -> str:
    if node.subplan_name:
        return node.subplan_name
    return node.parent_relationship if node.parent_relationship == "SubPlan" else ""


def _head(node: PlanNode, extra: dict[str, object]) -> str:
    words = [_name(node, extra)]
    if node.index_name and node.node_type == "Bitmap Index Scan":
        words.append(f"on {node.index_name}")
    elif node.index_name:
        backward = node.scan_direction == "Backward"
        words.append(f"{'Backward ' if backward else ''}using {node.index_name}")
    if place := _place(node, extra):
        words.append(f"on {place}")
        if node.alias and node.alias not in {place, node.relation}:
            words.append(node.alias)
    return " ".join(words)


def _place(node: PlanNode, extra: dict[str, object]) -> str | None:
    if node.relation:
        is_told = node.schema in {None, "public"}
        return node.relation if is_told else f"{node.schema}.{node.relation}"
    return next((str(extra[key]) for key in _NAMED if key in extra), node.alias)


def _name(node: PlanNode, extra: dict[str, object]) -> str:
    name = node.node_type
    if name == "Aggregate":
        name = _AGGREGATES.get(node.strategy or "", name)
    elif name == "SetOp":
        name = f"{'HashSetOp' if node.strategy == 'Hashed' else name} {extra.get('Command', '')}"
    elif name == "ModifyTable":
        name = node.operation or name
    elif node.join_type and node.join_type != "Inner":
        name = f"{_JOINS.get(name, name)} {node.join_type} Join"
    if node.partial_mode in {"Partial", "Finalize"}:
        name = f"{node.partial_mode} {name}"
    return f"Parallel {name}" if extra.get("Parallel Aware") else name.rstrip()


def _details(node: PlanNode, extra: dict[str, object]) -> Iterator[str]:
    named = (
        ("Sort Key", ", ".join(node.sort_keys)),
        ("Presorted Key", ", ".join(node.presorted_keys)),
        ("Group Key", ", ".join(node.group_keys)),
        ("Index Cond", node.index_condition),
        ("Recheck Cond", node.recheck_condition),
        ("Hash Cond", node.hash_condition),
        ("Merge Cond", node.merge_condition),
        ("Join Filter", node.join_filter),
        ("Filter", node.filter),
        ("Workers Planned", node.workers_planned),
    )
    yield from (f"{key}: {value}" for key, value in named if value)
    for key, value in extra.items():
        if key not in _NOT_SHOWN and value not in (False, None, ""):
            yield f"{key}: {_shown(value)}"


def _shown(value: object) -> str:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
