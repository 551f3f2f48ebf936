"""A rich database, shared by the tests of a module that only read it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.model.snapshot import Snapshot
from tests.collect.rich import rich_database


@pytest.fixture(scope="module")
def rich(cluster: Cluster) -> Iterator[str]:
    """The DSN of a rich database that no test changes."""
    with rich_database(cluster) as dsn:
        yield dsn


@pytest.fixture(scope="module")
def snapshot(rich: str) -> Snapshot:
    """A snapshot of it."""
    return collect(rich)
