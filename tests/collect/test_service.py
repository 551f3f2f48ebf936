"""What a snapshot tells of the service that runs a server, and of where a setting comes from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import conninfo

from pgadvisor.collect.assemble import collect
from pgadvisor.model.server import Setting
from pgadvisor.model.service import Service
from tests.collect.roles import reading_role

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("alter-system")]


@contextmanager
def role_of_a_service(dsn: str, role: str) -> Iterator[None]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"create role {role}".encode())
        try:
            yield
        finally:
            connection.execute(f"drop role {role}".encode())


def setting_of(dsn: str, name: str) -> Setting:
    found = collect(dsn).server.setting(name)
    assert found is not None
    return found


def test_a_server_of_ones_own_is_nobodys_service(database: str) -> None:
    with reading_role(database, "public") as reader:
        server = collect(reader).server

    assert (server.service_marks, server.service) == ((), None)


def test_recognises_a_service_by_its_role_unless_we_are_a_superuser(database: str) -> None:
    with (
        role_of_a_service(database, "neon_superuser"),
        reading_role(database, "public") as reader,
    ):
        guest, owner = collect(reader).server, collect(database).server

    assert guest.service_marks == owner.service_marks == ("role neon_superuser",)
    assert guest.service is Service.NEON
    assert owner.service is None


def test_a_setting_that_somebody_made_up_is_no_mark_and_its_value_stays_there(
    database: str,
) -> None:
    name = conninfo.conninfo_to_dict(database)["dbname"]
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"alter database \"{name}\" set rds.secret_thing = 'hush'".encode())

    with reading_role(database, "public") as reader:
        snapshot = collect(reader)

    assert snapshot.server.service_marks == ()
    assert "hush" not in repr(snapshot)


def test_tells_what_alter_system_has_set_from_what_a_file_of_ones_own_has(database: str) -> None:
    stock = setting_of(database, "log_temp_files")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("alter system set log_temp_files = 10240")
        connection.execute("select pg_reload_conf()")
        try:
            altered = setting_of(database, "log_temp_files")
            with reading_role(database, "public") as reader:
                as_reader = setting_of(reader, "log_temp_files")
            with reading_role(database, "public", monitor=False) as guest:
                as_guest = setting_of(guest, "log_temp_files")
        finally:
            connection.execute("alter system reset log_temp_files")
            connection.execute("select pg_reload_conf()")

    assert (stock.source, stock.is_set_by_alter_system) == ("default", None)
    assert (altered.value, altered.is_set_by_alter_system) == ("10240", True)
    assert as_reader.is_set_by_alter_system is True
    assert as_guest.is_set_by_alter_system is None
