"""Apache Airflow: its scheduler's loop, tasks that report to it, and what its pages list.

No process of it stays: the loop runs here for so many rounds, and in the place of workers an
executor tells the server by its own interface that each task has begun and is done.
"""

# mypy: ignore-errors
# pyright: reportMissingImports=false
from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

AIRFLOW = str(Path(sys.executable).with_name("airflow"))
SCHEDULER_ROUNDS = 20
PAGE_ROUNDS = 6
DAGS = ("example_bash_operator", "example_branch_labels", "tutorial")
RUNS = 4
"""Of each of them."""


def run(*arguments: str) -> None:
    """Run one of its own commands; what it prints goes to a file, lest a child keep our pipe."""
    with Path(os.environ["HOME"], "commands.log").open("ab") as log:
        command = [AIRFLOW, *arguments]
        subprocess.run(command, check=True, timeout=240, stdout=log, stderr=log)


def work() -> None:
    """Read the examples, schedule them, do their tasks, and open the site's pages."""
    run("dags", "reserialize")
    client = site()
    for _ in range(RUNS):
        for dag in DAGS:
            wanted = {"logical_date": None}
            client.post(f"/api/v2/dags/{dag}/dagRuns", json=wanted).raise_for_status()
    schedule()
    look(client)


def schedule() -> None:
    """Let the scheduler go round, with an executor whose tasks take no time."""
    import httpx  # noqa: PLC0415
    from airflow.api_fastapi.execution_api.app import InProcessExecutionAPI  # noqa: PLC0415
    from airflow.executors.base_executor import BaseExecutor  # noqa: PLC0415
    from airflow.jobs.job import Job, run_job  # noqa: PLC0415
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner  # noqa: PLC0415

    interface = InProcessExecutionAPI()
    client = httpx.Client(transport=interface.transport, base_url="http://worker")

    class Doing(BaseExecutor):
        """Does a task by saying so, as its worker would."""

        def _process_workloads(self, workloads: list) -> None:
            for workload in workloads:
                key = workload.ti.key
                del self.queued_tasks[key]
                self.running.add(key)
                report(client, workload.ti)
                self.success(key)

    job = Job()
    runner = SchedulerJobRunner(
        job=job, num_runs=SCHEDULER_ROUNDS, executors=[Doing()], scheduler_idle_sleep_time=0
    )
    run_job(job=job, execute_callable=runner._execute)


def report(client: Any, task: Any) -> None:  # noqa: ANN401  (not installed here)
    """Say that a task runs, that it lives, what it returns, and that it is done."""
    now = datetime.now(UTC).isoformat()
    who = {"hostname": "worker", "pid": 1}
    place = f"/task-instances/{task.id}"
    begun = {"state": "running", "unixname": "airflow", "start_date": now, **who}
    client.patch(f"{place}/run", json=begun).raise_for_status()
    client.put(f"{place}/heartbeat", json=who).raise_for_status()
    value = f"/xcoms/{task.dag_id}/{task.run_id}/{task.task_id}/return_value"
    client.post(value, json="done").raise_for_status()
    done = {"state": "success", "end_date": now, "task_outlets": [], "outlet_events": []}
    client.patch(f"{place}/state", json=done).raise_for_status()


def site() -> Any:  # noqa: ANN401  (not installed here)
    """A client of its site, signed in."""
    from airflow.api_fastapi.app import create_app  # noqa: PLC0415
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser  # noqa: PLC0415
    from fastapi.testclient import TestClient  # noqa: PLC0415

    app = create_app(apps="core")
    token = app.state.auth_manager.generate_jwt(SimpleAuthManagerUser(username="me", role="admin"))
    return TestClient(app, headers={"Authorization": f"Bearer {token}"})


def look(client: Any) -> None:  # noqa: ANN401  (not installed here)
    """Open what people open."""
    for number in range(PAGE_ROUNDS):
        for place, dag in enumerate(DAGS):
            for address in addresses(dag, f"scheduled__{10 * number + 10 + place}"):
                client.get(address).raise_for_status()


def addresses(dag: str, run_id: str) -> tuple[str, ...]:
    """What its pages ask for."""
    return (
        "/ui/dags?limit=50&dag_runs_limit=14",
        "/ui/dashboard/dag_stats",
        "/ui/dashboard/historical_metrics_data?start_date=2026-10-01T00:00:00Z",
        f"/ui/grid/runs/{dag}?limit=25&order_by=-run_after",
        "/api/v2/dags/~/dagRuns?limit=50&order_by=-run_after",
        f"/api/v2/dags/{dag}/dagRuns?limit=50&order_by=-run_after",
        f"/api/v2/dags/{dag}/dagRuns?state=failed&limit=50&order_by=-run_after",
        f"/api/v2/dags/{dag}/dagRuns/{run_id}",
        f"/api/v2/dags/{dag}/dagRuns/{run_id}/taskInstances?limit=50",
        "/api/v2/dags/~/dagRuns/~/taskInstances?state=failed&limit=50&order_by=-start_date",
        f"/api/v2/eventLogs?dag_id={dag}&limit=50&order_by=-when",
        "/api/v2/eventLogs?limit=50&order_by=-when",
        "/api/v2/jobs?limit=50&order_by=-id",
        "/api/v2/pools",
        "/api/v2/importErrors",
        "/api/v2/assets?limit=50",
    )


if sys.argv[1] == "migrate":
    run("db", "migrate")
    run("dags", "reserialize")
else:
    work()
