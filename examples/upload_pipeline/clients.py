"""The application's clients: workers, users of the status page, and whoever runs reports."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import md5
from math import exp, log

import psycopg
from psycopg_pool import ConnectionPool

from examples.upload_pipeline import statements as sql
from examples.upload_pipeline.measure import Part, Sample

STAGES = ("received", "parsed", "chunked", "embedded", "stored")
"""The stages that have workers, in their order."""

DETAILED = 2
"""Documents of which the status page shows the jobs and the chunks."""

Pool = ConnectionPool[psycopg.Connection]


class BacklogEmptyError(Exception):
    """A worker found nothing to do: from here on, the run would measure waiting."""


@dataclass(kw_only=True)
class Client:
    """What all clients have; each runs in a thread of its own and keeps its own samples."""

    name: str
    pool: Pool
    statements: sql.Statements
    random: random.Random
    tenants: int
    documents: int
    stop: threading.Event
    samples: list[Sample] = field(default_factory=list)

    def took(self, part: Part, started_at_s: float) -> None:
        """Note down what has just been finished."""
        now_s = time.monotonic()
        self.samples.append(
            Sample(part=part, finished_at_s=now_s, took_ms=(now_s - started_at_s) * 1000)
        )

    def any_tenant(self) -> int:
        """A tenant, the large ones more often."""
        return int(exp(self.random.random() * log(self.tenants + 1)))


def work(client: Client, stage: str) -> None:
    """Take one job through one stage: claim it, read its document, and pass it on.

    Raises:
        BacklogEmptyError: There is no pending job.
    """
    started_at_s = time.monotonic()
    with client.pool.connection() as connection:
        job = connection.execute(client.statements.claim, (stage,)).fetchone()
        if job is None:
            raise BacklogEmptyError(f"no pending job in stage {stage}: load a larger backlog")
        job_id, document_id = job
        connection.execute(sql.START, (client.name, job_id))
    client.took(Part.CLAIM, started_at_s)
    following = STAGES.index(stage) + 1
    is_last = following == len(STAGES)
    with client.pool.connection() as connection:
        connection.execute(sql.READ_DOCUMENT, (document_id,)).fetchone()
        if stage == "parsed":
            position = client.random.randrange(100, 10_000)
            connection.execute(sql.ADD_CHUNK, (document_id, position, 300, _hash(f"{position}")))
        arrival = ("done", "done") if is_last else (STAGES[following], "pending")
        connection.execute(sql.FINISH, (*arrival, job_id))
        connection.execute(sql.RECORD, (job_id, stage, client.name))
    client.took(Part.WORKER, started_at_s)


def view_status_page(client: Client) -> None:
    """Show a tenant its counts, a page of its jobs, and its latest documents in detail."""
    tenant = client.any_tenant()
    pages = max(1, sql.JOBS_OF_LARGEST_TENANT // tenant // sql.PAGE_ROWS // 4)
    page = client.random.randrange(pages)
    key = _hash(f"key {(tenant - 1) * 3}")
    week = sql.ANCHOR - timedelta(days=7)
    started_at_s = time.monotonic()
    with client.pool.connection() as connection:
        connection.execute(sql.KEY_OF_TENANT, (key,)).fetchone()
        connection.execute(sql.COUNT_JOBS, (tenant, week)).fetchall()
        connection.execute(
            client.statements.list_jobs, client.statements.page_parameters(tenant, page)
        ).fetchall()
        connection.execute(sql.COUNT_DOCUMENTS, (tenant,)).fetchone()
        recent = connection.execute(sql.RECENT_DOCUMENTS, (tenant,)).fetchall()
        for document_id, *_ in recent[:DETAILED]:
            connection.execute(sql.JOBS_OF_DOCUMENT, (document_id,)).fetchall()
            connection.execute(sql.CHUNKS_OF_DOCUMENT, (document_id,)).fetchone()
        name = f"report {client.random.randrange(1, client.documents)}.PDF"
        connection.execute(sql.FIND_BY_NAME, (name,)).fetchall()
    client.took(Part.PAGE, started_at_s)
    client.stop.wait(0.1)


def run_reports(client: Client) -> None:
    """Run the reports, and erase one document that somebody wants forgotten."""
    day = sql.ANCHOR - timedelta(days=1)
    started_at_s = time.monotonic()
    with client.pool.connection() as connection:
        connection.execute(sql.TOKENS_REPORT).fetchall()
    with client.pool.connection() as connection:
        connection.execute(sql.RECENT_ERRORS, (day,)).fetchall()
        connection.execute(sql.USAGE_REPORT).fetchall()
    with client.pool.connection() as connection:
        forgotten = client.random.randrange(client.documents // 3, client.documents // 2)
        connection.execute(sql.ERASE_DOCUMENT, (forgotten,))
    client.took(Part.REPORT, started_at_s)
    client.stop.wait(1.5)


def _hash(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def repeat(client: Client, action: Callable[[Client], None]) -> None:
    """Do one thing until told to stop."""
    while not client.stop.is_set():
        action(client)
