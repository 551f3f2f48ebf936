"""Memory for hashes alone, where sorts fit as they are."""

from __future__ import annotations

import pytest

from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.server import RoleSetting, Setting
from pgadvisor.model.statement import StatementPlan
from pgadvisor.parse.statement import fingerprint
from pgadvisor.rulekit import hash_multiplier_of, spills_in_hashes_alone, wanted_multiplier
from pgadvisor.testing import SnapshotPart, a_case, a_snapshot, a_statement, executed
from pgadvisor.units import MiB

MULTIPLIER = Setting(name="hash_mem_multiplier", value="3", value_type="real")
TEXT = "select customer_id, count(*) from orders group by customer_id"
STATEMENT = a_statement(
    TEXT, fingerprint=fingerprint(TEXT), roles=("web",), temp_blocks_written=1_000
)
OF_SERVER = StatementPlan(
    statement_id=STATEMENT.id,
    plan=Plan(root=PlanNode(node_type="Aggregate", strategy="Hashed")),
)
GROUPS = f"""\
Query Text: {TEXT}
HashAggregate  (cost=9..20 rows=9 width=16) (actual time=250.000..300.000 rows=90000 loops=1)
  Batches: 5  Memory Usage: 4096kB  Disk Usage: 9216kB
"""
KEPT = """\
  ->  CTE Scan on o  (cost=0..9 rows=9 width=8) (actual time=0.000..1.000 rows=9 loops=1)
        Storage: Memory  Maximum Storage: 17kB
"""
PAGES = """\
  ->  Bitmap Heap Scan on orders  (cost=0..9 rows=9 width=8) \
(actual time=0.000..1.000 rows=9 loops=1)
        Heap Blocks: exact=900 lossy=0
"""
FILES = """\
  ->  Function Scan on f  (cost=0..9 rows=9 width=8) (actual time=0.000..1.000 rows=9 loops=1)
        Buffers: temp read=1 written=0
"""
PRESORTED = """\
  ->  Incremental Sort  (cost=0..9 rows=9 width=8) (actual time=0.000..1.000 rows=9 loops=1)
        Sort Key: a, b
        Presorted Key: a
        Full-sort Groups: 3  Sort Method: quicksort  Average Memory: 27kB  Peak Memory: 27kB
        Pre-sorted Groups: 3  Sort Methods: quicksort  Average Memory: 9kB  Peak Memory: 9kB
"""


def is_alone(plan: str, *parts: SnapshotPart) -> bool:
    snapshot = a_snapshot(STATEMENT, *parts)
    return spills_in_hashes_alone(a_case(snapshot, executions=executed(plan, snapshot)), "web")


@pytest.mark.parametrize("below", ["", KEPT, PAGES, FILES, PRESORTED])
def test_an_executed_plan_tells_that_nothing_else_lacks_memory(below: str) -> None:
    assert is_alone(GROUPS + below)


@pytest.mark.parametrize(
    "below",
    [
        pytest.param(KEPT.replace("Storage: Memory", "Storage: Disk"), id="rows-are-kept"),
        pytest.param(PAGES.replace("lossy=0", "lossy=1"), id="a-bitmap-forgets-rows"),
        pytest.param(FILES.replace("written=0", "written=1"), id="a-file-is-written"),
        pytest.param(
            PRESORTED.replace("Average Memory: 9kB  Peak Memory: 9kB", "")
            .replace("Sort Methods: quicksort", "Sort Method: external merge")
            .replace("external merge  ", "external merge  Average Disk: 9kB  Peak Disk: 9kB"),
            id="a-group-is-sorted-on-disk",
        ),
    ],
)
def test_an_executed_plan_tells_what_else_lacks_memory(below: str) -> None:
    assert not is_alone(GROUPS + below)


def test_one_that_writes_nothing_tells_nothing() -> None:
    fitting = GROUPS.replace("Batches: 5  ", "Batches: 1  ").replace("  Disk Usage: 9216kB", "")

    assert not is_alone(fitting)
    assert is_alone(fitting, OF_SERVER)


def test_what_was_executed_counts_for_more_than_what_was_planned() -> None:
    assert not is_alone(GROUPS + FILES.replace("written=0", "written=1"), OF_SERVER)


@pytest.mark.parametrize(
    ("version_num", "parts", "role", "multiplier"),
    [
        (130_000, (), "web", 1.0),
        (140_000, (), "web", 1.0),
        (150_000, (), None, 2.0),
        (180_000, (MULTIPLIER,), None, 3.0),
        (180_000, (MULTIPLIER,), "reports", 3.0),
        (180_000, (MULTIPLIER,), "web", 4.5),
    ],
)
def test_a_role_has_its_own_the_server_s_or_the_usual_factor(
    version_num: int, parts: tuple[Setting, ...], role: str | None, multiplier: float
) -> None:
    own = RoleSetting(role="web", database=None, name="hash_mem_multiplier", value="4.5")
    case = a_case(a_snapshot(parts, version_num=version_num, role_settings=(own,)))

    assert hash_multiplier_of(case, role) == multiplier


@pytest.mark.parametrize(
    ("needed_bytes", "wanted"),
    [(8 * MiB, 2.0), (8 * MiB + 1, 2.5), (32 * MiB, 8.0), (32 * MiB + 1, None)],
)
def test_a_factor_is_rounded_up_to_a_half(needed_bytes: int, wanted: float | None) -> None:
    case = a_case(a_snapshot(MULTIPLIER))

    assert wanted_multiplier(case, needed_bytes, 4 * MiB, most_ratio=8.0) == wanted
    assert wanted_multiplier(a_case(a_snapshot()), needed_bytes, 4 * MiB, most_ratio=8.0) is None
