"""The comment for a pull request."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.emit.migration import build_migration
from pgadvisor.emit.pr_comment import MAX_CHARACTERS, render_pr_comment
from pgadvisor.model.action import AnalyzeTable
from pgadvisor.model.advice import AdviceData
from tests.emit.sample import an_advice, an_empty_advice


def with_many(count: int, title: str = "Refresh the statistics") -> AdviceData:
    advice = an_advice()
    [first, *_] = advice.recommendations
    made = tuple(
        replace(
            first,
            title=f"{title} {number}",
            actions=(AnalyzeTable(schema="public", table=f"t{number}"),),
        )
        for number in range(count)
    )
    return replace(advice, recommendations=made, migration=build_migration(made))


def test_says_in_a_table_what_changes_and_shows_the_sql() -> None:
    comment = render_pr_comment(an_advice())

    assert "| 1 | Create an index on public.orders (customer_id, created_at DESC) |" in comment
    assert "saves 20 s of execution time a day (97 % of all); adds 3 MB" in comment
    assert an_advice().migration.up_sql.strip() in comment
    assert an_advice().migration.down_sql.strip() in comment
    assert "- Rewrite a statement (the application has to be changed)" in comment


def test_leaves_the_sql_out_where_it_would_be_too_long() -> None:
    comment = render_pr_comment(with_many(300))

    assert len(comment) <= MAX_CHARACTERS
    assert "ANALYZE" not in comment
    assert "The migration is too long to be shown here" in comment
    assert "250 more changes in the report." in comment


@pytest.mark.parametrize("character", ["x", "|", "`", "&", "\n", "🐘", "@a"])
def test_is_never_longer_than_github_takes(character: str) -> None:
    comment = render_pr_comment(with_many(60, character * 20_000))

    assert len(comment) <= MAX_CHARACTERS
    assert comment.endswith("scaled by the planner's costs.\n")


def test_of_a_database_without_faults_is_short() -> None:
    comment = render_pr_comment(an_empty_advice())

    assert "```" not in comment
    assert "Nothing to change was found" in comment
