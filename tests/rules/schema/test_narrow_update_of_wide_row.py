"""narrow-update-of-wide-row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.model.statement import Statement
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_column,
    a_snapshot,
    a_statement,
    a_table,
    column_statistics,
    diagnose,
)

RULE = "narrow-update-of-wide-row"
ARTICLES = a_table("articles", "id bigint not null", "views bigint", "body text", "title text")
WIDTHS = tuple(
    column_statistics(ARTICLES, name, average_width_bytes=width)
    for name, width in (("id", 8), ("views", 8), ("body", 900), ("title", 84))
)
# A GiB a day of rows of 1,000 bytes, over 90 days.
COUNT = a_statement(
    "update articles set views = views + 1 where id = $1", rows=96_636_765, calls=96_636_765
)


def run(
    statement: Statement = COUNT,
    *objects: SnapshotPart,
    table: Table = ARTICLES,
    **server: bool | float | None,
) -> Outcome:
    given = objects or WIDTHS
    return diagnose(RULE, a_snapshot(table, statement, *given, **server))


def test_reports_updates_of_a_counter_that_copy_a_kilobyte() -> None:
    [finding] = run().findings

    assert finding.key == "narrow-update-of-wide-row:public.articles"
    assert finding.summary == (
        "1,073,742 updates of views a day copy rows of public.articles that are 1,000 bytes "
        "wide: 1 GB"
    )
    assert finding.statement_ids == (COUNT.id,)
    assert [(e.name, e.value) for e in finding.evidence[:2]] == [
        ("width of a row", 1_000),
        ("rows updated a day", 1_073_742),
    ]
    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert steps.steps[0].startswith("Put views into a table of their own")
    assert (
        'move body out of the row: `ALTER TABLE "public"."articles" SET (toast_tuple_target = 256)`'
    ) in steps.steps[1]


def test_moves_nothing_out_of_a_row_of_many_small_columns() -> None:
    columns = [f"c{n} uuid" for n in range(70)]
    table = a_table("articles", "id bigint not null", "views bigint", *columns)
    widths = [
        column_statistics(table, c.name, average_width_bytes=c.type_length_bytes)
        for c in table.columns
    ]

    [finding] = run(COUNT, *widths, table=table).findings

    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert len(steps.steps) == 2


@pytest.mark.parametrize(("rows", "count"), [(96_636_765, 1), (96_636_763, 0)])
def test_asks_for_a_gigabyte_a_day(rows: int, count: int) -> None:
    assert len(run(replace(COUNT, rows=rows)).findings) == count


@pytest.mark.parametrize(("width", "count"), [(900, 1), (899, 0)])
def test_leaves_alone_narrow_rows(width: int, count: int) -> None:
    body = replace(WIDTHS[2], average_width_bytes=width)
    many = replace(COUNT, rows=COUNT.rows * 2)

    assert len(run(many, *WIDTHS[:2], body, WIDTHS[3]).findings) == count


def test_nulls_take_no_room() -> None:
    body = replace(WIDTHS[2], null_ratio=0.5)

    assert run(COUNT, *WIDTHS[:2], body, WIDTHS[3]).is_clear


@pytest.mark.parametrize(("width", "count"), [(92, 1), (93, 0)])
def test_leaves_alone_what_sets_more_than_a_tenth_of_the_row(width: int, count: int) -> None:
    statement = replace(COUNT, text="update articles set views = $2, title = $3 where id = $1")
    title = replace(WIDTHS[3], average_width_bytes=width)
    body = replace(WIDTHS[2], average_width_bytes=984 - width)

    assert len(run(statement, *WIDTHS[:2], body, title).findings) == count


def test_leaves_alone_other_statements() -> None:
    assert run(replace(COUNT, text="select views from articles where id = $1")).is_clear
    assert run(replace(COUNT, text="insert into articles (id) values ($1)")).is_clear
    assert run(replace(COUNT, text="delete from articles where id = $1")).is_clear


def test_a_virtual_column_is_not_copied() -> None:
    virtual = a_column("long text", number=5, generated="v", default_sql="body")
    table = replace(ARTICLES, columns=(*ARTICLES.columns, virtual))

    assert len(run(table=table).findings) == 1


def test_takes_a_partitioned_table_as_a_whole() -> None:
    parent = replace(ARTICLES, kind=RelationKind.PARTITIONED_TABLE)

    [finding] = run(table=parent).findings

    [steps] = finding.remedies
    assert isinstance(steps, ManualSteps)
    assert "on each partition" in steps.steps[1]


def test_says_why_it_cannot_judge() -> None:
    assert run(COUNT, *WIDTHS[:3]).reasons == ("how wide its rows are is not known: no statistics",)
    assert run(is_in_recovery=True).reasons == (
        "this is a standby: its primary counts what is written",
    )
    [reason] = run(statistics_age_days=None).reasons
    assert reason.startswith("nobody knows how often statements run")
    assert diagnose(RULE, a_snapshot(ARTICLES)).reasons == (
        "no statement was recorded, and no workload files were given",
    )
