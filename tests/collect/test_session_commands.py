"""What lasts for a session, told from the text of a statement."""

from __future__ import annotations

import pytest

from pgadvisor.collect.session_commands import SessionCommands, kind_of
from pgadvisor.model.session_command import SessionCommand, SessionCommandKind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("LISTEN jobs", SessionCommandKind.LISTEN),
        ("set work_mem = $1", SessionCommandKind.SET),
        ("SET SESSION search_path TO tenant_7", SessionCommandKind.SET),
        ("  SET statement_timeout='5s'", SessionCommandKind.SET),
        ("SET ROLE clerk", SessionCommandKind.SET),
        ("create temp table found (id int)", SessionCommandKind.TEMPORARY_TABLE),
        ("CREATE LOCAL TEMPORARY TABLE f AS SELECT 1", SessionCommandKind.TEMPORARY_TABLE),
        ("declare c cursor with hold for select 1", SessionCommandKind.HELD_CURSOR),
        ("PREPARE q AS SELECT $1", SessionCommandKind.PREPARE),
    ],
)
def test_tells_what_lasts_for_a_session(text: str, kind: SessionCommandKind) -> None:
    assert kind_of(text) is kind


@pytest.mark.parametrize(
    "text",
    [
        "SET LOCAL work_mem = $1",
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        "SET CONSTRAINTS ALL DEFERRED",
        "SET application_name = 'till 7'",
        "SET TIME ZONE 'UTC'",
        "SET extra_float_digits = 3",
        "CREATE TEMP TABLE found (id int) ON COMMIT DROP",
        "DECLARE c CURSOR FOR SELECT 1",
        "PREPARE TRANSACTION 'x'",
        "select listen from radio",
        "update t set a = 1",
        "UNLISTEN *",
    ],
)
def test_what_ends_with_the_transaction_leaves_nothing_behind(text: str) -> None:
    assert kind_of(text) is None


def test_keeps_kinds_and_roles_and_nothing_of_the_text() -> None:
    commands = SessionCommands()
    for text, role in [
        ("LISTEN secret", "shop"),
        ("LISTEN other", "jobs"),
        ("SET a.b = 'secret'", None),
        ("SELECT 1", "shop"),
    ]:
        commands.add(text, role)

    assert commands.found() == (
        SessionCommand(kind=SessionCommandKind.LISTEN, roles=("jobs", "shop")),
        SessionCommand(kind=SessionCommandKind.SET),
    )
