"""Changes of settings in the JSON report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from pgadvisor.model.action import ChangeSetting
from pgadvisor.sqltext.settings import setting_step, shown_value

Scope = Literal["role in database", "role", "database", "all roles", "command line", "system"]
Effect = Literal["new sessions", "reload", "restart"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingPart:
    """A setting that gets another value."""

    name: str
    value: Annotated[str, Meta(description="With its unit: 64MB.")]
    previous_value: Annotated[
        str | None, Meta(description="The same form; null: not in the snapshot.")
    ]
    previous_source: Annotated[
        str, Meta(description="As pg_settings.source names it, or role, or role in database.")
    ]
    scope: Scope
    role: Annotated[str, Meta(description="Of the scopes of roles; else empty.")]
    database: Annotated[str, Meta(description="Of the scopes of databases; else empty.")]
    effect: Annotated[Effect, Meta(description="What it takes until the value is in force.")]
    by_hand: Annotated[
        tuple[str, ...], Meta(description="SQL or commands that the migration does not run.")
    ]
    down_by_hand: Annotated[tuple[str, ...], Meta(description="What takes those back.")]
    by_hand_reason: Annotated[str, Meta(description="Why; empty: the migration runs it.")]
    note: str


def setting_part(action: ChangeSetting) -> SettingPart:
    """Put a change of a setting into the values of the JSON report."""
    step = setting_step(action)
    previous = action.previous_value
    return SettingPart(
        name=action.name,
        value=shown_value(action),
        previous_value=None if previous is None else shown_value(action, previous),
        previous_source=action.previous_source,
        scope=action.scope.value,
        role=action.role,
        database=action.database,
        effect=action.effect.value,
        by_hand=step.by_hand,
        down_by_hand=step.down_by_hand,
        by_hand_reason=step.review_reason,
        note=step.note,
    )
