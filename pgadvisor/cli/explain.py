"""``pgadvisor explain``: where the time of an executed plan goes, and what to do about it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated

import typer

from pgadvisor.cli import exit_codes, options
from pgadvisor.cli.candidates import (
    Candidates,
    render_candidates,
    trial_snapshot,
    try_candidates,
)
from pgadvisor.cli.console import progress, say, write
from pgadvisor.cli.live import (
    DEFAULT_TIMEOUT,
    AllowPrimary,
    AllowSuperuser,
    AllowUserFunctions,
    Analyze,
    Dsn,
    LiveRequest,
    Parameters,
    StatementTimeout,
    Yes,
    live_plans,
)
from pgadvisor.cli.options import FailOn, TextOrJson
from pgadvisor.config import load_config
from pgadvisor.emit.comparison_text import render_comparison_text
from pgadvisor.emit.explain_html import render_explained_html
from pgadvisor.emit.explain_json import render_explained_json
from pgadvisor.emit.explain_text import render_explained_text
from pgadvisor.emit.index_trial import StatementTrial
from pgadvisor.emit.output import write_outputs
from pgadvisor.emit.plan_view import ExplainedPlan
from pgadvisor.emit.side_by_side import MIN_WIDTH
from pgadvisor.emit.tree_text import DRAWN, PLAIN, Signs
from pgadvisor.errors import UsageError
from pgadvisor.explanation import explain_plans
from pgadvisor.model.execution import Execution
from pgadvisor.model.finding import Severity
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.parse.plans.execution import with_statements
from pgadvisor.parse.plans.redact import redacted_expression
from pgadvisor.plan_files import MAX_FILE_BYTES, executions_in, read_executions
from pgadvisor.snapshotfile import load

_STANDARD_INPUT = "-"
_MAX_FILES = 2
_MAX_WIDTH = 240

PlanFiles = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        help="What EXPLAIN printed, as text, JSON, YAML or XML, and as it was copied; or a log "
        "of auto_explain; with --dsn, SQL. - is standard input. Of two files of plans these are "
        "compared.",
        show_default=False,
    ),
]
HtmlFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write a page that works offline, with the plan as a picture and the findings "
        "beside it.",
        show_default=False,
    ),
]
SnapshotOfDatabase = Annotated[
    Path | None,
    typer.Option(
        metavar="SNAPSHOT",
        help="A snapshot of the database: rules then know its tables, indexes and statistics.",
        show_default=False,
    ),
]


def explain(  # noqa: PLR0913  (one for each option)
    files: PlanFiles,
    *,
    html: HtmlFile = None,
    force: options.ForceFile = False,
    output_format: Annotated[
        TextOrJson, typer.Option("--format", help="How to print the plans: text or json.")
    ] = TextOrJson.TEXT,
    dsn: Dsn = None,
    param: Parameters = None,
    analyze: Analyze = False,
    yes: Yes = False,
    allow_primary: AllowPrimary = False,
    allow_superuser: AllowSuperuser = False,
    allow_user_functions: AllowUserFunctions = False,
    statement_timeout: StatementTimeout = DEFAULT_TIMEOUT,
    candidates: Candidates = False,
    snapshot: SnapshotOfDatabase = None,
    config: options.ConfigFile = None,
    rules: options.RuleDirectories = None,
    fail_on: options.Threshold = FailOn.NEVER,
    show_literals: Annotated[
        bool,
        typer.Option(
            "--show-literals",
            help="Show the values of the statement that conditions and outputs of the plan hold.",
        ),
    ] = False,
) -> None:
    """Explain executed plans: what each node took by itself, and what to do about it.

    Times are without what ran below a node, over all of its loops and workers, and add up
    to the whole; CTEs and init plans count once.  Rows stand beside the rows that were
    planned.  Two files are plans of one statement before and after a change.

    \b
    psql -c "explain (analyze, buffers) select ..." shop | pgadvisor explain -
    pgadvisor explain plan.txt --html plan.html
    pgadvisor explain before.json after.json
    pgadvisor explain plan.json --snapshot shop.pgsnap --fail-on warning
    pgadvisor explain --dsn postgresql:///shop query.sql --param 1=42 --candidates
    """  # noqa: D301  (click wants a real backspace before lines that it is to keep)
    settings, known = load_config(config), load(snapshot) if snapshot else None
    live = LiveRequest.of(
        dsn,
        analyze=analyze,
        yes=yes,
        allow_primary=allow_primary,
        allow_superuser=allow_superuser,
        allow_user_functions=allow_user_functions,
        parameters=param,
        statement_timeout=statement_timeout,
    )
    _check_candidates(candidates, has_database=bool(dsn or snapshot))
    found = [live_plans(live, files)] if live else [_read(file, known) for file in _checked(files)]
    executions = [execution for of_file in found for execution in of_file]
    compared = () if live else _compared(files, found)
    explained = explain_plans(
        executions,
        snapshot=known,
        config=settings,
        rule_directories=rules or (),
        show_literals=show_literals,
    )
    plans, indexes = explained.plans, explained.indexes
    if html is not None:
        page = render_explained_html(plans, compared, indexes=indexes)
        [written] = write_outputs(html.parent, {html.name: page}, force=force)
        say(f"written to {written}")
    is_json = output_format is TextOrJson.JSON
    if not is_json:  # before the candidates, which take their time
        _print(plans, compared, indexes)
    tried = _tried(found, known, live, show_literals=show_literals) if candidates else ()
    if is_json:
        write(render_explained_json(plans, compared, indexes, tried, show_literals=show_literals))
    elif candidates:
        _print_candidates(tried)
    if code := exit_code(plans, fail_on):
        raise typer.Exit(code)


def exit_code(plans: Sequence[ExplainedPlan], fail_on: FailOn) -> int:
    """1 for findings at or above the bound, else 4 where a rule failed, else 0."""
    found = [finding for plan in plans for finding in plan.diagnosis.findings]
    if fail_on is not FailOn.NEVER:
        bound = Severity(fail_on.value).rank
        if any(f.severity is not None and f.severity.rank >= bound for f in found):
            return exit_codes.FINDINGS
    is_partial = any(plan.diagnosis.broken for plan in plans)
    return exit_codes.PARTIAL if is_partial else exit_codes.DONE


def _checked(files: Sequence[str]) -> Sequence[str]:
    if len(files) > _MAX_FILES:
        raise UsageError(
            "reading plans",
            f"{len(files)} files were given",
            "One is explained, two are compared; several plans may stand in one file.",
        )
    if list(files).count(_STANDARD_INPUT) > 1:
        raise UsageError("reading plans", "standard input can be read once only")
    return files


def _tried(
    found: Sequence[Sequence[Execution]],
    known: Snapshot | None,
    live: LiveRequest | None,
    *,
    show_literals: bool,
) -> tuple[StatementTrial, ...]:
    with progress() as report:
        return try_candidates(
            [execution for of_file in found for execution in of_file],
            trial_snapshot(known, live.dsn if live else None, report),
            parameters=live.options.parameters if live else (),
            expression=str if show_literals else redacted_expression,
            progress=report,
        )


def _check_candidates(candidates: bool, *, has_database: bool) -> None:  # noqa: FBT001
    if candidates and not has_database:
        raise UsageError("reading --candidates", "it goes with --dsn DSN or --snapshot SNAPSHOT")


def _print_candidates(tried: Sequence[StatementTrial]) -> None:
    width = min(shutil.get_terminal_size((MIN_WIDTH, 24)).columns, _MAX_WIDTH)
    write(f"\n{render_candidates(tried, width=width)}")


def _read(place: str, snapshot: Snapshot | None) -> tuple[Execution, ...]:
    """Read the plans of a file."""
    if place == _STANDARD_INPUT:
        content = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
        found = executions_in(content, "standard input", "reading executed plans")
    else:
        found = read_executions(place)
    if snapshot is not None:
        found = with_statements(found, snapshot.statements)
    return found


def _compared(
    files: Sequence[str], given: Sequence[Sequence[Execution]]
) -> tuple[tuple[int, int], ...]:
    """Positions of the plans before and after, among those of all files."""
    if len(files) < _MAX_FILES:
        return ()
    before, after = (len(of_file) for of_file in given)
    if before != after:
        raise UsageError(
            "comparing plans",
            f"there are {before} in {files[0]} and {after} in {files[1]}",
            "Give two files with as many plans of the same statements, in the same order.",
        )
    return tuple((number, before + number) for number in range(before))


def _print(
    plans: Sequence[ExplainedPlan],
    compared: Sequence[tuple[int, int]],
    indexes: Collection[str] | None,
) -> None:
    is_terminal = sys.stdout.isatty()
    wants_color = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    width = min(shutil.get_terminal_size().columns, _MAX_WIDTH) if is_terminal else None
    color = is_terminal and wants_color
    if compared:
        pairs = [(plans[before], plans[after]) for before, after in compared]
        write(
            render_comparison_text(pairs, indexes=indexes, width=width, color=color, signs=_signs())
        )
    else:
        write(render_explained_text(plans, width=width, color=color, signs=_signs()))


def _signs() -> Signs:
    """What the output's encoding has signs for."""
    try:
        (DRAWN.bar + DRAWN.branch + DRAWN.last + DRAWN.cut).encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return PLAIN
    return DRAWN
