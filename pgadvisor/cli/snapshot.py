"""``pgadvisor snapshot``: all that an analysis needs, in one redacted file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pgadvisor.cli import exit_codes
from pgadvisor.cli.console import progress, say
from pgadvisor.cli.source import read_source
from pgadvisor.pipeline import redaction_cost
from pgadvisor.snapshotfile import Level, check_target, save
from pgadvisor.units import format_size


class Redact(StrEnum):
    """What ``--redact`` takes."""

    NONE = "none"
    DEFAULT = "default"
    ALL = "all"


_LEVELS: dict[Redact, Level] = {
    Redact.NONE: "none",
    Redact.DEFAULT: "default",
    Redact.ALL: "all",
}


def snapshot(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="DSN",
            help="A connection string or URL. Without one: DATABASE_URL, else PGHOST, "
            "PGDATABASE, PGSERVICE and the like.",
            show_default=False,
        ),
    ] = None,
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The file; by custom it ends in .pgsnap."
        ),
    ],
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that is there already.")
    ] = False,
    redact: Annotated[
        Redact,
        typer.Option(
            help="What becomes of values: none keeps them; default keeps those that many rows "
            "share and puts pseudonyms in the place of the others; all keeps none."
        ),
    ] = Redact.DEFAULT,
    redact_column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="Keep no value of this column (schema.table.column); may be repeated.",
            show_default=False,
        ),
    ] = None,
    schema: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Look at this schema only; may be repeated.", show_default=False
        ),
    ] = None,
    exclude_schema: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Leave this schema out; may be repeated.", show_default=False
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Save what an analysis needs in one file, to analyse it later or on another machine.

    The file holds the schema, statistics, counters and normalised statements.  Most-common
    values and histogram bounds are rows' values: by default they are redacted.
    """
    check_target(output, force=force)
    with progress(quiet=quiet) as report:
        collected = read_source(
            source, schemas=schema or (), exclude_schemas=exclude_schema or (), progress=report
        )
        written = save(
            collected,
            output,
            level=_LEVELS[redact],
            columns=tuple(redact_column or ()),
            force=force,
        )
        cost = redaction_cost(collected, written, report)
    say(
        f"{output}: {len(written.tables)} tables, {len(written.indexes)} indexes, "
        f"{len(written.statements)} statements, {format_size(output.stat().st_size)}"
    )
    say(cost)
    for item in written.unavailable:
        say(f"not read: {item.what}: {item.reason}")
    if written.is_partial:
        raise typer.Exit(exit_codes.PARTIAL)
