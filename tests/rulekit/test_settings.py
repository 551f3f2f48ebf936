"""Changing a setting: where it is set, within bounds, as services allow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import SettingEffect, SettingScope
from pgadvisor.model.server import REDACTED, RoleSetting, Server, Setting
from pgadvisor.model.service import Service
from pgadvisor.rulekit import (
    SkipRule,
    change_for_database,
    change_for_role,
    change_where_set,
    value_for_role,
)
from pgadvisor.testing import a_server

WORK_MEM = Setting(
    name="work_mem",
    value="4096",
    unit="kB",
    context="user",
    value_type="integer",
    min_value="64",
    max_value="2147483647",
)
MARKS = {
    Service.RDS: "role rds_superuser",
    Service.AURORA: "function aurora_version",
    Service.CLOUD_SQL: "setting cloudsql",
    Service.ALLOYDB: "setting alloydb",
    Service.AZURE: "role azure_pg_admin",
    Service.SUPABASE: "role supabase_admin",
    Service.NEON: "setting neon",
}


def server(
    *settings: Setting, given: tuple[RoleSetting, ...] = (), service: Service | None = None
) -> Server:
    marks = () if service is None else (MARKS[service],)
    return a_server(settings=settings or (WORK_MEM,), role_settings=given, service_marks=marks)


@pytest.mark.parametrize(
    ("source", "scope", "is_set_there", "effect"),
    [
        ("default", SettingScope.SYSTEM, False, SettingEffect.RELOAD),
        ("environment variable", SettingScope.SYSTEM, False, SettingEffect.RELOAD),
        ("configuration file", SettingScope.SYSTEM, True, SettingEffect.RELOAD),
        ("database", SettingScope.DATABASE, True, SettingEffect.NEW_SESSIONS),
        ("global", SettingScope.ALL_ROLES, True, SettingEffect.NEW_SESSIONS),
        ("command line", SettingScope.COMMAND_LINE, True, SettingEffect.RESTART),
    ],
)
def test_changes_it_where_it_is_set(
    source: str,
    scope: SettingScope,
    is_set_there: bool,  # noqa: FBT001
    effect: SettingEffect,
) -> None:
    change = change_where_set(server(replace(WORK_MEM, source=source)), "work_mem", "8192")

    assert (change.scope, change.is_set_there, change.effect) == (scope, is_set_there, effect)
    assert (change.previous_value, change.previous_source) == ("4096", source)
    assert change.database == ("shop" if scope is SettingScope.DATABASE else "")


@pytest.mark.parametrize(
    ("is_set_by_alter_system", "is_set_there"), [(True, True), (None, True), (False, False)]
)
def test_resets_only_what_alter_system_had_not_set(
    is_set_by_alter_system: bool | None,  # noqa: FBT001
    is_set_there: bool,  # noqa: FBT001
) -> None:
    setting = replace(
        WORK_MEM, source="configuration file", is_set_by_alter_system=is_set_by_alter_system
    )

    assert change_where_set(server(setting), "work_mem", "8192").is_set_there is is_set_there


@pytest.mark.parametrize(
    ("context", "effect"),
    [("postmaster", SettingEffect.RESTART), ("sighup", SettingEffect.RELOAD)],
)
def test_says_what_it_takes(context: str, effect: SettingEffect) -> None:
    setting = replace(WORK_MEM, context=context)

    assert change_where_set(server(setting), "work_mem", "8192").effect is effect


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        (replace(WORK_MEM, name="other"), "8192", "work_mem is not in the snapshot"),
        (
            WORK_MEM,
            "63",
            "work_mem = 63kB is out of the server's bounds, 64kB to 2147483647kB",
        ),
        (
            replace(WORK_MEM, source="user"),
            "8192",
            "what the server says of work_mem is hidden by the collecting role's own value",
        ),
        (replace(WORK_MEM, context="internal"), "8192", "work_mem cannot be changed"),
    ],
)
def test_says_why_there_is_nothing_to_change(setting: Setting, value: str, reason: str) -> None:
    with pytest.raises(SkipRule) as skip:
        change_where_set(server(setting), "work_mem", value)

    assert str(skip.value) == reason


def test_changes_it_for_the_role_in_the_database_that_was_looked_at() -> None:
    change = change_for_role(server(), "reports", "work_mem", "8192", review_reason="measure")

    assert change.scope is SettingScope.ROLE_IN_DATABASE
    assert (change.role, change.database) == ("reports", "shop")
    assert (change.previous_value, change.previous_source) == ("4096", "default")
    assert change.effect is SettingEffect.NEW_SESSIONS
    assert change.review_reason == "measure"
    assert not change.is_set_there


@pytest.mark.parametrize(
    ("given", "value", "source", "is_set_there"),
    [
        (("reports", "shop", "16MB"), "16384", "role in database", True),
        (("reports", None, "16MB"), "16384", "role", False),
        ((None, "shop", "16MB"), "16384", "database", False),
        ((None, None, "16MB"), "16384", "global", False),
        (("other", None, "16MB"), "4096", "default", False),
        (("reports", "shop", REDACTED), None, "role in database", True),
    ],
)
def test_goes_back_to_what_the_role_had(
    given: tuple[str | None, str | None, str],
    value: str | None,
    source: str,
    is_set_there: bool,  # noqa: FBT001
) -> None:
    role, database, text = given
    own = RoleSetting(role=role, database=database, name="work_mem", value=text)
    here = server(given=(own,))

    change = change_for_role(here, "reports", "work_mem", "8192")

    assert (change.previous_value, change.previous_source) == (value, source)
    assert change.is_set_there is is_set_there
    assert value_for_role(here, "reports", "work_mem") == value


def test_the_narrowest_of_a_roles_values_counts() -> None:
    wide = RoleSetting(role="reports", database=None, name="work_mem", value="16MB")
    narrow = RoleSetting(role="reports", database="shop", name="work_mem", value="32MB")

    assert value_for_role(server(given=(wide, narrow)), "reports", "work_mem") == "32768"


def test_does_not_take_its_own_value_for_that_of_another_role() -> None:
    own = server(replace(WORK_MEM, source="user"))

    assert value_for_role(own, "reports", "work_mem") is None
    assert change_for_role(own, "reports", "work_mem", "8192").previous_source == "unknown"


def test_changes_it_for_the_database() -> None:
    given = RoleSetting(role=None, database="shop", name="work_mem", value="16MB")

    change = change_for_database(server(given=(given,)), "work_mem", "8192")

    assert (change.scope, change.database) == (SettingScope.DATABASE, "shop")
    assert (change.previous_value, change.is_set_there) == ("16384", True)


@pytest.mark.parametrize("context", ["sighup", "postmaster"])
def test_no_role_has_what_is_the_servers(context: str) -> None:
    with pytest.raises(SkipRule, match="work_mem is the same for all roles and databases"):
        change_for_role(server(replace(WORK_MEM, context=context)), "reports", "work_mem", "8192")


@pytest.mark.parametrize(
    "service",
    [Service.RDS, Service.AURORA, Service.CLOUD_SQL, Service.ALLOYDB, Service.AZURE],
)
@pytest.mark.parametrize("source", ["default", "configuration file", "command line"])
def test_a_service_changes_its_configuration_in_its_own_way(service: Service, source: str) -> None:
    change = change_where_set(
        server(replace(WORK_MEM, source=source), service=service), "work_mem", "8192"
    )

    assert (change.scope, change.service) == (SettingScope.SYSTEM, service)


@pytest.mark.parametrize("service", list(Service))
def test_a_role_is_changed_by_sql_on_every_service(service: Service) -> None:
    change = change_for_role(server(service=service), "reports", "work_mem", "8192")

    assert change.service is None


@pytest.mark.parametrize("service", list(Service))
def test_nobody_is_a_superuser_on_a_service(service: Service) -> None:
    setting = replace(WORK_MEM, context="superuser")

    with pytest.raises(SkipRule, match=f"on {service} nobody is one"):
        change_for_role(server(setting, service=service), "reports", "work_mem", "8192")
    assert change_for_role(server(setting), "reports", "work_mem", "8192").role == "reports"


def test_neon_lets_databases_have_what_a_session_may_set_and_nothing_else() -> None:
    change = change_where_set(server(service=Service.NEON), "work_mem", "8192")

    assert (change.scope, change.service) == (SettingScope.DATABASE, None)
    with pytest.raises(SkipRule, match="Neon lets nobody change work_mem"):
        change_where_set(
            server(replace(WORK_MEM, context="sighup"), service=Service.NEON), "work_mem", "8192"
        )


def test_supabase_has_a_list_of_what_its_tool_changes() -> None:
    cost = replace(WORK_MEM, name="random_page_cost")
    log = replace(WORK_MEM, name="log_lock_waits", context="superuser")
    here = server(WORK_MEM, cost, log, service=Service.SUPABASE)

    assert change_where_set(here, "work_mem", "8192").service is Service.SUPABASE
    assert change_where_set(here, "random_page_cost", "8192").scope is SettingScope.DATABASE
    with pytest.raises(SkipRule, match="Supabase lets nobody change log_lock_waits"):
        change_where_set(here, "log_lock_waits", "8192")


@pytest.mark.parametrize("service", [Service.AURORA, Service.ALLOYDB, Service.NEON])
@pytest.mark.parametrize("name", ["fsync", "checkpoint_timeout", "max_wal_size"])
def test_how_files_are_written_is_nothing_to_a_storage_of_its_own(
    service: Service, name: str
) -> None:
    setting = replace(WORK_MEM, name=name, context="sighup")

    with pytest.raises(SkipRule, match="keeps the data in a storage of its own"):
        change_where_set(server(setting, service=service), name, "8192")


def test_google_loads_libraries_by_itself() -> None:
    libraries = Setting(
        name="shared_preload_libraries", value="", context="postmaster", value_type="string"
    )

    with pytest.raises(SkipRule, match="Google Cloud SQL lets nobody change shared_preload"):
        change_where_set(server(libraries, service=Service.CLOUD_SQL), libraries.name, "x")
    assert change_where_set(server(libraries, service=Service.AZURE), libraries.name, "x")


def test_knows_where_alter_system_is_switched_off() -> None:
    kept = Setting(name="allow_alter_system", value="off")

    assert not change_where_set(server(WORK_MEM, kept), "work_mem", "8192").may_alter_system
    assert change_where_set(server(), "work_mem", "8192").may_alter_system
