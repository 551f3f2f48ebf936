"""Indexes of only the rows that a constant condition leaves."""

from __future__ import annotations

import pytest

from pgadvisor.testing import column_statistics
from tests.propose.jobs import JOBS, KEYS, PARTIAL, candidates, proposed, statuses

TEXT = "SELECT * FROM jobs WHERE status = 'new' AND tenant_id = $1"


def partial(text: str | tuple[str, ...], *objects: object) -> list[str]:
    return proposed(text, *objects, kinds=PARTIAL)  # type: ignore[arg-type]


@pytest.mark.parametrize(("ratio", "is_proposed"), [(0.10, True), (0.11, False)])
def test_leaves_out_the_rows_that_a_rare_value_does_not_ask_for(
    *, ratio: float, is_proposed: bool
) -> None:
    found = partial(TEXT, statuses(0.85, ratio))

    assert found == (["(tenant_id) WHERE status = 'new'"] if is_proposed else [])


def test_says_that_a_parameter_will_not_do() -> None:
    [found] = candidates(TEXT, statuses(0.9, 0.05), kinds=PARTIAL)

    assert found.reason == "equality on tenant_id where \"status\" = 'new'"
    assert found.note == (
        "It serves only statements that say \"status\" = 'new' themselves: "
        "a generic plan cannot prove it of a parameter."
    )


def test_a_parameter_gets_no_partial_index_and_the_reason_is_said() -> None:
    text = "SELECT * FROM jobs WHERE status = $1"

    assert partial(text, statuses(0.9, 0.05)) == []
    [plain] = candidates(text, statuses(0.9, 0.05), kinds=KEYS)
    assert plain.note == (
        "Few rows have some values of status, but no partial index is proposed: "
        "a generic plan could not use it for a parameter."
    )
    [even] = candidates(text, statuses(0.49, 0.05), kinds=KEYS)
    assert even.note == ""


@pytest.mark.parametrize(
    ("condition", "predicate"),
    [
        ("status IN ('new', 'odd')", "status IN ('new', 'odd')"),
        ("deleted_at IS NOT NULL", "deleted_at IS NOT NULL"),
        ("active", "active = true"),
    ],
)
def test_takes_lists_nulls_and_booleans(condition: str, predicate: str) -> None:
    statistics = (
        column_statistics(
            JOBS, "status", most_common_values=("new", "odd"), most_common_ratios=(0.05, 0.04)
        ),
        column_statistics(JOBS, "deleted_at", null_ratio=0.95),
        column_statistics(
            JOBS, "active", most_common_values=("f", "t"), most_common_ratios=(0.97, 0.03)
        ),
    )

    found = partial(f"SELECT * FROM jobs WHERE {condition} AND tenant_id = $1", *statistics)

    assert found == [f"(tenant_id) WHERE {predicate}"]


def test_takes_a_condition_that_most_statements_on_the_table_share() -> None:
    living = column_statistics(JOBS, "deleted_at", null_ratio=0.6)
    one = "SELECT * FROM jobs WHERE deleted_at IS NULL AND tenant_id = $1"
    two = "SELECT * FROM jobs WHERE deleted_at IS NULL AND owner_id = $1"
    other = "SELECT * FROM jobs WHERE id = $1"

    assert partial((one, two, other), living) == [
        "(tenant_id) WHERE deleted_at IS NULL",
        "(owner_id) WHERE deleted_at IS NULL",
    ]
    assert partial((one, two, other, other), living) == [], "half of them are not most"
    assert partial((one,), living) == [], "one statement shares nothing"
    full = column_statistics(JOBS, "deleted_at", null_ratio=0.91)
    assert partial((one, two), full) == [], "hardly a row is left out"


def test_keeps_order_and_what_is_read_among_the_rows() -> None:
    text = "SELECT name FROM jobs WHERE status = 'new' ORDER BY created_at LIMIT 5"

    assert partial(text, statuses(0.9, 0.05))[:3] == [
        "(created_at) WHERE status = 'new'",
        "(created_at) INCLUDE (name) WHERE status = 'new'",
        "(created_at, name) WHERE status = 'new'",
    ]


def test_keeps_a_key_where_nothing_else_is_asked_for() -> None:
    text = "SELECT * FROM jobs WHERE status = 'new'"

    assert partial(text, statuses(0.9, 0.05)) == ["(status) WHERE status = 'new'"]


def test_joins_conditions_of_one_statement() -> None:
    text = "SELECT * FROM jobs WHERE status = 'new' AND deleted_at IS NULL AND tenant_id = $1"
    deleted = column_statistics(JOBS, "deleted_at", null_ratio=0.05)

    assert "(tenant_id) WHERE status = 'new' AND deleted_at IS NULL" in partial(
        text, statuses(0.9, 0.05), deleted
    )


@pytest.mark.parametrize(
    "condition", ["status = 'new' OR tenant_id = 5", "status <> 'done'", "status > 'new'"]
)
def test_other_conditions_make_no_partial_index(condition: str) -> None:
    text = f"SELECT * FROM jobs WHERE ({condition}) AND owner_id = $1"

    assert partial(text, statuses(0.9, 0.05)) == []
