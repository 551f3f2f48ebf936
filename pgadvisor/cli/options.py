"""Arguments and options of the commands, each told once."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pgadvisor.emit.formats import FORMATS


class OutputFormat(StrEnum):
    """What ``--format`` takes."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


class TextOrJson(StrEnum):
    """What ``--format`` takes where there is no more."""

    TEXT = "text"
    JSON = "json"


class WhatIf(StrEnum):
    """What ``--what-if`` takes."""

    TWIN = "twin"
    HYPOPG = "hypopg"


class FailOn(StrEnum):
    """What ``--fail-on`` takes."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"
    NEVER = "never"


class Redact(StrEnum):
    """What ``--redact`` takes."""

    NONE = "none"
    DEFAULT = "default"
    ALL = "all"


def _known_format(name: str) -> str:
    """Check what ``--migration`` takes against the formats that there are."""
    if name not in FORMATS:
        raise typer.BadParameter(f"there is no format {name}; there are {', '.join(FORMATS)}")
    return name


SourceOrFile = Annotated[
    str | None,
    typer.Argument(
        metavar="DSN|SNAPSHOT",
        help="A connection string or URL, or a file made by `pgadvisor snapshot`. "
        "Without one: DATABASE_URL, else PGHOST, PGDATABASE, PGSERVICE and the like.",
        show_default=False,
    ),
]
Since = Annotated[
    Path | None,
    typer.Option(
        metavar="SNAPSHOT",
        help="An earlier snapshot of the same database: judge what was counted since then, in "
        "the place of the totals. Resets, evictions and restarts in between are found and told.",
        show_default=False,
    ),
]
Replicas = Annotated[
    list[str] | None,
    typer.Option(
        "--replica",
        metavar="DSN|SNAPSHOT",
        help="A standby of the analysed primary, or a snapshot of it: each node counts its own "
        "scans alone, and no index goes that a standby may be using; may be repeated.",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Write report.md, report.html, report.json, migration.up.sql, "
        "migration.down.sql and pr-comment.md into this directory.",
        show_default=False,
    ),
]
ForceFiles = Annotated[bool, typer.Option("--force", help="Replace files that are there already.")]
Format = Annotated[
    OutputFormat,
    typer.Option(
        "--format", help="What to print on standard output: text, json, markdown or html."
    ),
]
MigrationFormat = Annotated[
    str,
    typer.Option(
        metavar="FORMAT",
        callback=_known_format,
        help=f"Write the migration in this tool's format: {', '.join(FORMATS)}.",
    ),
]
Workload = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="A directory of .sql files to take as workload, beside what the server "
        "counted. `-- weight: 120` before a statement says how often a day it runs.",
        show_default=False,
    ),
]
WorkloadOnly = Annotated[
    bool,
    typer.Option("--workload-only", help="Take that workload in the place of the counted one."),
]
Logs = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE",
        help="A log of the server: values of its calls are taken in the place of sampled ones, "
        "and statements that the counters lack are added; - is standard input; may be repeated.",
        show_default=False,
    ),
]
Plans = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Executed plans, a file or a directory of them, as EXPLAIN (ANALYZE, BUFFERS) or "
        "auto_explain writes them: they are judged, and correct what other plans are believed "
        "to cost.",
        show_default=False,
    ),
]
LogLinePrefix = Annotated[
    str | None,
    typer.Option(
        metavar="PREFIX",
        help="How the lines of stderr logs begin, as the server's setting of that name says; "
        "without it, that is recognised.",
        show_default=False,
    ),
]
IndexBudget = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE",
        help="Storage for all new indexes, such as 500MB.",
        show_default=False,
    ),
]
MaxIndexes = Annotated[
    int | None, typer.Option(min=0, help="Number of new indexes.", show_default=False)
]
MaxIndexesPerTable = Annotated[
    int, typer.Option(min=0, metavar="N", help="Number of new indexes on any one table.")
]
MaxRegression = Annotated[
    str,
    typer.Option(
        metavar="RATIO",
        help="How much dearer a statement with more than 1 % of the time may get, such as 10% "
        "or 0.1.",
    ),
]
MaxBuildTime = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Time to build all new indexes, roughly, such as 30min.",
        show_default=False,
    ),
]
Protected = Annotated[
    list[str] | None,
    typer.Option(
        "--protect",
        metavar="NAME",
        help="An index, or schema.index, that the choice never drops; may be repeated.",
        show_default=False,
    ),
]
Forbidden = Annotated[
    list[str] | None,
    typer.Option(
        "--forbid",
        metavar="TABLE",
        help="A table, or schema.table, that gets no new index; may be repeated.",
        show_default=False,
    ),
]
TimeLimit = Annotated[
    str,
    typer.Option(
        metavar="SECONDS",
        help="How long to search for a better set of indexes; the best so far is taken then.",
    ),
]
ExplainChoice = Annotated[
    bool,
    typer.Option(
        "--explain-choice",
        help="Tell at length why each index was chosen, or was not.",
    ),
]
WhatIfPlanner = Annotated[
    WhatIf,
    typer.Option(
        "--what-if",
        help="What plans as if an index existed: twin, a PostgreSQL of our own that plans like "
        "the original; or hypopg, the server's own extension of that name.",
    ),
]
HypoPGDsn = Annotated[
    str | None,
    typer.Option(
        "--hypopg-dsn",
        metavar="DSN",
        help="With --what-if hypopg, ask this server (the analysed database, or a copy of it) in "
        "the place of the one that is analysed.",
        show_default=False,
    ),
]
Schemas = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME", help="Look at this schema only; may be repeated.", show_default=False
    ),
]
ExcludedSchemas = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME", help="Leave this schema out; may be repeated.", show_default=False
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Settings; without: pgadvisor.toml, or [tool.pgadvisor] in pyproject.toml.",
        show_default=False,
    ),
]
BaselineFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Findings that are known: --fail-on counts others only, and the report says which "
        "of them are no longer found.",
        show_default=False,
    ),
]
OnlyNew = Annotated[
    bool,
    typer.Option(
        "--only-new", help="Leave what the baseline knows out of report and migration as well."
    ),
]
WrittenBaseline = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write a baseline of all findings that are there; it may be the --baseline itself, "
        "whose reasons and days it keeps.",
        show_default=False,
    ),
]
BaselineReason = Annotated[
    str, typer.Option(metavar="TEXT", help="Why the findings that --write-baseline adds stay.")
]
BaselineExpiry = Annotated[
    datetime | None,
    typer.Option(
        metavar="DATE",
        formats=["%Y-%m-%d"],
        help="From this day on the findings that --write-baseline adds count as new again, such "
        "as 2027-01-31.",
        show_default=False,
    ),
]
RuleDirectories = Annotated[
    list[Path] | None,
    typer.Option(metavar="DIR", help="Rules of your own; may be repeated.", show_default=False),
]
ShowLiterals = Annotated[
    bool,
    typer.Option(
        "--show-literals",
        help="Show the values that plans depend on, which are rows' values; a redacted snapshot "
        "has pseudonyms in their place.",
    ),
]
Threshold = Annotated[
    FailOn,
    typer.Option(
        help="Exit with 1 when there is a finding this severe, or worse: info, warning, "
        "critical; or never."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Source = Annotated[
    str | None,
    typer.Argument(
        metavar="DSN",
        help="A connection string or URL. Without one: DATABASE_URL, else PGHOST, "
        "PGDATABASE, PGSERVICE and the like.",
        show_default=False,
    ),
]
SnapshotFile = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="FILE", help="The file; by custom it ends in .pgsnap."),
]
ForceFile = Annotated[bool, typer.Option("--force", help="Replace a file that is there already.")]
RedactionLevel = Annotated[
    Redact,
    typer.Option(
        help="What becomes of values: none keeps them; default keeps those that many rows "
        "share and puts pseudonyms in the place of the others; all keeps none."
    ),
]
RedactedColumns = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="Keep no value of this column (schema.table.column); may be repeated.",
        show_default=False,
    ),
]
Explain = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Plan each statement of this file; - is standard input; may be repeated. "
        "Without it: a prompt.",
        show_default=False,
    ),
]
Create = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SQL",
        help="A CREATE INDEX statement: plan as if that index existed; may be repeated.",
        show_default=False,
    ),
]
Drop = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="Plan as if this index did not exist; may be repeated.",
        show_default=False,
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Plan with this setting, such as random_page_cost=1.1; may be repeated.",
        show_default=False,
    ),
]
PlanFormat = Annotated[
    TextOrJson, typer.Option("--format", help="How to print the plans: text or json.")
]
