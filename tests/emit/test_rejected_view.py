"""Candidates that were left out, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.emit.rejected_view import view_rejected
from pgadvisor.emit.report import ReportFormat, render
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.advice import AdviceData
from pgadvisor.model.candidate import Candidate, Rejected
from pgadvisor.model.schema import IndexKey
from pgadvisor.units import MiB
from tests.emit.sample import an_advice


def rejected(column: str, code: str = "covered") -> Rejected:
    definition = IndexDefinition(
        table_oid=1, schema="public", table="orders", keys=(IndexKey(column=column),)
    )
    return Rejected(
        candidate=Candidate(
            definition=definition, statement_ids=("1",), reason="equality", size_bytes=2 * MiB
        ),
        code=code,
        reason=f"{column} is not needed",
    )


def an_advice_without(*indexes: Rejected) -> AdviceData:
    return replace(an_advice(), rejected=indexes)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("not-built", "could not be built for the planner"),
        ("not-used", "used by no plan"),
        ("too-little", "saves too little"),
        ("over-budget", "over the storage budget"),
        ("too-many", "over the number of indexes"),
        ("covered", "covered by another index"),
        ("regression", "makes a statement worse"),
        ("write-cost", "costs more on writes than it saves"),
        ("forbidden", "on a table that is to get no new index"),
        ("build-time", "over the time to build indexes"),
        ("something-new", "something-new"),
    ],
)
def test_every_reason_has_its_words(code: str, words: str) -> None:
    [group] = view_rejected(an_advice_without(rejected("a", code)), is_whole=False)

    assert (group.count, group.reason) == (1, words)


def test_the_most_frequent_reason_comes_first() -> None:
    advice = an_advice_without(
        rejected("a", "too-many"), rejected("b", "covered"), rejected("c", "too-many")
    )

    groups = view_rejected(advice, is_whole=False)

    assert [(group.count, group.reason) for group in groups] == [
        (2, "over the number of indexes"),
        (1, "covered by another index"),
    ]


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_names_three_examples_and_all_if_asked(name: ReportFormat) -> None:
    advice = an_advice_without(*(rejected(f"column_{n}") for n in range(25)))

    few = render(advice, name)
    whole = render(advice, name, explain_choice=True)

    assert few.count("is not needed") == 3
    assert whole.count("is not needed") == 25
    assert "2 MB; column_24 is not needed" in " ".join(whole.split())
