"""list-in-text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.model.snapshot import Redaction
from pgadvisor.model.statement import Statement
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

RULE = "list-in-text"
ARTICLES = a_table("articles", "id bigint not null", "tag_ids text", "body text")
FIND = a_statement("select id from articles where tag_ids like $1")


def values(texts: Iterable[str]) -> ColumnStatistics:
    return column_statistics(ARTICLES, "tag_ids", histogram_bounds=tuple(texts))


LISTS = values(f"{n},{n + 1},{n + 2}" for n in range(20))


def run(*objects: SnapshotPart, statement: Statement = FIND, table: Table = ARTICLES) -> Outcome:
    return diagnose(RULE, a_snapshot(table, statement, *(objects or (LISTS,))))


def test_reports_lists_of_keys_that_are_searched_for_one() -> None:
    [finding] = run().findings

    assert finding.key == "list-in-text:public.articles.tag_ids"
    assert finding.summary == (
        "public.articles.tag_ids is searched for one key of its lists: 100 % of its known values "
        "are several numbers in one text"
    )
    assert finding.statement_ids == (FIND.id,)


@pytest.mark.parametrize(
    "text",
    [
        "select id from articles where ',' || tag_ids || ',' like $1",
        "select id from articles where $1 = any (string_to_array(tag_ids, ','))",
        "select id from articles where tag_ids ~ $1",
        "select id from articles where string_to_array(tag_ids, ',') && $1",
        "select id from articles where position($1 in tag_ids) > 0",
        "select id from articles where strpos(tag_ids, $1) > 0",
        "select id from articles where split_part(tag_ids, ',', 1) = $1",
        "select split_part(tag_ids, ',', 1) from articles where id = $1",
    ],
)
def test_knows_how_lists_are_searched(text: str) -> None:
    assert len(run(statement=a_statement(text)).findings) == 1


@pytest.mark.parametrize(
    "text",
    [
        "select string_to_array(body, ',') from articles where id = $1",
        "select tag_ids from articles where id = $1",
        "select id from articles where length(tag_ids) > $1",
        "select position($1 in body) from articles where id = $2",
        "select id from articles where tag_ids = $1",
        "select id from articles where body like $1",
    ],
)
def test_leaves_alone_what_is_only_stored_and_shown(text: str) -> None:
    words = column_statistics(ARTICLES, "body", histogram_bounds=("a text", "one more"))

    assert run(LISTS, words, statement=a_statement(text)).is_clear


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("4;5;6", 1),
        ("|4|5|6|", 1),
        ("4, 5, 6", 1),
        ("7", 1),
        ("", 1),
        ("a,b,c", 0),
        ("4.5,6.7,8", 0),
        ("one text", 0),
    ],
)
def test_one_other_value_tells_that_it_is_no_list(text: str, count: int) -> None:
    assert len(run(values([*(LISTS.histogram_bounds or ()), text])).findings) == count


@pytest.mark.parametrize(("lists", "count"), [(10, 1), (9, 0)])
def test_asks_for_lists_in_half_of_the_values(lists: int, count: int) -> None:
    texts = [f"{n},{n},{n}" for n in range(lists)] + [str(n) for n in range(20 - lists)]

    assert len(run(values(texts)).findings) == count


def test_pairs_may_be_numbers_with_a_comma() -> None:
    assert run(values(f"{n},50" for n in range(20))).is_clear


def test_nineteen_values_are_too_few() -> None:
    assert run(values((LISTS.histogram_bounds or ())[:19])).is_clear


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(replace(ARTICLES, rows=9_999, size_bytes=ARTICLES.size_bytes), id="small"),
        pytest.param(replace(ARTICLES, kind=RelationKind.MATERIALIZED_VIEW), id="materialised"),
        pytest.param(
            a_table("articles", "id bigint not null", "tag_ids bigint[]"), id="another-type"
        ),
    ],
)
def test_leaves_alone(table: Table) -> None:
    assert run(table=table).is_clear


def test_says_why_it_cannot_judge() -> None:
    other = column_statistics(ARTICLES, "id")
    assert run(other).reasons == ("what tag_ids holds is not known: no statistics",)
    redacted = replace(a_snapshot(ARTICLES, FIND, LISTS), redaction=Redaction(level="default"))
    assert diagnose(RULE, redacted).reasons == (
        "what tag_ids holds is not known: the snapshot is redacted",
    )
    assert diagnose(RULE, a_snapshot(ARTICLES, LISTS)).reasons == (
        "no statement was recorded, and no workload files were given",
    )
