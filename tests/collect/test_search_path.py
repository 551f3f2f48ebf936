"""Search paths of roles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.collect.search_path import (
    MAX_OTHERS,
    joined,
    parse_search_path,
    resolved,
    search_paths,
    set_search_path,
)
from pgadvisor.model.server import RoleSetting
from pgadvisor.testing import a_statement


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('"$user", public', ("$user", "public")),
        ("App , PUBLIC", ("app", "public")),
        ('"We""ird, one",b', ('We"ird, one', "b")),
        ("", ()),
        ('""', ()),
    ],
)
def test_reads_a_setting(text: str, path: tuple[str, ...]) -> None:
    assert parse_search_path(text) == path


@given(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1)))
def test_reads_back_what_it_writes(path: list[str]) -> None:
    written = set_search_path(path)

    assert parse_search_path("" if written == "''" else written) == tuple(path)


def _setting(role: str | None, database: str | None, value: str) -> RoleSetting:
    return RoleSetting(role=role, database=database, name="search_path", value=value)


def test_prefers_the_role_in_this_database_to_the_role_and_that_to_the_database() -> None:
    paths = search_paths(
        ("$user", "public"),
        [
            _setting("app", "shop", "in_shop"),
            _setting("app", None, "anywhere"),
            _setting("batch", None, "batch"),
            _setting(None, "shop", "of_shop"),
            _setting(None, None, "of_all"),
        ],
    )

    assert paths.of("app") == ("in_shop",)
    assert paths.of("batch") == ("batch",)
    assert paths.of("other") == ("of_shop",)


def test_puts_the_role_for_user() -> None:
    paths = search_paths(("$user", "public"), [])

    assert paths.of("app") == ("app", "public")
    assert paths.of_roles(["app", "batch", "app"]) == (("app", "public"), ("batch", "public"))


def test_drops_schemas_that_do_not_exist() -> None:
    assert resolved(("$user", "gone", "public"), ("public", "me"), "me") == ("me", "public")


def test_looks_where_the_statements_of_other_roles_look() -> None:
    paths = search_paths(("$user", "public"), [_setting("app", None, "app, tools, gone")])
    statements = [a_statement("select 1", roles=("ann",)), a_statement("select 2", roles=("app",))]

    path = joined(("public",), paths, statements, ("public", "tools", "app", "ann", "other"))

    assert path == ("public", "ann", "app", "tools")


def test_looks_into_the_schemas_of_the_busiest_tenants_only() -> None:
    tenants = [f"tenant{number}" for number in range(100)]
    statements = [a_statement(f"select {name}", roles=(name,)) for name in tenants]

    path = joined(("public",), search_paths(("$user",), []), statements, tenants)

    assert path == ("public", *tenants[:MAX_OTHERS])
