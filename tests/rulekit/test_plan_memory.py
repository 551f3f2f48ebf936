"""Memory that would keep a node of an executed plan off the disk."""

from __future__ import annotations

import pytest

from pgadvisor.model.server import RoleSetting, Setting
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.parse.statement import fingerprint
from pgadvisor.rulekit.case import Case
from pgadvisor.rulekit.executions import PlacedNode
from pgadvisor.rulekit.plan_memory import work_mem_of
from pgadvisor.rulekit.plans import (
    Memory,
    executed_roots,
    memory_evidence,
    memory_for,
    memory_remedies,
    role_of,
    rows_in_memory_bytes,
)
from pgadvisor.testing import a_case, a_server, a_snapshot, a_statement, executed
from pgadvisor.units import GiB, KiB, MiB

TEXT = "select * from orders order by note"
PLAN = f"""\
Query Text: {TEXT}
Sort  (cost=0..9 rows=9 width=8) (actual time=0.000..70.000 rows=9 loops=1)
Execution Time: 80.000 ms
"""
WORK_MEM = Setting(name="work_mem", value="4096", unit="kB", value_type="integer")
STATEMENT = a_statement(TEXT, fingerprint=fingerprint(TEXT), roles=("reports", "web"))


def placed(snapshot: Snapshot, plan: str = PLAN) -> tuple[Case, PlacedNode]:
    case = a_case(snapshot, executions=executed(plan, snapshot))
    [root] = executed_roots(case)
    return case, root


def memory(snapshot: Snapshot, needed_bytes: float, *, is_hash: bool = False) -> Memory:
    case, node = placed(snapshot)
    most_ratio = 8.0 if is_hash else None
    return memory_for(
        case, node, needed_bytes, most_bytes=512 * MiB, most_multiplier_ratio=most_ratio
    )


@pytest.mark.parametrize(
    ("needed_bytes", "work_mem_bytes"),
    [
        (1, MiB),
        (MiB + 1, 2 * MiB),
        (257 * MiB, 512 * MiB),
        (513 * MiB, GiB),
    ],
)
def test_a_setting_is_a_power_of_two(needed_bytes: int, work_mem_bytes: int) -> None:
    assert memory(a_snapshot(), needed_bytes).work_mem_bytes == work_mem_bytes


def test_a_ceiling_that_is_no_power_of_two_is_used_up() -> None:
    cache = Setting(
        name="effective_cache_size",
        value=str(8 * 300 * MiB // 8_192),
        unit="8kB",
        source="configuration file",
    )

    found = memory(a_snapshot(cache), 280 * MiB)

    assert (found.work_mem_bytes, found.ceiling_bytes) == (280 * MiB, 300 * MiB)
    assert found.is_affordable
    assert found.ceiling_source == "an eighth of effective_cache_size"


def test_a_default_cache_size_tells_nothing() -> None:
    cache = Setting(name="effective_cache_size", value="1024", unit="8kB")

    assert memory(a_snapshot(cache), MiB).ceiling_bytes == 512 * MiB


@pytest.mark.parametrize(
    ("version_num", "value", "work_mem_bytes"),
    [
        (180_000, None, 4 * MiB),
        (150_000, None, 4 * MiB),
        (140_000, None, 8 * MiB),
        (180_000, "4", 2 * MiB),
        (180_000, "(redacted)", 4 * MiB),
    ],
)
def test_a_hash_may_take_a_multiple(
    version_num: int, value: str | None, work_mem_bytes: int
) -> None:
    settings = () if value is None else (Setting(name="hash_mem_multiplier", value=value),)
    snapshot = a_snapshot(settings, version_num=version_num)

    assert memory(snapshot, 8 * MiB, is_hash=True).work_mem_bytes == work_mem_bytes


@pytest.mark.parametrize(
    ("settings", "told", "size"),
    [
        ((), "", None),
        ((WORK_MEM,), "", 4 * MiB),
        ((WORK_MEM,), "Settings: work_mem = '64kB'\n", 65_536),
        ((WORK_MEM,), "Settings: work_mem = '64'\n", 65_536),
        ((WORK_MEM,), "Settings: work_mem = 'much'\n", None),
    ],
)
def test_the_plan_tells_its_work_mem_before_the_server(
    settings: tuple[Setting, ...], told: str, size: int | None
) -> None:
    case, node = placed(a_snapshot(settings), PLAN + told)

    assert work_mem_of(case, node) == size


def test_the_role_s_own_value_comes_before_the_server_s() -> None:
    own = RoleSetting(role="reports", database=None, name="work_mem", value="16MB")
    case, node = placed(a_snapshot(WORK_MEM, STATEMENT, role_settings=(own,)))

    assert role_of(case, node) == "reports"
    assert work_mem_of(case, node) == 16 * MiB


def test_a_role_that_has_as_much_is_given_no_more() -> None:
    own = RoleSetting(role="reports", database=None, name="work_mem", value="16MB")
    case, node = placed(a_snapshot(WORK_MEM, STATEMENT, role_settings=(own,)))
    needed = memory_for(case, node, 16 * MiB, most_bytes=512 * MiB)

    assert len(memory_remedies(case, node, needed, title="Sort less", first=())) == 1


@pytest.mark.parametrize(("is_for_role", "count"), [(True, 2), (False, 1)])
def test_a_role_is_given_memory_only_where_that_saves_much(is_for_role: bool, count: int) -> None:  # noqa: FBT001
    case, node = placed(a_snapshot(WORK_MEM, STATEMENT))
    needed = memory_for(case, node, 16 * MiB, most_bytes=512 * MiB)

    remedies = memory_remedies(
        case, node, needed, title="Sort less", first=(), is_for_role=is_for_role
    )

    assert len(remedies) == count


def test_rows_take_more_room_in_memory_than_in_a_file() -> None:
    case = a_case(a_snapshot())
    before = a_case(Snapshot(server=a_server(version_num=140_000)))

    assert rows_in_memory_bytes(case, 1_000, 10) == 1_000 + 10 * 16 + 24 * 1_024
    assert rows_in_memory_bytes(before, 1_000, 10) == 2 * (1_000 + 400) + 24 * 1_024


def test_the_need_of_a_million_rows_is_about_what_a_server_took() -> None:
    """100,856 kB in a file were 133,952 kB in memory, on PostgreSQL 18."""
    needed = rows_in_memory_bytes(a_case(a_snapshot()), 100_856 * KiB, 1_000_000)

    assert 133_952 * KiB < needed < 1.06 * 133_952 * KiB


def test_a_plan_without_its_server_is_taken_for_one_of_today() -> None:
    nobody_knows = a_case(Snapshot(server=a_server(version_num=0)))

    assert rows_in_memory_bytes(nobody_knows, 1_000, 10) == 1_000 + 10 * 16 + 24 * 1_024


def test_evidence_names_the_ceiling_and_where_it_comes_from() -> None:
    [needed, ceiling] = memory_evidence(memory(a_snapshot(), MiB), "the size on disk")

    assert (needed.name, needed.value, needed.source) == (
        *("memory needed at most", MiB),
        "the size on disk",
    )
    assert (ceiling.value, ceiling.source) == (512 * MiB, "the rule's limit")
