"""Under which settings a statement was planned: those of the role that ran it.

``ALTER ROLE ... SET`` and ``ALTER DATABASE ... SET`` give a session its settings when it begins.
Whoever collected the snapshot began with others than an application does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from pgadvisor.model.server import RoleSetting, Server, Setting
from pgadvisor.model.statement import Statement
from pgadvisor.snapshotfile.settings import REDACTED
from pgadvisor.whatif.planner_settings import is_planner_setting

_OWN_SOURCES = frozenset({"user", "database user"})
"""Where a setting of the collecting role's own comes from, which nobody else has."""
_TRUTHS = {"true": "on", "yes": "on", "1": "on", "false": "off", "no": "off", "0": "off"}
_QUANTITY = re.compile(r"([-+]?[\d.]+(?:e[-+]?\d+)?)\s*([a-zA-Z]*)", re.IGNORECASE)
_BASE = re.compile(r"(\d*)(B|kB|MB|GB|TB)")
_BYTES = {"B": 1, "kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}


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
            if _canonical(value, setting) != _canonical(setting.value, setting):
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


def _canonical(value: str, setting: Setting) -> str | Decimal:
    """A value in a form in which equal ones are equal: ``64MB`` is 65536 kB."""
    text = value.strip()
    if setting.value_type == "bool":
        return _TRUTHS.get(text.lower(), text.lower())
    match = _QUANTITY.fullmatch(text)
    if match is None or setting.value_type not in {"integer", "real"}:
        return text.lower()
    try:
        number = Decimal(match[1])
    except InvalidOperation:
        return text.lower()
    base = _BASE.fullmatch(setting.unit or "")
    if not match[2] or base is None:
        return number
    return number * _BYTES.get(match[2], 1) / (int(base[1] or 1) * _BYTES[base[2]])
