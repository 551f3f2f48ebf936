"""blank-padded-column."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.model.snapshot import Redaction
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_column,
    a_snapshot,
    a_table,
    column_statistics,
    diagnose,
)
from pgadvisor.units import MiB

RULE = "blank-padded-column"
PARTS = a_table("parts", "id bigint not null", "code character(8)", rows=1_048_576)
PADDED = column_statistics(PARTS, "code", most_common=[("A-17    ", 0.5), ("B-18-223", 0.5)])


def run(*objects: SnapshotPart, table: Table = PARTS) -> Outcome:
    return diagnose(RULE, a_snapshot(table, *objects))


def test_reports_a_column_whose_values_are_padded() -> None:
    [finding] = run(PADDED).findings

    assert finding.key == "blank-padded-column:public.parts.code"
    assert finding.summary == (
        "public.parts.code is character(8), and 50 % of its values are padded with blanks: "
        "2 MB of them"
    )
    assert finding.severity is Severity.INFO
    assert finding.impact.freed_bytes == 2 * MiB
    [remedy] = finding.remedies
    assert isinstance(remedy, ManualSteps)
    assert remedy.steps[1] == (
        '`ALTER TABLE "public"."parts" ALTER COLUMN "code" TYPE text` drops the blanks; it '
        "rewrites the table and its indexes, and nobody can read it meanwhile."
    )
    assert remedy.steps[3] == (
        'The way back is `ALTER TABLE "public"."parts" ALTER COLUMN "code" TYPE character(8)`.'
    )


@pytest.mark.parametrize(("ratio", "count"), [(0.49, 0), (0.5, 1)])
def test_asks_for_half_of_the_values(ratio: float, count: int) -> None:
    values = [("A-17    ", ratio), ("B-18-223", 1 - ratio)]

    assert len(run(column_statistics(PARTS, "code", most_common=values)).findings) == count


@pytest.mark.parametrize(("padded", "count"), [(1, 0), (2, 1)])
def test_bounds_stand_for_the_values_that_are_not_common(padded: int, count: int) -> None:
    bounds = ("A       ",) * padded + ("B1234567",) * (4 - padded)
    common = [("C1234567", 0.2), ("D       ", 0.2)]
    statistics = column_statistics(
        PARTS, "code", most_common=common, null_ratio=0.2, histogram_bounds=bounds
    )

    assert len(run(statistics).findings) == count


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(replace(PARTS, rows=9_999.0), id="few-rows"),
        pytest.param(replace(PARTS, size_bytes=8 * MiB - 8192), id="few-bytes"),
        pytest.param(replace(PARTS, kind=RelationKind.MATERIALIZED_VIEW), id="materialised-view"),
        pytest.param(a_table("parts", "code character(1)"), id="a-single-character"),
        pytest.param(a_table("parts", "code varchar(8)"), id="varchar"),
        pytest.param(a_table("parts", "code text"), id="text"),
    ],
)
def test_leaves_alone(table: Table) -> None:
    assert run(PADDED, table=table).is_clear


def test_leaves_alone_codes_that_fill_their_type() -> None:
    full = column_statistics(PARTS, "code", most_common=[("A-171234", 0.6), ("B-181234", 0.4)])

    assert run(full).is_clear


def test_looks_below_a_domain() -> None:
    table = a_table("parts", a_column("code public.part_code", base_type_name="character"))

    assert len(run(PADDED, table=table).findings) == 1


@pytest.mark.parametrize(
    "objects",
    [
        pytest.param((), id="never-analysed"),
        pytest.param((column_statistics(PARTS, "code"),), id="no-values"),
    ],
)
def test_cannot_judge_without_values(objects: tuple[SnapshotPart, ...]) -> None:
    [skipped] = run(*objects).skipped

    assert skipped.subject == "public.parts"
    assert skipped.reason == (
        "how long code is cannot be told: the statistics of its values are not there"
    )


def test_says_nothing_of_a_column_of_nulls() -> None:
    assert run(column_statistics(PARTS, "code", null_ratio=1.0)).is_clear


def test_cannot_judge_pseudonyms() -> None:
    snapshot = replace(a_snapshot(PARTS, PADDED), redaction=Redaction(level="default"))

    assert diagnose(RULE, snapshot).reasons == (
        (
            "how long code is cannot be told: the snapshot is redacted, and its values may be "
            "pseudonyms"
        ),
    )


@given(values=st.lists(st.from_regex(r"\A[a-z]{8}\Z"), min_size=1, max_size=9))
def test_values_that_fill_the_type_are_never_reported(values: list[str]) -> None:
    pairs = [(value, 1 / len(values)) for value in values]

    assert run(column_statistics(PARTS, "code", most_common=pairs)).is_clear
