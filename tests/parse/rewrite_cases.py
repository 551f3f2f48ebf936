"""Rewrites to be held against a server: texts, values for them, and what they rest on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import strategies as st

from pgadvisor.model.catalog import Catalog
from pgadvisor.parse.rewrite import (
    Rewritten,
    any_array,
    disjoint_union,
    exists_for_count,
    exists_for_join,
    keyset_template,
    not_exists,
    sargable_range,
    union_all,
)
from tests.parse.rewrite_tables import Case, dates, nights, numbers, small, words


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
    "or-a-subquery": Case(
        rewrite=union_all,
        before="SELECT p.id, p.name FROM people p WHERE p.boss_id IN "
        "(SELECT o.person_id FROM orders o WHERE o.status = $2) OR p.score = $1 ORDER BY p.id",
        values=(numbers, words),
        is_ordered=True,
    ),
    "or-exists": Case(
        rewrite=union_all,
        before="SELECT p.id FROM people p WHERE p.name = $1 OR EXISTS "
        "(SELECT FROM orders o WHERE o.person_id = p.id AND o.status = $1)",
        values=(words,),
    ),
}
UNIONS = {
    "union": Case(
        rewrite=disjoint_union,
        before="SELECT 'p' AS kind, id, name FROM people WHERE score = $1 UNION "
        "SELECT 'o', id, status FROM orders WHERE person_id = $1 ORDER BY kind, id LIMIT $2",
        values=(numbers, small),
        is_ordered=True,
    ),
    "union-of-three": Case(
        rewrite=disjoint_union,
        before="SELECT 1, p.* FROM people p WHERE score = $1 UNION SELECT 2, * FROM people "
        "UNION SELECT 3, p.* FROM people p JOIN people b ON b.id = p.boss_id",
        values=(numbers,),
    ),
    "union-of-parameters": Case(
        rewrite=disjoint_union,
        before="SELECT $1::text, id FROM people UNION SELECT $2::text, id FROM orders",
        values=(words, words),
        conditions={"$1 and $2 differ": "$1 IS DISTINCT FROM $2"},
    ),
    "union-of-a-test": Case(
        rewrite=disjoint_union,
        before="SELECT * FROM people WHERE seen IS NULL UNION "
        "SELECT * FROM people p WHERE p.seen IS NOT NULL AND score = $1",
        values=(numbers,),
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
            counterexamples=dict.fromkeys(_SAME_ZONE, nights),
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
CASES = NOT_IN | LISTS | COUNTS | ALTERNATIVES | UNIONS | FAN_OUT | DATES | PAGES
