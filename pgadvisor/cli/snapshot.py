"""``pgadvisor snapshot``: all that an analysis needs, in one redacted file."""

from __future__ import annotations

import typer

from pgadvisor.cli import exit_codes, options
from pgadvisor.cli.console import progress, say
from pgadvisor.cli.options import Redact
from pgadvisor.cli.source import read_source
from pgadvisor.pipeline import redaction_cost
from pgadvisor.snapshotfile import Level, check_target, save
from pgadvisor.units import format_size

_LEVELS: dict[Redact, Level] = {
    Redact.NONE: "none",
    Redact.DEFAULT: "default",
    Redact.ALL: "all",
}


def snapshot(
    source: options.Source = None,
    *,
    output: options.SnapshotFile,
    force: options.ForceFile = False,
    redact: options.RedactionLevel = Redact.DEFAULT,
    redact_column: options.RedactedColumns = None,
    schema: options.Schemas = None,
    exclude_schema: options.ExcludedSchemas = None,
    quiet: options.Quiet = False,
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
