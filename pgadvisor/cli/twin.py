"""``pgadvisor twin``: plans of statements, on a twin of the database that one may change."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import ExitStack

import typer

from pgadvisor.cli import exit_codes, options
from pgadvisor.cli.console import complain, progress, say, write
from pgadvisor.cli.door import Door, Screen
from pgadvisor.cli.options import TextOrJson
from pgadvisor.cli.prompt import converse, is_conversation, read_commands
from pgadvisor.cli.source import read_source
from pgadvisor.cli.statements import WrittenStatement, read_statements
from pgadvisor.cli.trial import Trial
from pgadvisor.emit.plaintext import one_line
from pgadvisor.emit.side_by_side import MIN_WIDTH
from pgadvisor.emit.what_if import WhatIf, render_heading, render_what_if
from pgadvisor.emit.what_if_json import render_what_if_json
from pgadvisor.errors import RefusedError, UsageError
from pgadvisor.model.catalog import Catalog
from pgadvisor.whatif.twin import Twin

_MAX_WIDTH = 240


def twin(  # noqa: PLR0913  (one for each option)
    source: options.SourceOrFile = None,
    *,
    explain: options.Explain = None,
    create: options.Create = None,
    drop: options.Drop = None,
    set_: options.Set = None,
    output_format: options.PlanFormat = TextOrJson.TEXT,
    schema: options.Schemas = None,
    exclude_schema: options.ExcludedSchemas = None,
    quiet: options.Quiet = False,
) -> None:
    """Plan statements as if indexes or settings were different, on a twin without rows.

    The twin is an embedded PostgreSQL that holds the schema and the statistics of the
    database.  Nothing is executed, and the server that a connection string names is only
    read, as `pgadvisor snapshot` does it.

    The plans before and after stand side by side from 120 columns on, with what the change
    comes to below them.  Without --explain there is a prompt like psql's; where standard
    input is no terminal, the same is read from there.

    \b
    pgadvisor twin shop.pgsnap
    pgadvisor twin shop.pgsnap --explain query.sql
      --create "create index on orders (customer_id)"
    pgadvisor twin shop.pgsnap --explain query.sql --drop orders_open
      --set random_page_cost=1.1
    echo "select 1" | pgadvisor twin postgresql:///shop --explain -
    """  # noqa: D301  (click wants a real backspace before lines that it is to keep)
    if output_format is TextOrJson.JSON and not explain:
        raise UsageError("reading --format json", "it prints the plans of --explain FILE only")
    wanted = [one for file in explain or () for one in read_statements(file)]
    settings = [_setting(text) for text in set_ or ()]
    with ExitStack() as stack:
        with progress(quiet=quiet) as report:
            snapshot = read_source(
                source, schemas=schema or (), exclude_schemas=exclude_schema or (), progress=report
            )
            report("starting the planner twin", 0, 0)
            planner = stack.enter_context(Twin(snapshot))
            trial = Trial(twin=planner, catalog=Catalog(snapshot))
            _configure(trial, create or (), drop or (), settings)
        if explain:
            _print([_planned(trial, one) for one in wanted], trial, output_format)
            code = exit_codes.DONE
        else:
            code = _talk(trial)
    if code or snapshot.is_partial:
        raise typer.Exit(code or exit_codes.PARTIAL)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name.strip() or not equals:
        raise UsageError("reading --set", "write NAME=VALUE, such as random_page_cost=1.1")
    return name.strip(), value.strip()


def _configure(
    trial: Trial,
    create: Sequence[str],
    drop: Sequence[str],
    settings: Sequence[tuple[str, str]],
) -> None:
    for statement in create:
        trial.create(statement)
    for name in drop:
        trial.drop(name)
    for name, value in settings:
        trial.set(name, value)


def _planned(trial: Trial, wanted: WrittenStatement) -> WhatIf:
    try:
        return trial.plan(wanted.text)
    except RefusedError as error:
        raise RefusedError(f"planning {wanted.place}", error.happened, error.next_step) from error


def _print(tried: Sequence[WhatIf], trial: Trial, output_format: TextOrJson) -> None:
    if output_format is TextOrJson.JSON:
        document = render_what_if_json(
            tried,
            version=trial.twin.version,
            original_version=trial.catalog.snapshot.server.version,
            notes=trial.notes,
        )
        write(document)
        return
    parts = []
    for number, one in enumerate(tried, start=1):
        if len(tried) > 1:
            parts.append(render_heading(one, number, len(tried)) + "\n")
        parts.append(render_what_if(one, width=_width(), color=_wants_color()) + "\n")
    write("\n".join([*parts, *map(one_line, trial.notes)]))


def _talk(trial: Trial) -> int:
    """Answer a person, or the lines of standard input; returns the exit code."""
    door = Door(trial, Screen(write=write, complain=complain, width=_width, color=_wants_color()))
    if not is_conversation():
        read_commands(door)
        return exit_codes.USAGE if door.refusals else exit_codes.DONE
    say("\n".join(trial.notes))
    say(r"Statements are planned, none is executed.  \? lists the commands, \q leaves.")
    converse(door, trial.restart)
    return exit_codes.DONE


def _width() -> int:
    return min(shutil.get_terminal_size((MIN_WIDTH, 24)).columns, _MAX_WIDTH)


def _wants_color() -> bool:
    is_dumb = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not is_dumb
