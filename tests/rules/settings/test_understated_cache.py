"""understated-cache."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.machine import Machine
from pgadvisor.model.schema import Table
from pgadvisor.model.server import Setting
from pgadvisor.testing import Outcome, a_snapshot, a_table, an_index, diagnose
from pgadvisor.units import GiB
from tests.rules.changes import by_hand, down, down_by_hand, manual, up

RULE = "understated-cache"
CACHE = Setting(name="effective_cache_size", value="524288", unit="8kB", boot_value="524288")
BUFFERS = Setting(
    name="shared_buffers",
    value="1048576",
    unit="8kB",
    source="configuration file",
    context="postmaster",
)
SMALL = replace(BUFFERS, value="262144")
ORDERS = replace(a_table("orders", "id bigint not null"), size_bytes=100 * GiB)


def run(
    *settings: Setting,
    table: Table = ORDERS,
    index_bytes: int = 0,
    memory_bytes: int | None = None,
) -> Outcome:
    index = replace(an_index(table, "id"), size_bytes=index_bytes)
    return diagnose(
        RULE,
        a_snapshot(table, index, settings or (CACHE, BUFFERS)),
        machine=Machine(memory_bytes=memory_bytes),
    )


def test_reports_a_cache_that_is_larger_than_the_planner_knows() -> None:
    [finding] = run().findings

    assert finding.key == "understated-cache:effective_cache_size"
    assert finding.severity is Severity.INFO
    assert finding.summary == (
        "effective_cache_size is 4 GB, less than the 8 GB of shared_buffers alone"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("effective_cache_size", 4 * GiB),
        ("shared_buffers", 8 * GiB),
        ("tables and indexes", 100 * GiB),
    ]
    assert up(finding)[0] == "ALTER SYSTEM SET effective_cache_size = '8GB'"
    assert down(finding)[0] == "ALTER SYSTEM RESET effective_cache_size"
    assert manual(finding) == (
        (
            "Add what the system's cache holds in an hour of much work; it is not in the snapshot, "
            "and in a container its limit counts."
        ),
    )


@pytest.mark.parametrize(
    ("source", "way_back"),
    [
        ("configuration file", "ALTER SYSTEM SET effective_cache_size = '4GB'"),
        ("database", "ALTER DATABASE \"shop\" SET effective_cache_size = '4GB'"),
        ("global", "ALTER ROLE ALL SET effective_cache_size = '4GB'"),
        ("command line", "postgres -c effective_cache_size=4GB"),
    ],
)
def test_changes_it_where_it_is_set_now(source: str, way_back: str) -> None:
    [finding] = run(replace(CACHE, source=source), BUFFERS).findings

    assert (down(finding) or down_by_hand(finding))[0] == way_back
    assert (up(finding) or by_hand(finding))[0] == way_back.replace("4GB", "8GB")


@pytest.mark.parametrize(("blocks", "count"), [("1048575", 1), ("1048576", 0), ("9999999", 0)])
def test_equal_is_enough(blocks: str, count: int) -> None:
    assert len(run(replace(CACHE, value=blocks), BUFFERS).findings) == count


@pytest.mark.parametrize(("size_bytes", "count"), [(4 * GiB + 1, 1), (4 * GiB, 0)])
def test_leaves_databases_alone_that_the_planner_takes_for_cached(
    size_bytes: int, count: int
) -> None:
    table = replace(ORDERS, size_bytes=size_bytes)

    assert len(run(table=table).findings) == count


def test_indexes_are_data_too() -> None:
    table = replace(ORDERS, size_bytes=3 * GiB)

    assert run(table=table).is_clear
    assert len(run(table=table, index_bytes=2 * GiB).findings) == 1


@pytest.mark.parametrize("source", ["user", "database user", "client"])
def test_cannot_judge_where_our_own_value_hides_the_servers(source: str) -> None:
    assert run(replace(CACHE, source=source), BUFFERS).reasons == (
        (
            "what the server says of effective_cache_size is hidden by the collecting role's own "
            "value"
        ),
    )


def test_cannot_judge_without_the_settings() -> None:
    assert run(CACHE).reasons == (
        "effective_cache_size and shared_buffers are not in the snapshot",
    )


def test_less_than_half_of_the_memory_is_too_little() -> None:
    [finding] = run(CACHE, SMALL, memory_bytes=16 * GiB).findings

    assert finding.confidence is Confidence.MEDIUM
    assert finding.summary == (
        "effective_cache_size is 4 GB, of 16 GB of memory that the machine has"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("effective_cache_size", 4 * GiB),
        ("shared_buffers", 2 * GiB),
        ("memory", 16 * GiB),
        ("tables and indexes", 100 * GiB),
    ]
    assert up(finding)[0] == "ALTER SYSTEM SET effective_cache_size = '12GB'"
    assert manual(finding) == ()


@pytest.mark.parametrize(("memory_bytes", "count"), [(8 * GiB, 0), (8 * GiB + 1, 1), (None, 0)])
def test_half_of_the_memory_is_enough(memory_bytes: int | None, count: int) -> None:
    assert len(run(CACHE, SMALL, memory_bytes=memory_bytes).findings) == count


def test_with_the_memory_known_the_whole_value_is_proposed() -> None:
    [finding] = run(memory_bytes=32 * GiB).findings

    assert finding.confidence is Confidence.HIGH
    assert finding.summary == (
        "effective_cache_size is 4 GB, less than the 8 GB of shared_buffers alone"
    )
    assert up(finding)[0] == "ALTER SYSTEM SET effective_cache_size = '24GB'"
