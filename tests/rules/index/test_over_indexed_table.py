"""over-indexed-table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.schema import Index
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_primary_key,
    a_snapshot,
    a_table,
    an_index,
    diagnose,
    index_activity,
    table_activity,
)
from pgadvisor.units import MiB

RULE = "over-indexed-table"
EVENTS = a_table("events", *(f"c{n} bigint" for n in range(12)), size_bytes=100 * MiB)
WRITTEN = table_activity(EVENTS, rows_inserted=900_000, index_scans=80_000, sequential_scans=10_000)


def indexes(count: int, size_bytes: int = 10 * MiB) -> tuple[Index, ...]:
    return tuple(an_index(EVENTS, f"c{n}", size_bytes=size_bytes) for n in range(count))


def run(*objects: SnapshotPart, written: SnapshotPart = WRITTEN, **server: int) -> Outcome:
    return diagnose(RULE, a_snapshot(EVENTS, written, *objects, **server))


def test_reports_a_table_with_eleven_indexes_that_is_hardly_read() -> None:
    made = indexes(11)

    [finding] = run(*made, *(index_activity(i, scans=7) for i in made[2:])).findings

    assert finding.key == "over-indexed-table:public.events"
    assert finding.summary == (
        "public.events has 11 indexes of 110 MB on 100 MB of rows, which are mostly written"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("indexes", 11),
        ("size of all indexes", 110 * MiB),
        ("size of the table", 100 * MiB),
        ("rows written to the table a day", 10_000),
        ("scans of the table a day", 1_000),
    ]
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert (
        "events_c0_idx (0 scans, 10 MB), events_c1_idx (0 scans, 10 MB), events_c10_idx (7"
        in (steps.steps[1])
    )


def test_ten_indexes_are_not_too_many() -> None:
    assert run(*indexes(10)).is_clear


@pytest.mark.parametrize(
    ("count", "size_bytes", "found"),
    [(6, 200 * MiB // 6 + 1, 1), (6, 200 * MiB // 6, 0), (5, 100 * MiB, 0)],
)
def test_six_are_where_they_are_twice_the_table(count: int, size_bytes: int, found: int) -> None:
    assert len(run(*indexes(count, size_bytes)).findings) == found


@pytest.mark.parametrize(("scans", "count"), [(90_000, 1), (90_001, 0)])
def test_leaves_alone_what_is_read_once_for_ten_rows_written(scans: int, count: int) -> None:
    written = table_activity(EVENTS, rows_inserted=900_000, index_scans=scans)

    assert len(run(*indexes(11), written=written).findings) == count


@pytest.mark.parametrize(("inserted", "count"), [(900_000, 1), (899_999, 0)])
def test_asks_for_ten_thousand_rows_a_day(inserted: int, count: int) -> None:
    written = table_activity(EVENTS, rows_inserted=inserted)

    assert len(run(*indexes(11), written=written).findings) == count


@pytest.mark.parametrize(("unique", "count"), [(8, 1), (9, 0)])
def test_leaves_alone_indexes_that_enforce_something(unique: int, count: int) -> None:
    made = indexes(11)
    enforcing = [replace(index, is_unique=True) for index in made[:unique]]

    assert len(run(*enforcing, *made[unique:]).findings) == count


def test_counts_no_invalid_index() -> None:
    made = indexes(11)

    assert run(replace(made[0], is_valid=False), *made[1:]).is_clear


def test_counts_the_primary_key() -> None:
    table = a_primary_key(EVENTS, "c11")

    assert len(run(*indexes(10), *table).findings) == 1


def test_leaves_alone_a_small_table() -> None:
    small = replace(EVENTS, rows=9_999, size_bytes=EVENTS.size_bytes)

    assert diagnose(RULE, a_snapshot(small, WRITTEN, *indexes(11))).is_clear


def test_says_why_it_cannot_judge() -> None:
    [reason] = run(*indexes(11), streaming_replica_count=2).reasons
    assert reason.startswith("2 standbys stream from this server")
    [reason] = run(*indexes(11), statistics_age_days=6).reasons
    assert reason.startswith("statistics cover 6 days, 7 days are needed")
    assert diagnose(RULE, a_snapshot(EVENTS, *indexes(11))).reasons == (
        "the counters of tables are not in the snapshot",
    )
