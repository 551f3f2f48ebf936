"""pessimistic-random-page-cost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.model.server import RoleSetting, Setting, Tablespace
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    diagnose,
    index_activity,
    table_activity,
)
from tests.rules.changes import down, up

RULE = "pessimistic-random-page-cost"
RANDOM = Setting(name="random_page_cost", value="4", boot_value="4", value_type="real")
SEQUENTIAL = Setting(name="seq_page_cost", value="1", boot_value="1", value_type="real")
ORDERS = a_table("orders", "id bigint not null", "note text", rows=1_000_000)
INDEX = an_index(ORDERS, "id")
HEAP = table_activity(
    ORDERS, heap_blocks_hit=9_950_000, heap_blocks_read=50_000, sequential_scans=90_000
)
BLOCKS = index_activity(INDEX, blocks_hit=9_990_000, blocks_read=10_000)
COUNTERS = (HEAP, BLOCKS)


def run(
    *counters: SnapshotPart,
    table: Table = ORDERS,
    costs: tuple[Setting, ...] = (RANDOM, SEQUENTIAL),
    of_roles: tuple[RoleSetting, ...] = (),
    tablespaces: tuple[Tablespace, ...] = (),
    is_in_recovery: bool = False,
) -> Outcome:
    snapshot = a_snapshot(
        table,
        INDEX,
        costs,
        *(counters or COUNTERS),
        role_settings=of_roles,
        tablespaces=tablespaces,
        is_in_recovery=is_in_recovery,
    )
    return diagnose(RULE, snapshot)


def test_reports_data_in_memory_that_are_costed_as_on_a_disk() -> None:
    [finding] = run().findings

    assert finding.key == "pessimistic-random-page-cost:random_page_cost"
    assert finding.severity is Severity.INFO
    assert finding.summary == (
        "random_page_cost is that of a disk, but 99.5 % of the blocks of large tables are found "
        "in memory"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("random_page_cost", "4"),
        ("heap blocks found in shared buffers", 0.995),
        ("index blocks found in shared buffers", 0.999),
        ("sequential scans of large tables a day", 1_000.0),
        ("cost of a random read by the manual's own arithmetic", 0.2),
    ]


def test_begins_with_the_role_that_takes_most_of_the_time() -> None:
    statement = a_statement("select note from orders", roles=("shop", "reports"))

    [finding] = run(*COUNTERS, statement).findings
    [of_nobody] = run().findings

    assert up(finding) == ('ALTER ROLE "shop" IN DATABASE "shop" SET random_page_cost = 1.1',)
    assert down(finding) == ('ALTER ROLE "shop" IN DATABASE "shop" RESET random_page_cost',)
    assert up(of_nobody) == ('ALTER DATABASE "shop" SET random_page_cost = 1.1',)


@pytest.mark.parametrize(
    "cost",
    [
        pytest.param(replace(RANDOM, value="1.1", source="configuration file"), id="lowered"),
        pytest.param(replace(RANDOM, source="configuration file"), id="four-on-purpose"),
        pytest.param(replace(SEQUENTIAL, source="configuration file"), id="sequential-on-purpose"),
        pytest.param(replace(RANDOM, value="2", source="database"), id="of-the-database"),
    ],
)
def test_leaves_costs_alone_that_somebody_has_set(cost: Setting) -> None:
    costs = tuple(cost if c.name == cost.name else c for c in (RANDOM, SEQUENTIAL))

    assert run(costs=costs).is_clear


def test_leaves_costs_alone_that_somebody_has_set_for_a_role() -> None:
    given = RoleSetting(role="reports", database=None, name="random_page_cost", value="4")

    assert run(of_roles=(given,)).is_clear
    assert len(run(of_roles=(replace(given, name="work_mem"),)).findings) == 1


def test_leaves_tablespaces_alone_that_have_costs_of_their_own() -> None:
    fast = Tablespace(name="fast", options=(("random_page_cost", "1.1"),))
    there = replace(ORDERS, tablespace="fast")

    assert run(table=there, tablespaces=(fast,)).is_clear
    assert run(tablespaces=(replace(fast, name="pg_default"),)).is_clear
    assert len(run(tablespaces=(fast,)).findings) == 1


def test_small_tables_say_nothing() -> None:
    assert run(table=replace(ORDERS, rows=9_999.0, size_bytes=8_000)).is_clear


@pytest.mark.parametrize(("hit", "count"), [(9_900_000, 1), (9_899_999, 0)])
def test_asks_for_ninety_nine_percent_of_the_heap_blocks(hit: int, count: int) -> None:
    heap = replace(HEAP, heap_blocks_hit=hit, heap_blocks_read=10_000_000 - hit)

    assert len(run(heap, BLOCKS).findings) == count


@pytest.mark.parametrize(("hit", "count"), [(9_900_000, 1), (9_899_999, 0)])
def test_asks_for_ninety_nine_percent_of_the_index_blocks(hit: int, count: int) -> None:
    blocks = replace(BLOCKS, blocks_hit=hit, blocks_read=10_000_000 - hit)

    assert len(run(HEAP, blocks).findings) == count


@pytest.mark.parametrize(("fetched", "count"), [(1_000_000, 1), (999_999, 0)])
def test_asks_for_a_million_blocks_of_each(fetched: int, count: int) -> None:
    heap = replace(HEAP, heap_blocks_hit=fetched, heap_blocks_read=0)
    blocks = replace(BLOCKS, blocks_hit=fetched, blocks_read=0)

    assert len(run(heap, BLOCKS).findings) == count
    assert len(run(HEAP, blocks).findings) == count


@pytest.mark.parametrize(("scans", "count"), [(900, 1), (899, 0)])
def test_leaves_databases_alone_that_hardly_read_a_whole_table(scans: int, count: int) -> None:
    assert len(run(replace(HEAP, sequential_scans=scans), BLOCKS).findings) == count


def test_adds_partitions_up() -> None:
    parent = a_table("log", kind=RelationKind.PARTITIONED_TABLE, rows=0)
    part = replace(ORDERS, parent_oids=(parent.oid,), is_partition=True)

    assert len(run(parent, *COUNTERS, table=part).findings) == 1


@pytest.mark.parametrize("source", ["user", "database user", "client"])
def test_cannot_judge_where_our_own_value_hides_the_servers(source: str) -> None:
    outcome = run(costs=(replace(RANDOM, source=source), SEQUENTIAL))

    assert outcome.reasons == (
        ("what the server says of random_page_cost is hidden by the collecting role's own value"),
    )


def test_cannot_judge_a_standby_the_settings_or_young_counters() -> None:
    young = a_snapshot(ORDERS, INDEX, RANDOM, SEQUENTIAL, COUNTERS, statistics_age_days=6.9)

    assert run(is_in_recovery=True).reasons == (
        "this is a standby; its costs are those of the primary, whose cache differs",
    )
    assert run(costs=(RANDOM,)).reasons == (
        "random_page_cost and seq_page_cost are not in the snapshot",
    )
    assert len(diagnose(RULE, young).skipped) == 1
