"""Procrastinate, the task queue: jobs that are deferred, fetched, done, retried and removed."""

# mypy: ignore-errors
# pyright: reportMissingImports=false, reportFunctionMemberAccess=false
from __future__ import annotations

import asyncio
import os
import sys

import procrastinate

connector = procrastinate.PsycopgConnector(conninfo=os.environ["DSN"])
app = procrastinate.App(connector=connector)


@app.task(queue="mails", retry=2)
async def send_mail(number: int) -> None:
    """Fail now and then."""
    if number % 20 == 0:
        raise RuntimeError("no such mailbox")


@app.task(queue="reports")
async def make_report(customer: int) -> int:
    """Take no time."""
    return customer


async def migrate() -> None:
    """Create the schema."""
    async with app.open_async():
        await app.schema_manager.apply_schema_async()


async def work() -> None:
    """Defer and do jobs, and look after the queue."""
    async with app.open_async():
        for number in range(400):
            await send_mail.configure(lock=f"user {number % 50}").defer_async(number=number)
            await make_report.configure(priority=number % 3).defer_async(customer=number)
        await app.run_worker_async(queues=["mails"], wait=False, concurrency=4)
        await app.run_worker_async(queues=["reports"], wait=False, concurrency=4)
        manager = app.job_manager
        for _ in range(20):
            await manager.get_stalled_jobs(seconds_since_heartbeat=30)
            await manager.list_jobs_async(queue="mails", status="failed")
            await manager.list_queues_async()
            await manager.list_tasks_async()
        await manager.delete_old_jobs(nb_hours=1, queue="mails")


asyncio.run(migrate() if sys.argv[1] == "migrate" else work())
