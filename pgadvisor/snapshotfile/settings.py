"""The server: what the planner and the maintenance go by stays, what people wrote does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from pgadvisor.model.server import REDACTED, RoleSetting, Server, Setting
from pgadvisor.model.service import known_marks

KEPT_TEXTS = frozenset(
    {
        *("search_path", "shared_preload_libraries", "session_preload_libraries"),
        *("local_preload_libraries", "default_text_search_config", "default_tablespace"),
        *("temp_tablespaces", "lc_collate", "lc_ctype", "lc_messages", "lc_monetary"),
        *("lc_numeric", "lc_time", "timezone", "datestyle", "server_encoding"),
        *("client_encoding", "server_version", "wal_consistency_checking", "debug_io_direct"),
        *(
            "default_table_access_method",
            "createrole_self_grant",
            "restrict_nonsystem_relation_kind",
        ),
    }
)
"""Settings whose value is a text that the server gives meaning to."""

_T = TypeVar("_T")
_QUANTITY = re.compile(
    r"-?\d+(?:\.\d+)?\s*(?:B|kB|MB|GB|TB|us|ms|s|min|h|d)?|on|off|true|false|yes|no", re.IGNORECASE
)


def redact_server(server: Server, rename_role: Callable[[str], str]) -> Server:
    """Leave out of the server's settings what may be anything.

    Args:
        server: The server.
        rename_role: Gives a role its name.
    """
    harmless = {s.name for s in server.settings if s.value_type != "string"}
    return replace(
        _sessions(server, rename_role),
        settings=tuple(map(redact_setting, server.settings)),
        service_marks=known_marks(server.service_marks),
        role_settings=tuple(_role_settings(server.role_settings, harmless, rename_role)),
    )


def _sessions(server: Server, rename_role: Callable[[str], str]) -> Server:
    """Rename roles, and leave out by what names standbys call themselves: hosts, anything."""

    def renamed(role: str | None) -> str | None:
        return None if role is None else rename_role(role)

    info = server.statements_info
    return replace(
        server,
        statements_info=info
        and replace(
            info,
            session_commands=_each(
                info.session_commands,
                lambda one: replace(one, roles=tuple(map(rename_role, one.roles))),
            ),
        ),
        wal_senders=_each(
            server.wal_senders,
            lambda one: replace(one, application_name=_redacted(one.application_name)),
        ),
        connections=_each(server.connections, lambda one: replace(one, role=renamed(one.role))),
        open_transactions=_each(
            server.open_transactions,
            lambda one: replace(one, role=renamed(one.role)),
        ),
        blocking_sessions=_each(
            server.blocking_sessions, lambda one: replace(one, role=renamed(one.role))
        ),
        prepared_transactions=_each(
            server.prepared_transactions, lambda one: replace(one, role=rename_role(one.role))
        ),
    )


def _each(items: tuple[_T, ...] | None, redacted: Callable[[_T], _T]) -> tuple[_T, ...] | None:
    return None if items is None else tuple(map(redacted, items))


def redact_setting(setting: Setting) -> Setting:
    """Leave out a value that is a text of no meaning to the planner: paths, names, commands."""
    if setting.value_type != "string" or setting.name.lower() in KEPT_TEXTS:
        return setting
    return replace(
        setting,
        value=_redacted(setting.value),
        boot_value=None if setting.boot_value is None else _redacted(setting.boot_value),
    )


def is_harmless(name: str, value: str) -> bool:
    """Whether a setting of a role or a function tells nothing but how to plan and to run."""
    return name.lower() in KEPT_TEXTS or _QUANTITY.fullmatch(value.strip()) is not None


def _role_settings(
    settings: Iterable[RoleSetting], harmless: set[str], rename_role: Callable[[str], str]
) -> Iterable[RoleSetting]:
    for setting in settings:
        stays = setting.name in harmless or is_harmless(setting.name, setting.value)
        yield replace(
            setting,
            role=None if setting.role is None else rename_role(setting.role),
            value=setting.value if stays else REDACTED,
        )


def _redacted(value: str) -> str:
    # Whether there is a value at all is worth knowing: an archive command, a cluster name.
    return REDACTED if value else ""
