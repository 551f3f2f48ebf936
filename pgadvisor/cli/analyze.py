"""``pgadvisor analyze``: from a server or a snapshot to the report and the migration."""

from __future__ import annotations

from pathlib import Path

import typer

from pgadvisor.advice import Advice
from pgadvisor.baseline import load_baseline
from pgadvisor.cli import exit_codes, options
from pgadvisor.cli.baseline import NewBaseline
from pgadvisor.cli.bounds import check_names, read_budget
from pgadvisor.cli.console import progress, say, write
from pgadvisor.cli.logs import read_logs_for
from pgadvisor.cli.options import FailOn, OutputFormat, WhatIf
from pgadvisor.cli.planner import planner_of
from pgadvisor.cli.source import read_nodes, scope_of
from pgadvisor.config import load_config
from pgadvisor.emit.output import check_outputs
from pgadvisor.emit.text import print_report
from pgadvisor.errors import UsageError
from pgadvisor.model.baseline import Baseline
from pgadvisor.model.execution import Execution
from pgadvisor.model.finding import Severity
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import Statement
from pgadvisor.pipeline import advise
from pgadvisor.plan_files import read_executions
from pgadvisor.snapshotfile import load
from pgadvisor.workload import read_workload


def analyze(  # noqa: PLR0913  (one for each option)
    source: options.SourceOrFile = None,
    *,
    since: options.Since = None,
    replica: options.Replicas = None,
    out: options.Out = None,
    force: options.ForceFiles = False,
    output_format: options.Format = OutputFormat.TEXT,
    migration: options.MigrationFormat = "plain",
    workload: options.Workload = None,
    workload_only: options.WorkloadOnly = False,
    logs: options.Logs = None,
    log_line_prefix: options.LogLinePrefix = None,
    plans: options.Plans = None,
    index_budget: options.IndexBudget = None,
    max_indexes: options.MaxIndexes = None,
    max_indexes_per_table: options.MaxIndexesPerTable = 5,
    max_regression: options.MaxRegression = "10%",
    max_build_time: options.MaxBuildTime = None,
    protect: options.Protected = None,
    forbid: options.Forbidden = None,
    time_limit: options.TimeLimit = "10",
    explain_choice: options.ExplainChoice = False,
    what_if: options.WhatIfPlanner = WhatIf.TWIN,
    hypopg_dsn: options.HypoPGDsn = None,
    schema: options.Schemas = None,
    exclude_schema: options.ExcludedSchemas = None,
    config: options.ConfigFile = None,
    rules: options.RuleDirectories = None,
    fail_on: options.Threshold = FailOn.NEVER,
    baseline: options.BaselineFile = None,
    only_new: options.OnlyNew = False,
    write_baseline: options.WrittenBaseline = None,
    baseline_reason: options.BaselineReason = "there when the baseline was written",
    baseline_expires: options.BaselineExpiry = None,
    show_literals: options.ShowLiterals = False,
    quiet: options.Quiet = False,
) -> None:
    """Analyse a database and say what to change, with proof, SQL and the way back.

    The server is only read: short read-only transactions, no extension but
    pg_stat_statements, no DDL.  `pgadvisor grants` prints what the role needs.
    New indexes are chosen together, as the set that saves most, with a proof.

    \b
    pgadvisor analyze postgresql://reader@host/shop --out advice
    pgadvisor analyze shop.pgsnap --index-budget 2GB --max-indexes 10 --explain-choice
    pgadvisor analyze shop.pgsnap --since last-month.pgsnap --replica standby.pgsnap
    pgadvisor analyze shop.pgsnap --baseline known.toml --only-new --fail-on warning
    """  # noqa: D301  (click wants a real backspace before lines that it is to keep)
    settings, known = load_config(config), _baseline(baseline, only_new=only_new)
    earlier, planner = _earlier(since), planner_of(what_if, source, hypopg_dsn)
    budget = read_budget(
        index_budget=index_budget,
        max_indexes=max_indexes,
        max_indexes_per_table=max_indexes_per_table,
        max_regression=max_regression,
        max_build_time=max_build_time,
        protect=protect or (),
        forbid=forbid or (),
        time_limit=time_limit,
    )
    _check_place(out, force=force)
    statements, executions = _workload(workload, is_alone=workload_only), _executions(plans)
    new = NewBaseline.of(write_baseline, baseline_reason, baseline_expires, baseline, force=force)
    with progress(quiet=quiet) as report:
        snapshot, *standbys = read_nodes(source, replica, scope_of(schema, exclude_schema), report)
        check_names(budget, snapshot)
        advice = advise(
            snapshot,
            budget=budget,
            config=settings,
            since=earlier,
            standbys=standbys,
            baseline=known,
            only_new=only_new,
            rule_directories=rules or (),
            workload=statements,
            workload_only=workload_only,
            logs=read_logs_for(logs, log_line_prefix, snapshot, report),
            plans=executions,
            migration_format=migration,
            planner=planner,
            show_literals=show_literals,
            progress=report,
        )
    _print(advice, output_format, explain_choice=explain_choice)
    _finish(advice, out, new, fail_on, force=force, explain_choice=explain_choice)


