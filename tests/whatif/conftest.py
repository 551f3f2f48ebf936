"""A shop with rows on a real server, its snapshot, and its twin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.whatif.twin import Twin
from tests.fixtures.databases import fresh_database
from tests.whatif.shop import fill


@pytest.fixture(scope="session")
def shop(cluster: Cluster) -> Iterator[str]:
    """The DSN of a shop whose rows were analysed after the last change, and read once."""
    with fresh_database(cluster) as dsn:
        fill(dsn)
        yield dsn


@pytest.fixture(scope="session")
def snapshot(shop: str) -> Snapshot:
    """The shop's snapshot."""
    return collect(shop)


@pytest.fixture(scope="session")
def twin(snapshot: Snapshot) -> Iterator[Twin]:
    """The shop's twin, shared: what a test builds in it is off for the others."""
    with Twin(snapshot) as twin:
        yield twin
