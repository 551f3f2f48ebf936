"""What is not written differently, since it would not be the same, or nobody could tell."""

from __future__ import annotations

import pytest

from pgadvisor.model.catalog import Catalog
from pgadvisor.parse.rewrite import (
    any_array,
    disjoint_union,
    exists_for_count,
    exists_for_join,
    keyset_template,
    not_exists,
    union_all,
)
from pgadvisor.testing import a_primary_key, a_snapshot, a_table
from tests.parse.rewrite_tables import CATALOG


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param("id IN (SELECT person_id FROM orders)", id="in"),
        pytest.param("NOT (id NOT IN (SELECT person_id FROM orders))", id="below-not"),
        pytest.param("(id NOT IN (SELECT person_id FROM orders)) IS NULL", id="asks-for-unknown"),
        pytest.param("id + 1 NOT IN (SELECT person_id FROM orders)", id="no-column"),
        pytest.param("id NOT IN (SELECT max(person_id) FROM orders)", id="aggregate"),
        pytest.param("id NOT IN (SELECT person_id FROM orders GROUP BY 1)", id="groups"),
        pytest.param("id NOT IN (SELECT person_id FROM orders LIMIT 5)", id="limit"),
        pytest.param("id NOT IN (SELECT person_id FROM gone)", id="unknown-table"),
        pytest.param("id NOT IN (SELECT boss_id FROM orders)", id="column-of-the-outer-query"),
        pytest.param("id NOT IN (SELECT boss_id FROM people)", id="same-alias"),
        pytest.param("(id, score) NOT IN (SELECT id, person_id FROM orders)", id="two-columns"),
        pytest.param("id NOT IN (SELECT 1 UNION SELECT 2)", id="union"),
        pytest.param("id <> ANY (SELECT person_id FROM orders)", id="any"),
        pytest.param("id NOT IN ($1, $2)", id="list"),
    ],
)
def test_has_no_not_exists(condition: str) -> None:
    assert not_exists(f"SELECT 1 FROM people WHERE {condition}", CATALOG) is None


def test_a_with_query_is_no_table() -> None:
    text = (
        "WITH orders AS (SELECT 1 AS person_id) "
        "SELECT 1 FROM people WHERE id NOT IN (SELECT person_id FROM orders)"
    )

    assert not_exists(text, CATALOG) is None


def test_an_outer_join_makes_nulls() -> None:
    found = not_exists(
        "SELECT 1 FROM people WHERE id NOT IN "
        "(SELECT o.id FROM people b LEFT JOIN orders o ON o.person_id = b.id)",
        CATALOG,
    )

    assert found is not None
    assert found.condition == "no row of the subquery has a NULL in o.id"


def test_rewrites_conditions_of_queries_within_queries() -> None:
    found = not_exists(
        "SELECT 1 FROM (SELECT id FROM people WHERE id NOT IN (SELECT o.id FROM orders o)) AS i",
        CATALOG,
    )

    assert found is not None
    assert found.text == (
        "SELECT 1 FROM (SELECT id FROM people WHERE NOT EXISTS "
        "(SELECT 1 FROM orders AS o WHERE o.id = people.id)) AS i"
    )


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param("id IN ($1, 2)", id="a-constant"),
        pytest.param("id IN ($1, $2) OR score = $2", id="used-elsewhere"),
        pytest.param("id = ANY ($1)", id="array-already"),
        pytest.param("id + 1 IN ($1, $2)", id="no-column"),
        pytest.param("id IN (SELECT 1)", id="subquery"),
        pytest.param("id =", id="no-statement"),
    ],
)
def test_has_no_array(condition: str) -> None:
    assert any_array(f"SELECT 1 FROM people WHERE {condition}", CATALOG) is None


def test_moves_the_other_parameters_up() -> None:
    found = any_array(
        "SELECT 1 FROM people WHERE score = $1 AND name IN ($2, $3) AND boss_id = $4 LIMIT $5",
        CATALOG,
    )

    assert found is not None
    assert found.text == (
        "SELECT 1 FROM people WHERE score = $1 AND name = ANY(CAST($2 AS text[])) "
        "AND boss_id = $3 LIMIT $4"
    )
    assert found.condition == "the application passes the values as an array in $2"


