"""select-star-on-wide-table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.model.statistics import ColumnStatistics
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    column_statistics,
    diagnose,
)

RULE = "select-star-on-wide-table"
ROWS = 100_000
ARTICLES = a_table(
    "articles",
    *("id bigint not null", "title text", "body text", "extra jsonb"),
    rows=ROWS,
    toast_size_bytes=ROWS * 9_884,
)
LIST = a_statement(
    "select * from articles order by id limit $1", calls=1_000, rows=200_000, mean_time_ms=80.0
)


def widths(table: Table = ARTICLES, body: int = 300) -> tuple[ColumnStatistics, ...]:
    found = {"id": 8, "title": 30, "body": body, "extra": 18}
    return tuple(
        column_statistics(table, name, average_width_bytes=width) for name, width in found.items()
    )


def run(*objects: SnapshotPart, table: Table = ARTICLES) -> Outcome:
    return diagnose(RULE, a_snapshot(table, *widths(), *objects))


def test_reports_a_list_of_whole_rows() -> None:
    [finding] = run(LIST).findings

    assert finding.key == "select-star-on-wide-table:public.articles"
    assert finding.summary == (
        "Whole rows of public.articles, 10 kB each, are read 200 at a time (100 % of all time)"
    )
    assert finding.detail == "The widest are likely body, title, extra."
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.LOW
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert action.steps[0].endswith("leave out the long ones: body, title, extra.")


def test_names_no_column_where_none_has_such_a_type() -> None:
    table = a_table("articles", "id bigint not null", "title character varying", rows=ROWS)
    wide = column_statistics(table, "title", average_width_bytes=9_000)

    [finding] = diagnose(RULE, a_snapshot(table, wide, LIST)).findings

    assert finding.detail == ""
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    assert action.steps[0].endswith("leave out the long ones.")


def test_adds_up_the_toast_of_partitions() -> None:
    parent = replace(ARTICLES, kind=RelationKind.PARTITIONED_TABLE, rows=0.0, toast_size_bytes=0)
    parts = [
        replace(
            a_table(f"articles_{n}", rows=ROWS / 2),
            parent_oids=(parent.oid,),
            is_partition=True,
            toast_size_bytes=ROWS * 9_884 // 2,
        )
        for n in range(2)
    ]

    [finding] = run(LIST, parts, table=parent).findings

    assert finding.subject == "public.articles"
    assert "10 kB each" in finding.summary


def test_takes_statements_on_a_table_together() -> None:
    other = replace(LIST, text="select a.*, $1 from articles a", id="2", total_time_ms=1_000.0)

    [finding] = run(LIST, other).findings

    assert finding.statement_ids == (LIST.id, "2")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("select id, title, body from articles", id="names-its-columns"),
        pytest.param("select * from articles for update", id="locks"),
        pytest.param("update articles set title = $1 returning *", id="writes"),
        pytest.param(
            "select n from generate_series($1, $2) n where exists (select * from articles)",
            id="nobody-reads-the-star",
        ),
    ],
)
def test_leaves_alone(text: str) -> None:
    assert run(replace(LIST, text=text)).is_clear


@pytest.mark.parametrize(("body", "count"), [(1_992, 1), (1_991, 0)])
def test_asks_for_two_kilobytes_a_row(body: int, count: int) -> None:
    table = replace(ARTICLES, toast_size_bytes=0)
    many = replace(LIST, rows=10**9)

    assert len(diagnose(RULE, a_snapshot(table, *widths(body=body), many)).findings) == count


@pytest.mark.parametrize(("rows", "count"), [(200_000, 1), (102_400, 1), (102_399, 0)])
def test_asks_for_a_megabyte_a_call(rows: int, count: int) -> None:
    assert len(run(replace(LIST, rows=rows)).findings) == count


@pytest.mark.parametrize(("rows", "count"), [(100_000, 1), (99_999, 0)])
def test_asks_for_a_hundred_rows_a_call(rows: int, count: int) -> None:
    wider = replace(ARTICLES, toast_size_bytes=ROWS * 20_000)

    assert len(run(replace(LIST, rows=rows), table=wider).findings) == count


@pytest.mark.parametrize(("rest", "count"), [(999.0, 1), (999.1, 0)])
def test_asks_for_a_share_of_the_time(rest: float, count: int) -> None:
    other = replace(a_statement("select 1"), total_time_ms=rest)

    assert len(run(replace(LIST, total_time_ms=1.0), other).findings) == count


def test_leaves_statements_alone_that_were_never_counted() -> None:
    assert run(replace(LIST, source="workload", calls=0)).is_clear


def test_cannot_judge_a_table_that_was_never_analysed() -> None:
    outcome = diagnose(RULE, a_snapshot(ARTICLES, LIST))

    assert outcome.reasons == ("nobody knows how wide its rows are: run ANALYZE",)


def test_cannot_judge_without_statements() -> None:
    assert run().reasons == ("no statement was recorded, and no workload files were given",)
