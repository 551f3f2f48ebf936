"""subtransaction-lookups."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pgadvisor.model.action import SettingEffect
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.server import Setting
from pgadvisor.model.server_counters import LookupActivity
from pgadvisor.testing import COLLECTED_AT, Outcome, a_snapshot, diagnose
from tests.rules.changes import changes, manual

RULE = "subtransaction-lookups"
DAYS = 10
READS = DAYS * 86_400
LOOKUPS = LookupActivity(
    subtransaction_hits=5 * READS,
    subtransaction_reads=READS,
    reset_at=COLLECTED_AT - timedelta(days=DAYS),
)
BUFFERS = Setting(
    name="subtransaction_buffers",
    value="32",
    unit="8kB",
    value_type="integer",
    context="postmaster",
    min_value="0",
    max_value="131072",
)


def run(lookups: LookupActivity | None = LOOKUPS, *settings: Setting) -> Outcome:
    return diagnose(RULE, a_snapshot(settings, lookup_activity=lookups))


def test_reports_subtransactions_that_are_read_once_a_second() -> None:
    [finding] = run().findings

    assert finding.key == "subtransaction-lookups:subtransactions"
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.MEDIUM
    assert finding.summary == "Subtransactions are read from disk 86,400 times a day"
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("blocks read", 864_000),
        ("blocks found in memory", 4_320_000),
        ("counted for", 10.0),
    ]
    assert changes(finding) == ()
    assert len(manual(finding)) == 3


def test_one_read_less_is_left_alone() -> None:
    assert run(replace(LOOKUPS, subtransaction_reads=READS - 1)).is_clear


def test_from_17_on_the_cache_can_be_larger() -> None:
    [finding] = run(LOOKUPS, BUFFERS).findings

    [change] = changes(finding)
    assert (change.value, change.effect) == ("256", SettingEffect.RESTART)
    [finding] = run(LOOKUPS, replace(BUFFERS, value="1024")).findings
    assert changes(finding) == ()


def test_says_why_it_cannot_judge() -> None:
    assert run(None).reasons == ("counters of look-ups are not in the snapshot",)
    assert run(replace(LOOKUPS, reset_at=None)).reasons == (
        "nobody knows since when the server counts",
    )
