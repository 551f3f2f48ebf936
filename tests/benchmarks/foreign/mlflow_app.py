"""MLflow's tracking store: experiments, runs, metrics, parameters and tags."""

# mypy: ignore-errors
# pyright: reportMissingImports=false
from __future__ import annotations

import os
import sys
import tempfile
import time

from mlflow.entities import Metric, Param, RunStatus, RunTag, ViewType
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

URI = "postgresql+psycopg2://{PGUSER}@/{PGDATABASE}?host={PGHOST}&port={PGPORT}".format_map(
    os.environ
)


def work(store: SqlAlchemyStore) -> None:
    """Log runs, and look for them as the pages of the site do."""
    experiments = [store.create_experiment(f"study {number}", [], []) for number in range(5)]
    for number in range(120):
        experiment = experiments[number % 5]
        now = int(time.time() * 1000)
        run = store.create_run(experiment, "me", now, [RunTag("team", f"t{number % 4}")], "a run")
        run_id = run.info.run_id
        store.log_batch(
            run_id,
            [Metric("loss", 1.0 / (step + 1), now + step, step) for step in range(50)],
            [Param("rate", str(number / 100)), Param("depth", str(number % 7))],
            [RunTag("stage", "done")],
        )
        store.log_metric(run_id, Metric("accuracy", 0.9, now, 0))
        store.get_run(run_id)
        store.get_metric_history(run_id, "loss")
        store.update_run_info(run_id, RunStatus.FINISHED, now + 1000, "a run")
        store.search_runs([experiment], "metrics.accuracy > 0.5", ViewType.ACTIVE_ONLY, 20)
        store.search_runs(
            [experiment],
            "params.depth = '3' and tags.team = 't1'",
            ViewType.ACTIVE_ONLY,
            20,
            ["metrics.loss ASC"],
        )
        store.search_runs(experiments, "attributes.status = 'FINISHED'", ViewType.ALL, 50)
        store.search_experiments(ViewType.ACTIVE_ONLY, 20, "name LIKE 'study%'")


with tempfile.TemporaryDirectory() as artifacts:
    tracking = SqlAlchemyStore(URI, artifacts)
    if sys.argv[1] == "work":
        work(tracking)
