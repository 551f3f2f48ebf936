"""Before and after: load the upload pipeline, ask pgadvisor, apply its migration, measure again.

Run by path: ``python examples/upload_pipeline/demo.py [--out DIR]``. It needs no PostgreSQL: it
starts one of its own in a temporary directory and leaves nothing of it behind.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # so that it runs by path

from examples.upload_pipeline import generate, workload
from examples.upload_pipeline.clients import BacklogEmptyError
from examples.upload_pipeline.comparison import comparison_table
from examples.upload_pipeline.measure import Measurement, TooFewSamplesError
from examples.upload_pipeline.progress import step
from examples.upload_pipeline.server import DATABASE, SETTINGS, fresh_copy, load_origin
from examples.upload_pipeline.statements import HURRIED
from pgadvisor.cluster.launch import Cluster
from pgadvisor.errors import PgAdvisorError

CONFIG = generate.HERE / "pgadvisor.toml"
SCALE = generate.Scale()
PLAN = workload.Plan()

INTERRUPTED = 130


class ProgramError(Exception):
    """A program that the demo runs has failed; the message has what it said."""


FAILURES = (ProgramError, BacklogEmptyError, TooFewSamplesError, PgAdvisorError, psycopg.Error)
"""What can go wrong without a mistake in the demo; each says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """The steps of the demo, on one server."""

    cluster: Cluster
    """It has to have pg_stat_statements loaded."""
    console: Console
    out: Path
    """Where pgadvisor writes its report and migration."""

    def run(self) -> None:
        """Do everything; the comparison is printed at the end.

        Raises:
            ProgramError: pgadvisor or psql has failed.
            psycopg.Error: The server refused a statement.
        """
        self._load()
        self._restore("Copy the database as it was loaded")
        before = self._measure("Run the workload before the migration")
        self._analyze()
        self._restore("Put the database back as it was loaded")
        self._migrate()
        after = self._measure("Run the same workload after the migration")
        self.console.print()
        self.console.print(comparison_table(before, after))
        self._say_what_was_compared()

    def _load(self) -> None:
        with step(self.console, f"Load {SCALE.jobs:,} jobs") as tell:
            load_origin(self.cluster, SCALE, progress=tell)

    def _restore(self, title: str) -> None:
        with step(self.console, title):
            fresh_copy(self.cluster)

    def _measure(self, title: str) -> Measurement:
        with step(self.console, title) as tell:
            return workload.run(
                self.cluster.dsn(DATABASE), HURRIED, scale=SCALE, plan=PLAN, progress=tell
            )

    def _analyze(self) -> None:
        with step(self.console, "Run pgadvisor analyze"):
            program = (sys.executable, "-m", "pgadvisor", "analyze", self.cluster.dsn(DATABASE))
            options = ("--config", str(CONFIG), "--out", str(self.out), "--force")
            report = _output_of((*program, *options))
        self.console.print(report, markup=False, highlight=False, soft_wrap=True)

    def _migrate(self) -> None:
        script = self.out / "migration.up.sql"
        psql = self.cluster.binaries.directory / "bin" / "psql"
        options = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={script}")
        with step(self.console, f"Apply {script}"):
            _output_of((str(psql), *options, self.cluster.dsn(DATABASE)))

    def _say_what_was_compared(self) -> None:
        measured_s = PLAN.warm_up_s + PLAN.windows * PLAN.window_s
        self.console.print(
            f"Each figure is the median of {PLAN.windows} windows of {PLAN.window_s:g} s, with the"
            " lowest and the highest of them; a view is one call of the status page. Worker code,"
            " seed, clients and data were the same on both sides; the only difference is the"
            " migration.\n"
            f"[bold]Limits were lowered for this demo:[/bold] it judges by {measured_s:g} s of"
            " statistics, where a real run wants 35 days of them before it drops an index, and"
            f" tables count as large at a lower size. {CONFIG.name} beside this script has each.\n"
            f"Report: {self.out / 'report.md'}, {self.out / 'report.html'}."
            f" Migration: {self.out / 'migration.up.sql'}, {self.out / 'migration.down.sql'}.",
            highlight=False,
        )


def _output_of(command: Sequence[str]) -> str:
    """Run a program and return what it wrote.

    Raises:
        ProgramError: It has failed, or is not there.
    """
    name = Path(command[0]).name if command[1] != "-m" else f"{command[2]} {command[3]}"
    try:
        completed = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    except OSError as error:
        raise ProgramError(f"{name} cannot be started: {error.strerror}") from error
    if completed.returncode != 0:
        said = completed.stderr.strip() or completed.stdout.strip()
        raise ProgramError(f"{name} ended with exit code {completed.returncode}:\n{said}")
    return completed.stdout


def main() -> int:
    """Run the demo; the exit code says how it ended."""
    parser = argparse.ArgumentParser(description="Measure the upload pipeline before and after.")
    parser.add_argument("--out", type=Path, default=Path("demo-output"), help="for the report")
    arguments = parser.parse_args()
    console = Console()
    started_at_s = time.monotonic()
    try:
        with Cluster(settings=SETTINGS) as cluster:
            Demo(cluster=cluster, console=console, out=arguments.out).run()
    except KeyboardInterrupt:
        console.print("Interrupted; the server and its directory are gone.")
        return INTERRUPTED
    except FAILURES as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        return 1
    console.print(f"The demo took {time.monotonic() - started_at_s:.0f} s.", highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
