"""missing-observability."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Severity
from pgadvisor.model.server import DatabaseActivity, Extension, Setting
from pgadvisor.testing import Outcome, a_server, a_snapshot, diagnose
from tests.rules.changes import by_hand, down, down_by_hand, manual, up

RULE = "missing-observability"
IO = Setting(name="track_io_timing", value="off", boot_value="off", context="superuser")
LOCKS = Setting(name="log_lock_waits", value="off", boot_value="off", context="superuser")
TEMP = Setting(name="log_temp_files", value="-1", unit="kB", boot_value="-1", context="superuser")
QUERY_ID = Setting(
    name="compute_query_id",
    value="off",
    boot_value="auto",
    context="superuser",
    source="configuration file",
    value_type="enum",
    enum_values=("auto", "regress", "on", "off"),
)
PRELOAD = Setting(name="shared_preload_libraries", value="", boot_value="", context="postmaster")


def run(*settings: Setting, has_statements: bool = True, temp_files: int = 0) -> Outcome:
    info = a_server().statements_info if has_statements else None
    activity = DatabaseActivity(temp_files=temp_files)
    return diagnose(RULE, a_snapshot(settings, statements_info=info, activity=activity))


def test_reports_what_is_not_recorded_once() -> None:
    [finding] = run(IO, LOCKS).findings

    assert finding.key == "missing-observability:server"
    assert finding.severity is Severity.INFO
    assert finding.summary == (
        "What would explain a slow hour is not recorded: track_io_timing, log_lock_waits"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("track_io_timing", "off"),
        ("log_lock_waits", "off"),
    ]
    assert finding.detail == (
        "track_io_timing shows how much of a statement's time goes into reading; where the clock "
        "of the machine is slow (`pg_test_timing` on it tells), leave it off. log_lock_waits shows "
        "who waited for a lock for longer than deadlock_timeout, and for whom"
    )
    assert up(finding) == (
        "ALTER SYSTEM SET track_io_timing = on",
        "ALTER SYSTEM SET log_lock_waits = on",
        "SELECT pg_catalog.pg_reload_conf()",
    )
    assert down(finding) == (
        "ALTER SYSTEM RESET log_lock_waits",
        "ALTER SYSTEM RESET track_io_timing",
        "SELECT pg_catalog.pg_reload_conf()",
    )


def test_goes_back_to_the_old_value_where_somebody_had_set_it() -> None:
    [finding] = run(IO, QUERY_ID).findings

    assert "ALTER SYSTEM SET compute_query_id = 'auto'" in up(finding)
    assert "ALTER SYSTEM SET compute_query_id = off" in down(finding)


def test_loads_the_extension_beside_what_is_loaded_already() -> None:
    loaded = replace(PRELOAD, value='auto_explain, "pg_cron"', source="configuration file")

    [finding] = run(IO, loaded, has_statements=False).findings

    assert finding.summary.endswith(": pg_stat_statements, track_io_timing")
    assert by_hand(finding) == (
        (
            "ALTER SYSTEM SET shared_preload_libraries = "
            "'auto_explain', 'pg_cron', 'pg_stat_statements'"
        ),
    )
    assert down_by_hand(finding) == (
        "ALTER SYSTEM SET shared_preload_libraries = 'auto_explain', 'pg_cron'",
    )
    assert manual(finding)[0] == "`CREATE EXTENSION pg_stat_statements` in this database."


def test_keeps_an_extension_that_is_there_without_its_library() -> None:
    created = Extension(name="pg_stat_statements", version="1.12", schema="public")

    snapshot = a_snapshot(IO, PRELOAD, created, statements_info=None)
    [finding] = diagnose(RULE, snapshot).findings

    assert by_hand(finding) == ("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'",)
    assert manual(finding) == ()


@pytest.mark.parametrize(
    ("source", "way_back"),
    [
        ("default", "ALTER SYSTEM RESET shared_preload_libraries"),
        ("configuration file", "ALTER SYSTEM SET shared_preload_libraries = ''"),
    ],
)
def test_goes_back_to_no_library_at_all(source: str, way_back: str) -> None:
    [finding] = run(IO, replace(PRELOAD, source=source), has_statements=False).findings

    assert down_by_hand(finding) == (way_back,)


def test_a_loaded_library_is_not_missing() -> None:
    loaded = replace(PRELOAD, value="pg_stat_statements", source="configuration file")

    assert run(IO, loaded, has_statements=False).is_clear


def test_cannot_judge_libraries_that_it_may_not_read() -> None:
    outcome = run(IO, has_statements=False)

    assert outcome.findings == ()
    assert [(s.subject, s.reason) for s in outcome.skipped] == [
        (
            "pg_stat_statements",
            "shared_preload_libraries may not be read; pg_read_all_settings is needed",
        )
    ]


def test_leaves_one_alone_that_is_off_by_itself() -> None:
    assert run(IO).is_clear
    assert run(replace(IO, value="on"), replace(LOCKS, value="on"), QUERY_ID).is_clear


def test_the_limit_is_two() -> None:
    snapshot = a_snapshot(IO, LOCKS)

    assert len(diagnose(RULE, snapshot, min_missing_count=2).findings) == 1
    assert diagnose(RULE, snapshot, min_missing_count=3).is_clear


def test_temporary_files_are_not_logged_in_vain() -> None:
    assert run(IO, TEMP).is_clear

    [finding] = run(IO, TEMP, temp_files=1).findings

    assert finding.evidence[-1].source == "pg_stat_database.temp_files"
    assert up(finding)[1] == "ALTER SYSTEM SET log_temp_files = '10MB'"


def test_proposes_no_value_that_the_server_does_not_have() -> None:
    assert len(run(IO, QUERY_ID).findings) == 1
    outcome = run(IO, replace(QUERY_ID, enum_values=("on", "off")))

    assert outcome.findings == ()
    assert outcome.reasons == ("the server has no compute_query_id = auto, only on, off",)


@pytest.mark.parametrize(("largest", "count"), [("10239", 0), ("10240", 1)])
def test_stays_within_the_bounds_of_the_server(largest: str, count: int) -> None:
    bounded = replace(TEMP, min_value="-1", max_value=largest)

    assert len(run(IO, bounded, temp_files=1).findings) == count


def test_knows_that_no_file_overrules_the_command_line() -> None:
    [finding] = run(IO, replace(LOCKS, source="command line")).findings

    assert up(finding) == (
        "ALTER SYSTEM SET track_io_timing = on",
        "SELECT pg_catalog.pg_reload_conf()",
    )
    assert by_hand(finding) == ("postgres -c log_lock_waits=on",)


@pytest.mark.parametrize("source", ["database", "user", "client"])
def test_says_when_a_narrower_scope_hides_the_servers(source: str) -> None:
    outcome = run(IO, replace(LOCKS, source=source))

    assert outcome.findings == ()
    assert [(s.subject, s.reason) for s in outcome.skipped] == [
        (
            "log_lock_waits",
            f"what the server says is hidden by a value of narrower scope: {source}",
        )
    ]


def test_cannot_judge_without_the_settings() -> None:
    assert run().reasons == ("the settings are not in the snapshot",)


def test_asks_for_nothing_that_a_service_does_not_offer() -> None:
    marks = ("setting cloudsql",)
    snapshot = a_snapshot(IO, LOCKS, PRELOAD, statements_info=None, service_marks=marks)
    outcome = diagnose(RULE, snapshot)
    [finding] = outcome.findings

    assert outcome.reasons == ("Google Cloud SQL lets nobody change shared_preload_libraries",)
    assert by_hand(finding)[1] == (
        "gcloud sql instances patch INSTANCE --database-flags=FLAGS_THAT_ARE_SET,log_lock_waits=on"
    )


def test_azure_wants_to_be_asked_before_an_extension_is_created() -> None:
    snapshot = a_snapshot(IO, PRELOAD, statements_info=None, service_marks=("role azure_pg_admin",))

    [finding] = diagnose(RULE, snapshot).findings

    assert manual(finding)[0].startswith("Add pg_stat_statements to azure.extensions")
