"""``pgadvisor logs``: what server logs tell of statements and their times."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from pgadvisor.cli import options
from pgadvisor.cli.console import Report, progress, write
from pgadvisor.cli.options import TextOrJson
from pgadvisor.emit.log_json import render_log_json
from pgadvisor.emit.log_text import DEFAULT_TOP, DEFAULT_WIDTH, render_log_text
from pgadvisor.logs import read_logs
from pgadvisor.model.log import LogDigest
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.snapshotfile import load

LogFiles = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        help="Logs in stderr, csvlog or jsonlog format, gzipped or not, in any order; "
        "- is standard input.",
        show_default=False,
    ),
]
SnapshotOfServer = Annotated[
    Path | None,
    typer.Option(
        metavar="SNAPSHOT",
        help="A snapshot of the server, whose log_line_prefix is tried first.",
        show_default=False,
    ),
]


def logs(
    files: LogFiles,
    *,
    log_line_prefix: options.LogLinePrefix = None,
    snapshot: SnapshotOfServer = None,
    output_format: Annotated[
        TextOrJson, typer.Option("--format", help="How to print what was read: text or json.")
    ] = TextOrJson.TEXT,
    top: Annotated[
        int, typer.Option(min=1, metavar="N", help="How many statements the text lists.")
    ] = DEFAULT_TOP,
    show_literals: Annotated[
        bool,
        typer.Option(
            "--show-literals",
            help="Show the values of some calls, and in JSON the logged plans: they are rows' "
            "values.",
        ),
    ] = False,
    quiet: options.Quiet = False,
) -> None:
    """Read server logs: statements by fingerprint with times and values, plans, and events.

    What log_min_duration_statement, log_duration, log_statement and auto_explain have written is
    read in one pass, in memory that does not grow with the files.  The server is not asked.

    \b
    pgadvisor logs /var/log/postgresql/postgresql-18-main.log*
    zcat archive/*.gz | pgadvisor logs - --format json
    pgadvisor analyze postgresql://reader@host/shop --logs postgresql.log
    """  # noqa: D301  (click wants a real backspace before lines that it is to keep)
    with progress(quiet=quiet) as report:
        digest = _read(files, log_line_prefix, load(snapshot) if snapshot else None, report)
    if output_format is TextOrJson.JSON:
        write(render_log_json(digest, show_literals=show_literals))
        return
    is_terminal = sys.stdout.isatty()
    wants_color = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    width = min(shutil.get_terminal_size().columns, DEFAULT_WIDTH) if is_terminal else None
    color = is_terminal and wants_color
    write(render_log_text(digest, width=width, color=color, top=top, show_literals=show_literals))


def read_logs_for(
    files: Sequence[str] | None, log_line_prefix: str | None, snapshot: Snapshot, report: Report
) -> LogDigest | None:
    """Read the logs that are to go into an analysis; None: there are none.

    Args:
        files: As they were given.
        log_line_prefix: As it was given; None: the snapshot's own is tried first.
        snapshot: What is analysed.
        report: Told how far it is.
    """
    return _read(files, log_line_prefix, snapshot, report) if files else None


def _read(
    files: Sequence[str], given: str | None, snapshot: Snapshot | None, report: Report
) -> LogDigest:
    setting = snapshot.server.setting("log_line_prefix") if snapshot else None
    return read_logs(
        files,
        log_line_prefix=given if given is not None else setting.value if setting else None,
        is_prefix_sure=given is not None,
        progress=report,
    )
