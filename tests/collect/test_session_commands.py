"""What lasts for a session, told from the text of a statement."""

from __future__ import annotations

import pytest

from pgadvisor.collect.assemble import collect
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.collect.session_commands import SessionCommands, kind_of
from pgadvisor.model.session_command import SessionCommand, SessionCommandKind
from tests.collect.rich import run


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


@pytest.mark.live
@pytest.mark.matrix
def test_reads_what_a_server_has_counted(major_database: str) -> None:
    run(
        major_database,
        "create extension if not exists pg_stat_statements",
        "select pg_stat_statements_reset()",
        "listen jobs",
        "set work_mem = '8MB'",
        "create temporary table found (id integer)",
    )

    info = collect(major_database, options=CollectOptions(explain=False)).server.statements_info

    assert info is not None
    assert info.session_commands is not None
    kinds = {command.kind: command.roles for command in info.session_commands}
    assert kinds[SessionCommandKind.LISTEN] == ("postgres",)
    assert kinds[SessionCommandKind.SET] == ("postgres",)
    assert kinds[SessionCommandKind.TEMPORARY_TABLE] == ("postgres",)
    assert "8MB" not in repr(info)
