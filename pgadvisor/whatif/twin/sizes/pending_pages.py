"""The part of a GIN index that is not sorted in yet, and that every scan of it reads."""

from __future__ import annotations

from pgadvisor.model.schema import Index
from pgadvisor.model.server import Server
from pgadvisor.units import KiB
from pgadvisor.whatif.twin.sizes.index_facts import IndexFacts
from pgadvisor.whatif.twin.storage.btree_pages import BLOCK_BYTES

_LIMIT = "gin_pending_list_limit"
_DEFAULT_LIMIT_KIB = 4096


def pending_pages(index: Index, facts: IndexFacts, original: Server) -> int:
    """Estimate how many pages of an index of the original's are a list of pending rows.

    Rows that are added go to a list at the end of the index, until VACUUM sorts them in or the
    list is as long as the limit.  So that is what it has grown by, if that is not more than the
    limit.  (A list that reuses older pages is not seen.)

    Args:
        index: The index.
        facts: The same in the twin.
        original: Has the limit, unless the index has its own.
    """
    if facts.access_method != "gin" or facts.options.get("fastupdate") in {"off", "false"}:
        return 0
    setting = original.setting(_LIMIT)
    limit = facts.options.get(_LIMIT) or (setting.value if setting else "")
    limit_kib = int(limit) if limit.isdecimal() else _DEFAULT_LIMIT_KIB
    grown = index.size_bytes // BLOCK_BYTES - index.pages
    return grown if 0 < grown <= limit_kib * KiB // BLOCK_BYTES else 0
