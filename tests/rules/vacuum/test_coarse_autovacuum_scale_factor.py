"""coarse-autovacuum-scale-factor."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import SetTableOptions
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.model.server import Setting
from pgadvisor.sqltext.actions import steps_of
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_table,
    diagnose,
    table_activity,
)

RULE = "coarse-autovacuum-scale-factor"
FACTOR = Setting(name="autovacuum_vacuum_scale_factor", value="0.2")
THRESHOLD = Setting(name="autovacuum_vacuum_threshold", value="50")
EVENTS = a_table("events", rows=100_000_000)
UPDATED = table_activity(EVENTS, rows_updated=1)


def run(*objects: SnapshotPart, table: Table = EVENTS) -> Outcome:
    return diagnose(RULE, a_snapshot(table, FACTOR, THRESHOLD, *objects))


def test_reports_a_table_that_waits_for_millions_of_dead_rows() -> None:
    [finding] = run(UPDATED).findings

    assert finding.key == "coarse-autovacuum-scale-factor:public.events"
    assert finding.summary == ("Autovacuum comes to public.events only after 20,000,050 dead rows")
    [step] = steps_of(finding.remedies[0])
    assert step.up == ('ALTER TABLE "public"."events" SET (autovacuum_vacuum_scale_factor = 0.01)',)
    assert step.down == ('ALTER TABLE "public"."events" RESET (autovacuum_vacuum_scale_factor)',)


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(
            replace(EVENTS, options=("autovacuum_vacuum_scale_factor=0.2",)), id="its-own-factor"
        ),
        pytest.param(
            replace(EVENTS, options=("autovacuum_vacuum_threshold=5000",)), id="its-own-threshold"
        ),
        pytest.param(replace(EVENTS, options=("autovacuum_enabled=off",)), id="switched-off"),
        pytest.param(replace(EVENTS, kind=RelationKind.MATERIALIZED_VIEW), id="materialised-view"),
    ],
)
def test_leaves_alone(table: Table) -> None:
    assert run(UPDATED, table=table).is_clear


def test_leaves_alone_what_is_only_inserted_into() -> None:
    assert run(table_activity(EVENTS, rows_inserted=10**9)).is_clear
    assert len(run(table_activity(EVENTS, rows_deleted=1)).findings) == 1


@pytest.mark.parametrize(("rows", "count"), [(49_999_740, 0), (49_999_750, 1)])
def test_asks_for_ten_million_dead_rows(rows: int, count: int) -> None:
    table = replace(EVENTS, rows=float(rows), size_bytes=0)

    assert len(run(UPDATED, table=table).findings) == count


def test_a_bound_of_the_server_is_enough() -> None:
    bound = Setting(name="autovacuum_vacuum_max_threshold", value="9999999")

    assert run(UPDATED, bound).is_clear
    assert len(run(UPDATED, replace(bound, value="10000000")).findings) == 1
    assert len(run(UPDATED, replace(bound, value="-1")).findings) == 1


def test_judges_each_partition_by_itself() -> None:
    parent = a_table("log", kind=RelationKind.PARTITIONED_TABLE, rows=0)
    large = replace(EVENTS, parent_oids=(parent.oid,), is_partition=True)
    small = a_table("log_2", rows=5, parent_oids=(parent.oid,), is_partition=True)

    [finding] = run(parent, small, UPDATED, table=large).findings

    assert finding.subject == "public.events"


def test_cannot_judge_without_the_settings() -> None:
    outcome = diagnose(RULE, a_snapshot(EVENTS, UPDATED, FACTOR))

    assert outcome.reasons == ("the settings of autovacuum are not in the snapshot",)


@given(rows=st.floats(10_000_000, 1e12))
def test_the_proposed_factor_is_finer_and_not_absurd(rows: float) -> None:
    table = replace(EVENTS, rows=rows, size_bytes=0)

    for finding in run(UPDATED, table=table).findings:
        [action] = finding.remedies
        assert isinstance(action, SetTableOptions)
        factor = float(action.options[0][1])
        assert 0.001 <= factor < 0.2
