"""Which parameters a statement compares with which columns, lists and limits included."""

from __future__ import annotations

import pytest

from pgadvisor.model.usage import Predicate
from tests.parse.describe import usage


def predicates(text: str) -> list[Predicate]:
    return [predicate for each in usage(text).relations for predicate in each.predicates]


@pytest.mark.parametrize(
    "condition",
    [
        "id in ($1, $2)",
        "id = any (array[$1, $2])",
        "id = any (array[$1, $2]::int[])",
        "id = $1 or id = $2",
    ],
)
def test_lists_the_parameters_of_a_list(condition: str) -> None:
    [predicate] = predicates(f"select from orders where {condition}")

    assert predicate.list_parameters == (1, 2)
    assert predicate.parameter is None
    assert not predicate.takes_array


@pytest.mark.parametrize("array", ["$1", "$1::int[]", "($1)"])
def test_tells_an_array_from_one_of_its_values(array: str) -> None:
    [whole] = predicates(f"select from orders where id = any ({array})")
    [member] = predicates("select from orders where id in ($1)")

    assert (whole.parameter, whole.list_parameters, whole.takes_array) == (1, (), True)
    assert (member.parameter, member.list_parameters, member.takes_array) == (1, (1,), False)


def test_lists_no_constants() -> None:
    [predicate] = predicates("select from orders where id in (5, $2)")

    assert predicate.list_parameters == (2,)


@pytest.mark.parametrize(
    ("text", "limits", "offsets"),
    [
        ("select from orders limit $1", (1,), ()),
        ("select from orders limit $2::bigint offset $1", (2,), (1,)),
        ("select from (select from orders limit $1) o limit $2", (2, 1), ()),
        ("delete from orders where id in (select id from orders limit $1)", (1,), ()),
        ("with o as (select * from orders offset $1) select from o", (), (1,)),
        ("select from orders limit 5", (), ()),
        ("select from orders limit $1 + 1", (), ()),
    ],
)
def test_finds_limits(text: str, limits: tuple[int, ...], offsets: tuple[int, ...]) -> None:
    found = usage(text)

    assert found.limit_parameters == limits
    assert found.offset_parameters == offsets