def test_names_no_type_that_it_does_not_know() -> None:
    found = any_array("SELECT 1 FROM people WHERE whatever IN ($1, $2)", CATALOG)

    assert found is not None
    assert found.text == "SELECT 1 FROM people WHERE whatever = ANY($1)"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("SELECT count(*) FROM people", id="a-number-is-wanted"),
        pytest.param("SELECT count(*) > 5 FROM people", id="more-than-some"),
        pytest.param("SELECT count(name) > 0 FROM people", id="counts-a-column"),
        pytest.param("SELECT count(*) > 0, 1 FROM people", id="two-results"),
        pytest.param("SELECT count(*) > 0 FROM people GROUP BY name", id="groups"),
        pytest.param("SELECT count(*) > 0 FROM people OFFSET 1", id="offset"),
        pytest.param("SELECT count(*) FILTER (WHERE true) > 0 FROM people", id="filter"),
        pytest.param("SELECT count(*) > 0", id="no-table"),
        pytest.param("SELECT count(*) > 0 FROM people TABLESAMPLE system (1)", id="sample"),
        pytest.param("SELECT count(*) > 0 FROM people WHERE id = nextval('s')", id="side-effect"),
        pytest.param("SELECT (SELECT count(*) FROM people LIMIT 0) > 0", id="limit"),
        pytest.param("SELECT (SELECT count(*) FROM people) > id FROM orders", id="a-column"),
        pytest.param("SELECT count(*) >", id="no-statement"),
    ],
)
def test_counts_for_a_reason(text: str) -> None:
    assert exists_for_count(text) is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{} WHERE boss_id = $1 AND score = $2", id="and"),
        pytest.param("{} WHERE boss_id = $1 OR boss_id = $2", id="one-column"),
        pytest.param("{} WHERE boss_id = $1 OR score > $2", id="a-range"),
        pytest.param("{} WHERE boss_id = $1 OR lower(name) = $2", id="an-expression"),
        pytest.param("{} WHERE boss_id = $1 OR score = $2 LIMIT 5", id="any-five"),
        pytest.param("{} WHERE boss_id = $1 OR score = $2 ORDER BY id OFFSET 5", id="offset"),
        pytest.param("{} WHERE boss_id = $1 OR score = $2 ORDER BY lower(name)", id="order"),
        pytest.param("{} WHERE boss_id = $1 OR score = $2 FOR UPDATE", id="locks"),
        pytest.param("{} WHERE boss_id = $1 OR score = $2 GROUP BY id", id="groups"),
        pytest.param("{} TABLESAMPLE system (1) WHERE boss_id = $1 OR score = $2", id="sample"),
        pytest.param("{} WHERE (boss_id = $1 OR score = $2) AND id = nextval('s')", id="effect"),
        pytest.param("SELECT count(*) FROM people WHERE boss_id = $1 OR score = $2", id="count"),
        pytest.param("SELECT DISTINCT 1 FROM people WHERE boss_id = $1 OR score = $2", id="unique"),
        pytest.param(
            "SELECT name FROM people WHERE boss_id = $1 OR score = $2 ORDER BY id", id="hidden"
        ),
        pytest.param("UPDATE people SET id = 1 WHERE boss_id = $1 OR score = $2", id="update"),
        pytest.param("{} WHERE score = $2 OR boss_id NOT IN (SELECT id FROM orders)", id="not-in"),
        pytest.param("{} WHERE score = $2 OR boss_id > ANY (SELECT id FROM orders)", id="any"),
        pytest.param("{} WHERE score = $2 OR boss_id = (SELECT 1 FROM orders)", id="one-value"),
        pytest.param("{} WHERE score = $2 OR score IN (SELECT id FROM orders)", id="same-column"),
        pytest.param(
            "{} WHERE score = $2 OR boss_id IN (SELECT nextval('s') FROM orders)", id="inner-effect"
        ),
    ],
)
def test_asks_for_both_arms_at_once(text: str) -> None:
    assert union_all(text.format("SELECT * FROM people"), CATALOG) is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("SELECT p.* {}", id="no-distinct"),
        pytest.param("SELECT DISTINCT ON (p.id) p.* {}", id="distinct-on"),
        pytest.param("SELECT DISTINCT * {}", id="both-tables"),
        pytest.param("SELECT DISTINCT p.id, o.status {}", id="a-column-of-the-other"),
        pytest.param("SELECT DISTINCT p.id {} ORDER BY o.id", id="order-of-the-other"),
        pytest.param("SELECT DISTINCT p.id, count(*) {} GROUP BY 1", id="groups"),
        pytest.param("SELECT DISTINCT p.id {} WHERE gone = 1", id="unknown-column"),
        pytest.param("SELECT DISTINCT p.id {} WHERE EXISTS (SELECT 1)", id="subquery"),
        pytest.param("SELECT DISTINCT p.id {} JOIN orders x ON x.id = o.id", id="three-tables"),
        pytest.param("SELECT DISTINCT p.id, random() {}", id="volatile"),
        pytest.param("SELECT DISTINCT p.id FROM people p LEFT JOIN orders o ON true", id="left"),
        pytest.param("SELECT DISTINCT p.id FROM people p JOIN orders o USING (id)", id="using"),
        pytest.param("SELECT DISTINCT p.id FROM people p, orders o", id="no-condition"),
        pytest.param("SELECT DISTINCT p.id FROM people p, gone o WHERE p.id = 1", id="unknown"),
        pytest.param(
            "SELECT DISTINCT o.status FROM orders o JOIN people p ON p.id = o.person_id",
            id="one-partner",
        ),
        pytest.param(
            "SELECT DISTINCT p.name {} AND o.person_id = o.id AND $1 = o.id", id="one-row"
        ),
    ],
)
def test_joins_for_a_reason(text: str) -> None:
    joined = "FROM people p JOIN orders o ON o.person_id = p.id"

    assert exists_for_join(text.format(joined), CATALOG) is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("ON p.id > o.person_id", id="a-range-of-the-key"),
        pytest.param("ON p.boss_id = o.person_id", id="no-key"),
        pytest.param("ON o.person_id = p.boss_id AND p.id = p.score", id="its-own-column"),
    ],
)
def test_a_join_that_may_find_several_partners_is_for_no_other_reason(text: str) -> None:
    joined = f"SELECT DISTINCT o.status FROM orders o JOIN people p {text}"

    assert exists_for_join(joined, CATALOG) is not None


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id, row_number() OVER () FROM people ORDER BY id LIMIT 10 OFFSET 5",
        "SELECT id FROM people ORDER BY id OFFSET 5 FETCH FIRST 10 ROWS WITH TIES",
    ],
)
def test_a_page_that_a_condition_would_change(text: str) -> None:
    assert keyset_template(text, CATALOG) is None