def _finish(
    advice: Advice,
    out: Path | None,
    new: NewBaseline | None,
    fail_on: FailOn,
    *,
    force: bool,
    explain_choice: bool,
) -> None:
    _save(advice, out, force=force, explain_choice=explain_choice)
    if new is not None:
        new.write(advice)
    if code := exit_code(advice, fail_on):
        raise typer.Exit(code)


def _earlier(place: Path | None) -> Snapshot | None:
    return load(place) if place is not None else None


def _executions(place: Path | None) -> tuple[Execution, ...]:
    return read_executions(place) if place is not None else ()


def _workload(place: Path | None, *, is_alone: bool) -> tuple[Statement, ...]:
    if place is not None:
        return read_workload(place)
    if is_alone:
        raise UsageError("reading --workload-only", "there is no --workload DIR to take alone")
    return ()


def _check_place(out: Path | None, *, force: bool) -> None:
    """Find out before the work is done that its outcome could not be written."""
    if out is not None:
        check_outputs(out, force=force)


def _baseline(path: Path | None, *, only_new: bool) -> Baseline | None:
    if path is not None:
        return load_baseline(path)
    if only_new:
        raise UsageError("reading --only-new", "there is no --baseline FILE that knows the others")
    return None


def _print(advice: Advice, output_format: OutputFormat, *, explain_choice: bool) -> None:
    match output_format:
        case OutputFormat.TEXT:
            print_report(advice, write, explain_choice=explain_choice)
        case OutputFormat.JSON:
            write(advice.report("json"))
        case OutputFormat.MARKDOWN:
            write(advice.report("markdown", explain_choice=explain_choice))
        case OutputFormat.HTML:
            write(advice.report("html", explain_choice=explain_choice))


def _save(advice: Advice, out: Path | None, *, force: bool, explain_choice: bool) -> None:
    if out is None:
        return
    written = advice.save(out, force=force, explain_choice=explain_choice)
    say(f"written to {out}: {', '.join(path.name for path in written)}")


def exit_code(advice: Advice, fail_on: FailOn) -> int:
    """1 for findings at or above the bound, else 4 for a partial run, else 0.

    Where there is a baseline, what it knows is not counted.
    """
    if fail_on is not FailOn.NEVER:
        bound = Severity(fail_on.value).rank
        new = None if advice.baseline is None else set(advice.baseline.new_keys)
        counted = [f for f in advice.findings if new is None or f.key in new]
        if any(f.severity is not None and f.severity.rank >= bound for f in counted):
            return exit_codes.FINDINGS
    return exit_codes.PARTIAL if advice.is_partial else exit_codes.DONE
