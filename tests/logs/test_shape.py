"""The cheap key of statements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.logs.shape import shape_of
from pgadvisor.parse.statement import StatementError, fingerprint


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("select 1", "select 22"),
        ("select 'a'", "select 'it''s -- no comment /* nor this'"),
        ("select E'a'", r"select E'it\'s'"),
        ("select a from t1 where b = 1.5", "select a from t1 where b = 2e-7"),
        ("select $$a$$", "select $$it's$$"),
        ("select $x$a$x$", "select $x$ $$ $x$"),
        ("select \"it's\", 'a'", "select \"it's\", 'b'"),
        ("select a from t where b in (1, 2)", "select a from t where b in (1,\n 2,3)"),
        ("select 1 -- it's 1", "select 1 -- it's 2"),
        ("select 1 /* 'a */", "select 1 /* 'b */"),
    ],
)
def test_literals_make_no_difference(one: str, other: str) -> None:
    assert shape_of(one.encode()) == shape_of(other.encode())
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("select a from t1", "select a from t2"),
        ('select a from "t 1"', 'select a from "t 2"'),
        ("select a where b = $1", "select a where b = $2"),
        ("select f(1)", "select f(1, 2)"),
        ("select a from t -- 'b'\nwhere c", "select a from t -- 'b'\nwhere d"),
        ("select ü1", "select ü2"),
        ("select \"it's\" from a where b = ''", "select \"it's\" from c where b = ''"),
        (r"select 'a\' from b where 'c'", r"select 'a\' from d where 'c'"),
    ],
)
def test_names_do(one: str, other: str) -> None:
    assert shape_of(one.encode()) != shape_of(other.encode())


LITERALS = st.one_of(
    st.integers(0, 10**12).map(str),
    st.floats(0, 1e9, allow_nan=False).map(str),
    st.text(alphabet="ab'\\\"$-/*? é", max_size=8).map(lambda t: "'" + t.replace("'", "''") + "'"),
    st.text(alphabet="ab\"-/*? '", max_size=8).map(lambda t: f"$q${t}$q$"),
    st.text(alphabet='ab"-/*? ', max_size=8).map(lambda t: f"E'\\'{t}\\\\'"),
)
FRAMES = st.lists(
    st.sampled_from(
        [" a = {}", " t1.b2 < {}", ' "c\'\'3" = {}', ' "x--" in ({}, {}, {})', " f({}, $1)",
         " d between {} and {}", " /* it's {{}} */ e = {}", " f1 -{}= 2", " g->>{} = {}"]
    ),
    min_size=1,
    max_size=4,
)  # fmt: skip


@given(st.data(), FRAMES)
def test_texts_of_one_shape_have_one_fingerprint(data: st.DataObject, frames: list[str]) -> None:
    frame = "select 1 from t1 where" + " and".join(frames)
    count = frame.count("{}")
    texts = [frame.format(*(data.draw(LITERALS) for _ in range(count))).encode() for _ in range(2)]

    shapes = [shape_of(text) for text in texts]
    if shapes[0] == shapes[1]:
        prints = {_fingerprint(text.decode()) for text in texts}
        assert len(prints - {None}) <= 1


def _fingerprint(text: str) -> str | None:
    try:
        return fingerprint(text)
    except StatementError:
        return None


@given(st.binary(max_size=200))
def test_any_bytes_have_a_shape(text: bytes) -> None:
    shape_of(text)


@given(st.text(alphabet="'\"$-/*eE1a \\\n,(in)", max_size=60))
def test_statements_of_odd_characters_keep_to_the_rule(text: str) -> None:
    one, other = f"select {text}", f"select {text.replace('1', '23')}"
    if shape_of(one.encode()) == shape_of(other.encode()):
        assert len({_fingerprint(one), _fingerprint(other)} - {None}) <= 1


@pytest.mark.parametrize(
    "text",
    ["/*" * 100_000, "$a$$b$" * 40_000, "$a$ $b$ " * 30_000, "'" * 99_999, '"a' * 99_999,
     "E'\\" * 60_000, "1e" * 90_000, "in (1, " * 30_000, "- " * 90_000, "/" * 99_999],
)  # fmt: skip
def test_no_text_takes_ages(text: str) -> None:
    shape_of(f"select {text}".encode())  # these would take hours if their time grew as a square