def test_a_page_leaves_no_number_out() -> None:
    found = keyset_template("SELECT id FROM people ORDER BY id OFFSET $1 LIMIT $2", CATALOG)

    assert found is not None
    assert found.text == "SELECT id FROM people WHERE id > $2 ORDER BY id LIMIT $1"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("SELECT 'a', id FROM people UNION ALL SELECT 'b', id FROM orders", id="all"),
        pytest.param("SELECT 'a', id FROM people EXCEPT SELECT 'b', id FROM orders", id="except"),
        pytest.param(
            "SELECT 'a', id FROM people UNION SELECT 'b', id FROM orders INTERSECT "
            "SELECT 'c', id FROM orders",
            id="intersect",
        ),
        pytest.param(
            "SELECT 'a', id FROM people UNION ALL SELECT 'b', id FROM orders UNION "
            "SELECT 'c', id FROM orders",
            id="all-below",
        ),
        pytest.param(
            "(SELECT 'a', id FROM people LIMIT 5) UNION SELECT 'b', id FROM orders", id="cut-off"
        ),
        pytest.param("SELECT 'a', name FROM people UNION SELECT 'b', status FROM orders", id="key"),
        pytest.param("SELECT 'a', id FROM people UNION SELECT 'a', id FROM orders", id="same"),
        pytest.param("SELECT '1', id FROM people UNION SELECT 1, id FROM orders", id="two-types"),
        pytest.param(
            "SELECT '1'::int, id FROM people UNION SELECT '01'::int, id FROM orders", id="cast"
        ),
        pytest.param("SELECT name, id FROM people UNION SELECT 'b', id FROM orders", id="a-column"),
        pytest.param("SELECT p.*, 1 FROM people p UNION SELECT p.*, 2 FROM people p", id="star"),
        pytest.param(
            "SELECT 1, p.id FROM people p JOIN orders o ON o.person_id = p.id UNION "
            "SELECT 2, id FROM orders",
            id="a-join-that-multiplies",
        ),
        pytest.param(
            "SELECT 1, p.id FROM people p LEFT JOIN orders o ON o.id = p.id UNION "
            "SELECT 2, id FROM orders",
            id="an-outer-join",
        ),
        pytest.param("SELECT 1, id FROM people GROUP BY id UNION SELECT 2, 3", id="groups"),
        pytest.param("SELECT 1, id FROM gone UNION SELECT 2, id FROM orders", id="unknown"),
        pytest.param(
            "SELECT id FROM people WHERE seen IS NULL UNION "
            "SELECT id FROM people WHERE score IS NOT NULL",
            id="tests-of-two-columns",
        ),
        pytest.param(
            "SELECT id FROM people WHERE seen IS NULL UNION "
            "SELECT id FROM orders WHERE at IS NOT NULL",
            id="tests-of-two-tables",
        ),
        pytest.param(
            "SELECT id, boss_id FROM people WHERE seen IS NULL UNION "
            "SELECT boss_id, id FROM people WHERE seen IS NOT NULL",
            id="keys-in-other-places",
        ),
        pytest.param("SELECT 1 UNION", id="no-statement"),
    ],
)
def test_unites_what_may_have_rows_in_common(text: str) -> None:
    assert disjoint_union(text, CATALOG) is None


def test_a_key_does_not_count_for_the_rows_of_those_that_inherit() -> None:
    parent = a_table("people", "id integer not null")
    heir = a_table("clerks", "id integer not null", parent_oids=(parent.oid,))
    text = "SELECT 1, id FROM people UNION SELECT 2, id FROM people"
    alone = Catalog(a_snapshot(parent, a_primary_key(parent, "id")))
    inherited = Catalog(a_snapshot(parent, heir, a_primary_key(parent, "id")))

    assert disjoint_union(text, alone) is not None
    assert disjoint_union(text, inherited) is None
