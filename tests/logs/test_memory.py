"""Memory does not grow with the log."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.log_reading import write_log

ROOT = Path(__file__).parents[2]
MEASURE = """
import resource, sys
from pgadvisor.logs import read_logs
digest = read_logs(sys.argv[1])
assert len(digest.statements) == 8, len(digest.statements)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_memory(log: Path) -> int:
    """The most memory that a process of its own takes to read a log."""
    ended = subprocess.run(  # noqa: S603  (our own argument list, no shell)
        [sys.executable, "-c", MEASURE, str(log)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return int(ended.stdout)


@pytest.mark.slow
def test_ten_times_the_log_takes_the_same_memory(tmp_path: Path) -> None:
    small, large = tmp_path / "small.log", tmp_path / "large.log"
    write_log(small, 8_000_000)
    write_log(large, 80_000_000)

    assert peak_memory(large) < peak_memory(small) * 1.1
