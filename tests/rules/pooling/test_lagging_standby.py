"""lagging-standby."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Severity
from pgadvisor.model.replication import WalSender
from pgadvisor.testing import Outcome, a_snapshot, diagnose
from pgadvisor.units import GiB

RULE = "lagging-standby"
FAR = WalSender(application_name="far", sent_lag_bytes=0, replay_lag_bytes=GiB)
LATE = replace(FAR, replay_lag_bytes=10, replay_lag_ms=300_000.0)


def run(*standbys: WalSender) -> Outcome:
    return diagnose(RULE, a_snapshot(wal_senders=standbys))


def test_reports_a_standby_that_is_a_gigabyte_behind() -> None:
    [finding] = run(FAR).findings

    assert finding.key == "lagging-standby:standby far"
    assert finding.severity is Severity.INFO
    assert finding.summary == "The standby far is 1 GB behind"
    assert finding.detail == (
        "It was sent: the standby replays too slowly, or waits for statements there."
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("not replayed", GiB),
        ("not sent", 0),
        ("synchronous state", "async"),
    ]


def test_reports_one_that_is_five_minutes_behind() -> None:
    [finding] = run(LATE).findings

    assert finding.summary == "The standby far is 10 bytes and 5 min behind"


def test_says_that_it_was_not_even_sent() -> None:
    [finding] = run(replace(FAR, sent_lag_bytes=GiB // 2)).findings

    assert finding.detail.startswith("Most of it was not even sent")


@pytest.mark.parametrize("sync_state", ["sync", "quorum"])
def test_one_that_commits_wait_for_is_a_warning(sync_state: str) -> None:
    [finding] = run(replace(FAR, sync_state=sync_state)).findings

    assert finding.severity is Severity.WARNING
    assert finding.detail.endswith("Commits here wait for it.")


@pytest.mark.parametrize(
    "standby",
    [
        pytest.param(replace(FAR, replay_lag_bytes=GiB - 1), id="a-byte-nearer"),
        pytest.param(replace(LATE, replay_lag_ms=299_999.0), id="a-millisecond-nearer"),
        pytest.param(replace(LATE, replay_lag_bytes=0), id="has-caught-up-since"),
        pytest.param(replace(FAR, replay_lag_bytes=None), id="only-receives"),
        pytest.param(replace(FAR, state="backup"), id="a-backup"),
    ],
)
def test_leaves_alone(standby: WalSender) -> None:
    assert run(standby).is_clear


def test_cannot_judge_what_is_hidden_or_was_not_read() -> None:
    assert run(replace(FAR, state=None)).reasons == (
        "the state of standbys is hidden: the role is not a member of pg_monitor",
    )
    assert diagnose(RULE, a_snapshot(wal_senders=None)).reasons == (
        "standbys are not in the snapshot",
    )
