"""A server's clock, set at will: weeks go by while a test waits a moment.

libfaketime lies between the server and the C library and reads the time that it is to tell from
a file.  How long something takes is measured by another clock, which is left alone.
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

_SECONDS_PER_DAY = 86_400


class Clock:
    """The clock of one server.

    Args:
        directory: Of the test's own; the server's user may enter it.
    """

    def __init__(self, directory: Path) -> None:
        directory.chmod(0o711)  # as root, servers run as another user
        self._file = directory / "time"
        self._library = directory / "libfaketime.so.1"
        # The server's user may be another one, and not be let into ours.
        shutil.copyfile(_library(), self._library)
        self._library.chmod(0o755)
        self.set(0)

    @property
    def environment(self) -> dict[str, str]:
        """What the server has to find in its environment."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DISABLE_SHM": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, days: float) -> None:
        """Let it be so many days later than it is; a negative number: earlier."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{days * _SECONDS_PER_DAY:+.0f}\n")
        new.chmod(0o644)
        new.replace(self._file)  # whoever reads it finds the old or the new one, in full


def _library() -> Path:
    """Where the package has it, which is never imported; skips where there is none."""
    spec = find_spec("libfaketime")
    if spec is None or spec.origin is None:
        pytest.skip("libfaketime is not installed, so that no server can be made to age")
    return Path(spec.origin).parent / "vendor/libfaketime/src/libfaketime.so.1"
