"""autovacuum-off."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.model.server import Setting
from pgadvisor.sqltext.actions import steps_of
from pgadvisor.testing import (
    COLLECTED_AT,
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_table,
    diagnose,
    table_activity,
)
from pgadvisor.units import MiB
from tests.rules.changes import manual, up

RULE = "autovacuum-off"
ON = Setting(name="autovacuum", value="on", context="sighup")
COUNTING = Setting(name="track_counts", value="on", context="superuser")
ORDERS = a_table("orders", options=("fillfactor=90", "autovacuum_enabled=false"))
CHANGED = table_activity(ORDERS, rows_updated=60_000, rows_deleted=4_000, dead_rows=64_000)


def run(*objects: SnapshotPart, table: Table = ORDERS, server: Setting = ON) -> Outcome:
    return diagnose(RULE, a_snapshot(table, server, COUNTING, *objects))


def test_reports_a_table_that_autovacuum_is_kept_away_from() -> None:
    [finding] = run(CHANGED).findings

    assert finding.key == "autovacuum-off:public.orders"
    assert finding.severity is Severity.WARNING
    assert finding.summary == (
        "Autovacuum is switched off for public.orders, where 64,000 rows were updated or deleted"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("parameter", "autovacuum_enabled=false"),
        ("rows updated and deleted", 64_000),
        ("dead rows now", 64_000),
        ("last vacuum by hand", "none since the counters were reset"),
    ]
    [step] = steps_of(finding.remedies[0])
    assert step.up == ('ALTER TABLE "public"."orders" SET (autovacuum_enabled = \'on\')',)
    assert step.down == ('ALTER TABLE "public"."orders" SET (autovacuum_enabled = \'false\')',)


def test_reports_a_server_without_autovacuum_once() -> None:
    [finding] = run(CHANGED, server=replace(ON, value="off")).findings

    assert finding.key == "autovacuum-off:server"
    assert finding.severity is Severity.CRITICAL
    assert finding.summary == "No table is vacuumed or analysed by autovacuum: autovacuum is off"
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("autovacuum", "off"),
        ("rows updated and deleted in 90 days", 64_000),
    ]
    assert up(finding) == (
        "ALTER SYSTEM SET autovacuum = on",
        "SELECT pg_catalog.pg_reload_conf()",
    )
    assert manual(finding)[0].startswith("Vacuum the tables with the most dead rows by hand")


def test_asks_who_runs_the_server_where_a_service_lets_nobody_switch_it_on() -> None:
    snapshot = a_snapshot(ORDERS, replace(ON, value="off"), service_marks=("setting neon",))

    [finding] = diagnose(RULE, snapshot).findings

    assert up(finding) == ()
    assert manual(finding)[0] == (
        "Ask who runs the server to switch autovacuum on: Neon lets nobody change autovacuum."
    )


def test_autovacuum_without_counters_is_none() -> None:
    snapshot = a_snapshot(ORDERS, ON, replace(COUNTING, value="off"))

    [finding] = diagnose(RULE, snapshot).findings

    assert finding.summary == "No table is vacuumed or analysed by autovacuum: track_counts is off"
    assert "it finds no work without counters" in finding.detail


def test_names_both_settings_where_both_are_off() -> None:
    snapshot = a_snapshot(ORDERS, replace(ON, value="off"), replace(COUNTING, value="off"))

    [finding] = diagnose(RULE, snapshot).findings

    assert finding.summary.endswith("autovacuum and track_counts are off")


@pytest.mark.parametrize("value", ["off", "OFF", "0", "no", "f"])
def test_reads_a_parameter_as_postgresql_does(value: str) -> None:
    table = replace(ORDERS, options=(f"autovacuum_enabled={value}",))

    assert len(run(CHANGED, table=table).findings) == 1


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(replace(ORDERS, options=()), id="no-parameter"),
        pytest.param(replace(ORDERS, options=("autovacuum_enabled=on",)), id="switched-on"),
        pytest.param(replace(ORDERS, kind=RelationKind.MATERIALIZED_VIEW), id="materialised-view"),
        pytest.param(replace(ORDERS, is_extension_member=True), id="an-extension's"),
    ],
)
def test_leaves_alone(table: Table) -> None:
    assert run(CHANGED, table=table).is_clear


def test_leaves_alone_what_is_only_inserted_into() -> None:
    assert run(table_activity(ORDERS, rows_inserted=10**9)).is_clear


@pytest.mark.parametrize(("rows", "count"), [(9_999, 0), (10_000, 1)])
def test_asks_for_ten_thousand_changed_rows(rows: int, count: int) -> None:
    assert len(run(table_activity(ORDERS, rows_deleted=rows)).findings) == count


@pytest.mark.parametrize(("days", "count"), [(7.0, 0), (7.01, 1)])
def test_a_job_that_vacuums_every_week_is_enough(days: float, count: int) -> None:
    last = COLLECTED_AT - timedelta(days=days)

    assert len(run(replace(CHANGED, last_vacuum=last)).findings) == count


def test_says_how_long_ago_somebody_vacuumed() -> None:
    [finding] = run(replace(CHANGED, last_vacuum=COLLECTED_AT - timedelta(days=30))).findings

    assert finding.evidence[-1].value == "30 days ago"


@pytest.mark.parametrize(("size_bytes", "count"), [(8 * MiB - 1, 0), (8 * MiB, 1)])
def test_a_toast_table_of_its_own_has_to_be_large(size_bytes: int, count: int) -> None:
    table = replace(
        ORDERS,
        options=(),
        toast_options=("autovacuum_enabled=off",),
        toast_size_bytes=size_bytes,
    )

    findings = run(CHANGED, table=table).findings

    assert len(findings) == count
    for finding in findings:
        assert finding.summary.startswith(
            "Autovacuum is switched off for the TOAST table of public.orders"
        )
        [step] = steps_of(finding.remedies[0])
        assert step.up == ('ALTER TABLE "public"."orders" SET (toast.autovacuum_enabled = \'on\')',)


def test_partitions_are_reported_with_their_parent() -> None:
    parent = a_table("log", kind=RelationKind.PARTITIONED_TABLE, rows=0)
    parts = [
        a_table(name, parent_oids=(parent.oid,), is_partition=True, options=ORDERS.options)
        for name in ("log_1", "log_2", "log_3")
    ]
    busy = [table_activity(part, rows_deleted=20_000) for part in parts[:2]]

    [finding] = diagnose(RULE, a_snapshot(parent, parts, busy, ON)).findings

    assert finding.subject == "public.log"
    assert finding.summary == (
        "Autovacuum is switched off for public.log (2 partitions), where 40,000 rows were "
        "updated or deleted"
    )
    assert len(finding.remedies) == 2


def test_cannot_judge_the_server_without_the_setting() -> None:
    outcome = diagnose(RULE, a_snapshot(ORDERS, CHANGED))

    assert outcome.reasons == ("the setting autovacuum is not in the snapshot",)
    assert len(outcome.findings) == 1


def test_cannot_judge_tables_without_their_counters() -> None:
    assert run().reasons == ("the counters of tables are not in the snapshot",)


def test_cannot_judge_a_standby() -> None:
    outcome = diagnose(RULE, a_snapshot(ORDERS, CHANGED, ON, is_in_recovery=True))

    assert outcome.reasons == (
        "this is a standby: its primary vacuums, and counts what is written",
    )
