"""What ``--write-baseline`` and its companions ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Self

from pgadvisor.advice import Advice
from pgadvisor.cli.console import say
from pgadvisor.errors import OutputError, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBaseline:
    """A baseline that is to be written at the end."""

    path: Path
    reason: str
    expires: date | None
    force: bool

    @classmethod
    def of(
        cls,
        path: Path | None,
        reason: str,
        expires: datetime | None,
        former: Path | None,
        *,
        force: bool,
    ) -> Self | None:
        """See that it could be written, before the work that it is the result of.

        Args:
            path: The file; None: none is to be written.
            reason: Of the findings that come in.
            expires: The day from which on those count as new again.
            former: The baseline that was read; it may be the file.
            force: The file may be there already.

        Raises:
            UsageError: There is no reason, or an expiry of nothing.
            OutputError: The file is there already.
        """
        if path is None:
            if expires is not None:
                raise UsageError("reading --baseline-expires", "there is no --write-baseline FILE")
            return None
        if not reason.strip():
            raise UsageError("reading --baseline-reason", "it is empty", "Say why they stay.")
        is_former = former is not None and former.resolve() == path.resolve()
        if path.exists() and not (force or is_former):
            raise OutputError(
                f"writing {path}",
                "it is there already",
                "Give it as --baseline too, so that its reasons are kept, or use --force.",
            )
        day = expires.date() if expires is not None else None
        return cls(path=path, reason=reason, expires=day, force=force or is_former)

    def write(self, advice: Advice) -> None:
        """Write it, and say where to.

        Raises:
            OutputError: It cannot be written.
        """
        written = advice.save_baseline(
            self.path, reason=self.reason, expires=self.expires, force=self.force
        )
        say(f"baseline written to {written}")
