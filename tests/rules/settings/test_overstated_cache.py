"""overstated-cache."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.machine import Machine
from pgadvisor.model.schema import Table
from pgadvisor.model.server import Setting
from pgadvisor.testing import Outcome, a_snapshot, a_table, an_index, diagnose
from pgadvisor.units import GiB
from tests.rules.changes import down, up

RULE = "overstated-cache"
BLOCKS_OF_A_GIB = GiB // 8192
CACHE = Setting(
    name="effective_cache_size",
    value=str(48 * BLOCKS_OF_A_GIB),
    unit="8kB",
    source="configuration file",
    value_type="integer",
    is_set_by_alter_system=False,
)
ORDERS = replace(a_table("orders", "id bigint not null"), size_bytes=40 * GiB)


def run(
    cache: Setting = CACHE, *, table: Table = ORDERS, memory_bytes: int | None = 32 * GiB
) -> Outcome:
    snapshot = a_snapshot(table, replace(an_index(table, "id"), size_bytes=0), cache)
    return diagnose(RULE, snapshot, machine=Machine(memory_bytes=memory_bytes))


def test_reports_a_cache_that_is_larger_than_the_memory() -> None:
    [finding] = run().findings

    assert finding.key == "overstated-cache:effective_cache_size"
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.HIGH
    assert finding.summary == (
        "effective_cache_size is 48 GB, of 32 GB of memory that the machine has"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("effective_cache_size", 48 * GiB),
        ("memory", 32 * GiB),
        ("tables and indexes", 40 * GiB),
    ]
    assert up(finding)[0] == "ALTER SYSTEM SET effective_cache_size = '24GB'"
    assert down(finding)[0] == "ALTER SYSTEM RESET effective_cache_size"


@pytest.mark.parametrize(("gigabytes", "count"), [(36, 0), (37, 1)])
def test_nine_tenths_are_not_too_much(gigabytes: int, count: int) -> None:
    cache = replace(CACHE, value=str(gigabytes * BLOCKS_OF_A_GIB))

    assert (
        len(run(cache, memory_bytes=40 * GiB, table=replace(ORDERS, size_bytes=41 * GiB)).findings)
        == count
    )


def test_leaves_data_alone_that_fit_into_the_memory() -> None:
    assert run(table=replace(ORDERS, size_bytes=32 * GiB)).is_clear
    assert len(run(table=replace(ORDERS, size_bytes=32 * GiB + 1)).findings) == 1


def test_says_why_it_cannot_judge() -> None:
    assert run(memory_bytes=None).reasons == (
        (
            "how much memory the machine has is not said: set memory_bytes in [machine] of "
            "pgadvisor.toml"
        ),
    )
    assert run(replace(CACHE, source="user")).reasons == (
        (
            "what the server says of effective_cache_size is hidden by the collecting role's own "
            "value"
        ),
    )
    assert diagnose(RULE, a_snapshot()).reasons == ("effective_cache_size is not in the snapshot",)
