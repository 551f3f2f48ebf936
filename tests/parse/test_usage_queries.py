"""Usage: subqueries, views, CTEs and set operations are looked through as the planner does."""

from __future__ import annotations

import pytest

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import View
from pgadvisor.parse.usage import usage_of
from pgadvisor.testing import a_snapshot, a_table
from tests.parse.describe import conditions, order, reads, relation, usage


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 FROM (SELECT * FROM orders) s WHERE s.status = 'a'",
        "SELECT 1 FROM (SELECT id, status AS st FROM orders) s WHERE st = 'a'",
        "SELECT 1 FROM (SELECT id, status FROM orders) AS s(a, b) WHERE s.b = 'a'",
        "SELECT 1 FROM (SELECT * FROM (SELECT * FROM orders) x) s WHERE status = 'a'",
        "WITH w AS (SELECT * FROM orders) SELECT 1 FROM w WHERE status = 'a'",
        "WITH w(a, b, c) AS (SELECT * FROM orders) SELECT 1 FROM w WHERE c = 'a'",
        "WITH w AS (TABLE orders), v AS (SELECT * FROM w) SELECT 1 FROM v WHERE status = 'a'",
        "WITH w AS NOT MATERIALIZED (TABLE orders) SELECT 1 FROM w WHERE w.status = 'a'",
        "SELECT 1 FROM (SELECT status, count(*) FROM orders GROUP BY status) s WHERE status = 'a'",
        "SELECT 1 FROM (SELECT DISTINCT status FROM orders) s WHERE status = 'a'",
    ],
)
def test_a_condition_passes_through(text: str) -> None:
    assert conditions(text) == ["orders: status equality = 'a'"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 FROM (SELECT * FROM orders LIMIT 10) s WHERE s.status = 'a'",
        "SELECT 1 FROM (SELECT status, row_number() OVER () FROM orders) s WHERE s.status = 'a'",
        "SELECT 1 FROM (SELECT DISTINCT ON (id) * FROM orders) s WHERE s.status = 'a'",
        "WITH w AS MATERIALIZED (SELECT * FROM orders) SELECT 1 FROM w WHERE status = 'a'",
        "WITH w AS (SELECT * FROM orders) SELECT 1 FROM w, w AS v WHERE w.status = 'a'",
        "SELECT 1 FROM (SELECT status FROM orders EXCEPT SELECT 'b') s WHERE s.status = 'a'",
        "SELECT 1 FROM (SELECT max(status) AS m FROM orders) s WHERE s.m = 'a'",
    ],
)
def test_a_condition_does_not_pass_through(text: str) -> None:
    assert conditions(text) == []
    assert "status" in reads(text, "orders")


def test_a_cte_that_nobody_reads_is_not_run() -> None:
    assert usage("WITH w AS (SELECT * FROM orders) SELECT 1").relations == ()


def test_a_cte_hides_a_table_of_its_name() -> None:
    found = usage("WITH orders AS (SELECT id FROM users) SELECT 1 FROM orders WHERE id = 5")

    assert [(each.alias, len(each.predicates)) for each in found.relations] == [("users", 1)]


def test_a_recursive_query_is_joined_with_its_own_rows() -> None:
    text = (
        "WITH RECURSIVE t(n) AS (SELECT id FROM users WHERE id = $1 UNION ALL "
        "SELECT o.id FROM orders o JOIN t ON o.user_id = t.n) SELECT * FROM t WHERE n = 3"
    )

    assert conditions(text) == ["users: id equality = $1", "o: user_id = users.?"]


def test_a_condition_on_a_union_reaches_every_branch() -> None:
    text = (
        "SELECT x.id FROM (SELECT id, status FROM orders UNION ALL SELECT id, sku FROM items) x "
        "WHERE x.status = 'z'"
    )

    assert conditions(text) == [
        "orders: status equality = 'z'",
        "items: sku equality = 'z'",
    ]
    assert reads(text, "items") == ("id",)


def test_looks_through_a_view() -> None:
    text = "SELECT v.id FROM open_orders v WHERE v.user_id = $1 AND v.st = 'x'"

    assert conditions(text) == [
        "o: status equality = 'open'::text",
        "o: user_id equality = $1",
        "o: status in [lower(status)] lower = 'x'",
    ]
    assert reads(text, "o") == ("id",)
    assert relation(text, "o").query_level == 1


def test_looks_through_a_view_of_a_view() -> None:
    text = "SELECT mail FROM open_mail WHERE order_id = 5"

    assert conditions(text) == [
        *("o: status equality = 'open'::text", "o: id equality = 5", "o: user_id = u.id"),
        "u: id = o.user_id",
    ]


def test_a_view_of_itself_is_not_resolved() -> None:
    found = usage("SELECT * FROM snake WHERE id = 1")

    assert found.relations == ()
    assert found.unresolved == ("public.snake",)


