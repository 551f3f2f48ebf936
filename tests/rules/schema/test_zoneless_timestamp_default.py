"""zoneless-timestamp-default."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.model.server import RoleSetting, Setting
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_column,
    a_snapshot,
    a_table,
    diagnose,
    table_activity,
)

RULE = "zoneless-timestamp-default"
BERLIN = Setting(name="TimeZone", value="Europe/Berlin")
UTC = Setting(name="TimeZone", value="Etc/UTC")


def orders(default_sql: str | None = "now()", written: str = "timestamp") -> Table:
    return a_table("orders", a_column(f"placed_at {written}", default_sql=default_sql), rows=1_000)


def run(*objects: SnapshotPart, table: Table | None = None, zone: Setting = BERLIN) -> Outcome:
    return diagnose(RULE, a_snapshot(table or orders(), zone, *objects))


def of_role(zone: str, database: str | None = None) -> RoleSetting:
    return RoleSetting(role="reports", database=database, name="TimeZone", value=zone)


def with_role(setting: RoleSetting, zone: Setting = BERLIN) -> Outcome:
    return diagnose(RULE, a_snapshot(orders(), zone, role_settings=(setting,)))


def test_reports_a_default_of_local_time() -> None:
    [finding] = run().findings

    assert finding.key == "zoneless-timestamp-default:public.orders"
    assert finding.summary == (
        "placed_at of public.orders is filled with the session's local time, without its zone; "
        "that is Europe/Berlin"
    )
    assert finding.severity is Severity.INFO
    [remedy] = finding.remedies
    assert isinstance(remedy, ManualSteps)
    assert remedy.steps[1].startswith(
        '`ALTER TABLE "public"."orders" ALTER COLUMN "placed_at" TYPE timestamp with time zone '
        "USING \"placed_at\" AT TIME ZONE 'Europe/Berlin'` rewrites the table"
    )
    assert remedy.steps[2] == (
        'The way back is `ALTER TABLE "public"."orders" ALTER COLUMN "placed_at" TYPE timestamp '
        "without time zone USING \"placed_at\" AT TIME ZONE 'Europe/Berlin'`."
    )


def test_is_graver_where_sessions_differ() -> None:
    [finding] = with_role(of_role("America/New_York")).findings

    assert finding.summary.endswith("; sessions differ: Europe/Berlin, America/New_York")
    assert finding.severity is Severity.WARNING
    assert finding.impact.risk == "one moment is written as several times"


def test_a_role_alone_can_be_the_one_that_differs() -> None:
    [finding] = with_role(of_role("Asia/Tokyo", "shop"), zone=UTC).findings

    assert finding.summary.endswith("; sessions differ: Etc/UTC, Asia/Tokyo")


@pytest.mark.parametrize(
    "setting",
    [
        pytest.param(of_role("Europe/Berlin"), id="the-same"),
        pytest.param(of_role("europe/berlin"), id="the-same-in-small-letters"),
        pytest.param(of_role("Asia/Tokyo", "other"), id="in-another-database"),
        pytest.param(replace(of_role("Asia/Tokyo"), name="DateStyle"), id="another-setting"),
    ],
)
def test_roles_that_do_not_differ(setting: RoleSetting) -> None:
    [finding] = with_role(setting).findings

    assert finding.severity is Severity.INFO


@pytest.mark.parametrize("zone", ["UTC", "Etc/UTC", "GMT", "Zulu", "etc/universal"])
def test_leaves_alone_servers_in_utc(zone: str) -> None:
    assert run(zone=replace(UTC, value=zone)).is_clear
    assert with_role(of_role("UTC"), zone=replace(UTC, value=zone)).is_clear


@pytest.mark.parametrize(
    "default_sql",
    [
        "CURRENT_TIMESTAMP",
        "LOCALTIMESTAMP",
        "clock_timestamp()",
        "(now())::timestamp without time zone",
        "(now() + '1 day'::interval)",
    ],
)
def test_knows_local_times(default_sql: str) -> None:
    assert len(run(table=orders(default_sql)).findings) == 1


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(orders(None), id="no-default"),
        pytest.param(orders("timezone('utc'::text, now())"), id="utc-by-function"),
        pytest.param(orders("(now() AT TIME ZONE 'utc'::text)"), id="utc"),
        pytest.param(orders("'2000-01-01 00:00:00'::timestamp"), id="a-constant"),
        pytest.param(orders(written="timestamptz"), id="with-time-zone"),
        pytest.param(orders(written="date"), id="a-date"),
        pytest.param(
            replace(orders(), kind=RelationKind.MATERIALIZED_VIEW), id="materialised-view"
        ),
        pytest.param(
            a_table(
                "orders",
                a_column(
                    "placed_at public.wall_time",
                    base_type_name="timestamp without time zone",
                    default_sql="now()",
                ),
            ),
            id="a-domain",
        ),
        pytest.param(
            a_table("orders", a_column("at timestamp", default_sql="now()", generated="s")),
            id="generated",
        ),
    ],
)
def test_leaves_alone(table: Table) -> None:
    assert run(table=table).is_clear


def test_says_it_once_of_each_table_and_keeps_the_precision() -> None:
    table = a_table(
        "orders",
        a_column(
            "made_at timestamp(3)", default_sql="now()", type_name="timestamp(3) without time zone"
        ),
        a_column("sent_at timestamp", default_sql="now()"),
    )

    [finding] = run(table=table).findings

    assert finding.summary.startswith("made_at, sent_at of public.orders are filled with")
    [remedy] = finding.remedies
    assert isinstance(remedy, ManualSteps)
    assert 'ALTER COLUMN "made_at" TYPE timestamp(3) with time zone' in remedy.steps[1]


@pytest.mark.parametrize(("rows", "count"), [(0, 0), (1, 1)])
def test_leaves_alone_empty_tables(rows: int, count: int) -> None:
    table = replace(orders(), rows=-1.0, size_bytes=0, pages=0)

    assert len(run(table_activity(table, live_rows=rows), table=table).findings) == count


def test_cannot_judge_without_the_setting() -> None:
    outcome = diagnose(RULE, a_snapshot(orders()))

    assert outcome.reasons == ("the setting TimeZone is not in the snapshot",)


@given(default=st.text(max_size=20))
def test_a_default_that_names_its_zone_is_never_reported(default: str) -> None:
    assert run(table=orders(f"(now() AT TIME ZONE '{default}'::text)")).is_clear
