"""Which schemas a statement's unqualified names were looked up in.

``pg_stat_statements`` does not tell, so it is what the role that ran the statement starts with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pgadvisor.model.server import RoleSetting
from pgadvisor.model.statement import Statement
from pgadvisor.sqltext.quote import quote_identifier

MAX_OTHERS = 16
"""A schema for each of a thousand tenants would make every look-up slow."""
DEFAULT = ("$user", "public")
_PART = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^,"]+))\s*(?:,|$)')


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPaths:
    """The search paths of the roles of a database."""

    of_session: tuple[str, ...] = DEFAULT
    """What a session of our own role starts with."""
    of_role: Mapping[str, tuple[str, ...]]
    """Of roles that have one of their own, in this database or everywhere."""
    of_database: tuple[str, ...] | None = None

    def of(self, role: str) -> tuple[str, ...]:
        """Schemas that a role's statements look in, ``$user`` replaced by its name."""
        path = self.of_role.get(role) or self.of_database or self.of_session
        return tuple(role if schema == "$user" else schema for schema in path)

    def of_roles(self, roles: Iterable[str]) -> tuple[tuple[str, ...], ...]:
        """The different paths of several roles, in the order of the roles."""
        return tuple(dict.fromkeys(self.of(role) for role in roles))


def search_paths(of_session: tuple[str, ...], role_settings: Iterable[RoleSetting]) -> SearchPaths:
    """Gather the search paths; a setting for a role in this database beats one for the role."""
    of_role: dict[str, tuple[str, ...]] = {}
    of_database: tuple[str, ...] | None = None
    found = [setting for setting in role_settings if setting.name == "search_path"]
    for setting in sorted(found, key=lambda setting: setting.database is not None):
        path = parse_search_path(setting.value)
        if setting.role is not None:
            of_role[setting.role] = path
        elif setting.database is not None or of_database is None:
            of_database = path
    return SearchPaths(of_session=of_session, of_role=of_role, of_database=of_database)


def parse_search_path(text: str) -> tuple[str, ...]:
    """Read a setting such as ``"$user", public``; names without quotes are in lower case."""
    names: list[str] = []
    for match in _PART.finditer(text):
        if match[1] is not None:
            names.append(match[1].replace('""', '"'))
        elif match[2].strip():
            names.append(match[2].strip().lower())
    return tuple(name for name in names if name)


def resolved(path: Iterable[str], schemas: Iterable[str], role: str) -> tuple[str, ...]:
    """The schemas of a path that exist, ``$user`` replaced by a role's name."""
    known = set(schemas)
    named = (role if schema == "$user" else schema for schema in path)
    return tuple(schema for schema in named if schema in known)


def joined(
    path: tuple[str, ...],
    paths: SearchPaths,
    statements: Iterable[Statement],
    schemas: Iterable[str],
) -> tuple[str, ...]:
    """A path in which the statements of all roles find their tables, the first one's first.

    Args:
        path: What our own session has; it comes first.
        paths: The search paths of the roles.
        statements: The most expensive first.
        schemas: Those that exist.
    """
    known = set(schemas)
    others = dict.fromkeys(
        schema
        for statement in statements
        for of_role in paths.of_roles(statement.roles)
        for schema in of_role
        if schema in known and schema not in path
    )
    return (*path, *list(others)[:MAX_OTHERS])


def set_search_path(path: Iterable[str]) -> str:
    """Write a path as the value of ``SET``: each name quoted, the list not."""
    return ", ".join(quote_identifier(schema) for schema in path) or "''"
