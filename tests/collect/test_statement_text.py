"""Texts of statements: what is kept, and what is noise."""

from __future__ import annotations

import pytest

from pgadvisor.collect.statement_text import called_names, clean, is_noise
from pgadvisor.parse.statement import fingerprint, normalise
from tests.benchmarks.large_database import Scale, statements

TEXTS = (
    "select a from t where b = $1",
    "select a from t where b = 7",
    "select a from t where b = 'x' -- secret",
    "select a /* 42 */ from t2 where c1 is null and d = $12",
    "update t set a = true, b = null where c is not null",
    "select 'it''s', $$x$$, e'\\n', 1.5, .5, x'ff' from t",
    'select "7" from "we;ird" where a = $1',
    "insert into t (a, b) values ($1, $2) on conflict do nothing;",
    "with x as (select $1::int) select * from x limit $2",
    "select $1::varchar(20)",
    "select a from t where",
    "copy t to program 'curl http://u:p@h'",
    "<insufficient privilege>",
    "",
)


@pytest.mark.parametrize("text", TEXTS)
def test_keeps_what_the_parser_keeps(text: str) -> None:
    assert clean(text)[0] == normalise(text)


def test_keeps_what_the_parser_keeps_of_a_whole_workload() -> None:
    for text in statements(Scale(tables=20, statements=200)):
        normal = normalise(text)

        assert clean(text) == (normal, fingerprint(normal))
        assert clean(normal) == (normal, fingerprint(normal))


@pytest.mark.parametrize(
    "text", ["SET x = 1", "begin", "  COMMIT", "select /* pgadvisor */ 1", "FETCH 10 FROM c"]
)
def test_knows_noise(text: str) -> None:
    assert is_noise(text)


@pytest.mark.parametrize("text", ["select 1", "settle_accounts", "copy t from stdin", "call p()"])
def test_knows_what_is_none(text: str) -> None:
    assert not is_noise(text)


def test_finds_the_names_before_parentheses() -> None:
    text = 'select App.Slug (a), "We""ird"(b), count(*) from t where c in ($1)'

    assert called_names(text) == {"slug", 'We"ird', "count", "in"}
