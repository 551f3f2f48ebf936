"""heavy-default-partition."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.testing import Outcome, SnapshotPart, a_snapshot, a_table, diagnose

RULE = "heavy-default-partition"
LOG = a_table(
    "log",
    "created_at timestamptz not null",
    kind=RelationKind.PARTITIONED_TABLE,
    rows=0,
    partition_key="RANGE (created_at)",
)


def a_partition(name: str, rows: float, bound: str = "DEFAULT", parent: Table = LOG) -> Table:
    return a_table(
        name,
        "created_at timestamptz not null",
        rows=rows,
        size_bytes=0,
        parent_oids=(parent.oid,),
        is_partition=True,
        partition_bound=bound,
    )


MONTH = a_partition("log_1", 750_000, "FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')")
DEFAULT = a_partition("log_default", 250_000)


def run(*objects: SnapshotPart, table: Table = LOG) -> Outcome:
    return diagnose(RULE, a_snapshot(table, MONTH, *objects))


def test_reports_a_default_partition_that_fills_up() -> None:
    [finding] = run(DEFAULT).findings

    assert finding.key == "heavy-default-partition:public.log_default"
    assert finding.summary == (
        "public.log_default, the default partition, holds 25 % of the rows of public.log (250,000)"
    )
    assert finding.severity is Severity.WARNING
    [remedy] = finding.remedies
    assert isinstance(remedy, ManualSteps)
    assert remedy.steps[2] == (
        'At a quiet time, with a lock timeout: `ALTER TABLE "public"."log" DETACH PARTITION '
        '"public"."log_default"`. Make the partitions that its rows belong to.'
    )
    assert remedy.steps[4].startswith(
        '`ALTER TABLE "public"."log" ATTACH PARTITION "public"."log_default" DEFAULT`'
    )


@pytest.mark.parametrize(("rows", "count"), [(39_473, 0), (39_474, 1)])
def test_asks_for_a_twentieth_of_the_rows(rows: int, count: int) -> None:
    assert len(run(replace(DEFAULT, rows=float(rows))).findings) == count


@pytest.mark.parametrize(("rows", "count"), [(9_999, 0), (10_000, 1)])
def test_asks_for_ten_thousand_rows(rows: int, count: int) -> None:
    alone = replace(DEFAULT, rows=float(rows))

    assert len(diagnose(RULE, a_snapshot(LOG, alone)).findings) == count


@pytest.mark.parametrize("key", ["LIST (region)", None])
def test_leaves_alone_what_is_not_partitioned_by_range(key: str | None) -> None:
    assert run(DEFAULT, table=replace(LOG, partition_key=key)).is_clear


def test_leaves_alone_other_partitions_and_plain_tables() -> None:
    assert run().is_clear
    assert diagnose(RULE, a_snapshot(a_table("orders"))).is_clear


def test_looks_into_partitions_that_are_partitioned() -> None:
    middle = replace(
        LOG,
        oid=7,
        name="log_2026",
        parent_oids=(LOG.oid,),
        is_partition=True,
        partition_bound="FOR VALUES FROM ('2026-02-01') TO ('2027-01-01')",
    )
    below = a_partition("log_2026_default", 100_000, parent=middle)

    [finding] = run(middle, below).findings

    assert finding.summary.startswith("public.log_2026_default, the default partition, holds 100 %")


def test_a_default_partition_may_be_partitioned_itself() -> None:
    default = replace(
        LOG,
        oid=8,
        name="log_rest",
        parent_oids=(LOG.oid,),
        is_partition=True,
        partition_bound="DEFAULT",
    )
    below = a_partition("log_rest_1", 250_000, "FOR VALUES FROM (MINVALUE) TO (MAXVALUE)", default)

    [finding] = run(default, below).findings

    assert finding.subject == "public.log_rest"


@given(rows=st.floats(0, 1e12))
def test_an_empty_default_partition_is_never_reported(rows: float) -> None:
    empty = replace(DEFAULT, rows=0.0)
    month = replace(MONTH, rows=rows)

    assert diagnose(RULE, a_snapshot(LOG, month, empty)).is_clear
