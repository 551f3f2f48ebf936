"""Run the upload pipeline against a database and measure it.

Run by path: ``python examples/upload_pipeline/workload.py DSN [hurried|mended]``.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
from psycopg_pool import ConnectionPool

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # so that it runs by path

from examples.upload_pipeline.clients import (
    STAGES,
    Client,
    Pool,
    repeat,
    run_reports,
    view_status_page,
    work,
)
from examples.upload_pipeline.generate import Scale
from examples.upload_pipeline.measure import (
    METRICS,
    Boundary,
    Counters,
    Measurement,
    Part,
    windows_between,
)
from examples.upload_pipeline.statements import HURRIED, MENDED, Statements

BUFFERS = """
select
    substring(query from '/\\* (claim|worker|page|report) \\*/'),
    sum(calls)::bigint,
    sum(shared_blks_hit + shared_blks_read)::bigint
from pg_stat_statements
where dbid = (select oid from pg_database where datname = current_database())
group by 1
having substring(query from '/\\* (claim|worker|page|report) \\*/') is not null
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who runs, for how long."""

    workers: int = 10
    """Spread over the five stages."""
    page_clients: int = 2
    report_clients: int = 1
    warm_up_s: float = 2.0
    """Not measured."""
    windows: int = 3
    window_s: float = 6.0
    seed: int = 2026

    @property
    def clients(self) -> int:
        """All of them; the size of the pool."""
        return self.workers + self.page_clients + self.report_clients


def run(
    dsn: str,
    statements: Statements,
    *,
    scale: Scale,
    plan: Plan,
    progress: Callable[[str], None] = lambda _: None,
) -> Measurement:
    """Run all clients for the warm-up and the windows, and measure the windows.

    Args:
        dsn: A database that ``generate.load`` has filled, with pg_stat_statements in it.
        statements: The hurried or the mended ones.
        scale: What the database was filled with.
        plan: Who runs, for how long.
        progress: Told what is being measured.

    Raises:
        BacklogEmptyError: The workers had nothing left to do.
        psycopg.Error: A statement failed.
    """
    stop = threading.Event()
    with (
        ConnectionPool[psycopg.Connection](
            dsn, min_size=plan.clients, max_size=plan.clients, timeout=60, open=True
        ) as pool,
        psycopg.connect(dsn, autocommit=True) as observer,
        ThreadPoolExecutor(max_workers=plan.clients) as executor,
    ):
        pool.wait()
        clients = _clients(pool, statements, scale, plan, stop)
        try:
            running = [
                executor.submit(repeat, client, _action(number, plan))
                for number, client in enumerate(clients)
            ]
            boundaries = _observe(observer, running, plan, progress)
        finally:
            stop.set()
        for future in running:
            future.result()
    samples = [sample for client in clients for sample in client.samples]
    return Measurement(windows=windows_between(boundaries, samples))


def _clients(
    pool: Pool, statements: Statements, scale: Scale, plan: Plan, stop: threading.Event
) -> list[Client]:
    return [
        Client(
            name=f"client {number}",
            pool=pool,
            statements=statements,
            random=random.Random(plan.seed + number),  # noqa: S311 - for repeatable loads
            tenants=scale.tenants,
            documents=scale.documents,
            stop=stop,
        )
        for number in range(plan.clients)
    ]


def _action(number: int, plan: Plan) -> Callable[[Client], None]:
    if number < plan.workers:
        return partial(work, stage=STAGES[number % len(STAGES)])
    if number < plan.workers + plan.page_clients:
        return view_status_page
    return run_reports


def _observe(
    observer: psycopg.Connection,
    running: Sequence[Future[None]],
    plan: Plan,
    progress: Callable[[str], None],
) -> list[Boundary]:
    """Wait for the warm-up and each window, and read the counters in between."""
    progress("warming up")
    _wait(running, plan.warm_up_s)
    boundaries = [_boundary(observer)]
    for number in range(1, plan.windows + 1):
        progress(f"window {number} of {plan.windows}")
        _wait(running, plan.window_s)
        boundaries.append(_boundary(observer))
    return boundaries


def _wait(running: Sequence[Future[None]], duration_s: float) -> None:
    """Let the clients run; if one of them fails, fail at once with its error."""
    for future in wait(running, timeout=duration_s, return_when=FIRST_EXCEPTION).done:
        future.result()


def _boundary(observer: psycopg.Connection) -> Boundary:
    rows = observer.execute(BUFFERS).fetchall()
    return Boundary(
        at_s=time.monotonic(),
        counters={
            Part(part): Counters(calls=calls, buffers=buffers) for part, calls, buffers in rows
        },
    )


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        sys.exit(__doc__)
    chosen = MENDED if sys.argv[2:] == ["mended"] else HURRIED
    outcome = run(sys.argv[1], chosen, scale=Scale(), plan=Plan(), progress=print)
    for metric in METRICS:
        spread = outcome.spread(metric)
        print(
            f"{metric.name:30} {spread.median:10.1f} {metric.unit:13}"
            f" ({spread.lowest:.1f} to {spread.highest:.1f})"
        )
