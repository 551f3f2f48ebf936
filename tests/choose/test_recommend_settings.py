"""Changes of settings within one coherent plan."""

from __future__ import annotations

from dataclasses import replace

from pgadvisor.choose.recommend import recommend
from pgadvisor.emit.migration import build_migration
from pgadvisor.model.action import Action, ChangeSetting, SettingEffect, SettingScope
from pgadvisor.model.advice import Recommendation
from pgadvisor.model.choice import Choice
from tests.choose.test_recommend import finding

WORK_MEM = ChangeSetting(
    name="work_mem",
    value="65536",
    unit="kB",
    previous_value="4096",
    previous_source="default",
    scope=SettingScope.ROLE,
    role="shop",
    effect=SettingEffect.NEW_SESSIONS,
)
LIBRARIES = replace(
    WORK_MEM,
    name="shared_preload_libraries",
    value="pg_stat_statements",
    unit=None,
    previous_value="",
    scope=SettingScope.SYSTEM,
    role="",
    effect=SettingEffect.RESTART,
)


def plan(*actions: Action) -> Recommendation:
    [made] = recommend([finding("a-rule", *actions)], Choice(), {})
    return made


def test_a_setting_goes_into_the_migration() -> None:
    made = plan(WORK_MEM)

    assert made.title == "Set work_mem to 64MB for role shop"
    assert made.is_in_migration
    assert made.review_reason == ""


def test_a_person_decides_where_the_rule_says_so() -> None:
    made = plan(replace(WORK_MEM, review_reason="measure first"))

    assert not made.is_in_migration
    assert made.review_reason == "measure first"
    migration = build_migration([made])
    assert migration.is_empty
    assert "-- Not run: measure first." in migration.up_sql
    assert "--     ALTER ROLE \"shop\" SET work_mem = '64MB'" in migration.up_sql
    assert '--     ALTER ROLE "shop" RESET work_mem' in migration.down_sql


def test_a_restart_alone_is_done_by_hand() -> None:
    made = plan(LIBRARIES)

    assert not made.is_in_migration
    assert made.review_reason == "it takes a restart, which is never done for you"


def test_a_restart_does_not_hold_up_the_others_of_its_finding() -> None:
    made = plan(WORK_MEM, LIBRARIES)

    assert made.is_in_migration
    migration = build_migration([made])
    assert "\nALTER ROLE \"shop\" SET work_mem = '64MB';\n" in migration.up_sql
    assert "--     ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'" in (
        migration.up_sql
    )
    assert len(migration.run_steps) == 1


def test_a_setting_has_one_value_in_one_place() -> None:
    other = replace(WORK_MEM, value="131072")

    [made] = recommend([finding("a", WORK_MEM), finding("b", other)], Choice(), {})
    apart = recommend(
        [finding("a", WORK_MEM), finding("b", replace(other, role="reports"))], Choice(), {}
    )

    assert made.actions == (WORK_MEM,)
    assert made.finding_keys == ("a:public.jobs", "b:public.jobs")
    assert len(apart) == 2


def test_changes_no_role_that_has_another_name_in_the_snapshot() -> None:
    made = plan(replace(WORK_MEM, role="role_0a1b2c3d"))

    assert not made.is_in_migration
    assert made.review_reason.startswith("the snapshot is redacted, and the role has another name")


def test_a_role_is_given_memory_by_one_setting_alone() -> None:
    """Together a hash would have the product of both."""
    for_hashes = replace(WORK_MEM, name="hash_mem_multiplier", value="4", unit=None)
    other_role = replace(WORK_MEM, role="reports")

    made = recommend(
        [
            finding("a-rule", for_hashes),
            finding("b-rule", WORK_MEM),
            finding("c-rule", other_role),
        ],
        Choice(),
        {},
    )

    assert {action for each in made for action in each.actions} == {for_hashes, other_role}
    assert any(len(each.finding_keys) == 2 for each in made)
