"""A statement is planned under the settings of the role that runs it."""

from __future__ import annotations

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.choose.workload import weigh
from pgadvisor.collect.assemble import collect
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.server import REDACTED, RoleSetting, Server, Setting
from pgadvisor.parse.usage import usage_of
from pgadvisor.testing import a_server, a_statement
from pgadvisor.whatif.backend import Configuration
from pgadvisor.whatif.role_settings import settings_of
from pgadvisor.whatif.twin import Twin

WORK_MEM = Setting(
    name="work_mem", value="4096", unit="kB", boot_value="4096", value_type="integer"
)
SEQSCAN = Setting(name="enable_seqscan", value="on", boot_value="on", value_type="bool")
RANDOM = Setting(name="random_page_cost", value="1.1", boot_value="4", value_type="real")
SIZE = Setting(
    name="effective_cache_size",
    value="524288",
    unit="8kB",
    boot_value="524288",
    value_type="integer",
)
TIMEOUT = Setting(
    name="statement_timeout", value="0", unit="ms", boot_value="0", value_type="integer"
)
CLERKS = a_statement("select 1", roles=("clerk", "owner"))


def server(*given: RoleSetting, settings: tuple[Setting, ...] = ()) -> Server:
    known = settings or (WORK_MEM, SEQSCAN, RANDOM, SIZE, TIMEOUT)
    return a_server(settings=known, role_settings=given)


def setting(
    name: str, value: str, *, role: str | None = "clerk", database: str | None = None
) -> RoleSetting:
    return RoleSetting(role=role, database=database, name=name, value=value)


def test_takes_what_differs_of_the_first_role() -> None:
    found = settings_of(
        CLERKS,
        server(
            setting("work_mem", "64MB"),
            setting("random_page_cost", "4", role="owner"),
            setting("statement_timeout", "5s"),
        ),
    )

    assert found == (("work_mem", "64MB"),)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("work_mem", "4096"),
        ("work_mem", "4MB"),
        ("work_mem", " 4096 kB"),
        ("enable_seqscan", "true"),
        ("random_page_cost", "1.10"),
        ("effective_cache_size", "4GB"),
        ("work_mem", REDACTED),
    ],
)
def test_leaves_out_what_is_the_same_or_unknown(name: str, value: str) -> None:
    assert settings_of(CLERKS, server(setting(name, value))) == ()


def test_the_more_particular_setting_beats_the_other() -> None:
    given = [
        setting("work_mem", "1MB", role=None),
        setting("work_mem", "2MB", role=None, database="shop"),
        setting("work_mem", "3MB"),
        setting("work_mem", "5MB", database="shop"),
    ]

    found = [settings_of(CLERKS, server(*given[: count + 1])) for count in range(4)]

    assert found == [(("work_mem", f"{megabytes}MB"),) for megabytes in (1, 2, 3, 5)]


def test_a_setting_of_the_collecting_role_is_nobody_elses() -> None:
    ours = Setting(
        name="enable_seqscan", value="off", boot_value="on", value_type="bool", source="user"
    )
    databases = Setting(
        name="enable_seqscan", value="off", boot_value="on", value_type="bool", source="database"
    )

    assert settings_of(CLERKS, server(settings=(ours,))) == (("enable_seqscan", "on"),)
    assert settings_of(CLERKS, server(settings=(databases,))) == ()


def test_a_statement_of_nobody_is_planned_as_collected() -> None:
    assert settings_of(a_statement("select 1"), server(setting("work_mem", "64MB"))) == ()


@given(value=st.text(), name=st.sampled_from(["work_mem", "enable_seqscan", "random_page_cost"]))
def test_takes_any_text_for_a_value(value: str, name: str) -> None:
    found = settings_of(CLERKS, server(setting(name, value)))

    assert found in ((), ((name, value),))


@pytest.mark.live
def test_the_choice_plans_under_the_settings_of_the_role(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create table goods as select i as id from generate_series(1, 5000) i")
        connection.execute("create index goods_id on goods (id)")
        connection.execute("vacuum analyze goods")
        connection.execute("create role night_job login in role pg_read_all_data")
        connection.execute("alter role night_job set random_page_cost = 40")
        connection.execute("alter role night_job set enable_seqscan = off")
        connection.execute("set session authorization night_job")
        connection.execute("select * from goods where id = 4711")
        connection.execute("reset session authorization")
        connection.execute("set random_page_cost = 40")
        [(document,)] = connection.execute(
            "explain (format json, generic_plan) select * from goods where id = $1"
        ).fetchall()
        snapshot = collect(database)
        connection.execute("drop role night_job")
    [statement] = [s for s in snapshot.statements if "from goods where" in s.text]
    usage = usage_of(statement.id, statement.text, Catalog(snapshot))
    assert usage is not None

    workload = weigh([statement], {statement.id: usage}, Catalog(snapshot), None)
    with Twin(snapshot) as twin:
        [row] = workload.statements
        cost = twin.cost(row.text, Configuration(settings=row.settings))

    assert row.settings == (("enable_seqscan", "off"), ("random_page_cost", "40"))
    assert cost == pytest.approx(document[0]["Plan"]["Total Cost"], rel=0.0001)
