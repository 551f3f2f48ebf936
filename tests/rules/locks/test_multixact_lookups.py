"""multixact-lookups."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pgadvisor.model.action import SettingEffect
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.server import Setting
from pgadvisor.model.server_counters import LookupActivity
from pgadvisor.testing import (
    COLLECTED_AT,
    Outcome,
    a_foreign_key,
    a_snapshot,
    a_table,
    diagnose,
    table_activity,
)
from tests.rules.changes import changes, manual

RULE = "multixact-lookups"
DAYS = 10
READS = DAYS * 86_400
SHOPS = a_table("shops", "id bigint not null", "order_count int")
ORDERS = a_table("orders", "id bigint not null", "shop_id bigint")
LOOKUPS = LookupActivity(
    multixact_hits=99 * READS,
    multixact_reads=READS,
    reset_at=COLLECTED_AT - timedelta(days=DAYS),
)
OFFSETS = Setting(
    name="multixact_offset_buffers",
    value="16",
    unit="8kB",
    value_type="integer",
    context="postmaster",
    min_value="16",
    max_value="131072",
)
MEMBERS = replace(OFFSETS, name="multixact_member_buffers", value="32")


def run(
    lookups: LookupActivity | None = LOOKUPS,
    *settings: Setting,
    updates: int = 5_000,
) -> Outcome:
    return diagnose(
        RULE,
        a_snapshot(
            SHOPS,
            ORDERS,
            a_foreign_key(ORDERS, "shop_id", SHOPS, "id"),
            table_activity(SHOPS, rows_updated=updates),
            table_activity(ORDERS, rows_updated=9_000),
            settings,
            lookup_activity=lookups,
        ),
    )


def test_reports_locks_that_are_read_once_a_second() -> None:
    [finding] = run().findings

    assert finding.key == "multixact-lookups:multixacts"
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.MEDIUM
    assert finding.summary == (
        "Shared row locks are read from disk 86,400 times a day, 1 % of all look-ups"
    )
    assert finding.detail == (
        "Of the tables that others refer to, most rows are changed in public.shops."
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("blocks read", 864_000),
        ("blocks found in memory", 85_536_000),
        ("counted for", 10.0),
        ("rows updated in public.shops", 5_000),
    ]
    assert changes(finding) == ()
    assert len(manual(finding)) == 4


def test_names_no_parent_that_is_never_changed() -> None:
    [finding] = run(updates=0).findings

    assert finding.detail == ""


@pytest.mark.parametrize(
    "lookups",
    [
        pytest.param(replace(LOOKUPS, multixact_reads=READS - 1, multixact_hits=0), id="fewer"),
        pytest.param(replace(LOOKUPS, multixact_hits=99 * READS + 100), id="nearly-all-found"),
    ],
)
def test_leaves_alone(lookups: LookupActivity) -> None:
    assert run(lookups).is_clear


def test_from_17_on_the_caches_can_be_larger() -> None:
    [finding] = run(LOOKUPS, OFFSETS, MEMBERS).findings

    assert [(c.name, c.value, c.effect) for c in changes(finding)] == [
        ("multixact_offset_buffers", "128", SettingEffect.RESTART),
        ("multixact_member_buffers", "256", SettingEffect.RESTART),
    ]


def test_proposes_no_more_than_8_mb() -> None:
    large = replace(MEMBERS, value="1024")

    [finding] = run(LOOKUPS, replace(OFFSETS, value="200"), large).findings

    assert [(c.name, c.value) for c in changes(finding)] == [("multixact_offset_buffers", "1024")]


def test_says_why_it_cannot_judge() -> None:
    assert run(None).reasons == ("counters of look-ups are not in the snapshot",)
    assert run(replace(LOOKUPS, reset_at=None)).reasons == (
        "nobody knows since when the server counts",
    )
    young = replace(LOOKUPS, reset_at=COLLECTED_AT - timedelta(days=2))
    assert run(young).reasons == ("the server has counted for 2 days, 7 days are needed",)
