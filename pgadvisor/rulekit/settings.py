"""SQL that changes a setting."""

from __future__ import annotations

from pgadvisor.model.server import Server, Setting
from pgadvisor.sqltext.quote import quote_identifier


def change_where_set(server: Server, setting: Setting, value: str) -> str:
    """Change a setting where it is set now: what is set there beats what the server has.

    Args:
        server: Where it is set, with the database's name.
        setting: As it is, with its source.
        value: The new value, as SQL takes it.
    """
    name = setting.name
    match setting.source:
        case "database":
            return f"ALTER DATABASE {quote_identifier(server.database)} SET {name} = {value}"
        case "global":
            return f"ALTER ROLE ALL SET {name} = {value}"
        case "command line":  # which no file overrules
            return f"postgres -c {name}={value}"
        case _:
            return f"ALTER SYSTEM SET {name} = {value}"
