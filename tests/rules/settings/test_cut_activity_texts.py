"""cut-activity-texts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.server import Setting
from pgadvisor.model.snapshot import Unavailable
from pgadvisor.model.statement import Statement
from pgadvisor.testing import Outcome, SnapshotPart, a_snapshot, a_statement, a_table, diagnose
from pgadvisor.units import KiB
from tests.rules.changes import by_hand, down_by_hand, manual

RULE = "cut-activity-texts"
ORDERS = a_table("orders")
SIZE = Setting(
    name="track_activity_query_size",
    value="1024",
    boot_value="1024",
    unit="B",
    value_type="integer",
    context="postmaster",
    min_value="100",
    max_value="1048576",
)
CONNECTIONS = Setting(name="max_connections", value="200", value_type="integer")


def of_length(length: int) -> Statement:
    """A statement of so many bytes."""
    head, tail = "select id as ", " from orders where id = $1"
    text = head + "x" * (length - len(head) - len(tail)) + tail
    return a_statement(text, calls=10)


LONG = of_length(1_024)
SHORT = a_statement("select id from orders", calls=90)


def run(
    *parts: SnapshotPart,
    setting: Setting | None = SIZE,
    unavailable: tuple[Unavailable, ...] = (),
    max_proposed_bytes: int = 16 * KiB,
) -> Outcome:
    settings = (CONNECTIONS, *((setting,) if setting is not None else ()))
    snapshot = replace(a_snapshot(ORDERS, settings, *parts), unavailable=unavailable)
    return diagnose(RULE, snapshot, max_proposed_bytes=max_proposed_bytes)


def test_reports_statements_whose_end_is_not_shown() -> None:
    [finding] = run(LONG, SHORT).findings

    assert finding.key == "cut-activity-texts:track_activity_query_size"
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.HIGH
    assert finding.summary == (
        "Of 1 statement that takes 10 % of the time, only the first 1,023 bytes are shown while "
        "they run"
    )
    assert [(e.name, e.value, e.unit) for e in finding.evidence] == [
        ("track_activity_query_size", 1_024, "bytes"),
        ("statements that are cut off", 1, "statements"),
        ("the longest of them", 1_024, "bytes"),
        ("share of execution time", 0.1, "ratio"),
        ("shared memory that it takes then", 409_600, "bytes"),
    ]
    assert by_hand(finding) == ("ALTER SYSTEM SET track_activity_query_size = '2kB'",)
    assert down_by_hand(finding) == ("ALTER SYSTEM RESET track_activity_query_size",)
    assert finding.statement_ids == (LONG.id,)
    assert "a.query_id" in manual(finding)[0]


@pytest.mark.parametrize(
    ("length", "size"), [(2_047, "2kB"), (2_048, "4kB"), (8_192, "16kB"), (16_383, "16kB")]
)
def test_proposes_what_holds_the_longest_and_its_end(length: int, size: str) -> None:
    [finding] = run(LONG, of_length(length)).findings

    assert by_hand(finding) == (f"ALTER SYSTEM SET track_activity_query_size = '{size}'",)
    assert finding.summary.startswith("Of 2 that take 100 % of the time")


def test_a_letter_may_take_two_bytes() -> None:
    text = LONG.text.replace("xx", "é", 1)

    assert run(replace(LONG, text=text)).findings
    assert run(replace(LONG, text=text.replace("é", "x"))).is_clear


def test_before_14_nothing_leads_to_the_whole_text() -> None:
    snapshot = a_snapshot(ORDERS, SIZE, LONG, version_num=130_000)

    [finding] = diagnose(RULE, snapshot).findings

    assert manual(finding) == ()


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(of_length(1_023), SHORT), id="one-byte-shorter"),
        pytest.param(run(LONG, SHORT, setting=replace(SIZE, value="1025")), id="all-is-shown"),
        pytest.param(run(LONG, replace(SHORT, total_time_ms=4_501.0)), id="a-tenth-of-the-time"),
        pytest.param(run(of_length(16_384), SHORT), id="a-list-of-values"),
        pytest.param(run(replace(LONG, is_top_level=False), SHORT), id="run-by-a-function"),
        pytest.param(run(replace(LONG, source="workload"), SHORT), id="of-a-file"),
    ],
)
def test_leaves_alone(outcome: Outcome) -> None:
    assert outcome.is_clear


def test_a_tenth_of_the_time_is_enough() -> None:
    assert run(LONG, replace(SHORT, total_time_ms=4_500.0)).findings


@pytest.mark.parametrize(("limit", "count"), [(1_025, 1), (1_024, 0)])
def test_the_largest_size_is_a_limit(limit: int, count: int) -> None:
    assert len(run(LONG, max_proposed_bytes=limit).findings) == count


NO_TEXTS = Unavailable(
    what="texts of pg_stat_statements",
    reason="a text is badly encoded",
    consequence="statements are counted but not analysed",
    remedy="reset it",
)
OFF = Setting(name="track_activities", value="off", value_type="bool")


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (
            run(LONG, setting=None),
            "values of track_activity_query_size are not in the snapshot",
        ),
        (run(LONG, OFF), "track_activities is off: no text is shown at all"),
        (
            run(LONG, unavailable=(NO_TEXTS,)),
            "the texts of pg_stat_statements could not be read",
        ),
        (
            run(replace(LONG, source="workload")),
            "pg_stat_statements has counted no statement",
        ),
        (run(), "no statement was recorded, and no workload files were given"),
    ],
)
def test_says_why_it_cannot_judge(outcome: Outcome, reason: str) -> None:
    assert outcome.reasons == (reason,)
