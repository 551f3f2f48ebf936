"""Statements and literals for Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

CANARY = "sésame"
"""A part of every text literal below, so that a test can look for it."""

_characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_bodies = st.text(_characters, max_size=12).map(lambda text: f"{text}{CANARY}")


def _dollar_quoted(body: str) -> str:
    return f"$q${body.replace('$', '')}$q$"


text_literals = st.one_of(
    _bodies.map(lambda body: "'" + body.replace("'", "''") + "'"),
    _bodies.map(lambda body: "E'" + body.replace("\\", "\\\\").replace("'", "\\'") + "'"),
    _bodies.map(_dollar_quoted),
    st.just(f"U&'{CANARY}!0061' UESCAPE '!'"),
    st.just(f"N'{CANARY}'"),
    st.just(f"'{CANARY}'\n  'more'"),
)
number_literals = st.one_of(
    st.integers(0, 2**70).map(str),
    st.floats(0, 1e300, allow_nan=False).map(lambda number: f"{number!r}"),
    st.sampled_from(["0x1F", "1_000", "1.5e3", "b'101'", "x'ff'", "true", "NULL"]),
)
literals = st.one_of(text_literals, number_literals, st.just("$1"))
comments = st.sampled_from(["", f"/* {CANARY} */", f"-- {CANARY}\n", f"/* /* {CANARY} */ */"])
columns = st.sampled_from(["a", "t.b", '"weird ""col"', "größe"])


@st.composite
def statements(draw: st.DrawFn) -> str:
    """A statement with literals in many places."""
    one, two, three = draw(st.tuples(literals, literals, literals))
    column, note = draw(columns), draw(comments)
    template = draw(
        st.sampled_from(
            [
                "SELECT {c} {n} FROM t WHERE {c} = {x} AND b IN ({y}, {z})",
                "SELECT {x}, {y} AS y FROM t {n} WHERE {c} LIKE {z} LIMIT 5",
                "INSERT INTO t (a, b) VALUES ({x}, {y}), ({z}, DEFAULT) {n}",
                "UPDATE t SET a = {x} {n} WHERE {c} BETWEEN {y} AND {z}",
                "DELETE FROM t WHERE {c} = ANY (ARRAY[{x}, {y}]) {n} OR b = {z}",
                "{n} WITH w AS (SELECT {x} AS q) SELECT coalesce({c}, {y}) FROM w, t WHERE q = {z}",
                "SELECT CASE WHEN {c} = {x} THEN {y} ELSE {z} END FROM t GROUP BY 1 {n}",
                "SELECT {c} FROM t WHERE (a, b) > ({x}, {y}) {n} ORDER BY a LIMIT 3 OFFSET 7",
            ]
        )
    )
    return template.format(c=column, n=note, x=one, y=two, z=three)
