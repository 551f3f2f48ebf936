"""exhausted-connections."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.backends import ConnectionCount
from pgadvisor.model.finding import Severity
from pgadvisor.model.server import Setting
from pgadvisor.testing import Outcome, a_snapshot, diagnose

RULE = "exhausted-connections"
MAX = Setting(name="max_connections", value="110", value_type="integer")
FOR_SUPERUSERS = Setting(name="superuser_reserved_connections", value="3", value_type="integer")
RESERVED = Setting(name="reserved_connections", value="7", value_type="integer")
IDLE = ConnectionCount(role="shop", state="idle", count=60)
ACTIVE = ConnectionCount(role="shop", state="active", count=10)
OTHERS = ConnectionCount(role="crm", state="idle", is_in_this_database=False, count=10)


def run(*connections: ConnectionCount, reserved: Setting = RESERVED) -> Outcome:
    return diagnose(RULE, a_snapshot(MAX, FOR_SUPERUSERS, reserved, connections=connections))


def test_reports_a_server_with_a_fifth_of_its_connections_free() -> None:
    [finding] = run(IDLE, ACTIVE, OTHERS).findings

    assert finding.key == "exhausted-connections:max_connections"
    assert finding.severity is Severity.WARNING
    assert finding.summary == "80 of 100 connections are taken, 70 of them idle"
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("connections", 80),
        ("idle", 70),
        ("allowed to ordinary roles", 100),
        ("of shop", 70),
        ("of crm", 10),
    ]
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert action.steps[0].startswith("87.5 % of them are idle: lower the sizes of the pools")


@pytest.mark.parametrize(
    ("idle", "severities"),
    [
        (59, []),
        (60, [Severity.WARNING]),
        (74, [Severity.WARNING]),
        (75, [Severity.CRITICAL]),
    ],
)
def test_four_fifths_are_a_warning_and_nineteen_twentieths_critical(
    idle: int, severities: list[Severity]
) -> None:
    found = run(replace(IDLE, count=idle), ACTIVE, OTHERS).findings

    assert [finding.severity for finding in found] == severities


def test_connections_that_are_not_reserved_are_free() -> None:
    assert run(IDLE, ACTIVE, OTHERS, reserved=replace(RESERVED, value="6")).is_clear


def test_versions_without_reserved_connections_are_judged_too() -> None:
    snapshot = a_snapshot(MAX, FOR_SUPERUSERS, connections=(replace(IDLE, count=86),))

    assert len(diagnose(RULE, snapshot).findings) == 1


def test_says_why_it_cannot_judge() -> None:
    hidden = replace(IDLE, state=None)

    assert run(hidden).reasons == (
        "what sessions of other roles do is hidden: the role is not a member of pg_monitor",
    )
    assert diagnose(RULE, a_snapshot(MAX, connections=None)).reasons == (
        "connections are not in the snapshot",
    )
    assert diagnose(RULE, a_snapshot(connections=(IDLE,))).reasons == (
        "values of max_connections are not in the snapshot",
    )
