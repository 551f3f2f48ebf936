"""Statements planned twice, as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields

from pgadvisor.emit.json import json_text
from pgadvisor.emit.what_if import WhatIf
from pgadvisor.model.plan import Plan, PlanNode

SCHEMA_VERSION = 1
"""Version of what ``pgadvisor twin --format json`` prints."""


def render_what_if_json(
    tried: Sequence[WhatIf], *, version: str, original_version: str, notes: Sequence[str]
) -> str:
    """Render the plans of all statements as one document.

    Args:
        tried: The statements with their plans.
        version: Of PostgreSQL that planned.
        original_version: Of the server that the snapshot was taken from.
        notes: What the twin lacks.
    """
    document = {
        "schema_version": SCHEMA_VERSION,
        "planned_by": version,
        "original": original_version,
        "notes": list(notes),
        "statements": [_statement(one) for one in tried],
    }
    return json_text(document)


def plan_document(plan: Plan) -> dict[str, object]:
    """A plan as what JSON has: its settings, and a tree of nodes without empty fields."""
    return {"settings": dict(plan.settings), "root": _node(plan.root)}


def _statement(tried: WhatIf) -> dict[str, object]:
    after = tried.after
    return {
        "text": tried.statement,
        "cost_before": tried.before.total_cost,
        "cost_after": after.total_cost if after else None,
        "cost_ratio": tried.cost_ratio,
        "is_same_plan": tried.is_same_plan if after else None,
        "created": [
            {
                "statement": index.statement,
                "name": index.name,
                "size_bytes": index.size_bytes,
                "is_used": index.is_used(after) if after else False,
                "reason_unused": index.reason_unused,
                "notes": list(index.notes),
            }
            for index in tried.created
        ],
        "dropped": list(tried.dropped),
        "settings": dict(tried.settings),
        "before": plan_document(tried.before),
        "after": plan_document(after) if after else None,
    }


def _node(node: PlanNode) -> dict[str, object]:
    known = {
        field.name: getattr(node, field.name)
        for field in fields(node)
        if field.name not in {"children", "extra"}
    }
    found = {name: value for name, value in known.items() if value not in (None, ())}
    found["extra"] = {key: json.loads(value) for key, value in node.extra}
    found["children"] = [_node(child) for child in node.children]
    return found
