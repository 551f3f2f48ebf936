"""The keys of an executed plan: what each one fills, and what reads it.

An entry has the group of figures that a key belongs to (empty: it is a field of its own), the
field, and what reads it.
"""

from __future__ import annotations

import re

from pgadvisor.parse.explain import READERS, Reader
from pgadvisor.parse.plan_values import (
    PlanFormatError,
    read_integer,
    read_number,
    read_text,
    read_texts,
)

_Entries = dict[str, tuple[str, str, Reader]]

Table = dict[str, tuple[str, str, Reader, type | None, bool]]
"""Entries with what makes reading quick: the type that needs no reader, and whether zero may be
left out, since it is what the figure is without the key."""


KILOBYTE = 1024
_WITHOUT_LETTERS = re.compile(r"[^A-Za-z0-9_.\-]")


def read_kilobytes(value: object, place: str, key: str) -> int:
    """Return a size that EXPLAIN gives in kilobytes, in bytes."""
    return read_integer(value, place, key) * KILOBYTE


def read_flag(value: object, place: str, key: str) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise PlanFormatError(f"{place}.{key}", "is neither true nor false")
    return value


_BUFFERS: _Entries = {
    "Shared Hit Blocks": ("buffers", "shared_hit_blocks", read_integer),
    "Shared Read Blocks": ("buffers", "shared_read_blocks", read_integer),
    "Shared Dirtied Blocks": ("buffers", "shared_dirtied_blocks", read_integer),
    "Shared Written Blocks": ("buffers", "shared_written_blocks", read_integer),
    "Local Hit Blocks": ("buffers", "local_hit_blocks", read_integer),
    "Local Read Blocks": ("buffers", "local_read_blocks", read_integer),
    "Local Dirtied Blocks": ("buffers", "local_dirtied_blocks", read_integer),
    "Local Written Blocks": ("buffers", "local_written_blocks", read_integer),
    "Temp Read Blocks": ("buffers", "temp_read_blocks", read_integer),
    "Temp Written Blocks": ("buffers", "temp_written_blocks", read_integer),
    "I/O Read Time": ("buffers", "read_time_ms", read_number),
    "I/O Write Time": ("buffers", "write_time_ms", read_number),
    "Shared I/O Read Time": ("buffers", "read_time_ms", read_number),
    "Shared I/O Write Time": ("buffers", "write_time_ms", read_number),
    "Local I/O Read Time": ("buffers", "local_read_time_ms", read_number),
    "Local I/O Write Time": ("buffers", "local_write_time_ms", read_number),
    "Temp I/O Read Time": ("buffers", "temp_read_time_ms", read_number),
    "Temp I/O Write Time": ("buffers", "temp_write_time_ms", read_number),
}

_USE: _Entries = {
    **_BUFFERS,
    "Actual Startup Time": ("actual", "startup_time_ms", read_number),
    "Actual Total Time": ("actual", "total_time_ms", read_number),
    "Actual Rows": ("actual", "rows", read_number),
    "Actual Loops": ("actual", "loops", read_number),
    "WAL Records": ("wal", "records", read_integer),
    "WAL FPI": ("wal", "full_page_images", read_integer),
    "WAL Bytes": ("wal", "size_bytes", read_integer),
    "WAL Buffers Full": ("wal", "buffers_full", read_integer),
    "Sort Method": ("sort", "method", read_text),
    "Sort Space Used": ("sort", "space_bytes", read_kilobytes),
    "Sort Space Type": ("sort", "space_type", read_text),
    "HashAgg Batches": ("hash_aggregation", "batches", read_integer),
    "Planned Partitions": ("hash_aggregation", "planned_partitions", read_integer),
    "Disk Usage": ("hash_aggregation", "disk_bytes", read_kilobytes),
    # Of a hash, a hashed aggregate or a memoize: which one, the other keys tell.
    "Peak Memory Usage": ("memory", "peak_memory_bytes", read_kilobytes),
    "Cache Hits": ("memoization", "hits", read_integer),
    "Cache Misses": ("memoization", "misses", read_integer),
    "Cache Evictions": ("memoization", "evictions", read_integer),
    "Cache Overflows": ("memoization", "overflows", read_integer),
    "Exact Heap Blocks": ("heap_blocks", "exact", read_integer),
    "Lossy Heap Blocks": ("heap_blocks", "lossy", read_integer),
}
"""Of a node and of a worker."""

_NODE: _Entries = {
    **{key: ("", name, read) for key, (name, read) in READERS.items()},
    **_USE,
    "Parallel Aware": ("", "parallel_aware", read_flag),
    "Async Capable": ("", "async_capable", read_flag),
    "Single Copy": ("", "single_copy", read_flag),
    "Disabled": ("", "disabled", read_flag),
    "Inner Unique": ("", "inner_unique", read_flag),
    "Custom Plan Provider": ("", "custom_provider", read_text),
    "Command": ("", "command", read_text),
    "Function Name": ("", "function_name", read_text),
    "CTE Name": ("", "cte_name", read_text),
    "Output": ("", "output", read_texts),
    "Rows Removed by Filter": ("", "rows_removed_by_filter", read_number),
    "Rows Removed by Join Filter": ("", "rows_removed_by_join_filter", read_number),
    "Rows Removed by Index Recheck": ("", "rows_removed_by_index_recheck", read_number),
    "Rows Removed by Conflict Filter": ("", "rows_removed_by_conflict_filter", read_number),
    "Heap Fetches": ("", "heap_fetches", read_number),
    "Index Searches": ("", "index_searches", read_number),
    "Hash Buckets": ("hash_table", "buckets", read_integer),
    "Original Hash Buckets": ("hash_table", "original_buckets", read_integer),
    "Hash Batches": ("hash_table", "batches", read_integer),
    "Original Hash Batches": ("hash_table", "original_batches", read_integer),
    "Cache Key": ("", "cache_key", read_text),
    "Cache Mode": ("", "cache_mode", read_text),
    "Storage": ("storage", "storage_type", read_text),
    "Maximum Storage": ("storage", "maximum_bytes", read_kilobytes),
    "Workers Launched": ("", "workers_launched", read_integer),
    "Subplans Removed": ("", "subplans_removed", read_integer),
    "Tuples Inserted": ("", "inserted_rows", read_number),
    "Tuples Updated": ("", "updated_rows", read_number),
    "Tuples Deleted": ("", "deleted_rows", read_number),
    "Tuples Skipped": ("", "skipped_rows", read_number),
    "Conflicting Tuples": ("", "conflicting_rows", read_number),
}

