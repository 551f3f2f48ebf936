"""What the changes of settings in a finding come to, as SQL or as what is done by hand."""

from __future__ import annotations

from pgadvisor.model.action import ChangeSetting, ManualSteps
from pgadvisor.model.finding import Finding
from pgadvisor.sqltext.settings import reload_once, setting_step


def changes(finding: Finding) -> tuple[ChangeSetting, ...]:
    """The settings that it changes."""
    return tuple(a for a in finding.remedies if isinstance(a, ChangeSetting))


def up(finding: Finding) -> tuple[str, ...]:
    """What a script runs."""
    return tuple(
        sql for step in reload_once(map(setting_step, changes(finding))) for sql in step.up
    )


def down(finding: Finding) -> tuple[str, ...]:
    """What takes that back, in order."""
    steps = reload_once(map(setting_step, changes(finding)))
    return tuple(sql for step in reversed(steps) for sql in step.down)


def by_hand(finding: Finding) -> tuple[str, ...]:
    """What no script runs."""
    return tuple(line for change in changes(finding) for line in setting_step(change).by_hand)


def down_by_hand(finding: Finding) -> tuple[str, ...]:
    """What takes that back."""
    return tuple(line for change in changes(finding) for line in setting_step(change).down_by_hand)


def manual(finding: Finding) -> tuple[str, ...]:
    """Sentences about what is left to do."""
    return tuple(s for a in finding.remedies if isinstance(a, ManualSteps) for s in a.steps)
