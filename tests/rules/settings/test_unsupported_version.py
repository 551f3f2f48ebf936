"""unsupported-version."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.testing import Outcome, a_snapshot, diagnose

RULE = "unsupported-version"


def run(major: int, year: int, month: int, day: int = 1, *, marks: tuple[str, ...] = ()) -> Outcome:
    snapshot = a_snapshot(
        version_num=major * 10_000 + 23,
        version=f"{major}.23",
        collected_at=datetime(year, month, day, tzinfo=UTC),
        service_marks=marks,
    )
    return diagnose(RULE, snapshot)


def test_reports_a_version_without_fixes() -> None:
    [finding] = run(13, 2026, 3).findings

    assert finding.key == "unsupported-version:PostgreSQL 13"
    assert finding.severity is Severity.WARNING
    assert finding.summary == "PostgreSQL 13 has had no fixes since November 2025"
    assert finding.evidence[0].value == "13.23"
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert action.title == "Leave PostgreSQL 13 for a version that is mended"
    assert action.steps[-1].startswith("The way back: the old data directory")


@pytest.mark.parametrize(
    ("major", "year"), [(13, 2025), (14, 2026), (15, 2027), (16, 2028), (17, 2029), (18, 2030)]
)
def test_waits_until_the_month_of_the_last_release_is_over(major: int, year: int) -> None:
    assert run(major, year, 11, 30).is_clear
    assert len(run(major, year, 12, 1).findings) == 1
    assert len(run(major, year + 1, 1).findings) == 1


def test_leaves_versions_alone_that_are_newer_than_we_are() -> None:
    assert run(19, 2026, 12).is_clear


def test_goes_by_the_day_of_the_snapshot() -> None:
    assert run(13, 2024, 12).is_clear


def test_upgrades_a_service_by_its_own_means() -> None:
    [finding] = run(13, 2026, 3, marks=("role azure_pg_admin",)).findings

    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert "pg_upgrade" not in " ".join(action.steps)
    assert action.steps[1].startswith("Upgrade a copy first, by Azure Database for PostgreSQL's")
