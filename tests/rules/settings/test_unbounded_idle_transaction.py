"""unbounded-idle-transaction."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Severity
from pgadvisor.model.server import RoleSetting, Setting
from pgadvisor.model.statement import Statement
from pgadvisor.testing import Outcome, a_server, a_snapshot, a_statement, a_table, diagnose
from tests.rules.changes import changes, down, up

RULE = "unbounded-idle-transaction"
ORDERS = a_table("orders", "id bigint not null", "note text")
IDLE = Setting(name="idle_in_transaction_session_timeout", value="0", unit="ms", boot_value="0")
WHOLE = Setting(name="transaction_timeout", value="0", unit="ms", boot_value="0")
SELECT = a_statement("select note from orders where id = $1", calls=900, roles=("shop",))
UPDATE = a_statement("update orders set note = $1 where id = $2", calls=100, roles=("shop",))


def run(
    *statements: Statement,
    settings: tuple[Setting, ...] = (IDLE, WHOLE),
    of_roles: tuple[RoleSetting, ...] = (),
) -> Outcome:
    chosen = statements or (SELECT, UPDATE)
    return diagnose(RULE, a_snapshot(ORDERS, settings, chosen, role_settings=of_roles))


def test_reports_a_role_that_may_hold_a_transaction_open() -> None:
    [finding] = run().findings

    assert finding.key == "unbounded-idle-transaction:shop"
    assert finding.severity is Severity.INFO
    assert finding.summary == (
        "shop runs 100 % of the workload's calls and may stay idle in a transaction for ever"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("idle_in_transaction_session_timeout", "0"),
        ("share of the calls", 1.0),
        ("calls that write", 100),
    ]
    [change] = changes(finding)
    assert change.review_reason.startswith("make sure first that the application connects again")
    assert up(finding) == (
        'ALTER ROLE "shop" IN DATABASE "shop" SET idle_in_transaction_session_timeout = \'1min\'',
    )
    assert down(finding) == (
        'ALTER ROLE "shop" IN DATABASE "shop" RESET idle_in_transaction_session_timeout',
    )


def test_reports_each_role_by_itself() -> None:
    other = replace(UPDATE, id="2", roles=("billing",))

    assert [f.subject for f in run(SELECT, UPDATE, other).findings] == ["billing", "shop"]


@pytest.mark.parametrize(
    "setting",
    [
        pytest.param(replace(IDLE, value="60000", source="configuration file"), id="of-the-server"),
        pytest.param(replace(IDLE, value="60000", source="database"), id="of-the-database"),
        pytest.param(replace(IDLE, source="configuration file"), id="zero-on-purpose"),
        pytest.param(replace(WHOLE, value="300000", source="configuration file"), id="whole"),
    ],
)
def test_leaves_a_server_alone_that_has_a_bound(setting: Setting) -> None:
    settings = tuple(setting if s.name == setting.name else s for s in (IDLE, WHOLE))

    assert run(settings=settings).is_clear


@pytest.mark.parametrize(
    ("given", "count"),
    [
        pytest.param(RoleSetting(role="shop", database=None, name=IDLE.name, value="5min"), 0),
        pytest.param(RoleSetting(role="shop", database="shop", name=IDLE.name, value="0"), 0),
        pytest.param(RoleSetting(role=None, database="shop", name=WHOLE.name, value="1h"), 0),
        pytest.param(RoleSetting(role="other", database=None, name=IDLE.name, value="1h"), 1),
        pytest.param(RoleSetting(role="shop", database=None, name="work_mem", value="8MB"), 1),
    ],
    ids=["of-the-role", "zero-on-purpose", "of-the-database", "of-another-role", "another-setting"],
)
def test_leaves_a_role_alone_for_which_somebody_decided(given: RoleSetting, count: int) -> None:
    assert len(run(of_roles=(given,)).findings) == count


def test_leaves_roles_alone_that_write_nothing() -> None:
    assert run(SELECT).is_clear


@pytest.mark.parametrize(
    "text", ["COPY", "create table backup as select 1", "VACUUM", "DROP TABLE"]
)
def test_leaves_roles_alone_that_migrate_load_or_back_up(text: str) -> None:
    maintenance = a_statement(text, calls=1, roles=("admin", "shop"))

    assert run(SELECT, UPDATE, maintenance).is_clear
    assert len(run(SELECT, UPDATE, replace(maintenance, roles=("admin",))).findings) == 1


@pytest.mark.parametrize(("calls", "count"), [(10, 1), (9, 0)])
def test_asks_for_a_hundredth_of_the_calls(calls: int, count: int) -> None:
    others = replace(SELECT, calls=1_000 - calls, roles=("reports",))

    assert len(run(others, replace(UPDATE, calls=calls)).findings) == count


def test_counts_a_shared_statement_for_the_role_that_runs_it_most() -> None:
    shared = replace(UPDATE, roles=("billing", "shop"))

    assert [f.subject for f in run(SELECT, shared).findings] == ["billing"]


def test_stays_within_the_bounds_of_the_server() -> None:
    bounded = replace(IDLE, min_value="0", max_value="60000")

    assert len(run(settings=(bounded,)).findings) == 1
    assert run(settings=(replace(bounded, max_value="59999"),)).reasons == (
        "idle_in_transaction_session_timeout = 1min is out of the server's bounds, 0 to 59999ms",
    )


def test_does_without_the_timeout_that_came_with_version_17() -> None:
    assert len(run(settings=(IDLE,)).findings) == 1


@pytest.mark.parametrize("source", ["user", "database user", "client"])
def test_cannot_judge_where_our_own_value_hides_the_servers(source: str) -> None:
    outcome = run(settings=(replace(IDLE, source=source), WHOLE))

    assert outcome.reasons == (
        (
            "what the server says of idle_in_transaction_session_timeout is hidden by the "
            "collecting role's own value"
        ),
    )


def test_cannot_judge_without_the_setting_or_the_roles_or_the_statements() -> None:
    nameless = replace(UPDATE, roles=())
    without_workload = diagnose(RULE, a_snapshot(ORDERS, IDLE))

    assert run(settings=()).reasons == (
        "idle_in_transaction_session_timeout is not in the snapshot",
    )
    assert run(nameless).reasons == ("which roles run the statements is not in the snapshot",)
    assert without_workload.reasons == (
        "no statement was recorded, and no workload files were given",
    )


@pytest.mark.parametrize(
    ("age_days", "reasons"),
    [
        (7.0, ()),
        (6.5, ("statements have been counted for 6.5 days, 7 days are needed",)),
        (None, ("nobody knows how long statements have been counted",)),
    ],
)
def test_waits_for_a_weekly_migration_to_be_seen(
    age_days: float | None, reasons: tuple[str, ...]
) -> None:
    info = a_server(statistics_age_days=age_days).statements_info

    snapshot = a_snapshot(
        ORDERS, IDLE, SELECT, UPDATE, statements_info=info, statistics_age_days=age_days
    )

    assert diagnose(RULE, snapshot).reasons == reasons
