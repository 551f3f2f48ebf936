"""What managed services let their users change, and what is none of their users' business."""

from __future__ import annotations

import re

from pgadvisor.model.action import SettingScope
from pgadvisor.model.server import Setting
from pgadvisor.model.service import Service
from pgadvisor.rulekit.case import SkipRule

_OWN_STORAGE = frozenset({Service.AURORA, Service.ALLOYDB, Service.NEON})
"""They ship WAL to a storage that makes pages of it: no checkpoint writes pages, none is torn, and
no local disk has to be forced.  neon.com/docs/reference/compatibility: "fsync off: Neon syncs data
to the Neon Storage Engine"; aws.amazon.com/rds/aurora/faqs: modified pages are never pushed to the
storage; cloud.google.com/alloydb/docs/overview: its storage processes the log."""
_OF_STORAGE = re.compile(
    r"fsync|full_page_writes|zero_damaged_pages|wal_sync_method|wal_recycle|wal_init_zero"
    r"|checkpoint_\w+|(min|max)_wal_size|wal_compression|bgwriter_\w+"
)
_SUPABASE_SYSTEM = frozenset(
    {
        "effective_cache_size",
        "logical_decoding_work_mem",
        "maintenance_work_mem",
        "max_connections",
        "max_locks_per_transaction",
        "max_parallel_maintenance_workers",
        "max_parallel_workers",
        "max_parallel_workers_per_gather",
        "max_replication_slots",
        "max_slot_wal_keep_size",
        "max_standby_archive_delay",
        "max_standby_streaming_delay",
        "max_wal_senders",
        "max_wal_size",
        "max_worker_processes",
        "session_replication_role",
        "shared_buffers",
        "wal_keep_size",
        "wal_sender_timeout",
        "work_mem",
    }
)
"""What ``postgres-config update`` takes: supabase.com/docs, "Customizing Postgres configs"."""


_NOT_FLAGS = frozenset({"shared_preload_libraries"})
"""Of Google's services, which load the libraries of the extensions that they offer by themselves
and have flags like ``cloudsql.enable_pgaudit`` for others: cloud.google.com/sql/docs/postgres/
flags."""


def has_own_storage(service: Service) -> bool:
    """The service keeps data by other means than the files of a server."""
    return service in _OWN_STORAGE


def is_of_storage(name: str) -> bool:
    """The setting is about how a server writes its own files."""
    return _OF_STORAGE.fullmatch(name) is not None


def system_scope(service: Service, setting: Setting) -> SettingScope:
    """For whom a service lets its users change what elsewhere is the server's configuration.

    Args:
        service: Where the server runs.
        setting: What is to be changed.

    Raises:
        SkipRule: For nobody.
    """
    if _is_offered(service, setting.name):
        return SettingScope.SYSTEM
    # Both let roles and databases have what a session may set: neon.com/docs/reference/
    # compatibility, "Neon Postgres parameter settings", and the page of Supabase named above.
    if setting.context == "user":
        return SettingScope.DATABASE
    raise SkipRule(f"{service} lets nobody change {setting.name}")


def _is_offered(service: Service, name: str) -> bool:
    """The service has a tool that changes it for the whole server."""
    match service:
        case Service.NEON:
            return False
        case Service.SUPABASE:
            return name in _SUPABASE_SYSTEM
        case Service.CLOUD_SQL | Service.ALLOYDB:
            return name not in _NOT_FLAGS
        case _:
            return True
