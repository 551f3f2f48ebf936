"""Sharing work out among workers, so that the result does not tell who did what."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Task = TypeVar("Task")
Worker = TypeVar("Worker")
Result = TypeVar("Result")


def share_out(
    tasks: Sequence[Task],
    workers: Sequence[Worker],
    work: Callable[[Worker, Task], Result],
) -> tuple[Result, ...]:
    """Do tasks, each by whichever worker is free; a worker does one at a time.

    Args:
        tasks: What there is to do.
        workers: Who can do it, one at least.
        work: Does a task.

    Returns:
        The results in the order of the tasks.

    Raises:
        BaseException: An error of a task, as it was raised; no further task is begun.
    """
    waiting = deque(enumerate(tasks))
    results: dict[int, Result] = {}

    def serve(worker: Worker) -> None:
        while True:
            try:
                position, task = waiting.popleft()
            except IndexError:
                return
            try:
                results[position] = work(worker, task)
            except BaseException:
                waiting.clear()  # here, since nobody may be waiting for this worker yet
                raise

    others = workers[1 : len(waiting)]
    if not others:
        serve(workers[0])
    else:
        with ThreadPoolExecutor(len(others)) as threads:
            running = [threads.submit(serve, worker) for worker in others]
            try:
                serve(workers[0])  # in this thread, which has nothing else to do
                for one in running:
                    one.result()
            finally:
                waiting.clear()
    return tuple(results[position] for position in range(len(tasks)))
