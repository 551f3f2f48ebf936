"""Changes of settings as migration steps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ChangeSetting, SettingEffect, SettingScope
from pgadvisor.model.service import Service
from pgadvisor.sqltext.actions import all_steps_of, runs_alone
from pgadvisor.sqltext.settings import RELOAD, setting_step

WORK_MEM = ChangeSetting(
    name="work_mem",
    value="65536",
    unit="kB",
    value_type="integer",
    previous_value="4096",
    previous_source="default",
    scope=SettingScope.SYSTEM,
    effect=SettingEffect.RELOAD,
)


@pytest.mark.parametrize(
    ("scope", "head"),
    [
        (SettingScope.ROLE, 'ALTER ROLE "we""ird"'),
        (SettingScope.DATABASE, 'ALTER DATABASE "shop"'),
        (SettingScope.ROLE_IN_DATABASE, 'ALTER ROLE "we""ird" IN DATABASE "shop"'),
        (SettingScope.ALL_ROLES, "ALTER ROLE ALL"),
    ],
)
def test_sets_it_where_it_is_meant_to_be(scope: SettingScope, head: str) -> None:
    action = replace(WORK_MEM, scope=scope, role='we"ird', database="shop")

    step = setting_step(action)
    changed_before = setting_step(replace(action, is_set_there=True))

    assert step.up == (f"{head} SET work_mem = '64MB'",)
    assert step.down == (f"{head} RESET work_mem",)
    assert changed_before.down == (f"{head} SET work_mem = '4MB'",)
    assert step.is_transactional
    assert step.lock == "none"


def test_reloads_what_is_the_systems() -> None:
    step = setting_step(WORK_MEM)

    assert step.up == ("ALTER SYSTEM SET work_mem = '64MB'", RELOAD)
    assert step.down == ("ALTER SYSTEM RESET work_mem", RELOAD)
    assert not step.is_transactional
    assert all(map(runs_alone, (*step.up, *step.down)))
    assert step.note == (
        "The old value is 4MB, from: default. In force after the reload; no restart. It takes a "
        "superuser, or GRANT ALTER SYSTEM ON PARAMETER (PostgreSQL 15)."
    )


def test_reloads_once_after_all_of_them_in_either_direction() -> None:
    other = replace(WORK_MEM, name="hash_mem_multiplier", value="2", unit=None)
    of_role = replace(WORK_MEM, scope=SettingScope.ALL_ROLES)

    steps = all_steps_of((WORK_MEM, of_role, other))

    assert [sql for step in steps for sql in step.up] == [
        "ALTER SYSTEM SET work_mem = '64MB'",
        "ALTER ROLE ALL SET work_mem = '64MB'",
        "ALTER SYSTEM SET hash_mem_multiplier = 2",
        RELOAD,
    ]
    assert [sql for step in reversed(steps) for sql in step.down] == [
        "ALTER SYSTEM RESET hash_mem_multiplier",
        "ALTER ROLE ALL RESET work_mem",
        "ALTER SYSTEM RESET work_mem",
        RELOAD,
    ]


def test_never_restarts_anything() -> None:
    step = setting_step(
        replace(
            WORK_MEM,
            name="shared_preload_libraries",
            value='auto_explain, "pg cron"',
            unit=None,
            previous_value="",
            effect=SettingEffect.RESTART,
            is_set_there=True,
        )
    )

    assert (step.up, step.down) == ((), ())
    assert step.by_hand == (
        "ALTER SYSTEM SET shared_preload_libraries = 'auto_explain', 'pg cron'",
    )
    assert step.down_by_hand == ("ALTER SYSTEM SET shared_preload_libraries = ''",)
    assert step.review_reason == "it takes a restart, which is never done for you"


def test_leaves_the_command_line_to_who_starts_the_server() -> None:
    action = replace(
        WORK_MEM, scope=SettingScope.COMMAND_LINE, effect=SettingEffect.RESTART, value="65537"
    )

    step = setting_step(action)

    assert step.by_hand == ("postgres -c work_mem=65537kB",)
    assert step.down_by_hand == ("postgres -c work_mem=4MB",)


def test_leaves_a_configuration_alone_that_somebody_else_keeps() -> None:
    step = setting_step(replace(WORK_MEM, may_alter_system=False))
    of_role = setting_step(
        replace(WORK_MEM, may_alter_system=False, scope=SettingScope.ROLE, role="shop")
    )

    assert (step.up, step.by_hand, step.down_by_hand) == (
        (),
        ("work_mem = '64MB'",),
        ("work_mem = '4MB'",),
    )
    assert of_role.up == ("ALTER ROLE \"shop\" SET work_mem = '64MB'",)


def test_goes_nowhere_from_where_there_is_no_way_back() -> None:
    step = setting_step(replace(WORK_MEM, previous_value=None, is_set_there=True))

    assert step.up == ()
    assert step.by_hand == ("ALTER SYSTEM SET work_mem = '64MB'", RELOAD)
    assert step.down_by_hand == ()
    assert step.review_reason.startswith("its old value is not in the snapshot")


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        ("on", None, "on"),
        ("1.1", None, "1.1"),
        ("-1", "kB", "-1"),
        ("0", "ms", "0"),
        ("60000", "ms", "'1min'"),
        ("90000", "ms", "'90s'"),
        ("1048576", "8kB", "'8GB'"),
        ("3", "8kB", "'24kB'"),
        ("300", "s", "'5min'"),
        ("pglz", None, "'pglz'"),
        ("default", None, "'default'"),
        ("it's", None, "'it''s'"),
    ],
)
def test_writes_a_value_as_sql_takes_it(value: str, unit: str | None, written: str) -> None:
    step = setting_step(replace(WORK_MEM, value=value, unit=unit))

    assert step.up[0] == f"ALTER SYSTEM SET work_mem = {written}"


@pytest.mark.parametrize("name", ["work_mem; DROP TABLE x", 'a"b', "", "a.b.c", "1a"])
def test_takes_nothing_for_a_setting_that_cannot_be_one(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a setting"):
        setting_step(replace(WORK_MEM, name=name))


@pytest.mark.parametrize(
    ("service", "command", "way_back"),
    [
        (
            Service.RDS,
            (
                "aws rds modify-db-parameter-group --db-parameter-group-name PARAMETER_GROUP "
                '--parameters "ParameterName=work_mem,ParameterValue=65536,ApplyMethod=immediate"'
            ),
            (
                "aws rds reset-db-parameter-group --db-parameter-group-name PARAMETER_GROUP "
                '--parameters "ParameterName=work_mem,ApplyMethod=immediate"'
            ),
        ),
        (
            Service.AURORA,
            (
                "aws rds modify-db-cluster-parameter-group --db-cluster-parameter-group-name "
                "PARAMETER_GROUP --parameters "
                '"ParameterName=work_mem,ParameterValue=65536,ApplyMethod=immediate"'
            ),
            (
                "aws rds reset-db-cluster-parameter-group --db-cluster-parameter-group-name "
                'PARAMETER_GROUP --parameters "ParameterName=work_mem,ApplyMethod=immediate"'
            ),
        ),
        (
            Service.CLOUD_SQL,
            (
                "gcloud sql instances patch INSTANCE "
                "--database-flags=FLAGS_THAT_ARE_SET,work_mem=65536"
            ),
            "gcloud sql instances patch INSTANCE --database-flags=FLAGS_THAT_ARE_SET",
        ),
        (
            Service.ALLOYDB,
            (
                "gcloud alloydb instances update INSTANCE --cluster=CLUSTER --region=REGION "
                "--database-flags=FLAGS_THAT_ARE_SET,work_mem=65536"
            ),
            (
                "gcloud alloydb instances update INSTANCE --cluster=CLUSTER --region=REGION "
                "--database-flags=FLAGS_THAT_ARE_SET"
            ),
        ),
        (
            Service.AZURE,
            (
                "az postgres flexible-server parameter set --resource-group GROUP "
                "--server-name SERVER --name work_mem --value 65536"
            ),
            (
                "az postgres flexible-server parameter set --resource-group GROUP "
                "--server-name SERVER --name work_mem"
            ),
        ),
        (
            Service.SUPABASE,
            (
                "supabase --experimental --project-ref PROJECT postgres-config update "
                "--config work_mem=64MB --no-restart"
            ),
            (
                "supabase --experimental --project-ref PROJECT postgres-config update "
                "--config work_mem=4MB --no-restart"
            ),
        ),
    ],
)
def test_speaks_the_language_of_a_service(service: Service, command: str, way_back: str) -> None:
    step = setting_step(replace(WORK_MEM, service=service))

    assert (step.up, step.down) == ((), ())
    assert step.by_hand == (command,)
    assert step.down_by_hand == (way_back,)
    assert step.review_reason == f"{service} changes it by its own tools"


def test_goes_back_to_the_old_value_where_that_was_no_default_of_the_service() -> None:
    given = replace(WORK_MEM, service=Service.RDS, previous_source="configuration file")

    [way_back] = setting_step(given).down_by_hand

    assert "modify-db-parameter-group" in way_back
    assert "ParameterValue=4096," in way_back


def test_writes_switches_lists_and_restarts_as_parameter_groups_have_them() -> None:
    switch = replace(WORK_MEM, service=Service.RDS, value="on", value_type="bool", unit=None)
    libraries = replace(
        WORK_MEM,
        service=Service.RDS,
        name="shared_preload_libraries",
        value="a,b",
        value_type="string",
        unit=None,
        effect=SettingEffect.RESTART,
    )

    assert "ParameterValue=1,ApplyMethod=immediate" in setting_step(switch).by_hand[0]
    assert "ParameterValue='a,b',ApplyMethod=pending-reboot" in setting_step(libraries).by_hand[0]


def test_neon_has_no_command() -> None:
    with pytest.raises(ValueError, match="Neon has no command that sets work_mem"):
        setting_step(replace(WORK_MEM, service=Service.NEON))
