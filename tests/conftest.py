"""Servers and databases for all tests."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from pgadvisor.cluster.binaries import embedded_binaries
from pgadvisor.cluster.launch import Cluster
from pgadvisor.cluster.owner import memory_base, server_owner
from tests.fixtures.databases import SETTINGS, fresh_database
from tests.fixtures.npm_binaries import VERSIONS, npm_binaries
from tests.fixtures.processes import becomes_true, commands_naming

MEMORY_BYTES = 2 << 30
"""What a run of tests takes, with room to spare."""

# Times are never asserted, by Hypothesis neither: the machine may be busy.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


@pytest.fixture(scope="session", autouse=True)
def temporary_directory() -> Iterator[Path]:
    """Keep temporary files in a directory of this run; at its end no server may be left in it.

    It lies in memory, where the machine has much of it: servers make thousands of files.
    """
    base = memory_base(server_owner(), MEMORY_BYTES)
    with (
        tempfile.TemporaryDirectory(prefix="pgadvisor-tests-", dir=base) as name,
        pytest.MonkeyPatch.context() as patch,
    ):
        directory = Path(name).resolve()
        directory.chmod(0o711)  # as root, servers run as another user
        patch.setitem(os.environ, "TMPDIR", str(directory))
        patch.setattr(tempfile, "tempdir", str(directory))
        yield directory
        assert becomes_true(lambda: not commands_naming(directory)), commands_naming(directory)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The embedded server, shared by the whole run; take ``database`` for one of your own."""
    with Cluster(binaries=embedded_binaries(), settings=SETTINGS) as cluster:
        yield cluster


@pytest.fixture
def database(cluster: Cluster) -> Iterator[str]:
    """The DSN of a fresh database on the embedded server, with pg_stat_statements."""
    with fresh_database(cluster) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def major_clusters() -> Iterator[Callable[[int], Cluster]]:
    """Gives the server of a major version, which is started once and stays until the end."""
    started: dict[int, Cluster] = {}
    with ExitStack() as running:

        def cluster_of(major: int) -> Cluster:
            if major not in started:
                cluster = Cluster(binaries=npm_binaries(major), settings=SETTINGS)
                started[major] = running.enter_context(cluster)
            return started[major]

        yield cluster_of


@pytest.fixture(scope="session", params=VERSIONS, ids=lambda major: f"pg{major}")
def major_cluster(
    request: pytest.FixtureRequest, major_clusters: Callable[[int], Cluster]
) -> Cluster:
    """A server of each major from 13 to 18, in any order."""
    return major_clusters(request.param)


@pytest.fixture
def major_database(major_cluster: Cluster) -> Iterator[str]:
    """The DSN of a fresh database on a server of each major, with pg_stat_statements."""
    with fresh_database(major_cluster) as dsn:
        yield dsn
