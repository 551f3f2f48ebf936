"""``pgadvisor analyze``: from a server or a snapshot to the report and the migration."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pgadvisor.advice import Advice
from pgadvisor.cli import exit_codes
from pgadvisor.cli.console import progress, say, write
from pgadvisor.cli.source import read_source
from pgadvisor.config import load_config
from pgadvisor.emit.formats import FORMATS
from pgadvisor.emit.output import check_outputs
from pgadvisor.emit.text import print_report
from pgadvisor.errors import UsageError
from pgadvisor.model.budget import Budget
from pgadvisor.model.finding import Severity
from pgadvisor.pipeline import advise
from pgadvisor.units import parse_size_bytes
from pgadvisor.workload import read_workload


class OutputFormat(StrEnum):
    """What ``--format`` takes."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


class FailOn(StrEnum):
    """What ``--fail-on`` takes."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"
    NEVER = "never"


def _known_format(name: str) -> str:
    """Check what ``--migration`` takes against the formats that there are."""
    if name not in FORMATS:
        raise typer.BadParameter(f"there is no format {name}; there are {', '.join(FORMATS)}")
    return name


def analyze(  # noqa: PLR0913  (one for each option)
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="DSN|SNAPSHOT",
            help="A connection string or URL, or a file made by `pgadvisor snapshot`. "
            "Without one: DATABASE_URL, else PGHOST, PGDATABASE, PGSERVICE and the like.",
            show_default=False,
        ),
    ] = None,
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write report.md, report.html, report.json, migration.up.sql, "
            "migration.down.sql and pr-comment.md into this directory.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace files that are there already.")
    ] = False,
    output_format: Annotated[
        OutputFormat,
        typer.Option(
            "--format", help="What to print on standard output: text, json, markdown or html."
        ),
    ] = OutputFormat.TEXT,
    migration: Annotated[
        str,
        typer.Option(
            metavar="FORMAT",
            callback=_known_format,
            help=f"Write the migration in this tool's format: {', '.join(FORMATS)}.",
        ),
    ] = "plain",
    workload: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="A directory of .sql files to take as workload, beside what the server "
            "counted. `-- weight: 120` before a statement says how often a day it runs.",
            show_default=False,
        ),
    ] = None,
    index_budget: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="Storage for all new indexes, such as 500MB.",
            show_default=False,
        ),
    ] = None,
    max_indexes: Annotated[
        int | None, typer.Option(min=0, help="Number of new indexes.", show_default=False)
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
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Settings; without: pgadvisor.toml, or [tool.pgadvisor] in pyproject.toml.",
            show_default=False,
        ),
    ] = None,
    rules: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Rules of your own; may be repeated.", show_default=False),
    ] = None,
    fail_on: Annotated[
        FailOn,
        typer.Option(
            help="Exit with 1 when there is a finding this severe, or worse: info, warning, "
            "critical; or never."
        ),
    ] = FailOn.NEVER,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Analyse a database and say what to change, with proof, SQL and the way back.

    The server is only read: short read-only transactions, no extension but
    pg_stat_statements, no DDL.  `pgadvisor grants` prints what the role needs.
    """
    settings = load_config(config)
    statements = read_workload(workload) if workload is not None else ()
    budget = Budget(index_bytes=_size(index_budget), max_indexes=max_indexes)
    if out is not None:
        check_outputs(out, force=force)
    with progress(quiet=quiet) as report:
        snapshot = read_source(
            source, schemas=schema or (), exclude_schemas=exclude_schema or (), progress=report
        )
        advice = advise(
            snapshot,
            budget=budget,
            config=settings,
            rule_directories=rules or (),
            workload=statements,
            migration_format=migration,
            progress=report,
        )
    _print(advice, output_format)
    if out is not None:
        written = advice.save(out, force=force)
        say(f"written to {out}: {', '.join(path.name for path in written)}")
    if code := exit_code(advice, fail_on):
        raise typer.Exit(code)


def _print(advice: Advice, output_format: OutputFormat) -> None:
    match output_format:
        case OutputFormat.TEXT:
            print_report(advice, write)
        case OutputFormat.JSON:
            write(advice.report("json"))
        case OutputFormat.MARKDOWN:
            write(advice.report("markdown"))
        case OutputFormat.HTML:
            write(advice.report("html"))


def exit_code(advice: Advice, fail_on: FailOn) -> int:
    """1 for findings at or above the bound, else 4 for a partial run, else 0."""
    if fail_on is not FailOn.NEVER:
        bound = Severity(fail_on.value).rank
        if any(f.severity is not None and f.severity.rank >= bound for f in advice.findings):
            return exit_codes.FINDINGS
    return exit_codes.PARTIAL if advice.is_partial else exit_codes.DONE


def _size(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_size_bytes(text)
    except ValueError as error:
        raise UsageError("reading --index-budget", str(error)) from error