def test_views_have_the_order_and_limit_of_the_query_around_them() -> None:
    text = "SELECT id FROM open_orders ORDER BY created_at DESC LIMIT 5"

    assert order(text, "o") == "created_at desc"
    assert relation(text, "o").limit_count == 5


def test_a_name_in_another_schema_is_found() -> None:
    found = usage("SELECT 1 FROM archive.orders WHERE orders.note = 'x' AND archive.orders.id = 5")

    assert [each.column for each in found.relations[0].predicates] == ["note", "id"]


def test_columns_may_get_other_names() -> None:
    assert conditions("SELECT 1 FROM users AS u(a, b) WHERE a = 1 AND b = 'x' AND active") == [
        "u: id equality = 1",
        "u: email equality = 'x'",
        "u: active equality = true",
    ]


def test_lists_names_that_the_catalog_does_not_have() -> None:
    text = "SELECT n.x, u.nope FROM nosuch n JOIN users u ON u.id = n.uid WHERE other = 1"
    found = usage(text)

    assert found.unresolved == ("nosuch", "u.nope")
    assert conditions(text) == ["u: id = ?.?"]


def test_an_unknown_column_is_listed_where_all_tables_are_known() -> None:
    assert usage("SELECT colour FROM users").unresolved == ("colour",)


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("*", True),
        ("u.*", True),
        ("u", True),
        ("row_to_json(u)", True),
        ("count(*)", False),
        ("id, email, name, active, created_at", False),
    ],
)
def test_knows_when_whole_rows_are_read(select: str, expected: bool) -> None:  # noqa: FBT001
    assert relation(f"SELECT {select} FROM users u", "u").reads_whole_row is expected


def test_reads_what_the_select_list_computes() -> None:
    text = "SELECT id, lower(email) AS e, CASE WHEN active THEN name END FROM users"

    assert reads(text, "users") == ("id", "email", "active", "name")


def test_does_not_read_what_nobody_takes_from_a_subquery() -> None:
    text = "SELECT s.id FROM (SELECT id, status, total FROM orders) s"

    assert reads(text, "orders") == ("id",)


@pytest.mark.parametrize(
    "source",
    [
        "jsonb_to_recordset('[]') AS x(a int, b text)",
        "xmltable('/a' PASSING '<a/>' COLUMNS a int, b text) AS x",
        "json_table('{}', '$[*]' COLUMNS (a int PATH '$.a')) AS x",
        "ROWS FROM (generate_series(1, 2), unnest(ARRAY[1])) AS x(a, b)",
        "(VALUES (1, 'x'), (2, 'y')) AS x(a, b)",
    ],
)
def test_knows_the_columns_of_a_row_source(source: str) -> None:
    found = usage(f"SELECT x.a FROM users u, {source} WHERE u.id = a")

    assert found.unresolved == ()
    assert [join.column for join in found.relations[0].joins] == ["id"]


@pytest.mark.parametrize(
    ("clause", "strength", "wait"),
    [
        ("FOR UPDATE", "update", "block"),
        ("FOR UPDATE SKIP LOCKED", "update", "skip"),
        ("FOR NO KEY UPDATE NOWAIT", "no key update", "error"),
        ("FOR SHARE", "share", "block"),
        ("FOR KEY SHARE OF u", "key share", "block"),
    ],
)
def test_reads_a_locking_clause(clause: str, strength: str, wait: str) -> None:
    found = relation(f"SELECT u.id FROM users u, orders o {clause}", "u")

    assert (found.lock_strength, found.lock_wait) == (strength, wait)
    assert found.reads_whole_row


def test_locks_only_what_is_named() -> None:
    found = relation("SELECT 1 FROM users u, orders o FOR UPDATE OF u", "o")

    assert (found.lock_strength, found.reads_whole_row) == (None, False)


def test_a_statement_nested_too_deeply_says_so() -> None:
    text = "SELECT * FROM " + "(SELECT * FROM " * 900 + "users" + ") x" * 900

    assert usage(text).unresolved == ("<nested too deeply>",)


def test_a_text_that_does_not_parse_says_so() -> None:
    assert usage("SELECT FROM WHERE").unresolved == ("<unparsable query>",)


def test_is_not_drowned_by_views_upon_views() -> None:
    doubling = [
        View(
            oid=level,
            schema="public",
            name=f"v{level}",
            definition=f"SELECT a.id FROM public.{below} a JOIN public.{below} b ON a.id = b.id;",
        )
        for level in range(30)
        for below in [f"v{level - 1}" if level else "users"]
    ]
    catalog = Catalog(a_snapshot(a_table("users", "id integer"), *doubling))
    found = usage_of("q", "SELECT * FROM v29", catalog)

    assert len(found.relations) == 2_000
    assert "public.v28" in found.unresolved
