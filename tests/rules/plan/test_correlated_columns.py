"""correlated-columns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import AnalyzeTable, CreateStatistics, ManualSteps
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.schema import ExtendedStatistics
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_table,
    column_statistics,
    diagnose,
    executed,
    table_activity,
)

RULE = "correlated-columns"
ADDRESSES = a_table("addresses", "id bigint not null", "city text", "zip text", rows=200_000)
STATISTICS = tuple(column_statistics(ADDRESSES, column.name) for column in ADDRESSES.columns)
BY_ITSELF = a_snapshot(version_num=0)
BOTH = "((city = 'Bern'::text) AND (zip = '3011'::text))"
SCAN = """\
Aggregate  (cost=1..2 rows=1 width=8) (actual time=50.0..50.0 rows=1 loops=1)
  ->  Seq Scan on addresses  (cost=0..1 rows={expected} width=8) (actual time=0..40 rows={rows} loops=1)
        Filter: {filter}
"""  # noqa: E501
GROUPS = """\
HashAggregate  (cost=1..2 rows=90000 width=8) (actual time=50.0..50.0 rows={groups} loops=1)
  Group Key: city, zip
  ->  Seq Scan on addresses  (cost=1..2 rows=200000 width=8) (actual time=0..40 rows=200000 loops=1)
"""


def scan(filter: str = BOTH, expected: int = 100, rows: int = 40_000) -> str:  # noqa: A002
    return SCAN.format(filter=filter, expected=expected, rows=rows)


def known(*parts: SnapshotPart, version_num: int = 180004) -> Snapshot:
    return a_snapshot(ADDRESSES, *(parts or (STATISTICS,)), version_num=version_num)


def statistics_on(kinds: tuple[str, ...]) -> ExtendedStatistics:
    return ExtendedStatistics(
        oid=1,
        schema="public",
        name="town",
        table_oid=ADDRESSES.oid,
        columns=("city", "zip"),
        kinds=kinds,
        definition="CREATE STATISTICS ...",
    )


def run(plan: str, snapshot: Snapshot | None = None) -> Outcome:
    judged = known() if snapshot is None else snapshot
    return diagnose(RULE, judged, executions=executed(plan, judged))


def test_creates_statistics_of_the_columns_together() -> None:
    [finding] = run(scan()).findings

    assert finding.subject == "public.addresses (city, zip)"
    assert finding.summary == (
        "Seq Scan on addresses returned 40,000 rows where 100 were expected: city, zip are taken "
        "for independent"
    )
    statistics, analyze = finding.remedies
    assert isinstance(statistics, CreateStatistics)
    assert (statistics.columns, statistics.kinds) == (("city", "zip"), ("dependencies", "mcv"))
    assert analyze == AnalyzeTable(schema="public", table="addresses")
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.MEDIUM
    assert finding.impact.bound_ms == 50.0
    assert "Bern" not in str(finding)


def test_takes_distinct_counts_for_groups() -> None:
    [finding] = run(GROUPS.format(groups=500)).findings

    assert finding.subject == "public.addresses (city, zip)"
    assert "returned 500 groups where 90,000 were expected" in finding.summary
    [statistics, _] = finding.remedies
    assert isinstance(statistics, CreateStatistics)
    assert statistics.kinds == ("ndistinct",)


def test_does_without_a_snapshot() -> None:
    [finding] = run(scan(), BY_ITSELF).findings

    assert finding.confidence is Confidence.LOW
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.steps[1] == (
        '`CREATE STATISTICS "addresses_city_zip" (dependencies, mcv) ON "city", "zip" '
        'FROM "addresses"`'
    )
    assert "create it with `dependencies` alone" in steps.steps[-1]


def distinct(count: float, target: int | None = None) -> Snapshot:
    """The columns with as many values, of which so many are kept."""
    addresses = replace(
        ADDRESSES,
        columns=tuple(replace(each, statistics_target=target) for each in ADDRESSES.columns),
    )
    counts = tuple(
        column_statistics(addresses, column.name, n_distinct=count) for column in addresses.columns
    )
    return a_snapshot(addresses, counts, version_num=180004)


@pytest.mark.parametrize(
    ("snapshot", "rows", "kinds"),
    [
        pytest.param(distinct(101.0), 1_999, ("dependencies",), id="more than are kept"),
        pytest.param(distinct(100.0), 1_999, ("dependencies", "mcv"), id="all are kept"),
        pytest.param(distinct(101.0), 2_000, ("dependencies", "mcv"), id="a frequent one"),
        pytest.param(distinct(500.0, 1_000), 1_999, ("dependencies", "mcv"), id="more are kept"),
    ],
)
def test_a_list_of_common_values_that_does_not_hold_it_is_left_out(
    snapshot: Snapshot, rows: int, kinds: tuple[str, ...]
) -> None:
    [finding] = run(scan(expected=10, rows=rows), snapshot).findings

    [statistics, _] = finding.remedies
    assert isinstance(statistics, CreateStatistics)
    assert statistics.kinds == kinds


def test_knows_no_common_values_before_12() -> None:
    [finding] = run(scan(), known(version_num=110022)).findings

    assert isinstance(finding.remedies[0], CreateStatistics)
    assert finding.remedies[0].kinds == ("dependencies",)


def test_leaves_partitions_to_a_person() -> None:
    parent = a_table("all_addresses", "city text", "zip text")
    partition = a_table(
        "addresses", "city text", "zip text", is_partition=True, parent_oids=(parent.oid,)
    )
    rows = tuple(column_statistics(partition, column) for column in ("city", "zip"))

    [finding] = run(scan(), a_snapshot(parent, partition, rows)).findings

    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.steps[0].startswith("Do the next for each partition")


@pytest.mark.parametrize(
    ("plan", "snapshot"),
    [
        pytest.param(scan(), known(STATISTICS, statistics_on(("f",))), id="has-statistics"),
        pytest.param(
            GROUPS.format(groups=500), known(STATISTICS, statistics_on(("d",))), id="has-distinct"
        ),
        pytest.param(
            scan(),
            known(STATISTICS, table_activity(ADDRESSES, rows_modified_since_analyze=20_000)),
            id="stale",
        ),
        pytest.param(scan(), known(STATISTICS[:2]), id="a-column-without-statistics"),
        pytest.param(scan(BOTH.replace("AND", "OR")), None, id="or"),
        pytest.param(scan("(city = 'Bern'::text)"), None, id="one-column"),
        pytest.param(scan("((city = 'Bern'::text) AND (id > 5))"), None, id="a-range"),
        pytest.param(scan("((city = 'B'::text) AND (city = 'C'::text))"), None, id="same-column"),
        pytest.param(scan(expected=40_000, rows=100), None, id="fewer-came"),
        pytest.param(GROUPS.format(groups=1_000_000), None, id="more-groups"),
        pytest.param(scan(expected=4_001), None, id="about-right"),
    ],
)
def test_leaves_alone(plan: str, snapshot: Snapshot | None) -> None:
    assert run(plan, snapshot).is_clear


@pytest.mark.parametrize(("rows", "count"), [(1_100, 1), (1_099, 0)])
def test_asks_for_a_thousand_rows(rows: int, count: int) -> None:
    assert len(run(scan(rows=rows)).findings) == count


def test_says_what_a_plan_lacks() -> None:
    plan = "Seq Scan on addresses  (cost=0..1 rows=1 width=8)"

    assert run(plan).reasons == ("the plan was not executed: use EXPLAIN (ANALYZE, BUFFERS)",)
