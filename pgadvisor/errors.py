"""Everything that pgadvisor raises on purpose.

::

    PgAdvisorError             5  internal
    ├── UsageError             2  the request cannot be carried out as it stands
    │   ├── DsnError              a connection string that cannot be read
    │   ├── ConfigError           a setting, a rule or a limit that does not exist
    │   ├── SnapshotFileError     a file that is no snapshot, or a broken one
    │   ├── OutputError           a place that cannot be written to
    │   ├── StatementRefusedError a statement that a server is not asked to plan or to execute
    │   └── UnusableHypoPGError   a server without HypoPG, or one that cannot be asked safely
    ├── ConnectError           3  the server cannot be reached or does not let us in
    ├── CollectError           4  a part of the collection failed, the rest is there
    ├── HypoPGError            5  HypoPG's server fails while it plans
    └── ClusterError           5  an embedded server could not be started or used
        └── TwinError             the planner twin cannot do what was asked
            └── RefusedError   2  since what it was given is wrong: a statement, an index, a name

The number is the exit code of the command line.
"""

from __future__ import annotations

from typing import ClassVar


class PgAdvisorError(Exception):
    """A failure that says what was attempted, what happened, and what to do next.

    Args:
        attempted: What was being done, as a clause: ``reading shop.pgsnap``.
        happened: What went wrong, as a clause: ``the file is truncated``.
        next_step: What the user can do, as a sentence.
    """

    exit_code: ClassVar[int] = 5

    def __init__(self, attempted: str, happened: str, next_step: str = "") -> None:
        self.attempted = attempted
        self.happened = happened
        self.next_step = next_step
        super().__init__(attempted, happened, next_step)

    def __str__(self) -> str:
        """One line, or two when there is a next step."""
        first = f"{self.attempted}: {self.happened}"
        return f"{first}\n{self.next_step}" if self.next_step else first


class UsageError(PgAdvisorError):
    """The request cannot be carried out as it stands."""

    exit_code = 2


class DsnError(UsageError):
    """A connection string that cannot be read; its text never appears in the message."""


class ConfigError(UsageError):
    """A setting, a rule or a limit that does not exist or has no such value."""


class SnapshotFileError(UsageError):
    """A file that is no snapshot, or one that cannot be trusted."""


class OutputError(UsageError):
    """A place that cannot be written to."""


class StatementRefusedError(UsageError):
    """A statement that is not planned, or not executed, on a server: by us, or by the server."""


class UnusableHypoPGError(UsageError):
    """The server has no HypoPG that may be used, or stands behind a pooler that splits sessions."""


class ConnectError(PgAdvisorError):
    """The server cannot be reached, or does not let us in."""

    exit_code = 3


class CollectError(PgAdvisorError):
    """A part of the collection failed; what else was collected is kept."""

    exit_code = 4


class HypoPGError(PgAdvisorError):
    """The server that HypoPG plans on fails, or is gone."""


class ClusterError(PgAdvisorError):
    """An embedded PostgreSQL server could not be started or used."""


class TwinError(ClusterError):
    """The planner twin cannot do what was asked of it."""


class RefusedError(TwinError):
    """The planner twin refuses a statement, an index or a name that it was given."""

    exit_code = 2
