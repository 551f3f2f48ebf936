"""A shop with rows on a real server, its snapshot, and its twin; another one beside HypoPG."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.whatif.twin import Twin
from tests.fixtures.databases import fresh_database
from tests.fixtures.hypopg import create_hypopg, hypopg_cluster
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


@pytest.fixture(scope="session")
def hypopg_server() -> Iterator[Cluster]:
    """A server of the system's that has HypoPG; without one, the tests that want it are skipped."""
    with hypopg_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def hypopg_shop(hypopg_server: Cluster) -> Iterator[str]:
    """The DSN of the shop on a server with HypoPG."""
    with fresh_database(hypopg_server) as dsn:
        fill(dsn)
        create_hypopg(dsn)
        yield dsn


@pytest.fixture(scope="session")
def hypopg_snapshot(hypopg_shop: str) -> Snapshot:
    """That shop's snapshot."""
    return collect(hypopg_shop)
