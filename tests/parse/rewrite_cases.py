"""Rewrites to be held against a server: texts, values for them, and what they rest on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from pgadvisor.model.catalog import Catalog
from pgadvisor.parse.rewrite import (
    Rewritten,
    any_array,
    exists_for_count,
    exists_for_join,
    keyset_template,
    not_exists,
    sargable_range,
    union_all,
)
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


def _moments(type_name: str, days: st.SearchStrategy[str] = _day) -> st.SearchStrategy[str]:
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


_moment = _moments("timestamptz")
_people = st.tuples(
    numbers, words, numbers, _moment, st.one_of(_moments("timestamp"), st.just("NULL"))
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
_nights: st.SearchStrategy[Example] = st.tuples(
    st.tuples(
        st.lists(
            st.tuples(
                *(numbers, words, numbers, _moments("timestamptz", _set_back), st.just("NULL"))
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


def _count(text: str, _catalog: Catalog) -> Rewritten | None:
    return exists_for_count(text)


def _as_array(first: int, last: int) -> Callable[[Sequence[str]], Sequence[str]]:
    def arguments(values: Sequence[str]) -> Sequence[str]:
        listed = ", ".join(values[first - 1 : last])
        return (*values[: first - 1], f"ARRAY[{listed}]::integer[]", *values[last:])

    return arguments


def _without(number: int) -> Callable[[Sequence[str]], Sequence[str]]:
    return lambda values: [*values[: number - 1], *values[number:]]


_NO_NULL_LISTED = {
    "no row of the subquery has a NULL in orders.person_id": (
        "NOT EXISTS (SELECT FROM orders WHERE person_id IS NULL AND status = $1)"
    )
}
_NO_NULL_TESTED = {
    "people.boss_id is NULL in no row": "NOT EXISTS (SELECT FROM people WHERE boss_id IS NULL)"
}
_ARRAY_IN_1 = {"the application passes the values as an array in $1": "true"}
_BY_KEY = {"the application passes the last row's key instead of a page number": "true"}
_NO_TIES = {
    "no two rows are equal in at (of those that are, others may be on the page)": (
        "NOT EXISTS (SELECT FROM people GROUP BY at HAVING count(*) > 1)"
    )
}
_DATES = {"the application passes dates": "true"}
_PLAIN_DATES = {
    "no date asked for is infinite or beyond the year 294275": (
        "abs(extract(year FROM $1)) < 294276"
    )
}
_SAME_ZONE = {
    "the session's TimeZone is the same for both and never sets its clocks back across midnight "
    "(as Atlantic/Azores and America/Havana do)": (
        "current_setting('TimeZone') NOT IN ('Atlantic/Azores', 'America/Havana')"
    )
}

NOT_IN = {
    "not-in": Case(
        rewrite=not_exists,
        before="SELECT * FROM people WHERE boss_id NOT IN "
        "(SELECT person_id FROM orders WHERE status = $1)",
        values=(words,),
        conditions=_NO_NULL_LISTED | _NO_NULL_TESTED,
    ),
    "not-in-of-a-key": Case(
        rewrite=not_exists,
        before="SELECT p.name FROM people p WHERE score = $2 OR p.id NOT IN "
        "(SELECT person_id FROM orders WHERE status = $1)",
        values=(words, numbers),
        conditions=_NO_NULL_LISTED,
    ),
    "not-in-without-nulls": Case(
        rewrite=not_exists,
        before="DELETE FROM people WHERE id <> ALL (SELECT DISTINCT o.person_id FROM orders o "
        "WHERE o.person_id IS NOT NULL AND (o.status = $1 OR o.id = $2)) RETURNING id, name",
        values=(words, numbers),
    ),
}
LISTS = {
    "in": Case(
        rewrite=any_array,
        before="SELECT id FROM people WHERE boss_id IN ($1, $2, $3) AND score >= $4",
        values=(numbers, numbers, numbers, small),
        conditions=_ARRAY_IN_1,
        arguments=_as_array(1, 3),
    ),
    "not-in-list": Case(
        rewrite=any_array,
        before="SELECT id, boss_id NOT IN ($1, $2) FROM people WHERE score = $3",
        values=(numbers, numbers, numbers),
        conditions=_ARRAY_IN_1,
        arguments=_as_array(1, 2),
    ),
}
COUNTS = {
    "counts-a-constant": Case(
        rewrite=_count,
        before="SELECT id, 0 < (SELECT count(*) FROM orders WHERE person_id = people.id) "
        "FROM people WHERE (SELECT count(*) FROM orders o WHERE o.id = people.score) < 1",
    ),
    "counts-a-parameter": Case(
        rewrite=_count,
        before="SELECT * FROM people WHERE "
        "(SELECT count(*) FROM orders WHERE person_id = people.id) > $1 AND score IS NOT NULL",
        values=(st.sampled_from(["-1", "0", "1"]),),
        conditions={"$1 of the old text is 0": "$1 = 0"},
        arguments=_without(1),
    ),
    "counts-none": Case(
        rewrite=_count,
        before="SELECT count(*) = $2 FROM people WHERE score = $1",
        values=(numbers, st.sampled_from(["0", "1"])),
        conditions={"$2 of the old text is 0": "$2 = 0"},
        arguments=_without(2),
    ),
}
ALTERNATIVES = {
    "or": Case(
        rewrite=union_all,
        before="SELECT id, name FROM people WHERE boss_id = $1 OR score = $2 ORDER BY id",
        values=(numbers, numbers),
        is_ordered=True,
    ),
    "or-page-of-a-key": Case(
        rewrite=union_all,
        before="SELECT * FROM people WHERE (boss_id = $1 AND name = $4 OR score = $2 OR name = $5)"
        " AND seen IS NOT NULL ORDER BY at DESC, id LIMIT $3",
        values=(numbers, numbers, small, words, words),
        is_ordered=True,
    ),
    "or-page": Case(
        rewrite=union_all,
        before="SELECT * FROM people WHERE boss_id = $1 OR score = $2 ORDER BY at LIMIT $3",
        values=(numbers, numbers, small),
        conditions=_NO_TIES,
        is_ordered=True,
    ),
    "or-across-tables": Case(
        rewrite=union_all,
        before="SELECT p.name, o.status FROM people p JOIN orders o ON o.person_id = p.id "
        "WHERE p.boss_id = $1 OR o.status = $2",
        values=(numbers, words),
    ),
}
FAN_OUT = {
    "distinct": Case(
        rewrite=exists_for_join,
        before="SELECT DISTINCT p.name, p.score FROM people p JOIN orders o "
        "ON o.person_id = p.boss_id AND o.id >= p.score WHERE p.score < 2 OR p.name = $1",
        values=(words,),
    ),
    "distinct-key": Case(
        rewrite=exists_for_join,
        before="SELECT DISTINCT people.* FROM orders, people "
        "WHERE person_id = boss_id AND status = $1 ORDER BY people.id DESC LIMIT $2",
        values=(words, small),
        is_ordered=True,
    ),
}
DATES = {
    **{
        f"date-{number}": Case(
            rewrite=sargable_range,
            before=f"SELECT id FROM people WHERE {condition}",
            values=(dates,),
            conditions=(_SAME_ZONE if "seen" not in condition else {})
            | _DATES
            | (_PLAIN_DATES if adds_a_day else {}),
            counterexamples=dict.fromkeys(_SAME_ZONE, _nights),
        )
        for number, (condition, adds_a_day) in enumerate(
            (
                ("date(at) = $1", True),
                ("NOT at::date < $1", False),
                ("date(at) <= $1", True),
                ("at::date > $1", True),
                ("date(seen) = $1", True),
                ("$1 < seen::date", True),
                ("$1 <= date(seen)", False),
                ("date(seen) < $1", False),
            )
        )
    },
    "date-between": Case(
        rewrite=sargable_range,
        before="SELECT id FROM people WHERE score = 1 OR date(seen) BETWEEN $1 AND $2",
        values=(dates, dates),
        conditions=_DATES
        | {name: check.replace("$1", "$2") for name, check in _PLAIN_DATES.items()},
    ),
}
PAGES = {
    "page": Case(
        rewrite=keyset_template,
        before="SELECT id, name FROM people WHERE name = $3 OR score > $4 "
        "ORDER BY at DESC, id DESC LIMIT $1 OFFSET $2",
        values=(st.sampled_from(["1", "2"]), st.just("0"), words, numbers),
        conditions=_BY_KEY,
        key_columns=(4, 0),
        is_ordered=True,
    ),
    "page-with-ties": Case(
        rewrite=keyset_template,
        before="SELECT id, name FROM people ORDER BY at LIMIT $1 OFFSET $2",
        values=(st.sampled_from(["1", "2"]), st.just("0")),
        conditions=_BY_KEY
        | {
            "no two rows are equal in at, as where the last of them is unique": (
                "NOT EXISTS (SELECT FROM people GROUP BY at HAVING count(*) > 1)"
            )
        },
        key_columns=(4,),
        is_ordered=True,
    ),
    "page-with-nulls": Case(
        rewrite=keyset_template,
        before="SELECT id, name FROM people ORDER BY score, id LIMIT $1 OFFSET $2",
        values=(st.sampled_from(["1", "2"]), st.just("0")),
        conditions=_BY_KEY
        | {"score is NULL in no row": "NOT EXISTS (SELECT FROM people WHERE score IS NULL)"},
        key_columns=(3, 0),
        is_ordered=True,
    ),
}
CASES = NOT_IN | LISTS | COUNTS | ALTERNATIVES | FAN_OUT | DATES | PAGES
