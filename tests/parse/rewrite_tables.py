"""Tables of which statements and their rewrites are asked, rows for them, and what a case is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from pgadvisor.model.catalog import Catalog
from pgadvisor.parse.rewrite import Rewritten
from pgadvisor.testing import a_primary_key, a_snapshot, a_table

SCHEMA = """
    CREATE TABLE people (
        id integer PRIMARY KEY, boss_id integer, name text, score integer,
        at timestamptz NOT NULL, seen timestamp
    );
    CREATE TABLE orders (
        id integer PRIMARY KEY, person_id integer, status text, at timestamptz
    );
"""
_PEOPLE = a_table(
    "people",
    *("id integer not null", "boss_id integer", "name text", "score integer"),
    *("at timestamptz not null", "seen timestamp"),
)
_ORDERS = a_table(
    "orders", "id integer not null", "person_id integer", "status text", "at timestamptz"
)
CATALOG = Catalog(
    a_snapshot(_PEOPLE, _ORDERS, a_primary_key(_PEOPLE, "id"), a_primary_key(_ORDERS, "id"))
)

numbers = st.sampled_from(["0", "1", "2", "NULL"])
small = st.sampled_from(["0", "1", "2"])
words = st.sampled_from(["'a'", "'b'", "NULL"])
_DAYS = (
    *("2023-10-28", "2023-10-29", "2023-11-05", "2011-12-30", "2018-02-18", "2018-11-04"),
    *("2024-02-29", "0001-01-01 BC", "9999-12-31", "294276-12-31", "infinity", "-infinity"),
)
"""Days on which clocks are set, a day that Samoa did without, and ends of the calendar."""
_day = st.one_of(st.shared(st.sampled_from(_DAYS), key="day"), st.sampled_from(_DAYS))
"""Mostly the same one, so that rows and questions meet."""
dates = _day.map(lambda day: f"date '{day}'")
_SHIFTS = (
    "-1 hour",
    "-1 microsecond",
    "0",
    "30 minutes",
    "1 hour",
    "4 hours 30 minutes",
    "24 hours 30 minutes",
)
ZONES = (
    *("UTC", "Asia/Tokyo", "Asia/Kathmandu", "America/New_York", "America/Sao_Paulo"),
    *("Pacific/Apia", "Atlantic/Azores", "America/Havana"),
)


def moments(type_name: str, days: st.SearchStrategy[str] = _day) -> st.SearchStrategy[str]:
    """Moments around the midnights of some days, in UTC where there is a zone."""
    zone = "+00" if type_name == "timestamptz" else ""

    def moment(day: str, shift: str) -> str:
        number, _, era = day.partition(" ")
        if number.endswith("infinity"):
            return f"{type_name} '{number}'"
        if number.startswith("294276"):  # no room for shifts
            return f"{type_name} '{number} 12:00{zone}'"
        return f"{type_name} '{number} 00:00{zone} {era}' + interval '{shift}'"

    return st.builds(moment, days, st.sampled_from(_SHIFTS))


_moment = moments("timestamptz")
_people = st.tuples(
    numbers, words, numbers, _moment, st.one_of(moments("timestamp"), st.just("NULL"))
)
_orders = st.tuples(numbers, words, st.one_of(_moment, st.just("NULL")))
data = st.tuples(
    st.lists(_people, min_size=2, max_size=6), st.lists(_orders, max_size=6), st.sampled_from(ZONES)
)
Data = tuple[
    list[tuple[str, str, str, str, str]],
    list[tuple[str, str, str]],
    str,
]
Example = tuple[Data, tuple[str, ...]]
_set_back = st.sampled_from(["2023-10-28", "2023-10-29", "2023-11-05"])
nights: st.SearchStrategy[Example] = st.tuples(
    st.tuples(
        st.lists(
            st.tuples(
                *(numbers, words, numbers, moments("timestamptz", _set_back), st.just("NULL"))
            ),
            min_size=1,
            max_size=3,
        ),
        st.just([]),
        st.sampled_from(ZONES[-3:]),
    ),
    st.tuples(_set_back.map(lambda day: f"date '{day}'")),
)
"""The nights alone in which clocks are set back across midnight, or just not."""


def filling(rows: Data) -> str:
    """SQL that fills both tables, and sets the time zone."""
    people, orders, zone = rows
    parts = [f"SET TimeZone = '{zone}'", "TRUNCATE people, orders"]
    parts += [
        f"INSERT INTO people VALUES ({number}, {', '.join(row)})"
        for number, row in enumerate(people)
    ]
    parts += [
        f"INSERT INTO orders VALUES ({number}, {', '.join(row)})"
        for number, row in enumerate(orders)
    ]
    return ";".join(parts)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A statement, and what is expected of its rewrite."""

    rewrite: Callable[[str, Catalog], Rewritten | None]
    before: str
    values: tuple[st.SearchStrategy[str], ...] = ()
    """SQL for ``$1``, ``$2``, ..."""
    conditions: Mapping[str, str] = field(default_factory=dict)
    """All that the rewrite has to state, with SQL that tells whether it holds: ``true`` where it
    only says how the application is to call it."""
    arguments: Callable[[Sequence[str]], Sequence[str]] = tuple
    """From the old text's values to those of the new one."""
    key_columns: tuple[int, ...] = ()
    """Of a page: where its rows have the keys; ``$1`` is then its length."""
    is_ordered: bool = False
    counterexamples: Mapping[str, st.SearchStrategy[Example]] = field(default_factory=dict)
    """Where to look for rows that differ, by the condition that does not hold."""
