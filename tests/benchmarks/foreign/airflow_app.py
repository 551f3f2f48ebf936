"""Apache Airflow: its scheduler at work over many runs, and what its pages and commands list."""

# mypy: ignore-errors
# pyright: reportMissingImports=false
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

AIRFLOW = str(Path(sys.executable).with_name("airflow"))


def run(*arguments: str, seconds: int = 240) -> None:
    """Run one of its own commands; the scheduler is ended when its time is over."""
    try:
        subprocess.run([AIRFLOW, *arguments], check=True, timeout=seconds, stdout=sys.stderr)
    except subprocess.TimeoutExpired:
        if arguments[0] != "scheduler":
            raise


def work() -> None:
    """Schedule for a while, and list."""
    run("dags", "reserialize")
    run("scheduler", "--num-runs", "30", seconds=120)
    for dag in ("example_bash_operator", "example_branch_labels"):
        run("dags", "list-runs", dag)
        run("dags", "details", dag)
    run("dags", "list")
    run("pools", "list")
    run("jobs", "check", "--allow-multiple", "--limit", "10")


if sys.argv[1] == "migrate":
    run("db", "migrate")
else:
    work()
