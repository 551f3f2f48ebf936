"""A small production server for the pipeline, and equal copies of the loaded database on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import LiteralString

import psycopg

from examples.upload_pipeline import generate
from pgadvisor.cluster.launch import Cluster

SETTINGS = {
    "shared_preload_libraries": "pg_stat_statements",
    "max_connections": "50",
    "shared_buffers": "512MB",
    "effective_cache_size": "1536MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "track_io_timing": "on",
    "autovacuum_naptime": "10s",
}
"""Durable, with autovacuum, on a solid-state disk."""

ORIGIN: LiteralString = "uploads_origin"
"""The database as it was loaded; nothing ever runs on it."""

DATABASE: LiteralString = "uploads"
"""The copy that the application uses."""


def load_origin(
    cluster: Cluster, scale: generate.Scale, *, progress: Callable[[str], None] = lambda _: None
) -> None:
    """Load the database that the others are copied from."""
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute(f"create database {ORIGIN}")
    generate.load(cluster.dsn(ORIGIN), scale, progress=progress)


def fresh_copy(cluster: Cluster, *, is_mended: bool = False) -> str:
    """Put the application's database back as it was loaded, block by block.

    Then the night's recount runs, and all counters start from there.

    Args:
        cluster: Where ``load_origin`` has been.
        is_mended: Let the careful team mend it first.

    Returns:
        Its DSN.
    """
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute(f"drop database if exists {DATABASE}")
        connection.execute(f"create database {DATABASE} template {ORIGIN}")
    dsn = cluster.dsn(DATABASE)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create extension pg_stat_statements")
        if is_mended:
            generate.mend(connection)
        connection.execute("select pg_stat_reset()")
        generate.recount_storage(connection)
        if is_mended:
            # Autovacuum is on for this table now, and would come within its naptime.
            connection.execute("vacuum (analyze) storage_usage")
        connection.execute("select pg_stat_statements_reset()")
    return dsn
