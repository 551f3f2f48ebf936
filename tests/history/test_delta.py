"""The difference of two snapshots: what was counted in between, and nothing of before."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.config import GateLimits
from pgadvisor.diagnose.gates import evaluate_gates
from pgadvisor.errors import UsageError
from pgadvisor.history.delta import delta
from pgadvisor.model.counters import (
    INDEX_COUNTERS,
    SERVER_COUNTERS,
    STATEMENT_COUNTERS,
    TABLE_COUNTERS,
)
from pgadvisor.model.earlier import Continuity, EarlierSnapshot
from pgadvisor.model.gates import GateState
from pgadvisor.model.server import DatabaseActivity, Server, StatementsInfo
from pgadvisor.model.server_counters import WalActivity, WriteActivity
from pgadvisor.model.snapshot import HIDDEN_STATEMENTS, LOCKED, Snapshot, Unavailable
from pgadvisor.model.statement import Statement, Statements
from pgadvisor.model.statistics import IndexActivity, TableActivity
from pgadvisor.model.window import counter_window, statement_window
from pgadvisor.testing import (
    COLLECTED_AT,
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
TEXT = "select * from orders where customer_id = $1"
LIMITS = GateLimits()


def days_ago(days: float) -> datetime:
    return COLLECTED_AT - timedelta(days=days)


def a_moment(
    days: float,
    *,
    scans: int = 0,
    updates: int = 0,
    calls: int = 0,
    commits: int = 1_000,
    **server: Any,  # noqa: ANN401  (fields of Server)
) -> Snapshot:
    """A snapshot of the shop, that many days ago; its counters run since 90 days ago."""
    fields = {"system_identifier": "7", "database_oid": 5, "timeline": 1, **server}
    return a_snapshot(
        ORDERS,
        INDEX,
        table_activity(ORDERS, rows_updated=updates, index_scans=scans),
        index_activity(INDEX, scans=scans),
        *([a_statement(TEXT, calls=calls, mean_time_ms=2.0)] if calls else []),
        collected_at=days_ago(days),
        activity=DatabaseActivity(commits=commits),
        **fields,
    )


def info_of(snapshot: Snapshot, **changes: Any) -> Snapshot:  # noqa: ANN401
    info = snapshot.server.statements_info
    assert info is not None
    server = replace(snapshot.server, statements_info=replace(info, **changes))
    return replace(snapshot, server=server)


def with_statement(snapshot: Snapshot, statement: Statement) -> Snapshot:
    return replace(snapshot, statements=Statements(rows=(statement,)))


def earlier_of(snapshot: Snapshot) -> EarlierSnapshot:
    assert snapshot.earlier is not None
    return snapshot.earlier


def refusal(new: Snapshot, old: Snapshot) -> str:
    with pytest.raises(UsageError) as caught:
        delta(new, old)
    return caught.value.happened


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


# -- statements --------------------------------------------------------------------------------


def test_a_reset_of_the_statements_begins_their_window() -> None:
    old = a_moment(40, calls=100)
    new = info_of(a_moment(0, calls=120), reset_at=days_ago(3))

    made = delta(new, old)

    assert made.statements[0].calls == 120
    assert statement_window(made).days == pytest.approx(3)
    assert counter_window(made).days == pytest.approx(40)
    assert evaluate_gates(made, LIMITS).gate("drop-window").value == pytest.approx(3)


def test_an_entry_that_is_gone_is_told() -> None:
    made = delta(a_moment(0), a_moment(40, calls=100))

    assert len(made.statements) == 0
    assert earlier_of(made).notes == (
        (
            "1 statement of the earlier snapshot is gone from pg_stat_statements: what was evicted "
            "in between is not counted."
        ),
    )


@pytest.mark.parametrize("since", [None, days_ago(2)])
def test_an_entry_that_came_back_counts_from_there(since: datetime | None) -> None:
    new = a_moment(0, calls=30)
    back = replace(new.statements[0], since=since)

    made = delta(
        replace(new, statements=replace(new.statements, rows=(back,))), a_moment(40, calls=100)
    )

    assert made.statements[0].calls == 30
    assert "1 statement was evicted or reset in between and came back" in earlier_of(made).notes[0]


def test_an_entry_that_came_back_and_grew_past_itself_is_known_by_its_age() -> None:
    new = a_moment(0, calls=300)
    back = replace(new.statements[0], since=days_ago(2))

    made = delta(
        replace(new, statements=replace(new.statements, rows=(back,))), a_moment(40, calls=100)
    )

    assert made.statements[0].calls == 300


def test_entries_of_several_roles_that_fell_are_left_out() -> None:
    old, new = a_moment(40, calls=100), a_moment(0, calls=80)
    of_two = replace(new.statements[0], roles=("app", "batch"))

    made = delta(with_statement(new, of_two), old)

    assert len(made.statements) == 0
    assert earlier_of(made).notes[0].startswith("1 statement is left out:")


def test_what_the_earlier_role_could_not_see_is_left_out() -> None:
    hidden = Unavailable(what=f"12 statements {HIDDEN_STATEMENTS}", reason="the role may not")
    old = replace(a_moment(40), unavailable=(hidden,))

    made = delta(a_moment(0, calls=80), old)

    assert len(made.statements) == 0
    assert earlier_of(made).notes[0].startswith("1 statement is left out:")


def test_a_new_entry_counts_in_full() -> None:
    assert delta(a_moment(0, calls=80), a_moment(40)).statements[0].calls == 80


def test_mean_and_spread_are_those_of_the_window() -> None:
    # Ten calls of 1 ms before, then two of 4 and 8 ms: squares 10, and 80 more.
    old, new = a_moment(40, calls=10), a_moment(0, calls=12)
    was = replace(
        old.statements[0], total_time_ms=10.0, mean_time_ms=1.0, max_time_ms=1.0, min_time_ms=1.0
    )
    mean = 22.0 / 12
    now = replace(
        new.statements[0],
        total_time_ms=22.0,
        mean_time_ms=mean,
        stddev_time_ms=(90.0 / 12 - mean**2) ** 0.5,
        min_time_ms=1.0,
        max_time_ms=8.0,
    )

    [made] = delta(
        with_statement(new, now),
        with_statement(old, was),
    ).statements

    assert made.mean_time_ms == pytest.approx(6.0)
    assert made.stddev_time_ms == pytest.approx(2.0)
    assert made.min_time_ms == pytest.approx(4.0)
    assert made.max_time_ms == pytest.approx(8.0)


def test_before_14_a_reset_shows_where_no_entry_has_gone_on() -> None:
    old = info_of(a_moment(40, calls=100), reset_at=None, deallocations=None)
    new = info_of(a_moment(0, calls=20), reset_at=None, deallocations=None)

    made = delta(new, old)

    assert made.statements[0].calls == 20
    assert statement_window(made).days is None
    assert "pg_stat_statements was reset in between, and nobody knows when." in (
        earlier_of(made).notes
    )


def test_before_14_entries_that_go_on_have_the_window_of_the_two() -> None:
    old = info_of(a_moment(40, calls=100), reset_at=None)
    new = info_of(a_moment(0, calls=120), reset_at=None)

    assert statement_window(delta(new, old)).days == pytest.approx(40)


def test_evictions_are_those_in_between() -> None:
    old, new = info_of(a_moment(40), deallocations=100), info_of(a_moment(0), deallocations=103)

    info = delta(new, old).server.statements_info

    assert info is not None
    assert info.deallocations == 3


# -- objects that came, went, or were made again -----------------------------------------------


def test_an_index_that_was_made_in_between_is_not_called_unused() -> None:
    old = a_moment(40)
    before = replace(old, indexes=(), index_activity=())

    made = delta(a_moment(0, updates=90_000), before)

    assert earlier_of(made).notes == (
        (
            "1 index was made, made again or reset in between, and nothing is said of its use: "
            "public.orders_customer_id_idx."
        ),
    )
    assert not diagnose("unused-index", made).findings


def test_an_index_that_reindex_made_again_keeps_no_scans_of_before() -> None:
    old = a_moment(40, scans=10)
    before = replace(
        old,
        indexes=(replace(INDEX, oid=99),),
        index_activity=(replace(old.index_activity[0], index_oid=99),),
    )

    made = delta(a_moment(0, scans=12), before)

    assert made.index_activity[0].scans == 2
    assert earlier_of(made).unwatched_index_oids == (INDEX.oid,)


def test_a_table_that_was_made_again_counts_from_there_and_is_named() -> None:
    old = a_moment(40, updates=100)
    gone = replace(ORDERS, oid=98)
    before = replace(
        old,
        tables=(gone,),
        indexes=(),
        index_activity=(),
        table_activity=(replace(old.table_activity[0], table_oid=98),),
    )

    made = delta(a_moment(0, updates=150), before)

    assert made.table_activity[0].rows_updated == 150
    assert "1 table was made again: public.orders." in earlier_of(made).notes


def test_a_table_that_was_locked_then_is_left_out() -> None:
    old = a_moment(40)
    before = replace(
        old,
        tables=(),
        indexes=(),
        index_activity=(),
        table_activity=(),
        unavailable=(Unavailable(what="1 table: public.orders", reason=LOCKED),),
    )

    made = delta(a_moment(0, scans=5), before)

    assert not any((made.tables, made.indexes, made.table_activity))
    assert made.unavailable[0].what == "earlier counters of public.orders"


def redacted(snapshot: Snapshot, level: str) -> Snapshot:
    return replace(snapshot, redaction=replace(snapshot.redaction, level=level))


def test_files_that_are_redacted_differently_are_told() -> None:
    made = delta(redacted(a_moment(0, scans=9), "all"), redacted(a_moment(4, scans=2), "default"))

    assert "redacted differently (default and all)" in earlier_of(made).notes[0]
    assert made.index_activity[0].scans == 7


def test_a_redacted_file_and_the_server_itself_are_the_usual_pair() -> None:
    made = delta(a_moment(0, scans=9), redacted(a_moment(4, scans=2), "default"))

    assert earlier_of(made).notes == ()


def test_without_a_system_identifier_the_names_are_gone_by_and_that_is_told() -> None:
    made = delta(a_moment(0, system_identifier=None), a_moment(40))

    assert earlier_of(made).notes[0].startswith("No system identifier says")


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


# -- for any counters --------------------------------------------------------------------------

COUNTS = st.integers(0, 1_000)


@st.composite
def activities(draw: st.DrawFn) -> tuple[TableActivity, IndexActivity, DatabaseActivity, Statement]:
    statement = a_statement(TEXT, calls=draw(COUNTS), mean_time_ms=1.0)
    numbers: dict[str, Any] = {
        name: draw(COUNTS if isinstance(getattr(statement, name), int) else st.floats(0, 1e6))
        for name in STATEMENT_COUNTERS
    }
    return (
        table_activity(ORDERS, **{name: draw(COUNTS) for name in TABLE_COUNTERS}),
        index_activity(INDEX, **{name: draw(COUNTS) for name in INDEX_COUNTERS}),
        DatabaseActivity(**{name: draw(COUNTS) for name in SERVER_COUNTERS["activity"]}),
        replace(statement, **numbers),
    )


def built(
    parts: tuple[TableActivity, IndexActivity, DatabaseActivity, Statement],
    days: float,
    reset_at: datetime | None,
) -> Snapshot:
    table, index, activity, statement = parts
    snapshot = a_snapshot(
        *(ORDERS, INDEX, table, index, statement),
        collected_at=days_ago(days),
        statistics_reset_at=reset_at,
        activity=activity,
        system_identifier="7",
    )
    return info_of(snapshot, reset_at=reset_at)


def figures(snapshot: Snapshot) -> dict[str, float]:
    found: dict[str, float] = {}
    for kind, rows, names in (
        ("table", snapshot.table_activity, TABLE_COUNTERS),
        ("index", snapshot.index_activity, INDEX_COUNTERS),
        ("statement", tuple(snapshot.statements), STATEMENT_COUNTERS),
        ("server", (snapshot.server.activity,), SERVER_COUNTERS["activity"]),
    ):
        for row in rows:
            found |= {f"{kind} {name}": getattr(row, name) for name in names}
    return found


RESETS = st.sampled_from([days_ago(90), days_ago(5), None])


@given(old=activities(), new=activities(), reset_at=RESETS)
def test_no_figure_is_negative_or_more_than_the_later_one(
    old: tuple[Any, ...], new: tuple[Any, ...], reset_at: datetime | None
) -> None:
    later = built(new, 0, reset_at)

    made = delta(later, built(old, 40, days_ago(90)))

    now = figures(later)
    assert all(0 <= value <= now[name] for name, value in figures(made).items())
    for statement in made.statements:
        assert statement.stddev_time_ms >= 0
        assert statement.min_time_ms <= statement.mean_time_ms <= statement.max_time_ms


@given(old=activities(), between=activities())
def test_what_goes_on_is_told_exactly(old: tuple[Any, ...], between: tuple[Any, ...]) -> None:
    earlier = built(old, 40, days_ago(90))
    added = built(between, 0, days_ago(90))
    names = (TABLE_COUNTERS, INDEX_COUNTERS, SERVER_COUNTERS["activity"], STATEMENT_COUNTERS)
    sums = tuple(
        replace(one, **{name: getattr(one, name) + getattr(two, name) for name in counters})
        for one, two, counters in zip(old, between, names, strict=True)
    )

    made = delta(built(sums, 0, days_ago(90)), earlier)

    told, counted = figures(made), figures(added)
    if not len(made.statements):
        assert between[3].calls == 0
        counted = {name: value for name, value in counted.items() if "statement" not in name}
    assert told == pytest.approx(counted, rel=1e-6, abs=1e-3)


@given(old=activities(), since=activities())
def test_a_reset_never_tells_what_was_before(old: tuple[Any, ...], since: tuple[Any, ...]) -> None:
    earlier = built(old, 40, days_ago(90))
    later = built(since, 0, days_ago(5))

    made = delta(later, earlier)

    # All that the later one has was counted after the reset; the window never reaches further.
    days = counter_window(made).days
    assert days is None or days == pytest.approx(5)
    told, counted = figures(made), figures(later)
    assert all(value <= counted[name] for name, value in told.items())


# -- nothing is forgotten ----------------------------------------------------------------------

GAUGES = {
    TableActivity: {
        *("table_oid", "live_rows", "dead_rows", "rows_modified_since_analyze"),
        *("rows_inserted_since_vacuum", "last_vacuum", "last_autovacuum"),
        *("last_analyze", "last_autoanalyze"),
        *("toast_live_rows", "toast_dead_rows", "toast_last_vacuum"),
    },
    IndexActivity: {"index_oid", "last_scan"},
    DatabaseActivity: {"backends"},
    WriteActivity: {"reset_at"},
    WalActivity: {"reset_at"},
    Statement: {
        *("id", "text", "source", "fingerprint", "roles", "is_top_level", "since", "weight"),
        *("mean_time_ms", "min_time_ms", "max_time_ms", "stddev_time_ms"),
    },
}
COUNTERS = {
    TableActivity: TABLE_COUNTERS,
    IndexActivity: INDEX_COUNTERS,
    DatabaseActivity: SERVER_COUNTERS["activity"],
    WriteActivity: SERVER_COUNTERS["write_activity"],
    WalActivity: SERVER_COUNTERS["wal_activity"],
    Statement: STATEMENT_COUNTERS,
}


@pytest.mark.parametrize("kind", COUNTERS, ids=lambda kind: kind.__name__)
def test_every_field_is_a_counter_or_is_known_to_be_none(kind: type[Any]) -> None:
    counters = set(COUNTERS[kind])

    assert counters.isdisjoint(GAUGES[kind])
    assert counters | GAUGES[kind] == {field.name for field in fields(kind)}


def test_every_part_of_the_server_that_counts_is_known() -> None:
    parts = {field.name for field in fields(Server) if "Activity" in str(field.type)}

    assert parts == set(SERVER_COUNTERS)
    assert "deallocations" in {field.name for field in fields(StatementsInfo)}
