"""Changes of settings as migration steps: SQL where a script may do it, else what to do by hand."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import replace

from pgadvisor.model.action import ChangeSetting, SettingEffect, SettingScope
from pgadvisor.model.advice import MigrationStep
from pgadvisor.sqltext.quote import quote_identifier, quote_literal
from pgadvisor.sqltext.service import service_command, service_note
from pgadvisor.sqltext.setting_value import readable_value

RELOAD = "SELECT pg_catalog.pg_reload_conf()"
"""Brings a changed configuration into force; it has to come after ``ALTER SYSTEM``."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?")
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_SWITCHES = frozenset({"on", "off"})
_LISTS = frozenset(
    {
        "local_preload_libraries",
        "search_path",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    }
)
"""Lists whose members are quoted one by one, as pg_dump has them in ``variable_is_guc_list_quote``:
one literal with commas in it would be the name of one library, which is not found."""
_WHEN = {
    SettingEffect.NEW_SESSIONS: "Sessions that begin after it have the new value; no reload and no "
    "restart.",
    SettingEffect.RELOAD: "In force after the reload; no restart.",
    SettingEffect.RESTART: "In force after the next restart, whose time is yours to choose.",
}


def setting_step(action: ChangeSetting) -> MigrationStep:
    """The step that changes a setting.

    Raises:
        ValueError: The name is none that a setting can have.
    """
    if not _NAME.fullmatch(action.name):
        raise ValueError(f"{action.name!r} cannot be the name of a setting")
    step = MigrationStep(
        title=f"Set {action.name} to {shown_value(action)} for {describe_place(action)}",
        up=(),
        down=(),
        is_transactional=action.scope is not SettingScope.SYSTEM,
        lock="none",
        lock_timeout_ms=0,
        note=_note(action),
        action=action,
    )
    change, back = _change(action), _way_back(action)
    reason = why_by_hand(action)
    if reason:
        return replace(step, by_hand=change, down_by_hand=back, review_reason=reason)
    return replace(step, up=change, down=back)


def why_by_hand(action: ChangeSetting) -> str:
    """Why no script may change it, as a clause; empty: one may."""
    if action.service is not None:
        return f"{action.service} changes it by its own tools"
    if action.scope is SettingScope.COMMAND_LINE:
        return "it is set on the server's command line, which no SQL changes"
    if action.scope is SettingScope.SYSTEM and not action.may_alter_system:
        return "ALTER SYSTEM is switched off here: somebody else keeps the configuration"
    if action.effect is SettingEffect.RESTART:
        return "it takes a restart, which is never done for you"
    if action.is_set_there and action.previous_value is None:
        return "its old value is not in the snapshot, so that there would be no way back"
    return ""


def describe_place(action: ChangeSetting) -> str:
    """For whom it is set: ``role shop``."""
    match action.scope:
        case SettingScope.ROLE:
            return f"role {action.role}"
        case SettingScope.DATABASE:
            return f"database {action.database}"
        case SettingScope.ROLE_IN_DATABASE:
            return f"role {action.role} in database {action.database}"
        case SettingScope.ALL_ROLES:
            return "all roles"
        case _:
            return "the whole server"


def shown_value(action: ChangeSetting, value: str | None = None) -> str:
    """A value of the setting for people, with its unit; the new one unless another is given."""
    return readable_value(action.value if value is None else value, action.unit)


def reload_once(steps: Iterable[MigrationStep]) -> tuple[MigrationStep, ...]:
    """Reload the configuration after the last of the steps that change it, and not after each.

    Taken back from the last to the first, it is the first one that comes last.
    """
    found = list(steps)
    system = [n for n, step in enumerate(found) if RELOAD in (*step.up, *step.down)]
    for number in system:
        step = found[number]
        up = step.up if number == system[-1] else _without_reload(step.up)
        down = step.down if number == system[0] else _without_reload(step.down)
        found[number] = replace(step, up=up, down=down)
    return tuple(found)


def left_to_a_person(step: MigrationStep, reason: str) -> MigrationStep:
    """The same step, told of and not run."""
    return replace(
        step,
        up=(),
        down=(),
        checks=(),
        down_checks=(),
        by_hand=(*step.up, *step.by_hand),
        down_by_hand=(*step.down, *step.down_by_hand),
        review_reason=step.review_reason or reason,
    )


def _without_reload(statements: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(statement for statement in statements if statement != RELOAD)


def _change(action: ChangeSetting) -> tuple[str, ...]:
    return _given(action, action.value)


def _way_back(action: ChangeSetting) -> tuple[str, ...]:
    """To the old value and where it came from."""
    previous = action.previous_value
    if action.service is not None:
        return () if previous is None else (service_command(action, previous),)
    if action.scope is SettingScope.COMMAND_LINE or not action.may_alter_system:
        return () if previous is None else _given(action, previous)
    if not action.is_set_there:
        return _on_system(action, f"{_head(action)} RESET {action.name}")
    return () if previous is None else _given(action, previous)


def _given(action: ChangeSetting, value: str) -> tuple[str, ...]:
    if action.service is not None:
        return (service_command(action, value),)
    if action.scope is SettingScope.COMMAND_LINE:
        return (f"postgres -c {shlex.quote(f'{action.name}={shown_value(action, value)}')}",)
    if action.scope is SettingScope.SYSTEM and not action.may_alter_system:
        return (f"{action.name} = {_sql_value(action, value)}",)
    return _on_system(action, f"{_head(action)} SET {action.name} = {_sql_value(action, value)}")


def _on_system(action: ChangeSetting, statement: str) -> tuple[str, ...]:
    is_reloaded = action.scope is SettingScope.SYSTEM and action.effect is not SettingEffect.RESTART
    return (statement, RELOAD) if is_reloaded else (statement,)


def _head(action: ChangeSetting) -> str:
    match action.scope:
        case SettingScope.ROLE:
            return f"ALTER ROLE {quote_identifier(action.role)}"
        case SettingScope.DATABASE:
            return f"ALTER DATABASE {quote_identifier(action.database)}"
        case SettingScope.ROLE_IN_DATABASE:
            role, database = map(quote_identifier, (action.role, action.database))
            return f"ALTER ROLE {role} IN DATABASE {database}"
        case SettingScope.ALL_ROLES:
            return "ALTER ROLE ALL"
        case _:
            return "ALTER SYSTEM"


def _sql_value(action: ChangeSetting, value: str) -> str:
    if action.name.lower() in _LISTS:
        names = (name.strip().strip('"') for name in value.split(","))
        return ", ".join(quote_literal(name) for name in names if name) or "''"
    shown = shown_value(action, value)
    return shown if _NUMBER.fullmatch(shown) or shown in _SWITCHES else quote_literal(shown)


def _note(action: ChangeSetting) -> str:
    if action.previous_value is None:
        was = "The old value is not in the snapshot, it comes"
    else:
        shown = shown_value(action, action.previous_value) or "empty"
        was = f"The old value is {shown},"
    source = f"{was} from: {action.previous_source}."
    if action.service is not None:
        return f"{source} {service_note(action)}"
    if action.scope is SettingScope.COMMAND_LINE:
        return f"{source} Start the server with it the next time."
    privilege = ""
    if action.scope is SettingScope.SYSTEM and action.may_alter_system:
        privilege = " It takes a superuser, or GRANT ALTER SYSTEM ON PARAMETER (PostgreSQL 15)."
    return f"{source} {_WHEN[action.effect]}{privilege}"
