"""Under which settings a statement was planned: those of the role that ran it.

``ALTER ROLE ... SET`` and ``ALTER DATABASE ... SET`` give a session its settings when it begins.
Whoever collected the snapshot began with others than an application does.
"""

from __future__ import annotations

from collections.abc import Mapping

from pgadvisor.model.server import REDACTED, RoleSetting, Server, Setting
from pgadvisor.model.statement import Statement
from pgadvisor.sqltext.setting_value import canonical_value
from pgadvisor.whatif.planner_settings import is_planner_setting

_OWN_SOURCES = frozenset({"user", "database user"})
"""Where a setting of the collecting role's own comes from, which nobody else has."""


def settings_of(statement: Statement, server: Server) -> tuple[tuple[str, str], ...]:
    """The planner settings of a statement's role that differ from the collecting session's.

    Of several roles that ran it, it is the one with the most time.  What a session or a
    transaction sets for itself is not known.

    Returns:
        Names and values in the order of the names; empty for statements of workload files.
    """
    if not statement.roles:
        return ()
    given = _given(statement.roles[0], server)
    found: list[tuple[str, str]] = []
    for setting in server.settings:
        if is_planner_setting(setting.name):
            value = given.get(setting.name, _without_our_own(setting))
            if canonical_value(value, setting) != canonical_value(setting.value, setting):
                found.append((setting.name, value))
    return tuple(sorted(found))


def _given(role: str, server: Server) -> Mapping[str, str]:
    """What ALTER ROLE and ALTER DATABASE say for a role; the more particular beats the other."""
    mine = (one for one in server.role_settings if one.role in {None, role})
    ordered = sorted(mine, key=_rank)
    return {one.name: one.value for one in ordered if one.value != REDACTED}


def _rank(setting: RoleSetting) -> tuple[bool, bool]:
    return (setting.role is not None, setting.database is not None)


def _without_our_own(setting: Setting) -> str:
    """What others start with, where the collecting role has a value of its own."""
    if setting.source in _OWN_SOURCES and setting.boot_value is not None:
        # The configuration file's value is hidden by the role's; the default is the best guess.
        return setting.boot_value
    return setting.value
