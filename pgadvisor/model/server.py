"""The server and the database as a whole: versions, settings, extensions, counters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pgadvisor.model.backends import (
    ConnectionCount,
    OpenTransaction,
    PreparedTransaction,
    RunningVacuum,
)
from pgadvisor.model.blocking import BlockingSession
from pgadvisor.model.replication import ReplicationSlot, WalSender
from pgadvisor.model.server_counters import (
    CollationVersion,
    LookupActivity,
    WalActivity,
    WriteActivity,
)
from pgadvisor.model.service import Service, recognise
from pgadvisor.model.session_command import SessionCommand
from pgadvisor.model.transaction_age import DatabaseAge

REDACTED = "(redacted)"
"""Stands for the text of a setting that is not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of ``pg_settings``; settings that may hold a secret are never collected."""

    name: str
    value: str
    """In the setting's own base unit, as ``pg_settings.setting`` gives it."""
    unit: str | None = None
    """Base unit, such as ``8kB`` or ``ms``; None for numbers without one and for text."""
    source: str = "default"
    """Where the value comes from: ``default``, ``configuration file``, ``database``, ..."""
    boot_value: str | None = None
    """What the server would use if nothing were set."""
    context: str = "user"
    """What it takes to change it: ``user``, ``sighup``, ``postmaster``, ..."""
    value_type: str = "string"
    """``bool``, ``enum``, ``integer``, ``real`` or ``string``."""
    min_value: str | None = None
    max_value: str | None = None
    enum_values: tuple[str, ...] = ()
    is_pending_restart: bool = False
    is_set_by_alter_system: bool | None = None
    """The value is that of ``postgresql.auto.conf``; None: which file it is may not be read."""

    @property
    def is_default(self) -> bool:
        """The value is the one that the server would use if nothing were set."""
        return self.value == self.boot_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """An installed extension."""

    name: str
    version: str
    schema: str
    default_version: str | None = None
    """What CREATE EXTENSION would install now; None: its files are gone, or it was not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSetting:
    """A setting of a role, of a database, or of a role in a database."""

    role: str | None
    """None: applies to every role."""
    database: str | None
    """None: applies in every database."""
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tablespace:
    """A tablespace with what the planner knows of its disks."""

    name: str
    options: tuple[tuple[str, str], ...] = ()
    """``random_page_cost``, ``seq_page_cost`` and their like, where they are set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseActivity:
    """Counters of ``pg_stat_database`` for this database, since ``statistics_reset_at``."""

    commits: int = 0
    rollbacks: int = 0
    blocks_read: int = 0
    blocks_hit: int = 0
    temp_files: int = 0
    temp_bytes: int = 0
    deadlocks: int = 0
    conflicts: int = 0
    backends: int = 0
    """Connected now; a gauge, not a counter."""
    lock_conflicts: int = 0
    """Of the conflicts, on a standby: statements cancelled for a lock that recovery needs."""
    snapshot_conflicts: int = 0
    """... for rows that the primary has removed."""
    buffer_pin_conflicts: int = 0
    sessions: int | None = None
    """Connections made; None, like all below, before PostgreSQL 14."""
    session_time_ms: float | None = None
    """Of all sessions together, those that are over; so are the times below."""
    active_time_ms: float | None = None
    idle_in_transaction_time_ms: float | None = None
    sessions_abandoned: int | None = None
    """Ended since the client was gone."""
    sessions_fatal: int | None = None
    sessions_killed: int | None = None
    parallel_workers_planned: int | None = None
    """That plans asked for when they were run; None, like the next, before PostgreSQL 18."""
    parallel_workers_launched: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementsInfo:
    """How far ``pg_stat_statements`` can be trusted."""

    extension_version: str
    """Of the extension, which after pg_upgrade may be older than the server's."""
    schema: str
    entries: int = 0
    max_entries: int | None = None
    deallocations: int | None = None
    """Times that the least used entries were evicted; None before PostgreSQL 14."""
    reset_at: datetime | None = None
    """None before PostgreSQL 14."""
    track: str | None = None
    """``top``, ``all`` or ``none``; None when it may not be read."""
    session_commands: tuple[SessionCommand, ...] | None = None
    """What was run that lasts for a session; None: it was not looked for."""

    @property
    def version(self) -> tuple[int, ...]:
        """The extension's version as numbers: (1, 10)."""
        return tuple(int(part) for part in self.extension_version.split(".") if part.isdigit())


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The server that a snapshot was taken from."""

    version_num: int
    """As ``server_version_num`` gives it: 180004 is 18.4."""
    version: str
    """As ``server_version`` gives it: ``18.4``."""
    database: str
    database_oid: int | None = None
    """It tells a database from one that was dropped and made again; None in older files."""
    system_identifier: str | None = None
    """Of the cluster and of all its standbys; None where the server does not tell."""
    timeline: int | None = None
    """Of the last checkpoint: it rises when a standby is promoted, or a backup restored."""
    encoding: str = "UTF8"
    collation: str = "C"
    """The database's default ``LC_COLLATE``."""
    character_type: str = "C"
    """The database's default ``LC_CTYPE``."""
    locale_provider: str = "libc"
    """``libc``, ``icu`` or ``builtin``."""
    locale: str | None = None
    """The ICU or builtin locale; None with libc."""
    collected_at: datetime
    """By the server's own clock, with time zone."""
    started_at: datetime | None = None
    statistics_reset_at: datetime | None = None
    """Of this database's counters; None: never reset since they were created, or unknown."""
    is_in_recovery: bool = False
    """A hot standby, whose usage counters are its own."""
    streaming_replica_count: int | None = 0
    """None when ``pg_stat_replication`` may not be read."""
    wal_senders: tuple[WalSender, ...] | None = None
    """None, as for all that follows down to ``collation_versions``: it was not read, or the file
    is of an earlier version of pgadvisor."""
    replication_slots: tuple[ReplicationSlot, ...] | None = None
    databases: tuple[DatabaseAge, ...] | None = None
    """This one, and the oldest of the others."""
    connections: tuple[ConnectionCount, ...] | None = None
    """Of clients to the whole server; our own is left out."""
    open_transactions: tuple[OpenTransaction, ...] | None = None
    """The oldest hundred; vacuum's own are left out."""
    prepared_transactions: tuple[PreparedTransaction, ...] | None = None
    blocking_sessions: tuple[BlockingSession, ...] | None = None
    """Those that a hundred waiting sessions wait for in the end."""
    running_vacuums: tuple[RunningVacuum, ...] | None = None
    write_activity: WriteActivity | None = None
    wal_activity: WalActivity | None = None
    """None on PostgreSQL 13, too."""
    lookup_activity: LookupActivity | None = None
    collation_versions: tuple[CollationVersion, ...] | None = None
    """Of the database and of its indexes, where the library tells versions."""
    is_superuser: bool = False
    """We were connected as a superuser."""
    is_through_pooler: bool = False
    block_size_bytes: int = 8192
    search_path: tuple[str, ...] = ("public",)
    """Schemas that unqualified names are looked up in, in order, ``"$user"`` resolved; those of
    the collecting role come first, and then those of the roles whose statements there are."""
    settings: tuple[Setting, ...] = ()
    extensions: tuple[Extension, ...] = ()
    role_settings: tuple[RoleSetting, ...] = ()
    tablespaces: tuple[Tablespace, ...] = ()
    """Those with options."""
    default_tablespace: str = "pg_default"
    """Of the database: where relations are that are in no other."""
    activity: DatabaseActivity = DatabaseActivity()
    service_marks: tuple[str, ...] = ()
    """What only managed services have: ``setting rds``, ``role rds_superuser``."""
    statements_info: StatementsInfo | None = None
    """None: ``pg_stat_statements`` is not usable here; ``unavailable`` says why."""

    @property
    def major(self) -> int:
        """The major version: 18."""
        return self.version_num // 10_000

    @property
    def hides_sessions(self) -> bool:
        """What sessions of other roles do is hidden from us."""
        return any(one.state is None for one in self.connections or ())

    @property
    def database_age(self) -> DatabaseAge | None:
        """The age of this database; None: it was not read."""
        return next((one for one in self.databases or () if one.is_current), None)

    @property
    def service(self) -> Service | None:
        """The managed service that runs it; None: none that we know of."""
        known = recognise(self.service_marks, is_superuser=self.is_superuser)
        return None if known is None else known[0]

    @property
    def service_mark(self) -> str:
        """What tells the service: ``role rds_superuser``; empty without one."""
        known = recognise(self.service_marks, is_superuser=self.is_superuser)
        return "" if known is None else known[1]

    @property
    def statistics_age_days(self) -> float | None:
        """Days that the usage counters cover; None when the reset time is unknown."""
        if self.statistics_reset_at is None:
            return None
        return max((self.collected_at - self.statistics_reset_at).total_seconds(), 0.0) / 86_400.0

    def setting(self, name: str) -> Setting | None:
        """The setting of that name, or None where the server has none such."""
        return next((s for s in self.settings if s.name == name), None)
