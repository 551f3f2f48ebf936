"""A fault as a value: a sound database, what spoils it, what runs on it, and what mends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from pgadvisor.config import Config, GateLimits
from tests.faults.place import Place

Parameters = Callable[[int], tuple[object, ...]]
"""The parameters of the n-th call, from 0."""

Meanwhile = Callable[[Place], AbstractContextManager[str | None]]
"""Goes on while a snapshot is taken; yields the DSN of the server that is looked at where that is
another one, a standby for example."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """A statement of the application, and how often it is run."""

    text: str
    """As psycopg takes it: parameters are ``%s``."""
    times: int = 20
    parameters: Parameters = lambda _: ()
    is_prepared: bool = True
    """As most drivers do it; False: it is planned anew in each call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a table is to look like when the snapshot is taken: its file is one large hole."""

    table: str
    """Or an index, which is left out once it is gone."""
    size_bytes: int
    rows: int
    """Of a TOAST table: its pieces."""
    is_toast: bool = False
    """It is the size of the table that holds its long values."""
    is_fault: bool = False
    """It is the size that is wrong, so that the mended table keeps its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault.

    The database is built by ``schema`` and spoilt by ``plant``; its counters are reset; ``days``
    go by, in which ``workload`` and ``act`` run; then a snapshot is taken, ``meanwhile`` going
    on.  What the rule's finding proposes is applied as it stands, or ``mend`` where that is to be
    done by hand, and all of it is done again, with ``rewritten`` in the place of the workload
    where the remedy is another statement.
    """

    subject: str
    """How the subject of the finding begins: the very thing that was spoilt."""
    schema: str
    """A script that makes tables and rows, run as the role ``app``, which owns the database."""
    plant: tuple[str, ...] = ()
    """Statements that make the fault, run as the superuser, each by itself."""
    tamper: Callable[[Place], None] | None = None
    """Makes of the fault what no statement can, after ``plant``."""
    act: Callable[[str], None] | None = None
    """Does what no statement of one session can do, with the DSN of the role ``app``."""
    meanwhile: Meanwhile | None = None
    """What goes on from the workload until the snapshot is taken: open sessions, a standby."""
    mended_meanwhile: Meanwhile | None = None
    """What goes on in its place once it is mended; None: nothing."""
    workload: tuple[Calls, ...] = ()
    mend: tuple[str, ...] | Callable[[Place], None] | None = None
    """What mends it by hand, statements as the superuser; None: the finding's own remedy."""
    rewritten: tuple[Calls, ...] | None = None
    """The workload once it is mended, where the statements were the fault; None: the same."""
    explained: tuple[str, ...] = ()
    """Statements whose executed plans are judged with the snapshot, run as the role ``app``; all
    but the last of what one holds, parted by semicolons, are run before EXPLAIN in its session."""
    explained_with: str = "analyze, buffers, settings, verbose"
    """Options of EXPLAIN."""
    explained_once_mended: tuple[str, ...] | None = None
    """In their place once it is mended; None: the same."""
    days: float = 40.0
    """How long the counters have run when the snapshot is taken."""
    starts_vacuumed: bool = True
    """The tables are vacuumed and analysed when the counters start."""
    ends_vacuumed: bool = True
    """They are again half a day before the snapshot, as autovacuum would."""
    late: tuple[str, ...] = ()
    """Statements that are run as the superuser just before the snapshot, mended or not."""
    sizes: tuple[Size, ...] = ()
    restart_with: Mapping[str, str] = field(default_factory=dict)
    """Settings of the server that take a restart; it has them mended or not."""
    later_days: float = 0.0
    """How far in the future the faulty server lives."""
    limits: Mapping[str, float] = field(default_factory=dict)
    """Limits of the rule that are lowered."""
    gates: GateLimits = field(default_factory=GateLimits)
    why_lower: str = ""
    """Why: what would be too large, or take too long."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """Rules that rightly warn of the spoilt database, too, each with the reason; what they
    propose is applied as well."""
    majors: tuple[int, ...] = (15, 18)
    """Where the fault can exist."""
    needs: str = ""
    """A query that is true where the server's binaries can have the fault."""
    programs: tuple[str, ...] = ()
    """What it takes beside the server itself; not all installations have all of it."""

    def config(self, rule_id: str) -> Config:
        """What it is judged by."""
        limits = {rule_id: dict(self.limits)} if self.limits else {}
        return Config(gates=self.gates, limits=limits)
