"""Tasks are shared out among workers, and nobody sees who did what."""

from __future__ import annotations

import threading

import pytest

from pgadvisor.whatif.twin.share import share_out


def test_gives_results_in_the_order_of_the_tasks() -> None:
    first_is_late = threading.Event()

    def work(worker: str, task: int) -> str:
        if task == 0:
            assert first_is_late.wait(timeout=60)
        elif task == 3:
            first_is_late.set()
        assert worker
        return f"done {task}"

    found = share_out(range(4), ("left", "right"), work)

    assert found == ("done 0", "done 1", "done 2", "done 3")


def test_gives_a_worker_one_task_at_a_time() -> None:
    busy = {"left": threading.Lock(), "right": threading.Lock()}

    def work(worker: str, task: int) -> int:
        assert busy[worker].acquire(blocking=False)
        squares = [n * n for n in range(task + 1)]
        busy[worker].release()
        return squares[-1]

    assert share_out(range(200), tuple(busy), work) == tuple(n * n for n in range(200))


def test_begins_no_task_after_an_error_of_the_only_worker() -> None:
    begun: list[int] = []

    def work(_worker: str, task: int) -> int:
        begun.append(task)
        raise ValueError("the first")

    with pytest.raises(ValueError, match="the first"):
        share_out(range(100), ("left",), work)

    assert begun == [0]


@pytest.mark.parametrize("failing", ["left", "right"])
def test_begins_no_task_after_an_error_of_one_of_two(failing: str) -> None:
    begun: list[int] = []
    failed = threading.Event()

    def work(worker: str, task: int) -> int:
        begun.append(task)
        if worker == failing:
            failed.set()
            raise ValueError("of one of two")
        assert failed.wait(timeout=60)
        return task

    with pytest.raises(ValueError, match="of one of two"):
        share_out(range(200_000), ("left", "right"), work)

    assert len(begun) < 200_000


def test_does_nothing_where_there_is_nothing_to_do() -> None:
    assert share_out((), ("left", "right"), lambda worker, task: (worker, task)) == ()
