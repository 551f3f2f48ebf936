"""A real database, its snapshot, and a twin of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.whatif.twin import Twin
from tests.fixtures.databases import fresh_database

SCHEMA = Path(__file__).with_name("shop.sql")
SEARCH_PATH = "shop, public"


@pytest.fixture(scope="session")
def shop(cluster: Cluster) -> Iterator[str]:
    """The DSN of a shop with rows in it."""
    with fresh_database(cluster) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            text = SCHEMA.read_text(encoding="utf-8")
            *schema, vacuum = text.strip().rsplit("vacuum ", 1)
            connection.execute("".join(schema).encode())
            connection.execute(f"vacuum {vacuum}".encode())
            name = connection.info.dbname
            connection.execute(f'alter database "{name}" set search_path = {SEARCH_PATH}'.encode())
        yield dsn


@pytest.fixture(scope="session")
def shop_snapshot(shop: str) -> Snapshot:
    """What the collector makes of the shop."""
    return collect(shop)


@pytest.fixture(scope="session")
def shop_twin(shop_snapshot: Snapshot) -> Iterator[Twin]:
    """A twin of the shop, shared by the tests: it is only asked."""
    with Twin(shop_snapshot) as twin:
        yield twin
