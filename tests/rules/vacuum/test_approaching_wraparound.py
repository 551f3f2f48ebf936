"""approaching-wraparound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.backends import RunningVacuum
from pgadvisor.model.finding import Severity
from pgadvisor.model.server import Setting
from pgadvisor.model.transaction_age import DatabaseAge, TableAge
from pgadvisor.testing import Outcome, a_snapshot, a_table, diagnose, table_age

RULE = "approaching-wraparound"
HALF = 1_073_741_824
FOUR_FIFTHS = 1_717_986_918
FREEZE = Setting(name="autovacuum_freeze_max_age", value="200000000", value_type="integer")
MULTIXACT = replace(FREEZE, name="autovacuum_multixact_freeze_max_age", value="400000000")
ORDERS = a_table("orders")
NOTES = a_table("notes")
SHOP = DatabaseAge(name="shop", transaction_age=HALF, multixact_age=0, is_current=True)
WHOLE = (
    "Connect to shop and run `VACUUM (FREEZE, VERBOSE)`, of all its tables; it blocks neither "
    "reads nor writes."
)
BEING_VACUUMED = RunningVacuum(table_oid=ORDERS.oid, phase="scanning heap")


def run(
    *databases: DatabaseAge,
    freeze: Setting = FREEZE,
    running: tuple[RunningVacuum, ...] = (),
    schema: str = "public",
    others: Sequence[TableAge] = (),
) -> Outcome:
    snapshot = a_snapshot(
        *(ORDERS, NOTES, freeze, MULTIXACT),
        table_age(ORDERS, 5, toast_transaction_age=HALF, schema=schema),
        table_age(NOTES, 1_000),
        *others,
        databases=databases or (SHOP,),
        running_vacuums=running,
    )
    return diagnose(RULE, snapshot)


def steps_of(outcome: Outcome) -> tuple[str, ...]:
    [finding] = outcome.findings
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    return action.steps


def test_reports_a_database_that_is_half_way_to_the_end() -> None:
    [finding] = run().findings

    assert finding.key == "approaching-wraparound:shop:transaction"
    assert finding.severity is Severity.WARNING
    assert finding.summary == (
        "Database shop has used 50 % of its transaction IDs: at the end the server stops writing"
    )
    assert finding.detail == "The oldest table is public.orders."
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("age of the database", HALF),
        ("autovacuum_freeze_max_age", 200_000_000),
        ("age of public.orders", HALF),
    ]
    assert steps_of(run())[1] == (
        '`VACUUM (FREEZE, VERBOSE) "public"."orders"`, outside a transaction; '
        "it blocks neither reads nor writes."
    )


@pytest.mark.parametrize(
    ("age", "severities"),
    [
        (HALF - 1, []),
        (HALF, [Severity.WARNING]),
        (FOUR_FIFTHS - 1, [Severity.WARNING]),
        (FOUR_FIFTHS, [Severity.CRITICAL]),
    ],
)
def test_half_is_a_warning_and_four_fifths_are_critical(
    age: int, severities: list[Severity]
) -> None:
    found = run(replace(SHOP, transaction_age=age)).findings

    assert [finding.severity for finding in found] == severities


@pytest.mark.parametrize(("age", "count"), [(HALF, 0), (HALF + 1, 1), (FOUR_FIFTHS, 1)])
def test_leaves_alone_what_a_raised_setting_allows_up_to_four_fifths(age: int, count: int) -> None:
    raised = replace(FREEZE, value=str(HALF if age <= HALF + 1 else 2_000_000_000))

    assert len(run(replace(SHOP, transaction_age=age), freeze=raised).findings) == count


@pytest.mark.parametrize(("age", "count"), [(HALF, 0), (FOUR_FIFTHS, 1)])
def test_leaves_alone_what_is_being_vacuumed_up_to_four_fifths(age: int, count: int) -> None:
    outcome = run(replace(SHOP, transaction_age=age), running=(BEING_VACUUMED,))

    assert len(outcome.findings) == count
    assert all("It is being vacuumed now." in finding.detail for finding in outcome.findings)


def test_a_vacuum_of_another_table_does_not_help() -> None:
    assert len(run(running=(replace(BEING_VACUUMED, table_oid=NOTES.oid),)).findings) == 1


def test_reports_multixacts_on_their_own() -> None:
    [finding] = run(replace(SHOP, transaction_age=0, multixact_age=HALF)).findings

    assert finding.key == "approaching-wraparound:shop:multixact"
    assert "50 % of its multixact IDs" in finding.summary


def test_other_databases_stop_the_server_too() -> None:
    other = DatabaseAge(name="old", transaction_age=HALF, multixact_age=0)
    outcome = run(replace(SHOP, transaction_age=1_000), other)

    [finding] = outcome.findings
    assert finding.subject == "old"
    assert finding.detail.startswith("It is another database of the same server")
    assert steps_of(outcome)[1] == WHOLE.replace("shop", "old")


def test_a_database_that_allows_no_connections_is_left_to_autovacuum() -> None:
    template = DatabaseAge(
        name="template0", transaction_age=HALF, multixact_age=0, allows_connections=False
    )

    assert steps_of(run(template))[1] == (
        "Nobody can connect to template0: autovacuum freezes it by itself, once nothing holds it "
        'back. If it does not, `ALTER DATABASE "template0" ALLOW_CONNECTIONS true`, connect to it, '
        'run `VACUUM (FREEZE, VERBOSE)`, and `ALTER DATABASE "template0" ALLOW_CONNECTIONS false`.'
    )


def run_with_as_old(count: int) -> Outcome:
    return run(others=[table_age(a_table(f"old_{n}"), HALF // 2) for n in range(count)])


def test_names_five_tables_that_are_as_old() -> None:
    outcome = run_with_as_old(4)

    assert outcome.findings[0].detail == "The oldest table is public.orders."
    assert len(outcome.findings[0].evidence) == 2 + 5
    assert len(steps_of(outcome)) == 2 + 5


def test_where_more_tables_are_as_old_it_is_no_single_one() -> None:
    outcome = run_with_as_old(5)

    assert outcome.findings[0].detail == (
        "The oldest table is public.orders. At least 5 others are at least half as old, so that "
        "it is no single table: something holds vacuum back in all of them."
    )
    assert len(outcome.findings[0].evidence) == 2 + 5
    assert steps_of(outcome)[1:2] == (WHOLE,)
    assert len(steps_of(outcome)) == 3


def test_a_temporary_table_can_be_vacuumed_by_its_session_alone() -> None:
    outcome = run(schema="pg_temp_3")

    assert "end that session" in outcome.findings[0].detail
    assert steps_of(outcome)[1] == WHOLE


def test_cannot_judge_without_ages_or_settings_or_on_a_standby() -> None:
    settings = (FREEZE, MULTIXACT)

    assert diagnose(RULE, a_snapshot(*settings, databases=None)).reasons == (
        "ages of databases are not in the snapshot",
    )
    assert diagnose(RULE, a_snapshot(MULTIXACT)).reasons == (
        "values of autovacuum_freeze_max_age are not in the snapshot",
    )
    assert diagnose(RULE, a_snapshot(*settings, is_in_recovery=True)).reasons == (
        "this is a standby: its primary freezes",
    )
