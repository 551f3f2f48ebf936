"""The ``pgadvisor`` command: parse, one library call, render."""

from __future__ import annotations

import io
import os
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import Annotated, cast

import typer

from pgadvisor.cli import analyze, exit_codes, explain, grants, logs, rules, snapshot, twin
from pgadvisor.cli.console import complain
from pgadvisor.cli.secrets import scrub
from pgadvisor.errors import PgAdvisorError
from pgadvisor.version import VERSION

# Typer has it from click, or from its own copy of click, and gives it no name of its own.
_WrongUsage = cast("type[typer.BadParameter]", typer.BadParameter.__bases__[0])

app = typer.Typer(
    name="pgadvisor",
    help=(
        "PostgreSQL tuning advice with its proof, and the migration that carries it out.\n\n"
        "Start with:  pgadvisor analyze postgresql://reader@host/shop --out advice"
    ),
    epilog=exit_codes.epilog(),
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(name="analyze", epilog=exit_codes.epilog())(analyze.analyze)
app.command(name="snapshot", epilog=exit_codes.epilog(exit_codes.FINDINGS))(snapshot.snapshot)
app.command(name="twin", epilog=exit_codes.epilog(exit_codes.FINDINGS))(twin.twin)
app.command(name="explain", epilog=exit_codes.epilog(exit_codes.CANNOT_CONNECT))(explain.explain)
app.command(name="logs", epilog=rules.EPILOG)(logs.logs)
app.command(name="grants", epilog=rules.EPILOG)(grants.grants)
app.add_typer(rules.app, name="rules", epilog=rules.EPILOG)


def _version(value: bool) -> None:  # noqa: FBT001  (typer calls it so)
    if value:
        typer.echo(f"pgadvisor {VERSION}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    *,
    version: Annotated[  # noqa: ARG001  (its callback does the work)
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """PostgreSQL tuning advice with its proof, and the migration that carries it out."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(exit_codes.USAGE)


def main() -> None:
    """Run the command line and exit with the documented code."""
    _prepare_streams()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores SIGHUP, and may
            signal.signal(number, _interrupt)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line.

    Args:
        arguments: As a shell would split them, without the program's name.

    Returns:
        The exit code.
    """
    try:
        code = app(args=arguments, prog_name="pgadvisor", standalone_mode=False)
    except PgAdvisorError as error:
        complain(scrub(str(error), arguments))
        return error.exit_code
    except _WrongUsage as error:
        command = error.ctx.command_path if error.ctx is not None else "pgadvisor"
        complain(scrub(f"{error.format_message()}\nSee {command} --help.", arguments))
        return exit_codes.USAGE
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except (KeyboardInterrupt, typer.Abort):
        return exit_codes.INTERRUPTED
    except Exception as error:  # noqa: BLE001  (the one boundary: nobody is shown a traceback)
        return _internal(error)
    return code if isinstance(code, int) else exit_codes.DONE


def _prepare_streams() -> None:
    """Let no character fail that a terminal cannot show, nor output that nobody wants."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the shell: >&-
            nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  (to the end)
            setattr(sys, name, nowhere)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """End as Ctrl-C does: servers are stopped, and what is half written is removed."""
    raise KeyboardInterrupt


def _internal(error: Exception) -> int:
    """Say that it is our fault, and where; the message may hold data, so it is left out."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "pgadvisor" in frame.filename] or frames
    place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "?"
    complain(
        f"internal error: {type(error).__name__} at {place}\n"
        "This is a fault of pgadvisor. Set PGADVISOR_DEBUG=1 to see the traceback, which may "
        "hold data of yours."
    )
    if os.environ.get("PGADVISOR_DEBUG"):
        traceback.print_exception(error)
    return exit_codes.INTERNAL
