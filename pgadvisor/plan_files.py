"""Executed plans from files: whatever EXPLAIN or auto_explain wrote, in any of its formats."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pgadvisor.errors import UsageError
from pgadvisor.model.execution import Execution
from pgadvisor.parse.plan_values import PlanFormatError
from pgadvisor.parse.plans.execution import executions_of
from pgadvisor.parse.plans.read import read_plans

MAX_FILE_BYTES = 64 << 20
_NEXT_STEP = "Give files that hold what EXPLAIN (ANALYZE, BUFFERS) printed, and nothing else."


def read_executions(
    place: str | Path, progress: Callable[[str, int, int], None] | None = None
) -> tuple[Execution, ...]:
    """Read every plan in a file, or in all files of a directory and below, in the order of names.

    Files whose names begin with a dot are passed over.

    Args:
        place: The directory, or the file.
        progress: Told after each file.

    Raises:
        UsageError: There is no such place, no file in it, or one that holds no plan.
    """
    base = Path(place)
    attempted = f"reading executed plans in {base.name or base}"
    if base.is_file():
        files = [base]
    elif base.is_dir():
        files = sorted(file for file in base.rglob("*") if _is_wanted(file, base))
    else:
        raise UsageError(attempted, "there is no such file or directory")
    if not files:
        raise UsageError(attempted, "it has no files", _NEXT_STEP)
    found: list[Execution] = []
    for number, file in enumerate(files, start=1):
        name = file.name if file == base else file.relative_to(base).as_posix()
        found += executions_in(_content(file, name, attempted), name, attempted)
        if progress is not None:
            progress("reading executed plans", number, len(files))
    return tuple(found)


def executions_in(content: str | bytes, name: str, attempted: str) -> tuple[Execution, ...]:
    """Read the plans of one file.

    Args:
        content: What is in it.
        name: Of the file, for people.
        attempted: What an error says was attempted.

    Raises:
        UsageError: It holds no plan, or one that cannot be read; it says where and why.
    """
    try:
        return executions_of(read_plans(content), name)
    except PlanFormatError as error:
        raise UsageError(attempted, f"{name}: {error}", _NEXT_STEP) from error


def _is_wanted(file: Path, base: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(base).parts)
    return not hidden and file.is_file()


def _content(file: Path, name: str, attempted: str) -> bytes:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise UsageError(attempted, f"{name} is larger than 64 MiB", _NEXT_STEP)
        return file.read_bytes()
    except OSError as error:
        raise UsageError(attempted, f"{name}: {error.strerror}") from error
