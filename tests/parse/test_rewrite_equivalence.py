"""Rewrites, held against a server: both texts return the same rows, over rows made to differ.

The rows have NULLs, duplicates, ties, days on which clocks are set, and the ends of the calendar.
What a rewrite states as its condition is tested as well: without it the rows do differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from psycopg.pq import ExecStatus

from pgadvisor.cluster.launch import Cluster
from pgadvisor.parse.parameters import substitute
from pgadvisor.parse.rewrite import Rewritten
from tests.fixtures.databases import fresh_database
from tests.parse.rewrite_cases import CASES
from tests.parse.rewrite_tables import CATALOG, SCHEMA, Case, Example, data, filling

pytestmark = pytest.mark.live

Rows = list[tuple[bytes | None, ...]] | str
EXAMPLES = 60
"""Of each case; about a hundredth of a second each."""
NEEDED = [
    pytest.param(case, condition, id=f"{name}: {condition[:40]}")
    for name, case in CASES.items()
    for condition, check in case.conditions.items()
    if check != "true"
]
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@pytest.fixture(scope="module")
def server(cluster: Cluster) -> Iterator[psycopg.Connection[Any]]:
    """A database with the tables of the cases."""
    with (
        fresh_database(cluster) as dsn,
        psycopg.connect(dsn, autocommit=True) as connection,
    ):
        connection.execute(SCHEMA)
        yield connection


def run(server: psycopg.Connection[Any], text: str) -> Rows:
    """The rows as the server writes them, or the code of its error; nothing is kept."""
    server.pgconn.exec_(b"BEGIN")
    result = server.pgconn.exec_(text.encode())
    server.pgconn.exec_(b"ROLLBACK")
    if result.status != ExecStatus.TUPLES_OK:
        return result.error_message.decode()
    return [
        tuple(result.get_value(row, column) for column in range(result.nfields))
        for row in range(result.ntuples)
    ]


def filled(text: str, values: Sequence[str]) -> str:
    return substitute(text, {number: f"({value})" for number, value in enumerate(values, 1)})


def rewritten(case: Case) -> Rewritten:
    found = case.rewrite(case.before, CATALOG)
    assert found is not None
    return found


def examples_of(case: Case) -> st.SearchStrategy[Example]:
    return st.tuples(data, st.tuples(*case.values))


def both(
    server: psycopg.Connection[Any], case: Case, after: str, example: Example
) -> tuple[Rows, Rows]:
    """What the old text and the new one return for the same question."""
    rows, values = example
    result = server.pgconn.exec_(filling(rows).encode())
    assert result.status == ExecStatus.COMMAND_OK, result.error_message
    if case.key_columns:
        return both_pages(server, case, after, values)
    old = run(server, filled(case.before, values))
    new = run(server, filled(after, case.arguments(values)))
    if not case.is_ordered and not isinstance(old, str) and not isinstance(new, str):
        return sorted(old, key=repr), sorted(new, key=repr)
    return old, new


def both_pages(
    server: psycopg.Connection[Any], case: Case, after: str, values: Sequence[str]
) -> tuple[Rows, Rows]:
    """The second page, by counting and by the key of the first one's last row."""
    length = values[0]
    keyed = case.before.replace("SELECT id, name", "SELECT *")
    first = run(server, filled(keyed, values))
    assert not isinstance(first, str)
    if len(first) < int(length):
        return [], []
    last = (first[-1][column] for column in case.key_columns)
    key = ["NULL" if value is None else f"'{value.decode()}'" for value in last]
    second = run(server, filled(case.before, [length, length, *values[2:]]))
    return second, run(server, filled(after, [length, *values[2:], *key]))


def holds(server: psycopg.Connection[Any], check: str, values: Sequence[str]) -> bool:
    return run(server, filled(f"SELECT {check}", values)) == [(b"t",)]


@each_case
def test_states_what_it_rests_on(case: Case) -> None:
    assert rewritten(case).conditions == tuple(case.conditions)


@each_case
def test_returns_the_same_rows(server: psycopg.Connection[Any], case: Case) -> None:
    after = rewritten(case).text
    seen: Counter[str] = Counter()

    @settings(max_examples=EXAMPLES, phases=(Phase.explicit, Phase.generate, Phase.shrink))
    @given(examples_of(case))
    def check(example: Example) -> None:
        old, new = both(server, case, after, example)
        if not all(holds(server, one, example[1]) for one in case.conditions.values()):
            return
        assert old == new
        seen["held"] += 1
        seen["returned something"] += bool(old)

    check()
    # Else it would have compared nothing with nothing.
    assert seen["held"] >= 3
    assert seen["returned something"] >= 1


@pytest.mark.parametrize(("case", "condition"), NEEDED)
def test_rows_differ_where_a_condition_does_not_hold(
    server: psycopg.Connection[Any], case: Case, condition: str
) -> None:
    after = rewritten(case).text
    others = [check for name, check in case.conditions.items() if name != condition]

    def differs(example: Example) -> bool:
        old, new = both(server, case, after, example)
        return old != new and all(holds(server, one, example[1]) for one in others)

    broken = find(
        case.counterexamples.get(condition, examples_of(case)),
        differs,
        settings=settings(max_examples=3_000, phases=(Phase.generate,), database=None),
    )

    both(server, case, after, broken)
    assert not holds(server, case.conditions[condition], broken[1])
