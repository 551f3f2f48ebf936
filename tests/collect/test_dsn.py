"""Connection strings: what is mended, what is refused, and that nothing of them is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.collect.dsn import read_target
from pgadvisor.errors import DsnError

CANARY = "s3cr3t-Pa55"
URL = f"postgresql://reader:{CANARY}@db.example:6432/shop?sslmode=require"
PARTS = {
    "host": "db.example",
    "port": "6432",
    "user": "reader",
    "password": CANARY,
    "dbname": "shop",
    "sslmode": "require",
}


@pytest.mark.parametrize(
    "text",
    [
        URL,
        f"  {URL}\n",
        f'"{URL}"',
        f"'{URL}'",
        f"\u201c{URL}\u201d",
        f"\ufeff{URL}",
        f"DATABASE_URL={URL}",
        f"export DATABASE_URL='{URL}'",
        f"psql '{URL}'",
        URL.replace("postgresql:", "postgres:"),
        URL.replace("postgresql:", "postgresql+psycopg:"),
        URL.replace("postgresql:", "postgres+asyncpg:"),
        URL.replace("postgresql:", "POSTGRESQL:"),
        URL.replace("postgresql:", "postgis:"),
        URL.replace("postgresql:", "jdbc:postgresql:"),
        f"{URL}&schema=public&pgbouncer=true&connection_limit=5",
        f"host=db.example port=6432 user=reader password={CANARY} dbname=shop sslmode=require",
    ],
)
def test_reads_what_people_write(text: str) -> None:
    assert read_target(text, {}).parameters == PARTS


@pytest.mark.parametrize(
    ("text", "happened"),
    [
        (f"mysql://reader:{CANARY}@h/shop", "it is for mysql, not for PostgreSQL"),
        (f"potsgres://reader:{CANARY}@h/shop", "its scheme is not known"),
        (f"postgres//reader:{CANARY}@h/shop", "its scheme is misspelt"),
        (f"postgres:/reader:{CANARY}@h/shop", "its scheme is misspelt"),
        (f"reader:{CANARY}@h/shop", "it has no scheme"),
        (f"postgresql://reader:{CANARY}%zz@h/shop", "it holds a % that begins no escape"),
        (f"postgresql://reader:{CANARY} @h/shop", "it holds a blank"),
        (f"postgresql://reader:{CANARY}@[::1/shop", "the host has a bracket too many or too few"),
        (f"postgresql://reader:{CANARY}@h:54x2/shop", "the port is not a number from 1 to 65535"),
        (f"postgresql://reader:{CANARY}@h:99999/shop", "the port is not a number from 1 to 65535"),
        (
            f"postgresql://reader:{CANARY}/x@h/shop",
            "a special character in the user or the password is not escaped",
        ),
        (
            f"postgresql://reader:{CANARY}?x@h/shop",
            "a special character in the user or the password is not escaped",
        ),
        (
            f"postgresql://reader:{CANARY}#x@h/shop",
            "a special character in the user or the password is not escaped",
        ),
        (
            f"postgresql://reader:{CANARY}@h/shop?{CANARY}=1",
            "its host, its port or a parameter after the ? cannot be read",
        ),
        (
            f"host=h password={CANARY} x user=reader",
            "a value with a blank in it needs single quotes around it",
        ),
        (
            f"host=h pasword={CANARY}",
            "a value with a blank in it needs single quotes around it",
        ),
        (
            f"host=h password='{CANARY}",
            "a value with a blank in it needs single quotes around it",
        ),
        (
            f"postgresql://r:{CANARY}@h/shop?sslmode=required",
            "sslmode is none of allow, disable, prefer, require, verify-ca, verify-full",
        ),
        (
            f"postgresql://r:{CANARY}@h/shop?connect_timeout=soon",
            "connect_timeout is not a number of seconds",
        ),
        (f"postgresql://r:{CANARY}@h/shop\0", "it holds a NUL character"),
        (f"? {CANARY}", "it is neither a URL nor a list of keyword=value"),
    ],
)
def test_refuses_without_an_echo(text: str, happened: str) -> None:
    with pytest.raises(DsnError) as caught:
        read_target(text, {})

    assert caught.value.happened == happened
    assert caught.value.exit_code == 2
    assert caught.value.__cause__ is None
    assert CANARY not in str(caught.value)
    assert CANARY not in repr(caught.value)


def test_takes_a_second_at_sign_for_a_part_of_the_password() -> None:
    found = read_target("postgresql://reader:pass@word@db.example/shop", {}).parameters

    assert [found[name] for name in ("password", "host")] == ["pass@word", "db.example"]


def test_takes_a_bare_word_for_a_database() -> None:
    assert read_target("shop", {}).parameters == {"dbname": "shop"}


def test_prefers_the_argument_to_database_url() -> None:
    environment = {"DATABASE_URL": "postgresql:///other"}

    assert read_target("postgresql:///shop", environment).parameters == {"dbname": "shop"}
    assert read_target(None, environment).parameters == {"dbname": "other"}


def test_leaves_the_rest_to_libpq() -> None:
    assert read_target(None, {"PGHOST": "db.example"}).parameters == {}


def test_scrubs_the_password_in_every_spelling() -> None:
    target = read_target("postgresql://r:p%40ss%2Fword@h/shop", {"PGPASSWORD": "from-env"})

    scrubbed = target.scrub("p@ss/word p%40ss%2Fword p%40ss/word from-env done")

    assert scrubbed == "*** *** *** *** done"
    assert target.has_password


def test_shows_nothing_in_its_repr() -> None:
    assert repr(read_target(URL, {})) == "Target()"


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_without_an_echo(text: str) -> None:
    shown = ""
    try:
        shown = repr(read_target(f"postgresql://u:{CANARY}{text}", {}))
    except DsnError as error:
        shown = str(error)

    assert shown
    assert CANARY not in shown
