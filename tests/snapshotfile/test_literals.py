"""Constants of SQL texts are replaced, and the texts still say what they said."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.schema import TypeKind, UserType
from pgadvisor.parse.grammar import StatementError, parse, tokens
from pgadvisor.snapshotfile.functions import redact_definition
from pgadvisor.snapshotfile.literals import SqlRedactor
from pgadvisor.snapshotfile.pseudonym import mentions_pseudonym
from pgadvisor.snapshotfile.sink import Collector, Sink
from pgadvisor.snapshotfile.types import TEXT, TypeCatalog
from pgadvisor.snapshotfile.values import ValueRedactor
from pgadvisor.sqltext.quote import quote_literal

SIZE = UserType(oid=1, schema="public", name="size", kind=TypeKind.ENUM, labels=("small", "big"))
KEPT = frozenset({"open", "done"})
NAMES = frozenset({"customer"})


def _redact(*texts: str, known: tuple[str, ...] = (), is_bound: bool = False) -> list[str]:
    collector = Collector(KEPT)
    for value in known:
        ValueRedactor(collector).value(TEXT, value)
    collector.is_learning = False
    _replaced(collector, texts, is_bound=is_bound)
    return _replaced(collector.replacer(b"k" * 32), texts, is_bound=is_bound)


def _replaced(sink: Sink, texts: tuple[str, ...], *, is_bound: bool) -> list[str]:
    sql = SqlRedactor(
        values=ValueRedactor(sink, NAMES),
        types=TypeCatalog([SIZE]),
        labels=frozenset(SIZE.labels),
    )
    return [sql.partition_bound(text) if is_bound else sql.text(text) for text in texts]


def _shown(text: str) -> str:
    """The text with ``?`` for each pseudonym."""
    return re.sub(r"[^'\"\s%^]{8,10}~~", "?", text)


@pytest.mark.parametrize(
    "sql",
    [
        "status = 'open'::text",
        "(status)::text = ANY ((ARRAY['open'::character varying, 'done'::text])::text[])",
        "nextval('public.orders_id_seq'::regclass)",
        "nextval('orders_id_seq')",
        "to_tsvector('english'::regconfig, body)",
        "to_tsvector('german', body)",
        "date_trunc('day'::text, created_at)",
        "date_part('isodow', created_at)",
        "extract(epoch from created_at)",
        "(created_at AT TIME ZONE 'UTC'::text)",
        "timezone('Europe/Berlin'::text, created_at)",
        "to_char(created_at, 'YYYY-MM-DD HH24:MI'::text)",
        "encode(digest(body, 'sha256'::text), 'hex'::text)",
        "current_setting('app.tenant'::text)",
        "size = 'big'::public.size",
        "size = 'big'",
        "flag = 't'::boolean",
        "(data ->> 'customer'::text)",
        "array_to_string(tags, ', '::text)",
        "split_part(mail, '@', 2)",
        "created_at > now() - '7 days'::interval",
        "interval '00:05:00'",
        "name = ''::text",
        "(price)::numeric(10,2) > 0.05",
        "x::varchar(65535)",
        "cast(x as numeric(12, 2))",
        "attempts < 5 and length(x) <= 1024 limit 100000 offset 123456",
        "select * from t fetch first 12345 rows only",
        "deleted_at is null and n % 16 = 3",
        "moment < 'infinity'::timestamptz",
        "CREATE INDEX i ON t USING btree (a) WITH (fillfactor='90', deduplicate_items='false')",
        "select $1, $2::text from t where a = $3",
        'select "it\'s" from "a--b"',
        "select id in (/*, ... */ $1) from t",
    ],
)
def test_leaves_alone_what_is_structure_or_kept(sql: str) -> None:
    assert _redact(sql) == [sql]


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("note = 'canary bird'::text", "note = '?'::text"),
        ("note = E'can\\'ary'", "note = '?'"),
        ("note = $x$canary$x$", "note = '?'"),
        ("note = U&'canary'", "note = '?'"),
        ("note like 'canary bird%'", "note like '? ?%'"),
        ("(note ~~* '%canary_'::text)", "(note ~~* '%?_'::text)"),
        ("note like any (array['canary%', 'b%'])", "note like any (array['?%', '?%'])"),
        ("note ~~ ANY ('{canary%}'::text[])", "note ~~ ANY ('{\"?%\"}'::text[])"),
        ("note ~ '^canary[0-9]+$'", "note ~ '^?$'"),
        ("(data ->> 'canary'::text)", "(data ->> '?'::text)"),
        ('data @> \'{"customer": "canary"}\'::jsonb', 'data @> \'{"customer": "?"}\'::jsonb'),
        ("tags && '{canary,open}'::text[]", 'tags && \'{"?","open"}\'::text[]'),
        ("set_config('app.tenant', 'canary', true)", "set_config('app.tenant', '?', true)"),
        ("to_tsquery('english', 'canary')", "to_tsquery('english', '?')"),
        ("size = 'canary'", "size = '?'"),
        ("salary > 51234", "salary > 51000"),
        ("salary > 51234.56::numeric", "salary > 51000.0::numeric"),
        ("id = '51234567'::bigint", "id = '51000000'::bigint"),
        ("born = '1985-07-23'::date", "born = '1985-07-01'::date"),
        ("born = date '1985-07-23'", "born = date '1985-07-01'"),
        ("cast('1985-07-23' as date)", "cast('1985-07-01' as date)"),
        ("born > '1985-07-23 11:12:13'", "born > '1985-07-01 00:00:00'"),
        ("born > '23.7.1985'::date", "born > '2000-01-01'::date"),
        ("at > 'tomorrow'::timestamptz", "at > 'tomorrow'::timestamptz"),
        ("mask = B'1011' or mask = x'c0ffee'", "mask = B'0000' or mask = x'000000'"),
        ("span <@ '[51234,61234)'::int4range", 'span <@ \'["51000","61000")\'::int4range'),
        ("size = 'canary'::public.size", "size = '?'::public.size"),
        ("at = '11:12:13+02'::time with time zone", "at = '00:00:00'::time with time zone"),
        ("price > '$98,765.43'::money", "price > '0'::money"),
        ("p <@ '<(12345.5,2),3>'::circle", "p <@ '<(12000,2),3>'::circle"),
        ("v <-> '[0.123456,-7]'::public.vector", "v <-> '[0.12,-7]'::public.vector"),
        (
            "d @? '$ ? (exists(@ ? (@ > 12345)))'::jsonpath",
            "d @? '$ ? (exists(@ ? (@ > 12000)))'::jsonpath",
        ),
        ("ok = 'canary'::boolean", "ok = 'false'::boolean"),
        ("id = 'canary'::uuid", "id = '00000000-0000-0000-0000-000000000000'::uuid"),
        ("select 1 -- canary\n from t", "select 1  \n from t"),
        ("select /* canary /* nested */ */ 1", "select   1"),
        ("raise notice 'canary % of %', a, b", "raise notice '? % ? %', a, b"),
    ],
)
def test_hides_what_may_be_a_value(sql: str, shown: str) -> None:
    [found] = _redact(sql)

    assert "canary" not in found
    assert _shown(found) == shown


@pytest.mark.parametrize(
    ("sql", "pattern"),
    [
        ("x = '<a>canary</a>'::xml", r"x = '<(\w+)>\w+</\1>'::xml"),
        ("p ~ 'top.canary'::public.ltree", r"p ~ '\w{10}\.\w{10}'::public.ltree"),
        ('h @> \'"a"=>"canary"\'::hstore', r"h @> '\"\w{10}\"=>\"\w{10}\"'::hstore"),
        ("d @? '$.canary'::jsonpath", r"d @\? '\$\.\w{10}'::jsonpath"),
    ],
)
def test_the_punctuation_of_a_value_stays(sql: str, pattern: str) -> None:
    [found] = _redact(sql)

    assert "canary" not in found
    assert re.fullmatch(pattern, found)


@pytest.mark.parametrize(
    ("sql", "prefix"),
    [
        ("'c0ffee00-1234-4321-abcd-0123456789ab'::uuid", "'"),
        ("'c0ffee00-1234-4321-abcd-0123456789ab'", "'"),
        ("'\\xc0ffee'::bytea", "E'\\\\x"),
        ("'203.0.113.77'::inet", "'10."),
        ("'203.0.113.77'", "'10."),
    ],
)
def test_hides_values_of_fixed_form(sql: str, prefix: str) -> None:
    [found] = _redact(sql)

    assert "c0ffee" not in found
    assert "203" not in found
    assert found.startswith(prefix)
    assert len(tokens(found)) == len(tokens(sql))


def test_a_constant_gets_the_pseudonym_of_its_value() -> None:
    shape = TEXT
    collector = Collector(frozenset())
    ValueRedactor(collector).value(shape, "canary")
    collector.is_learning = False
    types = TypeCatalog([])
    SqlRedactor(values=ValueRedactor(collector), types=types).text("note = 'canary'")
    replacer = collector.replacer(b"k" * 32)

    sql = SqlRedactor(values=ValueRedactor(replacer), types=types).text("note = 'canary'")

    assert sql == f"note = '{ValueRedactor(replacer).value(shape, 'canary')}'"


def test_equal_constants_become_equal_ones_whatever_their_spelling() -> None:
    found = _redact(
        "note = 'it''s a canary'::text",
        "note = E'it\\'s a canary'",
        "note = $$it's a canary$$::character varying",
    )

    assert len({re.findall(r"'([^']*)'", text)[0] for text in found}) == 1


def test_a_known_value_stays_a_text_whatever_it_looks_like() -> None:
    [known, unknown] = _redact("a = '1985-07-23'", "a = '1985-07-24'", known=("1985-07-23",))

    assert mentions_pseudonym(known)
    assert unknown == "a = '1985-07-01'"


@pytest.mark.parametrize(
    ("bound", "shown"),
    [
        ("FOR VALUES FROM ('1985-07-23') TO ('1985-07-24 12:00:00')", None),
        ("FOR VALUES FROM (1234567, MINVALUE) TO ('2345678', MAXVALUE)", None),
        ("FOR VALUES WITH (modulus 12345, remainder 1)", None),
        ("FOR VALUES IN ('open', 'canary', NULL)", "FOR VALUES IN ('open', '?', NULL)"),
        ("DEFAULT", None),
    ],
)
def test_partitions_do_not_overlap_afterwards(bound: str, shown: str | None) -> None:
    [found] = _redact(bound, is_bound=True)

    assert _shown(found) == (shown or bound)


def test_ranges_of_texts_stay_in_order() -> None:
    bounds = [
        "FOR VALUES FROM ('adam') TO ('berta')",
        "FOR VALUES FROM ('berta') TO ('caesar')",
    ]

    found = _redact(*bounds, is_bound=True)

    a, b, b_again, c = re.findall(r"'([^']*)'", " ".join(found))
    assert a < b == b_again < c


DEFINITIONS = [
    (
        "CREATE UNIQUE INDEX i ON public.t USING btree (lower((mail)::text) text_pattern_ops, "
        "((data ->> 'customer'::text))) INCLUDE (a) WITH (fillfactor='70') "
        "WHERE (((status)::text = 'canary'::text) AND (n > 123456) AND (NOT is_done))"
    ),
    "CREATE INDEX i ON t USING gin (to_tsvector('english'::regconfig, body))",
    (
        "ALTER TABLE t ADD CONSTRAINT c CHECK (((status)::text = ANY "
        "((ARRAY['canary'::character varying, 'bird'::character varying])::text[])))"
    ),
    "ALTER TABLE t ADD COLUMN c varchar(20) DEFAULT 'canary'::character varying",
    "CREATE TABLE p PARTITION OF t FOR VALUES IN ('canary', 'bird')",
    (
        "CREATE VIEW v AS SELECT a, 'canary'::text AS b, (c)::numeric(10,2) AS c FROM t "
        "WHERE ((d ~~ 'canary%'::text) AND (e @> '{\"canary\": 123456}'::jsonb)) LIMIT 10"
    ),
    (
        "SELECT * FROM t WHERE a IN ('canary', 'bird') AND b BETWEEN '1985-07-23' AND '1986-07-23' "
        "AND c = 'c0ffee00-1234-4321-abcd-0123456789ab' AND d = '\\xc0ffee' -- canary\n LIMIT 5"
    ),
    "INSERT INTO t VALUES (E'can\\'ary', $$canary$$, 1e10, 12345.678, B'101', X'ff')",
]


@pytest.mark.parametrize("sql", DEFINITIONS)
def test_what_comes_out_has_the_same_structure(sql: str) -> None:
    [found] = _redact(sql)

    assert "canary" not in found
    assert len(parse(found)) == 1
    assert _skeleton(found) == _skeleton(sql)


def _skeleton(sql: str) -> list[str]:
    return [
        token.name if token.name.endswith("CONST") else sql[token.start : token.end]
        for token in tokens(sql)
        if not token.is_comment
    ]


@given(text=st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20))
def test_any_string_becomes_one_string(text: str) -> None:
    [found] = _redact(f"a = {quote_literal(text)} and b = 1")

    assert _skeleton(found) == ["a", "=", "SCONST", "and", "b", "=", "ICONST"]


@given(text=st.text("aA1'\"$:()[]{},.-/*\\ \n%=~>E", max_size=30))
def test_any_text_is_replaced_or_refused(text: str) -> None:
    try:
        [found] = _redact(text)
    except StatementError:
        return
    assert isinstance(found, str)


FUNCTION = """CREATE OR REPLACE FUNCTION public.shout(what text DEFAULT 'canary'::text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE COST 50
 SET search_path TO 'public', 'pg_temp'
 SET "app.secret" TO 'canary'
AS $function$
-- canary
begin
    if what = 'canary' then
        raise notice 'canary % and %', what, 1;
    end if;
    return what || 'open';
end
$function$
"""


def test_the_body_of_a_function_is_read_too() -> None:
    found = redact_definition(FUNCTION, lambda sql: _redact(sql)[0])

    assert "canary" not in found
    assert "SET search_path TO 'public', 'pg_temp'\nAS $function$" in found
    assert "app.secret" not in found
    assert "|| 'open';" in found
    assert len(parse(found)) == 1


def test_an_old_body_in_single_quotes_is_read_too() -> None:
    definition = "CREATE FUNCTION f() RETURNS text LANGUAGE sql\nAS 'select ''canary''::text'"

    found = redact_definition(definition, lambda sql: _redact(sql)[0])

    assert "canary" not in found
    assert re.search(r"AS 'select ''.{10}~~''::text'$", found.rstrip())


def test_a_body_in_standard_sql_is_read_too() -> None:
    definition = (
        "CREATE OR REPLACE FUNCTION public.f(a text)\n RETURNS text\n LANGUAGE sql\n"
        "BEGIN ATOMIC\n SELECT (a || 'canary'::text);\nEND\n"
    )

    found = redact_definition(definition, lambda sql: _redact(sql)[0])

    assert _shown(found) == definition.replace("canary", "?")
