"""setting-awaiting-restart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.finding import Finding, Severity
from pgadvisor.model.server import Setting
from pgadvisor.testing import Outcome, a_snapshot, diagnose

RULE = "setting-awaiting-restart"
LIBRARIES = Setting(
    name="shared_preload_libraries",
    value="auto_explain, pg_stat_statements",
    source="configuration file",
    context="postmaster",
)
BUFFERS = Setting(
    name="shared_buffers",
    value="16384",
    unit="8kB",
    source="configuration file",
    context="postmaster",
    value_type="integer",
    is_pending_restart=True,
)
CONNECTIONS = Setting(
    name="max_connections",
    value="100",
    source="default",
    context="postmaster",
    value_type="integer",
    is_pending_restart=True,
)


def run(*settings: Setting, replicas: int | None = 0) -> Outcome:
    return diagnose(RULE, a_snapshot(LIBRARIES, settings, streaming_replica_count=replicas))


def steps_of(finding: Finding) -> tuple[str, ...]:
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    return action.steps


def test_reports_a_setting_that_waits() -> None:
    [finding] = run(BUFFERS).findings

    assert finding.key == "setting-awaiting-restart:shared_buffers"
    assert finding.severity is Severity.WARNING
    assert finding.summary == "shared_buffers was changed and waits for the next restart"
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("shared_buffers that is in force", "16384 x 8kB")
    ]
    assert steps_of(finding) == (
        (
            "See what is to come: `SELECT name, setting, sourcefile, error FROM pg_file_settings "
            "WHERE name IN ('shared_buffers')`."
        ),
        "Start a throw-away server on a machine of the same kind with these values.",
        "Restart the server when it suits; a reload is not enough.",
        (
            "To take it back instead: `ALTER SYSTEM SET shared_buffers = 16384`, which is the "
            "value in force."
        ),
    )


def test_reports_several_at_once_in_order() -> None:
    [finding] = run(BUFFERS, CONNECTIONS).findings

    assert finding.key == "setting-awaiting-restart:max_connections,shared_buffers"
    assert finding.subject == "server"
    assert finding.summary == (
        "2 changed settings wait for the next restart: max_connections, shared_buffers"
    )
    assert "('max_connections', 'shared_buffers')" in steps_of(finding)[0]


def test_resets_what_was_not_set_before() -> None:
    [finding] = run(CONNECTIONS).findings

    assert "`ALTER SYSTEM RESET max_connections`" in steps_of(finding)[-1]


def test_quotes_the_members_of_a_list_one_by_one() -> None:
    snapshot = a_snapshot(replace(LIBRARIES, is_pending_restart=True))

    [finding] = diagnose(RULE, snapshot).findings

    assert (
        "`ALTER SYSTEM SET shared_preload_libraries = 'auto_explain', 'pg_stat_statements'`"
        in steps_of(finding)[-1]
    )


def test_quotes_other_texts_as_one() -> None:
    text = replace(BUFFERS, name="huge_text", value="it's, so", value_type="string")

    [finding] = run(text).findings

    assert "`ALTER SYSTEM SET huge_text = 'it''s, so'`" in steps_of(finding)[-1]


def test_does_not_restore_what_a_snapshot_does_not_hold() -> None:
    [finding] = run(replace(BUFFERS, value="(redacted)", value_type="string")).findings

    assert "ALTER SYSTEM" not in steps_of(finding)[-1]
    assert "`SHOW shared_buffers`" in steps_of(finding)[-1]


@pytest.mark.parametrize(("replicas", "count"), [(0, 0), (1, 1), (None, 1)])
def test_minds_the_order_in_which_standbys_are_restarted(replicas: int | None, count: int) -> None:
    [coupled] = run(CONNECTIONS, replicas=replicas).findings
    [other] = run(BUFFERS, replicas=replicas).findings

    assert sum("standbys first" in step for step in steps_of(coupled)) == count
    assert not any("standbys first" in step for step in steps_of(other))


def test_leaves_settings_alone_that_are_in_force() -> None:
    assert run(replace(BUFFERS, is_pending_restart=False)).is_clear


def test_says_that_some_settings_may_not_be_read() -> None:
    outcome = diagnose(RULE, a_snapshot(BUFFERS))

    assert len(outcome.findings) == 1
    assert outcome.reasons == (
        "it may not be read, like some others; pg_read_all_settings is needed",
    )


def test_cannot_judge_without_the_settings() -> None:
    assert diagnose(RULE, a_snapshot()).reasons == ("the settings are not in the snapshot",)


def test_speaks_of_a_services_own_tools_where_nobody_may_alter_the_system() -> None:
    snapshot = a_snapshot(
        replace(CONNECTIONS, is_pending_restart=True), service_marks=("setting rds",)
    )

    [finding] = diagnose(RULE, snapshot).findings

    assert "ALTER SYSTEM" not in " ".join(steps_of(finding))
    assert steps_of(finding)[-1] == (
        "To take it back instead: set max_connections there to 100 again, in its base unit, which "
        "is the value in force."
    )
