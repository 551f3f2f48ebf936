"""Indexes over expressions."""

from __future__ import annotations

import pytest

from tests.propose.jobs import EXPRESSIONS, candidates, proposed


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("WHERE lower(name) = $1", ["((lower(name)))"]),
        ("WHERE lower(name) > $1", ["((lower(name)))"]),
        ("WHERE lower(name) IS NULL", ["((lower(name)))"]),
        (
            "WHERE tenant_id = $1 AND lower(name) = $2",
            ["(tenant_id, (lower(name)))", "((lower(name)))"],
        ),
        (
            "WHERE lower(name) = $1 ORDER BY created_at",
            ["((lower(name)), created_at)", "((lower(name)))"],
        ),
        (
            "WHERE lower(name) = $1 AND created_at > $2",
            ["((lower(name)), created_at)", "((lower(name)))"],
        ),
        ("WHERE lower(name) = $1 OR tenant_id = $2", ["((lower(name)))"]),
        ("ORDER BY lower(name) DESC, id LIMIT 5", ["((lower(name)), id DESC)"]),
        ("ORDER BY lower(name) LIMIT 5", ["((lower(name)))"]),
        (
            "WHERE tenant_id = $1 ORDER BY lower(name)",
            ["(tenant_id, (lower(name)))", "((lower(name)))"],
        ),
        ("GROUP BY status, lower(name)", ["(status, (lower(name)))"]),
        ("WHERE document ->> $1 = $2", []),
        ("WHERE lower(name) <> 'x'", []),
        ("ORDER BY id", []),
    ],
)
def test_takes_expressions(clause: str, expected: list[str]) -> None:
    assert proposed(f"SELECT 1 FROM jobs {clause}", kinds=EXPRESSIONS) == expected


def test_a_join_on_an_expression_is_served() -> None:
    text = "SELECT 1 FROM jobs j, tenants t WHERE lower(j.name) = t.plan"

    assert proposed(text, kinds=EXPRESSIONS) == ["((lower(name)))"]


def test_names_the_expression() -> None:
    [found] = candidates("SELECT 1 FROM jobs WHERE lower(name) = $1", kinds=EXPRESSIONS)

    assert found.reason == "condition on lower(name)"
