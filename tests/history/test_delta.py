"""The difference of two snapshots: what was counted in between, and nothing of before."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from pgadvisor.diagnose.gates import evaluate_gates
from pgadvisor.history.delta import delta
from pgadvisor.model.earlier import Continuity
from pgadvisor.model.gates import GateState
from pgadvisor.model.server import DatabaseActivity
from pgadvisor.model.server_counters import WalActivity
from pgadvisor.model.statistics import IndexActivity
from pgadvisor.model.window import counter_window, statement_window
from pgadvisor.testing import (
    diagnose,
    index_activity,
)
from tests.history.moments import (
    INDEX,
    LIMITS,
    ORDERS,
    a_moment,
    days_ago,
    earlier_of,
    info_of,
    refusal,
)


def test_what_was_counted_before_is_taken_off() -> None:
    old = a_moment(40, scans=100, updates=5_000, calls=10, commits=500)
    new = a_moment(0, scans=130, updates=9_000, calls=14, commits=800)

    made = delta(new, old)

    assert made.index_activity[0].scans == 30
    assert made.table_activity[0].rows_updated == 4_000
    assert made.statements[0].calls == 4
    assert made.statements[0].total_time_ms == pytest.approx(8.0)
    assert made.server.activity.commits == 300
    assert counter_window(made).days == pytest.approx(40)
    assert counter_window(made).note == "since the earlier snapshot of 2026-02-19 12:00 UTC"
    assert statement_window(made).days == pytest.approx(40)
    assert earlier_of(made).notes == ()


@pytest.mark.parametrize(("days", "state"), [(34.9, GateState.CLOSED), (35.1, GateState.OPEN)])
def test_the_gates_judge_the_window_between_the_two(days: float, state: GateState) -> None:
    made = delta(a_moment(0), a_moment(days))

    assert evaluate_gates(made, LIMITS).gate("drop-window").state is state


def test_an_index_that_only_the_past_has_scanned_is_unused() -> None:
    old, new = a_moment(40, scans=7, updates=0), a_moment(0, scans=7, updates=100_000)

    assert diagnose("unused-index", new).is_clear
    [finding] = diagnose("unused-index", delta(new, old)).findings
    assert finding.summary == (
        "public.orders_customer_id_idx was not scanned once in 40 days and takes 19.1 MB"
    )


def test_a_snapshot_and_itself_have_nothing_between_them() -> None:
    snapshot = a_moment(0, scans=7, updates=9, calls=3)

    made = delta(snapshot, snapshot)

    assert made.index_activity == (IndexActivity(index_oid=INDEX.oid),)
    assert made.table_activity[0].rows_written == 0
    assert len(made.statements) == 0
    assert made.server.activity == DatabaseActivity()
    gates = evaluate_gates(made, LIMITS)
    assert gates.gate("usage-window").detail.startswith("statistics cover 0 ms, 7 days are needed")
    assert gates.gate("drop-window").state is GateState.CLOSED
    assert gates.gate("statements").state is GateState.CLOSED


# -- resets, crashes, restarts -----------------------------------------------------------------


def test_after_a_reset_what_there_is_was_counted_since_then() -> None:
    old = a_moment(40, scans=100, updates=5_000)
    new = a_moment(0, scans=120, updates=300, commits=10, statistics_reset_at=days_ago(9))

    made = delta(new, old)

    assert made.index_activity[0].scans == 120
    assert made.table_activity[0].rows_updated == 300
    assert counter_window(made).days == pytest.approx(9)
    assert counter_window(made).note == (
        "since pg_stat_database.stats_reset, later than the earlier snapshot"
    )
    assert earlier_of(made).notes == (
        (
            "The counters of the database were reset at 2026-03-22 12:00 UTC: what came before "
            "is not judged."
        ),
    )


def test_counters_that_a_crash_took_are_as_old_as_the_oldest_time_among_them() -> None:
    old = a_moment(40, scans=100, updates=5_000)
    new = a_moment(0, scans=120, commits=10, statistics_reset_at=None, started_at=days_ago(12))
    seen = replace(new.table_activity[0], last_autoanalyze=days_ago(11))

    made = delta(replace(new, table_activity=(seen,)), old)

    assert earlier_of(made).counters is Continuity.LOST
    assert made.index_activity[0].scans == 120
    assert counter_window(made).days == pytest.approx(11)
    assert counter_window(made).is_lower_bound
    assert [note.partition(":")[0] for note in earlier_of(made).notes] == [
        "The counters of the database began anew without a reset, as after a crash",
        "The server was started again at 2026-03-19 12",
    ]


def test_nobody_knows_the_window_of_counters_that_were_lost_without_a_trace() -> None:
    new = a_moment(0, commits=10, statistics_reset_at=None)

    made = delta(new, a_moment(40, statistics_reset_at=None))

    assert counter_window(made).days is None
    assert counter_window(made).note == "the counters were lost after the earlier snapshot"


def test_a_clean_restart_is_told_and_changes_nothing() -> None:
    new = a_moment(0, scans=9, started_at=days_ago(5))

    made = delta(new, a_moment(40, scans=4))

    assert made.index_activity[0].scans == 5
    assert earlier_of(made).notes == (
        "The server was started again at 2026-03-26 12:00 UTC, which counters survive.",
    )


def test_a_reset_that_left_the_database_s_own_counters_makes_the_window_unknown() -> None:
    new = a_moment(0, scans=9, commits=5_000, statistics_reset_at=days_ago(5))

    made = delta(new, a_moment(40, scans=4))

    assert counter_window(made).days is None
    assert evaluate_gates(made, LIMITS).gate("usage-window").state is GateState.UNKNOWN
    assert made.index_activity[0].scans == 5
    assert "those of one table, perhaps" in earlier_of(made).notes[0]


def test_an_index_that_fell_alone_is_not_judged() -> None:
    new = a_moment(0, scans=9, updates=90_000)
    fallen = replace(new, index_activity=(index_activity(INDEX),))

    made = delta(fallen, a_moment(40, scans=4))

    assert earlier_of(made).counters is Continuity.CONTINUED
    assert earlier_of(made).unwatched_index_oids == (INDEX.oid,)
    assert diagnose("unused-index", made).reasons == (
        "orders_customer_id_idx was made, or its counters were reset, after the earlier snapshot",
    )


def test_where_most_counters_fell_all_were_lost() -> None:
    made = delta(a_moment(0, scans=1), a_moment(40, scans=4))

    assert earlier_of(made).counters is Continuity.LOST


# -- what has no difference --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "happened"),
    [
        ({"database": "other"}, "it is of the database other, and not of shop"),
        (
            {"version_num": 170004},
            "the two are of PostgreSQL 17 and 18, and an upgrade begins counters anew",
        ),
        (
            {"system_identifier": "8"},
            "it is of another cluster: its system identifier is another one",
        ),
        ({"database_oid": 6}, "the database was dropped since, and made again"),
        (
            {"statistics_reset_at": days_ago(80)},
            (
                "another node answered then: its counters are its own and do not go on in the "
                "later ones"
            ),
        ),
    ],
)
def test_refuses_what_is_another_database(changes: dict[str, Any], happened: str) -> None:
    assert refusal(a_moment(0), a_moment(40, **changes)) == happened


def test_refuses_the_node_that_was_promoted_where_no_reset_tells_them_apart() -> None:
    old = a_moment(40, statistics_reset_at=None)
    new = a_moment(0, statistics_reset_at=None, timeline=2)

    assert refusal(new, old).startswith("another node answered then")


def test_a_promoted_node_goes_on_where_its_own_reset_is_the_same() -> None:
    old = a_moment(40, scans=3, is_in_recovery=True)

    assert delta(a_moment(0, scans=5, timeline=2), old).index_activity[0].scans == 2


def test_refuses_an_earlier_snapshot_that_is_the_later_one() -> None:
    assert refusal(a_moment(40), a_moment(0)) == (
        "it is the later one: it was taken at 2026-03-31 12:00 UTC"
    )


def test_refuses_other_schemas() -> None:
    assert refusal(a_moment(0), replace(a_moment(40), schemas=("public",))) == (
        "it covers other schemas"
    )


def test_refuses_a_difference_of_a_difference() -> None:
    made = delta(a_moment(0), a_moment(40))

    assert refusal(made, a_moment(40)) == "one of the two is a difference already"


def test_refuses_a_stranger_without_identifiers() -> None:
    old = a_moment(40, system_identifier=None)
    other = replace(old, tables=(replace(ORDERS, oid=3, name="people"),), indexes=())

    assert refusal(a_moment(0), other).startswith("it shares no table")


@pytest.mark.parametrize(
    ("field", "what"), [("table_activity", "tables"), ("index_activity", "indexes")]
)
def test_refuses_a_snapshot_whose_counters_could_not_be_read(field: str, what: str) -> None:
    broken: Any = {field: ()}

    assert refusal(a_moment(0), replace(a_moment(40), **broken)) == f"it has no counters of {what}"


def test_refuses_a_snapshot_without_statements_where_there_are_some_now() -> None:
    assert refusal(a_moment(0), a_moment(40, statements_info=None)) == (
        "it has no counters of statements"
    )


def test_statements_that_were_first_counted_in_between_have_a_window_of_their_own() -> None:
    new = info_of(a_moment(0, calls=9), reset_at=days_ago(4))

    made = delta(new, a_moment(40, statements_info=None))

    assert made.statements[0].calls == 9
    assert statement_window(made).days == pytest.approx(4)


@pytest.mark.parametrize(
    ("reset_at", "wal_bytes", "since"),
    [(days_ago(90), 600, days_ago(30)), (days_ago(5), 1_000, days_ago(5))],
    ids=["went on", "began anew"],
)
def test_counters_of_the_whole_server_have_a_beginning_of_their_own(
    reset_at: datetime, wal_bytes: int, since: datetime
) -> None:
    old, new = a_moment(30), a_moment(0)
    before = WalActivity(wal_bytes=400, reset_at=days_ago(90))
    now = WalActivity(wal_bytes=1_000, reset_at=reset_at)

    made = delta(
        replace(new, server=replace(new.server, wal_activity=now)),
        replace(old, server=replace(old.server, wal_activity=before)),
    )

    assert made.server.wal_activity == WalActivity(wal_bytes=wal_bytes, reset_at=since)
