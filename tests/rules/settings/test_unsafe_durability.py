"""unsafe-durability."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pgadvisor.model.finding import Severity
from pgadvisor.model.server import Setting
from pgadvisor.testing import (
    COLLECTED_AT,
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_table,
    diagnose,
    table_activity,
)
from tests.rules.changes import by_hand, down, down_by_hand, manual, up

RULE = "unsafe-durability"
FILE = "configuration file"
FSYNC = Setting(name="fsync", value="on", boot_value="on", context="sighup")
PAGES = Setting(name="full_page_writes", value="on", boot_value="on", context="sighup")
ZERO = Setting(name="zero_damaged_pages", value="off", boot_value="off", context="superuser")
COMMIT = Setting(name="synchronous_commit", value="on", boot_value="on", context="user")
SAFE = {setting.name: setting for setting in (FSYNC, PAGES, ZERO, COMMIT)}


def run(
    *changed: Setting,
    objects: tuple[SnapshotPart, ...] = (),
    up: timedelta | None = None,
    age_days: float | None = 90.0,
) -> Outcome:
    settings = {**SAFE, **{setting.name: setting for setting in changed}}
    started_at = None if up is None else COLLECTED_AT - up
    snapshot = a_snapshot(
        settings.values(), *objects, started_at=started_at, statistics_age_days=age_days
    )
    return diagnose(RULE, snapshot)


def off(setting: Setting, source: str = FILE) -> Setting:
    return replace(setting, value="off", source=source)


def test_reports_a_server_that_never_waits_for_the_disk() -> None:
    [finding] = run(off(FSYNC)).findings

    assert finding.key == "unsafe-durability:fsync"
    assert finding.severity is Severity.CRITICAL
    assert finding.summary == (
        "fsync is off: a crash of the machine can corrupt the whole database"
    )
    assert finding.impact.risk == "a crash of the machine can corrupt the whole database"
    assert [(e.name, e.value) for e in finding.evidence] == [("fsync", "off"), ("set by", FILE)]
    assert up(finding) == (
        "ALTER SYSTEM SET fsync = on",
        "SELECT pg_catalog.pg_reload_conf()",
    )
    assert down(finding) == (
        "ALTER SYSTEM SET fsync = off",
        "SELECT pg_catalog.pg_reload_conf()",
    )
    assert manual(finding) == (
        (
            "Force to disk what the system still caches: run `sync` on the machine.  Until it "
            "has returned, nothing is safer than before."
        ),
    )


def test_reports_pages_that_may_be_torn() -> None:
    [finding] = run(off(PAGES)).findings

    assert finding.severity is Severity.CRITICAL
    assert finding.summary == (
        "full_page_writes is off: a page that a crash tears in two cannot be mended"
    )
    assert up(finding)[0] == "ALTER SYSTEM SET full_page_writes = on"


def test_reports_pages_that_are_emptied() -> None:
    [finding] = run(replace(ZERO, value="on", source=FILE)).findings

    assert finding.severity is Severity.CRITICAL
    assert up(finding)[0] == "ALTER SYSTEM SET zero_damaged_pages = off"
    assert down(finding)[0] == "ALTER SYSTEM SET zero_damaged_pages = on"


def test_is_milder_about_transactions_that_get_lost() -> None:
    delay = Setting(name="wal_writer_delay", value="200", unit="ms")

    [finding] = run(off(COMMIT), delay).findings

    assert finding.severity is Severity.WARNING
    assert finding.summary == (
        "synchronous_commit is off for the whole server: a crash loses transactions that were "
        "confirmed"
    )
    assert finding.evidence[-1].value == "600 ms"


def test_reports_each_setting_by_itself() -> None:
    found = run(off(FSYNC), off(PAGES), off(COMMIT)).findings

    assert {finding.subject for finding in found} == {
        "fsync",
        "full_page_writes",
        "synchronous_commit",
    }


@pytest.mark.parametrize("value", ["on", "local", "remote_write", "remote_apply"])
def test_leaves_a_commit_alone_that_waits_for_the_own_disk_at_least(value: str) -> None:
    assert run(replace(COMMIT, value=value, source=FILE)).is_clear


@pytest.mark.parametrize("source", ["database", "user", "database user", "client", "unknown"])
def test_a_narrower_scope_is_no_matter_of_the_server(source: str) -> None:
    outcome = run(off(COMMIT, source))

    assert outcome.findings == ()
    assert outcome.reasons == (
        f"what the server says is hidden by a value of narrower scope: {source}",
    )


def test_undoes_what_is_set_for_all_roles() -> None:
    [finding] = run(off(COMMIT, "global")).findings

    assert up(finding) == ("ALTER ROLE ALL SET synchronous_commit = on",)
    assert down(finding) == ("ALTER ROLE ALL SET synchronous_commit = off",)


def test_knows_that_no_file_overrules_the_command_line() -> None:
    [finding] = run(off(FSYNC, "command line")).findings

    assert up(finding) == ()
    assert by_hand(finding) == ("postgres -c fsync=on",)
    assert down_by_hand(finding) == ("postgres -c fsync=off",)


def test_does_not_say_alter_system_where_it_is_switched_off() -> None:
    forbidden = Setting(name="allow_alter_system", value="off")

    [finding] = run(off(FSYNC), forbidden).findings
    [allowed] = run(off(FSYNC), replace(forbidden, value="on")).findings

    assert (up(finding), by_hand(finding)) == ((), ("fsync = on",))
    assert down_by_hand(finding) == ("fsync = off",)
    assert up(allowed)[0] == "ALTER SYSTEM SET fsync = on"


@pytest.mark.parametrize("name", ["wal_recycle", "wal_init_zero"])
def test_leaves_file_systems_alone_that_copy_on_write(name: str) -> None:
    outcome = run(off(PAGES), Setting(name=name, value="off"))

    assert outcome.findings == ()
    assert outcome.reasons == (
        (
            f"it is off, and so is {name}, as for file systems that tear no page; whether the data "
            "lie on one is not in the snapshot"
        ),
    )
    assert len(run(off(PAGES), Setting(name=name, value="on")).findings) == 1
    assert len(run(off(FSYNC), Setting(name=name, value="off")).findings) == 1


@pytest.mark.parametrize(
    ("up", "age_days", "count"),
    [
        pytest.param(timedelta(hours=23), 0.9, 0, id="set-up-today"),
        pytest.param(timedelta(hours=23), None, 0, id="set-up-today-and-never-reset"),
        pytest.param(timedelta(days=1), 0.9, 1, id="runs-for-a-day"),
        pytest.param(timedelta(hours=1), 1.0, 1, id="restarted-only"),
    ],
)
def test_asks_for_a_server_of_a_day(up: timedelta, age_days: float | None, count: int) -> None:
    outcome = run(off(FSYNC), up=up, age_days=age_days)

    assert len(outcome.findings) == count
    if not count:
        assert outcome.reasons == (
            (
                "fsync: unsafe, but the server neither runs nor counts for 24 h, and may be one "
                "for tests"
            ),
        )
    assert run(up=up, age_days=age_days).is_clear


def test_an_old_vacuum_proves_that_a_restarted_server_is_old() -> None:
    orders = a_table("orders")
    vacuumed = table_activity(orders, last_autovacuum=COLLECTED_AT - timedelta(days=30))
    parts = (orders, vacuumed)

    outcome = run(off(FSYNC), objects=parts, up=timedelta(hours=1), age_days=None)

    assert len(outcome.findings) == 1


def test_leaves_a_safe_server_alone() -> None:
    assert run().is_clear


def test_cannot_judge_without_the_settings() -> None:
    outcome = diagnose(RULE, a_snapshot())

    assert outcome.reasons == ("the settings are not in the snapshot",)


def test_says_which_setting_is_missing() -> None:
    outcome = diagnose(RULE, a_snapshot(FSYNC, PAGES, COMMIT))

    assert [(s.subject, s.reason) for s in outcome.skipped] == [
        ("zero_damaged_pages", "it is not in the snapshot")
    ]


@pytest.mark.parametrize(
    ("mark", "reason"),
    [
        (
            "setting neon",
            "it is off, but Neon keeps the data in a storage of its own, to which fsync is nothing",
        ),
        ("role supabase_admin", "it is off, but Supabase lets nobody change fsync"),
    ],
)
def test_is_no_hazard_of_the_users_where_a_service_decides(mark: str, reason: str) -> None:
    outcome = diagnose(RULE, a_snapshot(off(FSYNC), PAGES, ZERO, COMMIT, service_marks=(mark,)))

    assert outcome.findings == ()
    assert [(s.subject, s.reason) for s in outcome.skipped] == [("fsync", reason)]
