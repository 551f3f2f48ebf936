"""partitions-joined-whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.model.server import RoleSetting, Setting
from pgadvisor.model.statement import Statement
from pgadvisor.testing import Outcome, a_snapshot, a_statement, a_table, diagnose
from tests.rules.changes import changes, down, up

RULE = "partitions-joined-whole"
SETTING = Setting(
    name="enable_partitionwise_join", value="off", boot_value="off", value_type="bool"
)
COLUMNS = ("tenant_id int not null", "id bigint not null", "amount numeric")
JOIN = a_statement(
    "select sum(p.amount) from payment p join booking b on p.tenant_id = b.tenant_id"
    " and p.id = b.id",
    calls=100,
    mean_time_ms=100.0,
    roles=("report",),
)
LOOKUP = a_statement("select amount from booking where id = $1", calls=1_900, mean_time_ms=100.0)


def partitioned(name: str, key: str = "LIST (tenant_id)", count: int = 3) -> tuple[Table, ...]:
    parent = a_table(
        name, *COLUMNS, kind=RelationKind.PARTITIONED_TABLE, partition_key=key, size_bytes=0
    )
    parts = (
        a_table(
            f"{name}_{number}",
            *COLUMNS,
            is_partition=True,
            parent_oids=(parent.oid,),
            partition_bound=f"FOR VALUES IN ({number})",
        )
        for number in range(count)
    )
    return parent, *parts


PAYMENT, BOOKING = partitioned("payment"), partitioned("booking")


def run(
    *statements: Statement,
    payment: tuple[Table, ...] = PAYMENT,
    booking: tuple[Table, ...] = BOOKING,
    setting: Setting | None = SETTING,
    **server: object,
) -> Outcome:
    settings = () if setting is None else (setting,)
    given = statements or (JOIN, LOOKUP)
    return diagnose(RULE, a_snapshot(payment, booking, given, *settings, **server))


def like(text: str) -> Statement:
    return replace(JOIN, text=text)


def test_reports_a_join_of_tables_that_are_partitioned_alike() -> None:
    [finding] = run().findings

    assert finding.key == "partitions-joined-whole:report"
    assert finding.severity is Severity.INFO
    assert finding.confidence is Confidence.MEDIUM
    assert finding.summary == (
        "report joins public.booking and public.payment as a whole, which have 3 partitions with "
        "the same bounds (5 % of all time)"
    )
    assert [(e.name, e.value) for e in finding.evidence] == [
        ("enable_partitionwise_join", "off"),
        ("partitions of each", 3),
        ("statements that join them", 1),
        ("share of execution time", 0.05),
    ]
    assert finding.statement_ids == (JOIN.id,)
    [change] = changes(finding)
    assert change.previous_source == "default"
    assert up(finding) == (
        'ALTER ROLE "report" IN DATABASE "shop" SET enable_partitionwise_join = on',
    )
    assert down(finding) == (
        'ALTER ROLE "report" IN DATABASE "shop" RESET enable_partitionwise_join',
    )


def test_the_whole_key_may_have_several_columns() -> None:
    key = "LIST (tenant_id, id)"

    assert run(payment=partitioned("payment", key), booking=partitioned("booking", key)).findings


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(run(setting=replace(SETTING, value="on")), id="it-is-on"),
        pytest.param(
            run(setting=replace(SETTING, source="configuration file")), id="somebody-has-set-it"
        ),
        pytest.param(
            run(
                role_settings=(
                    RoleSetting(role="report", database=None, name=SETTING.name, value="off"),
                )
            ),
            id="somebody-has-set-it-for-the-role",
        ),
        pytest.param(run(replace(JOIN, mean_time_ms=99.9), LOOKUP), id="short"),
        pytest.param(
            run(JOIN, replace(LOOKUP, calls=1_901, total_time_ms=190_100.0)), id="little-time"
        ),
        pytest.param(
            run(like("select sum(p.amount) from payment p join booking b on p.id = b.id")),
            id="not-on-the-key",
        ),
        pytest.param(run(like(f"{JOIN.text} where p.tenant_id = $1")), id="one-partition"),
        pytest.param(run(like(f"{JOIN.text} where p.tenant_id in ($1, $2)")), id="few-partitions"),
        pytest.param(run(booking=partitioned("booking", count=4)), id="other-bounds"),
        pytest.param(run(booking=partitioned("booking", "HASH (tenant_id)")), id="another-way"),
        pytest.param(run(booking=partitioned("booking", "LIST (lower(note))")), id="an-expression"),
        pytest.param(
            run(
                payment=partitioned("payment", "LIST (tenant_id, id, amount)"),
                booking=partitioned("booking", "LIST (tenant_id, id, amount)"),
            ),
            id="a-part-of-the-key",
        ),
        pytest.param(
            run(payment=partitioned("payment", count=1), booking=partitioned("booking", count=1)),
            id="a-single-partition",
        ),
        pytest.param(
            run(
                payment=partitioned("payment", count=101),
                booking=partitioned("booking", count=101),
            ),
            id="too-many-partitions",
        ),
        pytest.param(run(booking=(a_table("booking", *COLUMNS),)), id="one-is-not-partitioned"),
        pytest.param(run(replace(JOIN, roles=())), id="nobody-knows-who-runs-it"),
    ],
)
def test_leaves_alone(outcome: Outcome) -> None:
    assert outcome.is_clear


def test_a_hundred_partitions_are_not_too_many() -> None:
    outcome = run(
        payment=partitioned("payment", count=100), booking=partitioned("booking", count=100)
    )

    assert len(outcome.findings) == 1


def test_says_why_it_cannot_judge() -> None:
    assert run(setting=None).reasons == (
        "values of enable_partitionwise_join are not in the snapshot",
    )
