"""evicted-statements."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.server import Setting, StatementsInfo
from pgadvisor.testing import COLLECTED_AT, Outcome, a_snapshot, diagnose
from tests.rules.changes import by_hand, changes, down_by_hand, manual

RULE = "evicted-statements"
DAYS = 90
MAX = Setting(
    name="pg_stat_statements.max",
    value="4000",
    boot_value="5000",
    value_type="integer",
    context="postmaster",
    source="configuration file",
    min_value="100",
    max_value="1073741823",
    is_set_by_alter_system=False,
)
UTILITIES = Setting(name="pg_stat_statements.track_utility", value="on", value_type="bool")
INFO = StatementsInfo(
    extension_version="1.12",
    schema="public",
    entries=3_900,
    max_entries=4_000,
    deallocations=DAYS * 5,
    reset_at=COLLECTED_AT - timedelta(days=DAYS),
    track="top",
)


def run(
    *, info: StatementsInfo | None = INFO, settings: tuple[Setting, ...] = (MAX, UTILITIES)
) -> Outcome:
    return diagnose(RULE, a_snapshot(*settings, statements_info=info))


def test_reports_counters_that_are_thrown_away() -> None:
    [finding] = run().findings

    assert finding.key == "evicted-statements:pg_stat_statements.max"
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.HIGH
    assert finding.summary == (
        "pg_stat_statements throws away the counters of 1,000 entries a day, of 4,000 that it has "
        "room for"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("times that entries were thrown away", 450),
        ("counted for", 90.0),
        ("pg_stat_statements.max", 4_000),
    ]
    assert by_hand(finding) == ("ALTER SYSTEM SET pg_stat_statements.max = 10000",)
    assert down_by_hand(finding) == ("ALTER SYSTEM RESET pg_stat_statements.max",)
    assert len(manual(finding)) == 3


def test_more_room_than_that_would_be_full_as_soon() -> None:
    [finding] = run(info=replace(INFO, deallocations=DAYS * 5 + 1)).findings

    assert changes(finding) == ()
    assert manual(finding)


def test_does_not_switch_off_what_is_off() -> None:
    [finding] = run(settings=(MAX, replace(UTILITIES, value="off"))).findings

    assert "track_utility" not in " ".join(manual(finding))


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(info=replace(INFO, deallocations=0)), id="nothing-is-lost"),
        pytest.param(run(info=replace(INFO, deallocations=DAYS // 5)), id="a-hundredth-a-day"),
    ],
)
def test_leaves_alone(outcome: Outcome) -> None:
    assert outcome.is_clear


def test_a_little_more_than_a_hundredth_is_reported() -> None:
    assert run(info=replace(INFO, deallocations=DAYS // 5 + 1)).findings


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (run(info=None), "pg_stat_statements is not usable, so nothing is lost"),
        (
            run(info=replace(INFO, deallocations=None)),
            "how many entries were lost is not known: PostgreSQL 14 began to count it",
        ),
        (run(settings=()), "values of pg_stat_statements.max are not in the snapshot"),
    ],
)
def test_says_why_it_cannot_judge(outcome: Outcome, reason: str) -> None:
    assert outcome.reasons == (reason,)