_WORKER: _Entries = {
    **_USE,
    "Worker Number": ("", "number", read_integer),
}

_PLANNING: _Entries = {
    **_BUFFERS,
    "Memory Used": ("", "planning_memory_used_bytes", read_kilobytes),
    "Memory Allocated": ("", "planning_memory_allocated_bytes", read_kilobytes),
}

_SERIALIZATION: _Entries = {
    **_BUFFERS,
    "Time": ("", "time_ms", read_number),
    "Output Volume": ("", "output_bytes", read_kilobytes),
    "Format": ("", "format", read_text),
}

_TRIGGER: _Entries = {
    "Trigger Name": ("", "name", read_text),
    "Constraint Name": ("", "constraint", read_text),
    "Relation": ("", "relation", read_text),
    "Time": ("", "time_ms", read_number),
    "Calls": ("", "calls", read_number),
}

_TARGET: _Entries = {
    "Relation Name": ("", "relation", read_text),
    "Schema": ("", "schema", read_text),
    "Alias": ("", "alias", read_text),
}

_PLAN: _Entries = {
    "Query Text": ("", "query_text", read_text),
    "Query Parameters": ("", "query_parameters", read_text),
    "Query Identifier": ("", "query_identifier", read_integer),
    "Planning Time": ("", "planning_time_ms", read_number),
    "Execution Time": ("", "execution_time_ms", read_number),
}

_JIT: _Entries = {
    "Functions": ("", "functions", read_integer),
    "Inlining": ("", "inlining", read_flag),
    "Optimization": ("", "optimization", read_flag),
    "Expressions": ("", "expressions", read_flag),
    "Deforming": ("", "deforming", read_flag),
}

_PLAIN: dict[Reader, type] = {read_integer: int, read_text: str, read_flag: bool}
_COUNTED = {"buffers", "wal", "hash_table", "hash_aggregation", "memoization", "heap_blocks"}


def _table(entries: _Entries) -> Table:
    return {
        key: (group, name, read, _PLAIN.get(read), group in _COUNTED)
        for key, (group, name, read) in entries.items()
    }


NODE = _table(_NODE)
WORKER = _table(_WORKER)
PLANNING = _table(_PLANNING)
SERIALIZATION = _table(_SERIALIZATION)
TRIGGER = _table(_TRIGGER)
TARGET = _table(_TARGET)
PLAN = _table(_PLAN)
JIT = _table(_JIT)

TEXT_LISTS = {
    *(key for key, (_, _, read) in _NODE.items() if read is read_texts),
    *("Conflict Arbiter Indexes", "Params Evaluated", "Sampling Parameters"),
}
"""Keys that hold a list where a format says it, and text with commas where it is TEXT."""

_TABLES = (_NODE, _WORKER, _PLANNING, _SERIALIZATION, _TRIGGER, _TARGET, _PLAN, _JIT)
_SPECIAL = (
    *("Full-sort Groups", "Pre-sorted Groups", "One-Time Filter", "JIT"),
    *(key for table in _TABLES for key in table if "-" in key or "/" in key),
)
_BY_TAG = {_WITHOUT_LETTERS.sub("-", key): key for key in _SPECIAL}
_WHOLE = {
    key
    for table in _TABLES
    for key, (_, _, read) in table.items()
    if read in {read_integer, read_kilobytes, read_number}
} | {"Group Count", "Average Sort Space Used", "Peak Sort Space Used"}
_FLAGS = {key for table in _TABLES for key, (_, _, read) in table.items() if read is read_flag}
_TIMES = {"Generation", "Deform", "Total", "Inlining", "Optimization", "Emission"}
"""Of JIT; two of them are the names of options too, which are true or false."""
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?P<fraction>\.[0-9]{1,30})?(?:e[+-]?[0-9]{1,3})?")


def key_of_tag(tag: str) -> str:
    """Return the key that EXPLAIN has written as the name of an XML element."""
    return _BY_TAG.get(tag) or tag.replace("-", " ")


def typed(key: str, text: str) -> object:
    """Return a value of XML or TEXT with the type that it has in JSON, where the key is known."""
    if key in _FLAGS and text in {"true", "false"}:
        return text == "true"
    if key in _WHOLE or key in _TIMES:
        number = number_of(text)
        return text if number is None else number
    return text


def number_of(text: str) -> int | float | None:
    """Return the number that a text is, as JSON writes numbers, or None."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    return float(text) if match["fraction"] or "e" in text else int(text)
