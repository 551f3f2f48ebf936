"""``pgadvisor grants``: the SQL that makes the reading role."""

from __future__ import annotations

from typing import Annotated

import typer

from pgadvisor.cli.console import write
from pgadvisor.collect.grants import grants_sql
from pgadvisor.errors import UsageError


def grants(
    *,
    role: Annotated[str, typer.Option(metavar="NAME", help="Name of the role.")] = "pgadvisor",
    database: Annotated[
        str, typer.Option(metavar="NAME", help="The database that it is to read.")
    ] = "your_database",
    schema: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A schema that it is to read; may be repeated. Default: public."
        ),
    ] = None,
) -> None:
    """Print the SQL for a role that may read what pgadvisor needs, and nothing more."""
    try:
        text = grants_sql(role, database, tuple(schema or ("public",)))
    except ValueError as error:
        raise UsageError("writing the grants", str(error)) from error
    write(text)
