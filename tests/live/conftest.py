"""A small shop for whole runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pgadvisor.cluster.launch import Cluster
from tests.fixtures.programs import pgadvisor_command
from tests.fixtures.shop import shop

EAGER = """
[gates]
usage_window_days = 0
drop_window_days = 0
"""
"""Judges by statistics of any age, so that unused indexes are found as well."""


@pytest.fixture(scope="module")
def shop_dsn(cluster: Cluster) -> Iterator[str]:
    """The DSN of a shop that tests do not change."""
    with shop(cluster) as dsn:
        yield dsn


@pytest.fixture(scope="module")
def shop_file(shop_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of the shop with all of its values."""
    directory = tmp_path_factory.mktemp("shop")
    made = pgadvisor_command(
        "snapshot", shop_dsn, "-o", "shop.pgsnap", "--redact", "none", cwd=directory
    )
    assert made.code == 0, made.err
    return directory / "shop.pgsnap"


@pytest.fixture
def eager(tmp_path: Path) -> Path:
    """A configuration that judges by statistics of any age."""
    path = tmp_path / "eager.toml"
    path.write_text(EAGER)
    return path
