"""``pgadvisor grants``: the SQL that makes the reading role."""

from __future__ import annotations

from typing import Annotated

import typer

from pgadvisor.cli.console import write
from pgadvisor.collect.grants import grants_sql


def grants(
    *,
    role: Annotated[str, typer.Option(help="Name of the role.")] = "pgadvisor",
    database: Annotated[
        str, typer.Option(help="The database that it is to read.")
    ] = "your_database",
    schema: Annotated[
        list[str] | None,
        typer.Option(help="A schema that it is to read; may be repeated. Default: public."),
    ] = None,
) -> None:
    """Print the SQL for a role that may read what pgadvisor needs, and nothing more."""
    write(grants_sql(role, database, tuple(schema or ("public",))))
