"""full-page-wal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pgadvisor.model.action import ChangeSetting, ManualSteps, SettingEffect, SettingScope
from pgadvisor.model.finding import Finding, Severity
from pgadvisor.model.server import Setting
from pgadvisor.model.server_counters import WalActivity
from pgadvisor.testing import COLLECTED_AT, Outcome, a_snapshot, diagnose
from pgadvisor.units import GiB

RULE = "full-page-wal"
DAYS = 10
OFF = Setting(
    name="wal_compression",
    value="off",
    source="default",
    context="superuser",
    value_type="enum",
    enum_values=("pglz", "lz4", "zstd", "on", "off"),
)
TIMEOUT = Setting(name="checkpoint_timeout", value="300", unit="s", value_type="integer")
WAL = WalActivity(
    wal_bytes=DAYS * 10 * GiB,
    full_page_images=DAYS * 5 * GiB // 8192,
    reset_at=COLLECTED_AT - timedelta(days=DAYS),
)


def run(
    wal: WalActivity | None = WAL,
    compression: Setting = OFF,
    timeout: Setting = TIMEOUT,
    **fields: Any,  # noqa: ANN401  (fields of Server)
) -> Outcome:
    return diagnose(RULE, a_snapshot(compression, timeout, wal_activity=wal, **fields))


def changes_of(finding: Finding) -> list[ChangeSetting]:
    return [action for action in finding.remedies if isinstance(action, ChangeSetting)]


def steps_of(finding: Finding) -> tuple[str, ...]:
    [manual] = [action for action in finding.remedies if isinstance(action, ManualSteps)]
    return manual.steps


def test_reports_wal_of_which_half_is_whole_pages() -> None:
    [finding] = run().findings

    assert finding.key == "full-page-wal:wal_compression"
    assert finding.severity is Severity.INFO
    assert finding.summary == ("Up to 50 % of the 10 GB of WAL a day are whole pages, uncompressed")
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("WAL a day", 10 * GiB),
        ("whole pages", DAYS * 5 * GiB // 8192),
        ("share of whole pages", 0.5),
        ("counted for", 10.0),
    ]
    [compression] = changes_of(finding)
    assert (compression.name, compression.value) == ("wal_compression", "lz4")
    assert compression.effect is SettingEffect.RELOAD
    assert not compression.review_reason


@pytest.mark.parametrize(
    "wal",
    [
        pytest.param(replace(WAL, wal_bytes=WAL.wal_bytes - 1), id="a-byte-too-little"),
        pytest.param(replace(WAL, full_page_images=WAL.full_page_images - 1), id="a-page-less"),
    ],
)
def test_leaves_alone(wal: WalActivity) -> None:
    assert run(wal).is_clear


@pytest.mark.parametrize("value", ["pglz", "on", "lz4"])
def test_leaves_alone_what_is_compressed(value: str) -> None:
    assert run(compression=replace(OFF, value=value)).is_clear


@pytest.mark.parametrize(
    ("setting", "method"),
    [
        (replace(OFF, enum_values=("pglz", "on", "off")), "pglz"),
        (replace(OFF, value_type="bool", enum_values=()), "on"),
    ],
)
def test_takes_a_method_that_the_server_has(setting: Setting, method: str) -> None:
    [finding] = run(compression=setting).findings

    [change] = changes_of(finding)
    assert change.value == method
    assert change.review_reason == (
        f"see first that processors have time to spare: {method} takes a tenth to a third of what "
        "sessions that write could do otherwise"
    )


def test_changes_it_where_it_is_set() -> None:
    [finding] = run(compression=replace(OFF, source="command line")).findings

    assert changes_of(finding)[0].scope is SettingScope.COMMAND_LINE


def test_leaves_more_time_between_checkpoints_to_a_person() -> None:
    [finding] = run(timeout=replace(TIMEOUT, value="300")).findings

    assert [change.name for change in changes_of(finding)] == ["wal_compression"]
    assert steps_of(finding)[1:] == (
        (
            "Fewer checkpoints write fewer whole pages: with a `checkpoint_timeout` of 900 s, and "
            "a max_wal_size that allows for it, recovery after a crash may take up to 3.0 times as "
            "long as now, from 300 s."
        ),
    )


def test_names_no_more_time_between_checkpoints_where_there_is_enough() -> None:
    [finding] = run(timeout=replace(TIMEOUT, value="900")).findings

    assert len(steps_of(finding)) == 1


def test_says_why_it_cannot_judge() -> None:
    assert run(None).reasons == (
        "counters of WAL, which PostgreSQL 14 and later have, are not in the snapshot",
    )
    assert run(is_in_recovery=True).reasons == (
        "this is a standby, which writes no WAL of its own",
    )
    assert run(replace(WAL, reset_at=COLLECTED_AT - timedelta(days=6.5))).reasons == (
        "the server has counted for 6.5 days, 7 days are needed",
    )
    assert diagnose(RULE, a_snapshot(wal_activity=WAL)).reasons == (
        "values of wal_compression are not in the snapshot",
    )
