"""unchecked-clients."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.server import DatabaseActivity, RoleSetting, Setting
from pgadvisor.model.statement import Statement
from pgadvisor.testing import Outcome, a_snapshot, a_statement, a_table, diagnose
from tests.rules.changes import changes, down, up

RULE = "unchecked-clients"
DAYS = 90
SETTING = Setting(
    name="client_connection_check_interval",
    value="0",
    boot_value="0",
    unit="ms",
    value_type="integer",
    min_value="0",
    max_value="2147483647",
)
ACTIVITY = DatabaseActivity(sessions=DAYS * 480, sessions_abandoned=DAYS * 24)
ORDERS = a_table("orders", "id bigint not null", "total numeric")
REPORT = a_statement(
    "select sum(total) from orders", calls=100, mean_time_ms=5_000.0, max_time_ms=60_000.0
)
LOOKUP = a_statement("select total from orders where id = $1", calls=9_500, mean_time_ms=1_000.0)


def run(
    *statements: Statement,
    setting: Setting | None = SETTING,
    activity: DatabaseActivity = ACTIVITY,
    **server: object,
) -> Outcome:
    settings = () if setting is None else (setting,)
    given = statements or (REPORT, LOOKUP)
    snapshot = a_snapshot(ORDERS, given, *settings, activity=activity, **server)
    return diagnose(RULE, snapshot)


def test_reports_long_statements_whose_clients_may_be_gone() -> None:
    [finding] = run().findings

    assert finding.key == "unchecked-clients:client_connection_check_interval"
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.LOW
    assert finding.summary == (
        "24 clients a day go without a word, and statements of up to 60 s do not notice"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("sessions whose client was gone", 2_160),
        ("share of all sessions", "5 %"),
        ("counted for", 90.0),
        ("longest statement", 60_000),
        ("share of such statements in execution time", 0.05),
        ("client_connection_check_interval", 0),
    ]
    assert finding.statement_ids == (REPORT.id,)
    [change] = changes(finding)
    assert change.previous_source == "default"
    assert up(finding) == ("ALTER DATABASE \"shop\" SET client_connection_check_interval = '10s'",)
    assert down(finding) == ('ALTER DATABASE "shop" RESET client_connection_check_interval',)


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(setting=replace(SETTING, value="30000")), id="it-is-set"),
        pytest.param(
            run(
                role_settings=(
                    RoleSetting(role="web", database=None, name=SETTING.name, value="0"),
                )
            ),
            id="somebody-has-set-it-for-a-role",
        ),
        pytest.param(
            run(activity=replace(ACTIVITY, sessions_abandoned=DAYS * 24 - 1, sessions=DAYS * 24)),
            id="fewer-a-day",
        ),
        pytest.param(run(activity=replace(ACTIVITY, sessions=DAYS * 480 + 1)), id="a-lower-share"),
        pytest.param(run(replace(REPORT, max_time_ms=59_999.0), LOOKUP), id="shorter-statements"),
        pytest.param(
            run(REPORT, replace(LOOKUP, calls=9_501, total_time_ms=9_501_000.0)),
            id="little-of-all-time",
        ),
        pytest.param(
            run(a_statement("vacuum orders", calls=100, max_time_ms=90_000.0), LOOKUP),
            id="maintenance",
        ),
    ],
)
def test_leaves_alone(outcome: Outcome) -> None:
    assert outcome.is_clear


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (
            run(activity=DatabaseActivity()),
            "sessions are not counted: PostgreSQL 14 began to do so",
        ),
        (
            run(setting=None),
            "values of client_connection_check_interval are not in the snapshot",
        ),
    ],
)
def test_says_why_it_cannot_judge(outcome: Outcome, reason: str) -> None:
    assert outcome.reasons == (reason,)
