"""Analyse applications that others have written: ``python -m tests.benchmarks.foreign_schemas``.

Each is installed from PyPI into an environment of its own, makes its schema on a server of ours,
gets rows, and does its own work by its own code.  What pgadvisor finds then is printed; every
finding above *info* is one that the application's authors would have to agree with.

The server has run for minutes, and not for weeks: so the gates that ask for days of statistics
are lowered, and no others.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.config import Config
from pgadvisor.model.finding import Finding
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.pipeline import advise
from tests.benchmarks.foreign.filler import fill
from tests.benchmarks.foreign.fillings import FILLINGS
from tests.fixtures.databases import FORGET, SETTINGS, fresh_database

_HERE = Path(__file__).parent / "foreign"
_SETTINGS = SETTINGS | {"autovacuum": "on"}
_LIMIT_S = 900.0
"""An application that takes longer than this hangs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An application of others."""

    name: str
    """Of its script and of its rows."""
    requirements: tuple[str, ...]
    """As PyPI has them; the versions that the docs speak of."""
    environment: Mapping[str, str]


_ALCHEMY = "postgresql+psycopg2://{PGUSER}@/{PGDATABASE}?host={PGHOST}&port={PGPORT}"
APPS = (
    App(
        name="airflow",
        requirements=(
            "apache-airflow-core==3.3.2",
            "apache-airflow-providers-standard",
            *("psycopg2-binary", "asyncpg", "httpx"),
        ),
        environment={
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": _ALCHEMY,
            "AIRFLOW__CORE__LOAD_EXAMPLES": "true",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "false",
            "AIRFLOW_HOME": "{HOME}",
        },
    ),
    App(name="mlflow", requirements=("mlflow==3.17.2", "psycopg2-binary"), environment={}),
    App(name="procrastinate", requirements=("procrastinate==3.10.0",), environment={}),
    App(name="django", requirements=("django==5.2.19", "psycopg[binary]"), environment={}),
    App(name="wagtail", requirements=("wagtail==8.0.1", "psycopg[binary]"), environment={}),
)


def main() -> int:
    """Run them and print what is found; 1 if something above *info* is."""
    parser = argparse.ArgumentParser(description="Analyse applications that others have written.")
    names = [app.name for app in APPS]
    parser.add_argument("--app", choices=names, action="append", help="only this; repeatable")
    parser.add_argument("--kept", type=Path, help="where environments stay for the next time")
    parser.add_argument("--verbose", action="store_true", help="print the whole reports")
    options = parser.parse_args()
    found = 0
    with tempfile.TemporaryDirectory(prefix="pgadv-foreign-") as work:
        for app in APPS:
            if not options.app or app.name in options.app:
                python = install(app, options.kept or Path(work))
                with Cluster(settings=_SETTINGS) as cluster, fresh_database(cluster) as dsn:
                    snapshot = snapshot_of(app, python, dsn)
                found += describe(app, snapshot, is_verbose=options.verbose)
    return int(found > 0)


def install(app: App, directory: Path) -> Path:
    """Make an environment, unless it is there, and return its Python."""
    python = directory / app.name / "bin" / "python"
    if not python.exists():
        venv = [sys.executable, "-m", "venv", str(directory / app.name)]
        subprocess.run(venv, check=True)
        pip = [str(python), "-m", "pip", "install", "-q", *app.requirements]
        subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
    return python


def snapshot_of(app: App, python: Path, dsn: str) -> Snapshot:
    """Migrate, fill, let it work, and collect."""
    with tempfile.TemporaryDirectory(prefix="pgadv-foreign-home-") as home:
        environment = environment_of(app, dsn, home)
        run(app, python, environment, "migrate")
        fill(dsn, FILLINGS[app.name])
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("vacuum analyze")
            connection.execute(FORGET)
            connection.execute("select pg_stat_reset()")
        run(app, python, environment, "work")
    return collect(dsn)


def environment_of(app: App, dsn: str, home: str) -> dict[str, str]:
    """How the application finds its database."""
    place = conninfo_to_dict(dsn)
    told = {
        "DSN": dsn,
        "HOME": home,
        "PGHOST": str(place["host"]),
        "PGPORT": str(place["port"]),
        "PGUSER": str(place["user"]),
        "PGDATABASE": str(place["dbname"]),
    }
    own = {name: value.format_map(told) for name, value in app.environment.items()}
    return {"PATH": os.environ["PATH"], **told, **own}


def run(app: App, python: Path, environment: Mapping[str, str], what: str) -> None:
    """Run its script.

    What it says goes to a file: a pipe would be waited for as long as any child of it lives.
    """
    script = _HERE / f"{app.name}_app.py"
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            [str(python), str(script), what],
            check=False,
            env=environment,
            stdout=said,
            stderr=said,
            timeout=_LIMIT_S,
        )
        if done.returncode != 0:
            said.seek(0)
            print(said.read()[-3_000:].decode(errors="replace"), file=sys.stderr)
            done.check_returncode()


def describe(app: App, snapshot: Snapshot, *, is_verbose: bool) -> int:
    """Analyse and print what was found; return how much of it is above *info*."""
    gates = replace(Config().gates, usage_window_days=0.0, drop_window_days=0.0)
    advice = advise(snapshot, config=Config(gates=gates))
    if is_verbose:
        print(advice.report())
    severities = Counter(_severity(finding) for finding in advice.findings)
    counted = ", ".join(f"{count} {severity}" for severity, count in severities.items()) or "none"
    print(
        f"{app.name}: {len(snapshot.tables)} tables, {len(snapshot.indexes)} indexes, "
        f"{len(snapshot.statements)} statements; findings: {counted}",
        flush=True,
    )
    for finding in advice.findings:
        print(f"  {_severity(finding):8} {finding.key}: {finding.summary}")
    return sum(_severity(finding) != "info" for finding in advice.findings)


def _severity(finding: Finding) -> str:
    return finding.severity.value if finding.severity is not None else "info"


if __name__ == "__main__":
    sys.exit(main())
