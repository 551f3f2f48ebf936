"""A migration of settings on a real server, there and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from pgadvisor.emit.migration import build_migration
from pgadvisor.model.action import ChangeSetting, SettingEffect, SettingScope
from tests.emit.test_up_and_down import apply, recommendation

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("alter-system")]

ROLE = 'pgadvisor "test"\nrole'


def change(scope: SettingScope, database: str = "", **fields: object) -> ChangeSetting:
    effect = SettingEffect.RELOAD if scope is SettingScope.SYSTEM else SettingEffect.NEW_SESSIONS
    given = {
        "name": "work_mem",
        "value": "65536",
        "unit": "kB",
        "previous_value": "4096",
        "previous_source": "default",
        "role": "" if scope is SettingScope.DATABASE else ROLE,
        "database": database,
        "effect": effect,
        **fields,
    }
    return ChangeSetting(scope=scope, **given)  # type: ignore[arg-type]


@pytest.fixture
def with_role(database: str) -> Iterator[str]:
    quoted = '"' + ROLE.replace('"', '""') + '"'
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"create role {quoted}".encode())
        yield database
        connection.execute(f"drop role {quoted}".encode())


def given_in(dsn: str) -> list[tuple[object, ...]]:
    """What is set for our role and our database."""
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "select rolname, datname, setconfig from pg_db_role_setting s"
            " left join pg_roles r on r.oid = setrole"
            " left join pg_database d on d.oid = setdatabase"
            " where rolname = %s or datname = current_database() order by 1 nulls first, 2",
            (ROLE,),
        ).fetchall()


def in_auto_conf(dsn: str) -> list[tuple[object, ...]]:
    """What ALTER SYSTEM has set."""
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "select name, setting, applied from pg_file_settings"
            " where sourcefile like '%postgresql.auto.conf' order by name"
        ).fetchall()


def test_what_is_set_for_roles_and_databases_goes_back_to_what_it_was(
    with_role: str, tmp_path: Path
) -> None:
    database = conninfo.conninfo_to_dict(with_role)["dbname"]
    assert isinstance(database, str)
    actions = (
        change(SettingScope.ROLE),
        change(SettingScope.DATABASE, database),
        change(SettingScope.ROLE_IN_DATABASE, database, previous_value="8192", is_set_there=True),
    )
    with psycopg.connect(with_role, autocommit=True) as connection:
        quoted = '"' + ROLE.replace('"', '""') + '"'
        connection.execute(
            f'alter role {quoted} in database "{database}" set work_mem = "8MB"'.encode()
        )
    migration = build_migration([recommendation(*actions)])
    before = given_in(with_role)

    apply(with_role, migration.up_sql, tmp_path)
    between = given_in(with_role)
    apply(with_role, migration.down_sql, tmp_path)

    assert between == [
        (None, database, ["work_mem=64MB"]),
        (ROLE, database, ["work_mem=64MB"]),
        (ROLE, None, ["work_mem=64MB"]),
    ]
    assert given_in(with_role) == before == [(ROLE, database, ["work_mem=8MB"])]


def test_what_is_the_systems_is_in_force_at_once_and_goes_back(
    database: str, tmp_path: Path
) -> None:
    actions = (
        change(SettingScope.SYSTEM),
        change(SettingScope.SYSTEM, name="log_temp_files", value="10240", previous_value="-1"),
    )
    migration = build_migration([recommendation(*actions)])
    before = in_auto_conf(database)

    apply(database, migration.up_sql, tmp_path)
    try:
        assert set(in_auto_conf(database)) - set(before) == {
            ("work_mem", "64MB", True),
            ("log_temp_files", "10MB", True),
        }
    finally:
        apply(database, migration.down_sql, tmp_path)

    assert in_auto_conf(database) == before
    assert migration.up_sql.count("pg_reload_conf") == 1
    assert migration.down_sql.rindex("pg_reload_conf") > migration.down_sql.rindex("RESET")


def test_a_restart_is_only_told_of(database: str, tmp_path: Path) -> None:
    waiting = change(
        SettingScope.SYSTEM,
        name="max_connections",
        value="250",
        unit=None,
        effect=SettingEffect.RESTART,
    )
    migration = build_migration([recommendation(waiting)])
    before = in_auto_conf(database)

    apply(database, migration.up_sql, tmp_path)

    assert migration.is_empty
    assert "--     ALTER SYSTEM SET max_connections = 250" in migration.up_sql
    assert in_auto_conf(database) == before
