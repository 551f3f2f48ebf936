"""hash-join-on-disk."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pgadvisor.model.finding import Finding
from pgadvisor.model.server import RoleSetting, Setting
from pgadvisor.model.statement import Statement
from pgadvisor.parse.statement import fingerprint
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    diagnose,
    executed,
)
from tests.rules.changes import changes, down, manual, up

RULE = "hash-join-on-disk"
TEXT = "select * from orders join customers c on c.id = customer_id"
PLAN = f"""\
Query Text: {TEXT}
Hash Join  (cost=9..20 rows=60000 width=90) (actual time=80.000..300.000 rows=60000 loops=1)
  Hash Cond: (orders.customer_id = c.id)
  Buffers: shared hit=900, temp read=1000 written=1000
  ->  Seq Scan on orders  (cost=0..9 rows=60000 width=80) \
(actual time=0.000..60.000 rows=60000 loops=1)
        Buffers: shared hit=700
  ->  Hash  (cost=5..5 rows=1000 width=40) (actual time=70.000..70.000 rows=100000 loops=1)
        Buckets: 65536 (originally 1024)  Batches: 8 (originally 1)  Memory Usage: 2048kB
        Buffers: shared hit=200, temp written=400
        ->  Seq Scan on customers c  (cost=0..5 rows=1000 width=40) \
(actual time=0.000..20.000 rows=100000 loops=1)
              Buffers: shared hit=200
Execution Time: 310.000 ms
"""
CUSTOMERS = a_table("customers", "id bigint not null", "name text")
WORK_MEM = Setting(name="work_mem", value="1024", unit="kB", value_type="integer")
STATEMENT = a_statement(TEXT, fingerprint=fingerprint(TEXT), roles=("web",))


def run(plan: str = PLAN, *objects: SnapshotPart, **limits: Any) -> Outcome:  # noqa: ANN401  (limits of the rule)
    snapshot = a_snapshot(*objects)
    return diagnose(RULE, snapshot, executions=executed(plan, snapshot), **limits)


def figure(finding: Finding, name: str) -> object:
    return next(each.value for each in finding.evidence if each.name == name)


def test_reports_batches_that_grew_and_wants_the_estimate_mended_first() -> None:
    [finding] = run(PLAN, CUSTOMERS).findings

    assert finding.subject == "Hash Join"
    assert finding.summary == (
        "Hash Join takes 220 ms by itself, in 8 batches (planned: 1) of which all but one go to "
        "disk"
    )
    assert finding.detail.startswith(
        "100,000 rows were put into the table, and 1,000 were expected."
    )
    assert finding.nodes == (0, 2)
    assert finding.impact.bound_ms == pytest.approx(2 * 0.3 * (170 + 50))  # join and table
    assert manual(finding)[0] == (
        "See to the estimate first, as more rows came than were expected: "
        '`ANALYZE "public"."customers"`.'
    )


def test_a_hash_may_take_a_multiple_of_work_mem() -> None:
    [finding] = run(PLAN, WORK_MEM, STATEMENT).findings

    assert figure(finding, "memory needed at most") == 8 * 2_048 * 1_024
    assert up(finding) == ('ALTER ROLE "web" IN DATABASE "shop" SET work_mem = \'8MB\'',)


@pytest.mark.parametrize(
    ("version_num", "settings", "size"),
    [
        (140_000, "", "16MB"),
        (0, "", "16MB"),  # a plan by itself: nobody knows, so at most
        (180_000, "Settings: hash_mem_multiplier = '4'\n", "4MB"),
    ],
)
def test_the_multiple_is_the_version_s_or_the_plan_s_own(
    version_num: int, settings: str, size: str
) -> None:
    snapshot = a_snapshot(version_num=version_num)

    [finding] = diagnose(RULE, snapshot, executions=executed(PLAN + settings)).findings

    assert f"SET LOCAL work_mem = '{size}'" in manual(finding)[-1]


def test_a_parallel_table_has_the_memory_of_all() -> None:
    [finding] = run(PLAN.replace("->  Hash  (", "->  Parallel Hash  (")).findings

    assert figure(finding, "memory needed at most") == 8 * 2_048 * 1_024


MULTIPLIER = Setting(name="hash_mem_multiplier", value="2", value_type="real", context="user")
ENOUGH = replace(WORK_MEM, value="2048")
"""Of work_mem, for a hash of 16 MiB that may take eight times as much."""
_HEAD, _JOIN = PLAN.split("\n", 1)
_NODES, _END = _JOIN.split("Execution Time")
SORTED = f"""\
{_HEAD}
Sort  (cost=9..20 rows=60000 width=90) (actual time=300.000..330.000 rows=60000 loops=1)
  Sort Key: c.name
  Sort Method: external merge  Disk: 6000kB
  Buffers: shared hit=900, temp read=1750 written=1750
  ->  {_NODES.replace(chr(10), chr(10) + "      ").rstrip()}
