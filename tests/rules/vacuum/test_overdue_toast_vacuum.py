"""overdue-toast-vacuum."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pgadvisor.model.action import SetTableOptions
from pgadvisor.model.finding import Severity
from pgadvisor.model.schema import Table
from pgadvisor.sqltext.actions import steps_of
from pgadvisor.testing import COLLECTED_AT, Outcome, a_snapshot, a_table, diagnose, table_activity
from pgadvisor.units import GiB

RULE = "overdue-toast-vacuum"
DAY_AGO = COLLECTED_AT - timedelta(days=1)
DOCUMENTS = a_table("documents", "id bigint", "body text", toast_size_bytes=GiB)


def run(
    table: Table = DOCUMENTS,
    *,
    age_days: float | None = 90.0,
    is_in_recovery: bool = False,
    **fields: Any,  # noqa: ANN401  (fields of TableActivity)
) -> Outcome:
    given = {
        "toast_live_rows": 400,
        "toast_dead_rows": 100,
        "toast_last_vacuum": DAY_AGO,
        **fields,
    }
    snapshot = a_snapshot(
        table,
        table_activity(table, **given),
        statistics_age_days=age_days,
        is_in_recovery=is_in_recovery,
    )
    return diagnose(RULE, snapshot)


def change_of(outcome: Outcome) -> SetTableOptions | None:
    [finding] = outcome.findings
    changes = [action for action in finding.remedies if isinstance(action, SetTableOptions)]
    return changes[0] if changes else None


def test_reports_a_toast_table_of_which_a_fifth_is_dead() -> None:
    outcome = run()

    [finding] = outcome.findings
    assert finding.key == "overdue-toast-vacuum:public.documents"
    assert finding.severity is Severity.WARNING
    assert finding.summary == "20 % of the 1 GB of long values of public.documents are dead"
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("dead pieces", 100),
        ("live pieces", 400),
        ("size of the TOAST table", GiB),
        ("last vacuum of it", 86_400_000),
    ]
    assert finding.impact.freed_bytes == round(0.2 * GiB)


def test_the_change_goes_back_to_no_factor_of_its_own() -> None:
    change = change_of(run())

    assert change is not None
    [step] = steps_of(change)
    assert step.up == (
        'ALTER TABLE "public"."documents" SET (toast.autovacuum_vacuum_scale_factor = 0.05)',
    )
    assert step.down == (
        'ALTER TABLE "public"."documents" RESET (toast.autovacuum_vacuum_scale_factor)',
    )


@pytest.mark.parametrize(
    ("table", "fields"),
    [
        pytest.param(replace(DOCUMENTS, toast_size_bytes=GiB - 1), {}, id="a-byte-too-small"),
        pytest.param(DOCUMENTS, {"toast_dead_rows": 99}, id="a-piece-less-dead"),
        pytest.param(DOCUMENTS, {"toast_dead_rows": 0, "toast_live_rows": 0}, id="nothing-counted"),
        pytest.param(
            DOCUMENTS,
            {"toast_last_vacuum": DAY_AGO + timedelta(seconds=1)},
            id="vacuumed-less-than-a-day-ago",
        ),
        pytest.param(
            replace(DOCUMENTS, options=("autovacuum_enabled=off",)), {}, id="autovacuum-is-off"
        ),
    ],
)
def test_leaves_alone(table: Table, fields: dict[str, Any]) -> None:
    assert run(table, **fields).is_clear


@pytest.mark.parametrize(
    ("table", "previous"),
    [
        (replace(DOCUMENTS, toast_options=("autovacuum_vacuum_scale_factor=0.1",)), "0.1"),
        (replace(DOCUMENTS, options=("autovacuum_vacuum_scale_factor=0.1",)), None),
    ],
)
def test_remembers_the_factor_of_the_toast_table(table: Table, previous: str | None) -> None:
    change = change_of(run(table))

    assert change is not None
    assert change.previous == (("toast.autovacuum_vacuum_scale_factor", previous),)


@pytest.mark.parametrize(
    "table",
    [
        replace(DOCUMENTS, toast_options=("autovacuum_vacuum_scale_factor=0.05",)),
        replace(DOCUMENTS, options=("autovacuum_vacuum_scale_factor=0.01",)),
    ],
)
def test_proposes_no_factor_where_it_is_as_low(table: Table) -> None:
    assert change_of(run(table)) is None


def test_never_vacuumed_counts_from_the_reset() -> None:
    assert len(run(toast_last_vacuum=None, age_days=1.0).findings) == 1


@pytest.mark.parametrize("age_days", [0.9, None])
def test_cannot_tell_since_when_where_the_counters_are_young(age_days: float | None) -> None:
    [skipped] = run(toast_last_vacuum=None, age_days=age_days).skipped

    assert skipped.subject == "public.documents"
    assert skipped.reason.startswith("much of its TOAST table is dead, but the counters do not say")


def test_cannot_judge_without_counters_or_on_a_standby() -> None:
    assert diagnose(RULE, a_snapshot(DOCUMENTS)).reasons == (
        "the counters of tables are not in the snapshot",
    )
    assert run(is_in_recovery=True).reasons == (
        "this is a standby: its primary vacuums, and counts what is written",
    )
