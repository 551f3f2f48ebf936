"""What standbys count, added to their primary's: scans, statements, windows and refusals."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from pgadvisor.choose.recommend import recommend, unseen_drops
from pgadvisor.config import GateLimits
from pgadvisor.diagnose.gates import evaluate_gates
from pgadvisor.errors import UsageError
from pgadvisor.model.choice import Choice
from pgadvisor.model.gates import Gate, GateState
from pgadvisor.model.snapshot import Snapshot, Unavailable
from pgadvisor.model.statement import Statements
from pgadvisor.standbys.merge import with_standbys
from pgadvisor.testing import (
    COLLECTED_AT,
    a_case,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    diagnose,
    index_activity,
    table_activity,
)

ORDERS = a_table("orders", rows=1_000_000)
INDEX = an_index(ORDERS, "customer_id")
TWIN = an_index(ORDERS, "customer_id", name="again")
READ = "select * from orders where customer_id = $1"
WRITES = 1_000_000


def days_ago(days: float) -> datetime:
    return COLLECTED_AT - timedelta(days=days)


def a_node(
    *,
    scans: int = 0,
    calls: int = 0,
    indexes: tuple[Any, ...] = (INDEX,),
    **server: Any,  # noqa: ANN401  (fields of Server)
) -> Snapshot:
    known = {"system_identifier": "7", "timeline": 1, "streaming_replica_count": 1, **server}
    return a_snapshot(
        ORDERS,
        indexes,
        table_activity(ORDERS, rows_updated=WRITES, index_scans=scans),
        [index_activity(index, scans=scans) for index in indexes],
        [a_statement(READ, calls=calls, mean_time_ms=4.0)] if calls else [],
        **known,
    )


def a_standby(number: int = 1, **options: Any) -> Snapshot:  # noqa: ANN401
    started_at = days_ago(100 + number)
    fields = {"is_in_recovery": True, "streaming_replica_count": 0, "started_at": started_at}
    return a_node(**{**fields, **options})


def gate(snapshot: Snapshot, gate_id: str) -> Gate:
    return evaluate_gates(snapshot, GateLimits()).gate(gate_id)


def refusal(primary: Snapshot, *standbys: Snapshot) -> str:
    with pytest.raises(UsageError) as caught:
        with_standbys(primary, standbys)
    return f"{caught.value.attempted}: {caught.value.happened}"


def test_without_standbys_nothing_changes() -> None:
    primary = a_node()

    assert with_standbys(primary, []) is primary


def test_scans_are_added_up_and_writes_are_the_primary_s() -> None:
    seen = replace(
        (other := a_standby(scans=4)),
        index_activity=(replace(other.index_activity[0], last_scan=days_ago(2)),),
    )

    made = with_standbys(a_node(scans=3), [seen, a_standby(2, scans=5)])

    assert made.index_activity[0].scans == 12
    assert made.index_activity[0].last_scan == days_ago(2)
    assert made.table_activity[0].index_scans == 12
    assert made.table_activity[0].rows_updated == WRITES


def test_an_index_that_a_standby_scans_is_not_unused() -> None:
    [finding] = diagnose("unused-index", a_node()).findings

    assert "1 standby streams from this server" in finding.detail
    assert diagnose("unused-index", with_standbys(a_node(), [a_standby(scans=1)])).is_clear


@pytest.mark.parametrize(
    ("streaming", "standbys", "state", "detail"),
    [
        (0, 0, GateState.OPEN, "no standby streams from this server"),
        (1, 1, GateState.OPEN, "the scans of its standby are counted in"),
        (2, 2, GateState.OPEN, "the scans of all 2 standbys are counted in"),
        (
            *(2, 1, GateState.CLOSED),
            "2 standbys stream from this server, of which only 1 was looked at",
        ),
        (None, 1, GateState.UNKNOWN, "pg_stat_replication may not be read"),
    ],
)
def test_the_topology_is_open_when_all_standbys_were_looked_at(
    streaming: int | None, standbys: int, state: GateState, detail: str
) -> None:
    nodes = [a_standby(number) for number in range(standbys)]
    found = gate(with_standbys(a_node(streaming_replica_count=streaming), nodes), "topology")

    assert (found.state, found.detail) == (state, detail)


def test_a_standby_of_a_standby_counts_too() -> None:
    cascading = a_standby(1, streaming_replica_count=1)

    assert gate(with_standbys(a_node(), [cascading]), "topology").state is GateState.CLOSED
    both = with_standbys(a_node(), [cascading, a_standby(2)])
    assert gate(both, "topology").state is GateState.OPEN


@pytest.mark.parametrize(("days", "state"), [(35.0, GateState.OPEN), (34.9, GateState.CLOSED)])
def test_the_node_that_counts_the_shortest_governs_drops(days: float, state: GateState) -> None:
    found = gate(with_standbys(a_node(), [a_standby(statistics_age_days=days)]), "drop-window")

    assert found.state is state
    assert found.value == pytest.approx(days)
    assert found.detail.endswith("(of standby 1: since pg_stat_database.stats_reset)")


def test_a_file_of_long_ago_covers_nothing_since() -> None:
    old = a_standby(collected_at=days_ago(60), statistics_age_days=90)

    assert gate(with_standbys(a_node(), [old]), "drop-window").value == pytest.approx(30)


def test_a_standby_that_counts_since_nobody_knows_leaves_drops_unknown() -> None:
    found = gate(with_standbys(a_node(), [a_standby(statistics_age_days=None)]), "drop-window")

    assert found.state is GateState.UNKNOWN
    assert "of standby 1: pg_stat_database.stats_reset is NULL" in found.detail
    assert gate(with_standbys(a_node(), [a_standby()]), "usage-window").state is GateState.OPEN


def test_statements_of_a_standby_count_at_its_own_pace() -> None:
    made = with_standbys(a_node(calls=900), [a_standby(calls=100, statistics_age_days=30)])

    [statement] = made.statements
    # A hundred in 30 days are three hundred in the primary's 90.
    assert statement.calls == 1_200
    assert statement.mean_time_ms == pytest.approx(4.0)
    assert statement.total_time_ms == pytest.approx(4_800.0)
    [note] = made.standbys[0].notes
    assert note == (
        "Statements of standby 1 were counted for 30 days and are taken as if it had been 90 days, "
        "as on the primary."
    )


def test_a_statement_of_the_standby_alone_joins_the_workload() -> None:
    made = with_standbys(a_node(), [a_standby(calls=7)])

    assert [(one.text, one.calls) for one in made.statements] == [(READ, 7)]


@pytest.mark.parametrize(("age_days", "busy"), [(10.0, 400.0), (None, None)])
def test_tells_how_busy_a_standby_is(age_days: float | None, busy: float | None) -> None:
    standby = a_standby(calls=1_000, statistics_age_days=age_days)

    merged = with_standbys(a_node(calls=10), [standby])

    assert [one.busy_ms_per_day for one in merged.standbys] == [busy]


def test_what_broke_off_on_a_standby_is_told() -> None:
    broken = Unavailable(what="table counters", reason="timeout", is_failure=True)
    missing = Unavailable(what="plans", reason="permission denied")

    made = with_standbys(a_node(), [replace(a_standby(), unavailable=(broken, missing))])

    assert [item.what for item in made.unavailable] == ["table counters of standby 1"]
    assert made.is_partial


@pytest.mark.parametrize(
    ("changes", "happened"),
    [
        ({"is_in_recovery": False}, "it is no standby: it is not in recovery"),
        ({"database": "other"}, "it is of the database other, and not of shop"),
        ({"version_num": 170004}, "it is PostgreSQL 17, and the primary is 18"),
        (
            {"system_identifier": "8"},
            "it is of another cluster: its system identifier is another one",
        ),
        ({"timeline": 2}, "it follows another primary: its timeline is a later one"),
    ],
)
def test_refuses_what_is_no_standby_of_the_primary(changes: dict[str, Any], happened: str) -> None:
    assert refusal(a_node(), a_standby(**changes)) == f"adding standby 1: {happened}"


def test_refuses_the_same_standby_twice() -> None:
    twice = refusal(a_node(), a_standby(1), a_standby(1))

    assert twice == "adding standby 2: it is the same server as standby 1"


def test_refuses_a_standby_as_the_primary() -> None:
    assert refusal(a_standby(), a_standby(2)) == (
        "adding standby 1: the analysed server is a standby itself"
    )


def test_refuses_a_standby_whose_scans_could_not_be_read() -> None:
    blind = replace(a_standby(), index_activity=())

    assert refusal(a_node(), blind) == "adding standby 1: the use of its indexes could not be read"


def test_refuses_a_stranger_where_there_are_no_identifiers() -> None:
    other = replace(
        (node := a_standby(system_identifier=None)),
        tables=(replace(ORDERS, name="people"),),
        statements=Statements(),
    )

    assert node.tables
    assert refusal(a_node(), other) == "adding standby 1: it shares no table with the primary"


# -- drops that a standby may forbid ------------------------------------------------------------

DUPLICATES = (INDEX, TWIN)
WIDER = an_index(ORDERS, "customer_id", "created_at")


@pytest.mark.parametrize(
    ("rule_id", "indexes"),
    [
        ("unused-index", (INDEX,)),
        ("duplicate-index", DUPLICATES),
        ("redundant-prefix-index", (INDEX, WIDER)),
    ],
)
def test_no_rule_drops_in_the_migration_what_an_unseen_standby_may_use(
    rule_id: str, indexes: tuple[Any, ...]
) -> None:
    alone = a_node(indexes=indexes)
    together = with_standbys(alone, [a_standby(indexes=indexes)])

    for snapshot, is_in_migration in ((alone, False), (together, True)):
        findings = diagnose(rule_id, snapshot).findings
        assert findings
        made = recommend(findings, Choice(), unseen_drops(a_case(snapshot)))
        assert {one.is_in_migration for one in made} == {is_in_migration}
        if not is_in_migration:
            assert made[0].review_reason == (
                "to be reviewed: 1 standby streams from this server, and what runs there is not "
                "counted here; --replica counts it in"
            )


def test_an_index_that_is_not_valid_serves_no_standby() -> None:
    broken = replace(INDEX, is_valid=False)
    case = a_case(a_node(indexes=(broken, WIDER)))

    assert set(unseen_drops(case)) == {("public", WIDER.name)}


def test_from_a_standby_itself_nothing_is_dropped() -> None:
    reasons = unseen_drops(a_case(a_standby()))

    assert reasons["public", INDEX.name].endswith("analyse the primary, with --replica")