Execution Time: 340.000 ms
"""
"""The same, whose rows a sort takes to disk."""
FITTING = SORTED.replace("external merge  Disk: 6000kB", "quicksort  Memory: 6000kB").replace(
    "temp read=1750 written=1750", "temp read=1000 written=1000"
)


def test_gives_memory_to_hashes_alone_where_sorts_fit() -> None:
    [finding] = run(PLAN, ENOUGH, MULTIPLIER, STATEMENT).findings

    assert up(finding) == ('ALTER ROLE "web" IN DATABASE "shop" SET hash_mem_multiplier = 8',)
    assert down(finding) == ('ALTER ROLE "web" IN DATABASE "shop" RESET hash_mem_multiplier',)
    [change] = changes(finding)
    assert change.review_reason.startswith("each hash of each session of the role may take it")
    assert "SET LOCAL hash_mem_multiplier = 8;" in manual(finding)[-2]
    assert manual(finding)[-1].startswith("work_mem = '8MB' would give the hash as much")


def test_a_sort_that_fits_needs_nothing() -> None:
    [finding] = run(FITTING, ENOUGH, MULTIPLIER, STATEMENT).findings

    assert [change.name for change in changes(finding)] == ["hash_mem_multiplier"]


def test_takes_half_a_multiple_as_well() -> None:
    plan = PLAN.replace("Memory Usage: 2048kB", "Memory Usage: 1600kB")

    [finding] = run(plan, ENOUGH, MULTIPLIER, STATEMENT).findings

    assert up(finding) == ('ALTER ROLE "web" IN DATABASE "shop" SET hash_mem_multiplier = 6.5',)


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(PLAN, WORK_MEM, MULTIPLIER, STATEMENT), id="sixteen-times"),
        pytest.param(
            run(PLAN, ENOUGH, MULTIPLIER, STATEMENT, max_hash_mem_multiplier_ratio=7.5),
            id="more-than-the-limit",
        ),
        pytest.param(run(PLAN, ENOUGH, STATEMENT), id="no-such-setting"),
        pytest.param(
            run(f"{PLAN}Settings: work_mem = '2MB'\n", WORK_MEM, MULTIPLIER, STATEMENT),
            id="work_mem-of-one-session",
        ),
        pytest.param(
            run(
                PLAN,
                *(ENOUGH, MULTIPLIER, STATEMENT),
                a_statement("select 1 from orders", roles=("web",), temp_blocks_written=1),
            ),
            id="another-statement-spills",
        ),
        pytest.param(run(SORTED, ENOUGH, MULTIPLIER, STATEMENT), id="a-sort-spills"),
    ],
)
def test_gives_work_mem_where_sorts_want_it_or_hashes_too_much(outcome: Outcome) -> None:
    [finding] = outcome.findings

    assert [change.name for change in changes(finding)] == ["work_mem"]
    assert "SET LOCAL work_mem" in manual(finding)[-1]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(
            a_statement("select 1 from orders", roles=("etl",), temp_blocks_written=1),
            id="of-another-role",
        ),
        pytest.param(a_statement("select 1 from orders", roles=("web",)), id="it-writes-none"),
        pytest.param(
            a_statement("create index on orders (id)", roles=("web",), temp_blocks_written=1),
            id="maintenance",
        ),
    ],
)
def test_other_statements_need_nothing(other: Statement) -> None:
    [finding] = run(PLAN, ENOUGH, MULTIPLIER, STATEMENT, other).findings

    assert [change.name for change in changes(finding)] == ["hash_mem_multiplier"]


def test_a_role_that_has_as_much_is_given_no_more() -> None:
    own = RoleSetting(role="web", database=None, name="hash_mem_multiplier", value="8")
    snapshot = a_snapshot(ENOUGH, MULTIPLIER, STATEMENT, role_settings=(own,))

    [finding] = diagnose(RULE, snapshot, executions=executed(PLAN, snapshot)).findings

    assert changes(finding) == ()


def test_batches_as_planned_are_no_wrong_estimate() -> None:
    [finding] = run(PLAN.replace("Batches: 8 (originally 1)", "Batches: 8")).findings

    assert "in 8 batches of which" in finding.summary
    assert not manual(finding)[0].startswith("See to the estimate")


def test_tells_a_batch_that_cannot_be_divided() -> None:
    [finding] = run(PLAN.replace("Memory Usage: 2048kB", "Memory Usage: 7168kB")).findings

    assert finding.detail.endswith("few values have most of the rows.")


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(PLAN.replace("Batches: 8 (originally 1)", "Batches: 1"), id="one batch"),
        pytest.param(PLAN.replace(TEXT, f"create table j as {TEXT}"), id="maintenance"),
        pytest.param(
            PLAN.replace("written=400", "written=400\n        I/O Timings: temp write=9.9"),
            id="fast files",
        ),
        pytest.param(
            PLAN.replace("0.000..60.000", "0.000..4000.000").replace("..300.0", "..4240.0"),
            id="a side takes the time",
        ),
        pytest.param(
            PLAN.replace("read=1000 written=1000", "written=127").replace(
                "written=400", "written=9"
            ),
            id="little is written",
        ),
    ],
)
def test_leaves_alone(plan: str) -> None:
    assert run(plan).is_clear


@pytest.mark.parametrize(("limit", "count"), [(131.9, 1), (132.1, 0)])
def test_asks_for_a_time_of_its_own(limit: float, count: int) -> None:
    assert len(run(min_time_ms=limit).findings) == count


def test_cannot_judge_what_was_not_executed() -> None:
    assert run("Hash Join  (cost=9..20 rows=60000 width=90)\n").reasons == (
        "the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",
    )
