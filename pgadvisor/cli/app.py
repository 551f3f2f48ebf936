"""The ``pgadvisor`` command: parse, one library call, render."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Annotated

import typer

from pgadvisor.cli import analyze, grants, rules, snapshot
from pgadvisor.cli.console import complain, stderr
from pgadvisor.errors import PgAdvisorError
from pgadvisor.version import VERSION

EXIT_INTERNAL = 5
EXIT_INTERRUPTED = 130
EPILOG = (
    "Exit codes: 0 done · 1 findings at or above --fail-on · 2 wrong usage · 3 cannot connect · "
    "4 partial · 5 internal error · 130 interrupted."
)

app = typer.Typer(
    name="pgadvisor",
    help=(
        "PostgreSQL tuning advice with its proof, and the migration that carries it out.\n\n"
        "Start with:  pgadvisor analyze postgresql://reader@host/shop --out advice"
    ),
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(name="analyze", epilog=EPILOG)(analyze.analyze)
app.command(name="snapshot", epilog=EPILOG)(snapshot.snapshot)
app.command(name="grants")(grants.grants)
app.add_typer(rules.app, name="rules")


def _version(value: bool) -> None:  # noqa: FBT001  (typer calls it so)
    if value:
        typer.echo(f"pgadvisor {VERSION}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """PostgreSQL tuning advice with its proof, and the migration that carries it out."""


def main() -> None:
    """Run the command line and exit with the documented code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line; wrong usage and Ctrl-C are typer's own business.

    Args:
        arguments: As a shell would split them, without the program's name.

    Returns:
        The exit code.
    """
    try:
        app(args=arguments, prog_name="pgadvisor")
    except PgAdvisorError as error:
        complain(error)
        return error.exit_code
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:  # noqa: BLE001  (the one boundary: nobody is shown a traceback)
        return _internal(error)
    return 0


def _internal(error: Exception) -> int:
    """Say that it is our fault, and where; the message may hold data, so it is left out."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "pgadvisor" in frame.filename] or frames
    place = f"{os.path.basename(ours[-1].filename)}:{ours[-1].lineno}" if ours else "?"  # noqa: PTH119
    console = stderr()
    console.print(
        f"pgadvisor: internal error: {type(error).__name__} at {place}\n"
        "This is a fault of pgadvisor. Set PGADVISOR_DEBUG=1 to see the traceback, which may "
        "hold data of yours.",
        markup=False,
    )
    if os.environ.get("PGADVISOR_DEBUG"):
        traceback.print_exception(error)
    return EXIT_INTERNAL
