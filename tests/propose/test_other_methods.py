"""Indexes that are no plain btrees, by type and operator."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.schema import IndexKey
from pgadvisor.testing import an_index, column_statistics
from pgadvisor.units import MiB
from tests.propose.jobs import JOBS, OTHER_METHODS, TRIGRAMS, candidates, proposed


def found(condition: str, *objects: object) -> list[str]:
    text = f"SELECT * FROM jobs WHERE {condition}"
    return proposed(text, *objects, kinds=OTHER_METHODS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("document @> $1", ["USING gin (document jsonb_path_ops)"]),
        ("document @? '$.a'", ["USING gin (document jsonb_path_ops)"]),
        ("document ? 'k'", ["USING gin (document)"]),
        ("document ?| $1", ["USING gin (document)"]),
        ("document -> 'tags' ? 'k'", ["USING gin ((document -> 'tags'))"]),
        ("document -> $1 ? 'k'", []),
        ("document = $1", []),
        ("tags @> $1", ["USING gin (tags)"]),
        ("$1 <@ tags", ["USING gin (tags)"]),
        ("tags && $1", ["USING gin (tags)"]),
        ("words @@ to_tsquery('x')", ["USING gin (words)"]),
        (
            "to_tsvector('english', name) @@ to_tsquery('x')",
            ["USING gin ((to_tsvector('english', name)))"],
        ),
        ("tenant_id @> $1", []),
    ],
)
def test_gin_finds_what_a_value_holds(condition: str, expected: list[str]) -> None:
    assert found(condition) == expected


def test_no_index_serves_a_value_that_is_looked_for_in_an_array() -> None:
    assert found("'x' = ANY (tags)") == []


def test_a_gin_index_with_the_larger_operator_class_serves_containment_too() -> None:
    existing = an_index(JOBS, "document", access_method="gin")

    assert found("document @> $1", existing) == []
    by_path = IndexKey(
        column="document", operator_class="jsonb_path_ops", is_default_operator_class=False
    )
    smaller = an_index(JOBS, by_path, access_method="gin")
    assert found("document ? 'k'", smaller) == ["USING gin (document)"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("span && $1", ["USING gist (span)"]),
        ("span @> 5", ["USING gist (span)"]),
        ("int4range(1, 2) @> span", ["USING gist (span)"]),
        ("int4range(id, owner_id) && $1", ["USING gist ((int4range(id, owner_id)))"]),
        ("place <@ $1", ["USING gist (place)"]),
        ("address << $1", ["USING gist (address inet_ops)"]),
        ("true ORDER BY place <-> $1 LIMIT 5", ["USING gist (place)"]),
        ("span = $1", []),
        ("true ORDER BY place <-> $1 DESC", []),
        ("true ORDER BY tenant_id <-> $1", []),
    ],
)
def test_gist_finds_what_meets_and_what_is_near(condition: str, expected: list[str]) -> None:
    assert found(condition) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("name LIKE 'abc%'", ["(name text_pattern_ops)"]),
        ("name ~ '^abc'", ["(name text_pattern_ops)"]),
        ("code LIKE 'abc%'", ["(code varchar_pattern_ops)"]),
        ("country LIKE 'a%'", ["(country bpchar_pattern_ops)"]),
        ("lower(name) LIKE 'abc%'", ["((lower(name)) text_pattern_ops)"]),
        (
            "tenant_id = $1 AND name LIKE 'abc%'",
            ["(tenant_id, name text_pattern_ops)", "(name text_pattern_ops)"],
        ),
        ("name LIKE '%abc'", []),
        ("name LIKE '_bc'", []),
        ("name ILIKE 'abc%'", []),
        ("name ~ 'abc'", []),
        ("name LIKE $1", []),
        ("name NOT LIKE 'abc%'", []),
    ],
)
def test_a_btree_finds_how_a_text_begins(condition: str, expected: list[str]) -> None:
    assert found(condition) == expected


@pytest.mark.parametrize(("provider", "collation"), [("libc", "C"), ("builtin", "en_US.UTF-8")])
def test_under_a_collation_by_bytes_a_plain_btree_does(provider: str, collation: str) -> None:
    text = "SELECT * FROM jobs WHERE name LIKE 'abc%'"

    assert proposed(text, kinds=OTHER_METHODS, locale_provider=provider, collation=collation) == [
        "(name)"
    ]


def test_a_column_may_have_a_collation_of_its_own() -> None:
    assert found("bytewise LIKE 'abc%'") == ["(bytewise)"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("name LIKE '%abc%'", ["USING gin (name tools.gin_trgm_ops)"]),
        ("name ILIKE 'abc%'", ["USING gin (name tools.gin_trgm_ops)"]),
        ("name ~* 'abc'", ["USING gin (name tools.gin_trgm_ops)"]),
        ("name LIKE $1", ["USING gin (name tools.gin_trgm_ops)"]),
        ("name % $1", ["USING gin (name tools.gin_trgm_ops)"]),
        ("lower(name) LIKE '%abc%'", ["USING gin ((lower(name)) tools.gin_trgm_ops)"]),
        ("true ORDER BY name <-> $1 LIMIT 5", ["USING gist (name tools.gist_trgm_ops)"]),
        ("name LIKE 'abc%'", ["(name text_pattern_ops)"]),
        ("country LIKE '%a'", []),
    ],
)
def test_trigrams_find_what_stands_inside_a_text(condition: str, expected: list[str]) -> None:
    assert found(condition, TRIGRAMS) == expected


def test_there_are_no_trigrams_without_the_extension() -> None:
    assert found("name ILIKE '%abc%'") == []
    assert found("true ORDER BY name <-> $1 LIMIT 5") == []


@pytest.mark.parametrize("name", ["gin_trgm_ops", "gist_trgm_ops"])
def test_trigrams_that_are_there_already_serve(name: str) -> None:
    key = IndexKey(column="name", operator_class=f"tools.{name}", is_default_operator_class=False)
    existing = an_index(JOBS, key, access_method=name.partition("_")[0])

    assert found("name ILIKE '%abc%'", existing, TRIGRAMS) == []


@pytest.mark.parametrize(
    ("size_bytes", "correlation", "is_proposed"),
    [
        (101 * MiB, 0.95, True),
        (101 * MiB, -0.99, True),
        (100 * MiB, 0.95, False),
        (101 * MiB, 0.94, False),
        (101 * MiB, None, False),
    ],
)
def test_brin_is_for_large_tables_in_order(
    *, size_bytes: int, correlation: float | None, is_proposed: bool
) -> None:
    table = replace(JOBS, size_bytes=size_bytes)
    statistics = column_statistics(table, "created_at", correlation=correlation)

    texts = found("created_at > $1", table, statistics)

    assert texts == (["USING brin (created_at)"] if is_proposed else [])


def test_brin_has_nothing_to_add_to_a_btree() -> None:
    statistics = column_statistics(JOBS, "created_at", correlation=1.0)

    assert found("created_at > $1", statistics, an_index(JOBS, "created_at", "id")) == []
    assert found("created_at = $1", statistics) == []


@pytest.mark.parametrize(
    ("condition", "width_bytes", "is_proposed"),
    [
        ("digest = $1", 101, True),
        ("digest = $1", 100, False),
        ("digest = $1 AND tenant_id = $2", 101, False),
        ("digest > $1", 101, False),
        ("digest IN ($1, $2)", 101, False),
    ],
)
def test_hash_is_for_wide_values_alone(
    *, condition: str, width_bytes: int, is_proposed: bool
) -> None:
    wide = column_statistics(JOBS, "digest", average_width_bytes=width_bytes)

    assert found(condition, wide) == (["USING hash (digest)"] if is_proposed else [])


def test_says_what_it_is_for() -> None:
    [one] = candidates("SELECT 1 FROM jobs WHERE tags && $1", kinds=OTHER_METHODS)

    assert one.reason == "&& on tags"
