"""A workload from files: a directory of ``.sql`` files, each with an optional weight."""

from __future__ import annotations

from pathlib import Path

from pgadvisor.errors import UsageError
from pgadvisor.model.statement import Statement
from pgadvisor.parse.workload import statements_of

MAX_FILE_BYTES = 4 * 1024 * 1024


def read_workload(directory: str | Path) -> tuple[Statement, ...]:
    """Read every ``.sql`` file of a directory, and of those below it, in the order of names.

    A comment ``-- weight: 120`` before a statement (or at the top of the file, for all of it)
    says how many calls a day it stands for; without one it is 1.

    Args:
        directory: The directory; a single file will do as well.

    Raises:
        UsageError: There is no such place, no file in it, or one that cannot be read.
    """
    base = Path(directory)
    attempted = f"reading the workload in {base.name or base}"
    if base.is_file():
        files = [base]
    elif base.is_dir():
        files = sorted(file for file in base.rglob("*.sql") if file.is_file())
    else:
        raise UsageError(attempted, "there is no such file or directory")
    if not files:
        raise UsageError(attempted, "it has no file that ends in .sql")
    found: list[Statement] = []
    for file in files:
        name = file.name if file == base else file.relative_to(base).as_posix()
        try:
            if file.stat().st_size > MAX_FILE_BYTES:
                raise UsageError(attempted, f"{name} is larger than 4 MB, which is no query")
            text = file.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise UsageError(attempted, f"{name}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise UsageError(attempted, f"{name} is not UTF-8 text") from error
        found += statements_of(name, text)
    return tuple(found)
