"""Changes of settings: where a value is in force, within the server's bounds, as services allow."""

from __future__ import annotations

from dataclasses import dataclass

from pgadvisor.model.action import ChangeSetting, SettingEffect, SettingScope
from pgadvisor.model.server import REDACTED, RoleSetting, Server, Setting
from pgadvisor.rulekit.case import SkipRule
from pgadvisor.rulekit.services import has_own_storage, is_of_storage, system_scope
from pgadvisor.sqltext.setting_value import base_value, why_not_allowed

OWN_SOURCES = frozenset({"user", "database user", "client", "session", "unknown"})
"""Where a value comes from that only the collecting role has."""
_PER_ROLE = frozenset({"user", "superuser", "backend", "superuser-backend"})
"""Contexts of settings that a role or a database can have values of its own for."""
_SCOPES = {
    "database": SettingScope.DATABASE,
    "global": SettingScope.ALL_ROLES,
    "command line": SettingScope.COMMAND_LINE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Previous:
    """A value that is in force, and where it was set."""

    value: str | None
    source: str
    is_there: bool
    """At the very place that is to be changed."""


def change_where_set(
    server: Server, name: str, value: str, *, review_reason: str = ""
) -> ChangeSetting:
    """Change a setting where it is set now: what is set there beats what the server has.

    On a managed service, what would be the server's configuration is changed in the service's
    own way; where that is not to be had, and a session may set it, for the database.

    Args:
        server: With its settings, and what is set for roles.
        name: Of the setting.
        value: Like ``pg_settings.setting``: a number of base units.
        review_reason: Why a person has to decide first, as a clause.

    Raises:
        SkipRule: The setting is not in the snapshot or hidden by the collecting role's own value,
            the server has no such value, or the service lets nobody change it.
    """
    setting = _allowed(server, name, value)
    if setting.source in OWN_SOURCES:
        raise SkipRule(
            f"what the server says of {name} is hidden by the collecting role's own value"
        )
    scope = _SCOPES.get(setting.source, SettingScope.SYSTEM)
    is_there = scope is not SettingScope.SYSTEM or (
        # Where the file may not be read, setting the old value again is what is sure.
        setting.source == "configuration file" and setting.is_set_by_alter_system is not False
    )
    is_configuration = scope in {SettingScope.SYSTEM, SettingScope.COMMAND_LINE}
    if server.service is not None and is_configuration:
        scope = system_scope(server.service, setting)
        is_there = False
    previous = _Previous(value=_kept(setting), source=setting.source, is_there=is_there)
    return _change(server, setting, value, scope, previous, review_reason=review_reason)


def change_for_role(
    server: Server, role: str, name: str, value: str, *, review_reason: str = ""
) -> ChangeSetting:
    """Change a setting for one role in this database: what is known of it is known of here.

    Args:
        server: With its settings, and what is set for roles.
        role: Whose sessions are to have the value.
        name: Of the setting.
        value: Like ``pg_settings.setting``: a number of base units.
        review_reason: Why a person has to decide first, as a clause.

    Raises:
        SkipRule: The setting is not in the snapshot, is none that a role can have, or the server
            has no such value.
    """
    setting = _allowed(server, name, value)
    previous = _previous(server, setting, role)
    scope = SettingScope.ROLE_IN_DATABASE
    return _change(server, setting, value, scope, previous, role=role, review_reason=review_reason)


def change_for_database(
    server: Server, name: str, value: str, *, review_reason: str = ""
) -> ChangeSetting:
    """Change a setting for the database that was looked at.

    Args:
        server: With its settings, and what is set for databases.
        name: Of the setting.
        value: Like ``pg_settings.setting``: a number of base units.
        review_reason: Why a person has to decide first, as a clause.

    Raises:
        SkipRule: The setting is not in the snapshot, is none that a database can have, or the
            server has no such value.
    """
    setting = _allowed(server, name, value)
    previous = _previous(server, setting, None)
    scope = SettingScope.DATABASE
    return _change(server, setting, value, scope, previous, review_reason=review_reason)


def value_for_role(server: Server, role: str, name: str) -> str | None:
    """What a role's sessions in this database start with, like ``pg_settings.setting``.

    None where that is not in the snapshot.
    """
    setting = server.setting(name)
    return None if setting is None else _previous(server, setting, role).value


def _allowed(server: Server, name: str, value: str) -> Setting:
    setting = server.setting(name)
    if setting is None:
        raise SkipRule(f"{name} is not in the snapshot")
    if reason := why_not_allowed(setting, value):
        raise SkipRule(reason)
    if server.service is not None and is_of_storage(name) and has_own_storage(server.service):
        raise SkipRule(
            f"{server.service} keeps the data in a storage of its own, to which {name} is nothing"
        )
    return setting


def _previous(server: Server, setting: Setting, role: str | None) -> _Previous:
    """What is in force for a role in this database (None: for the database), the narrowest first.

    What is set for all roles is the server's value, unless the collecting role hides it.
    """
    places: list[tuple[str | None, str | None, str]] = [
        (None, server.database, "database"),
        (None, None, "global"),
    ]
    if role is not None:
        places = [(role, server.database, "role in database"), (role, None, "role"), *places]
    for number, (of_role, of_database, source) in enumerate(places):
        for given in server.role_settings:
            if (given.role, given.database, given.name) == (of_role, of_database, setting.name):
                return _Previous(
                    value=_given_value(given, setting), source=source, is_there=number == 0
                )
    if setting.source in OWN_SOURCES:
        return _Previous(value=None, source="unknown", is_there=False)
    return _Previous(value=_kept(setting), source=setting.source, is_there=False)


def _given_value(given: RoleSetting, setting: Setting) -> str | None:
    return None if given.value == REDACTED else base_value(given.value, setting)


def _kept(setting: Setting) -> str | None:
    return None if setting.value == REDACTED else setting.value


def _change(
    server: Server,
    setting: Setting,
    value: str,
    scope: SettingScope,
    previous: _Previous,
    *,
    role: str = "",
    review_reason: str,
) -> ChangeSetting:
    is_system = scope in {SettingScope.SYSTEM, SettingScope.COMMAND_LINE}
    if setting.context == "internal":
        raise SkipRule(f"{setting.name} cannot be changed")
    if not is_system:
        _require_narrow(server, setting)
    may_alter = server.setting("allow_alter_system")
    has_database = scope in {SettingScope.DATABASE, SettingScope.ROLE_IN_DATABASE}
    return ChangeSetting(
        name=setting.name,
        value=value,
        unit=setting.unit,
        value_type=setting.value_type,
        previous_value=previous.value,
        previous_source=previous.source,
        is_set_there=previous.is_there,
        scope=scope,
        role=role,
        database=server.database if has_database else "",
        effect=_effect(setting, scope),
        may_alter_system=may_alter is None or may_alter.value != "off",
        service=server.service if is_system else None,
        review_reason=review_reason,
    )


def _require_narrow(server: Server, setting: Setting) -> None:
    """Go on only where a role or a database can have a value of its own.

    Raises:
        SkipRule: It cannot, or only a superuser could set it, and nobody is one on a service.
    """
    if setting.context not in _PER_ROLE:
        raise SkipRule(f"{setting.name} is the same for all roles and databases")
    if server.service is not None and setting.context.startswith("superuser"):
        raise SkipRule(
            f"only a superuser sets {setting.name} for a role; on {server.service} nobody is one"
        )


def _effect(setting: Setting, scope: SettingScope) -> SettingEffect:
    if scope is SettingScope.COMMAND_LINE or setting.context == "postmaster":
        return SettingEffect.RESTART
    return SettingEffect.RELOAD if scope is SettingScope.SYSTEM else SettingEffect.NEW_SESSIONS
