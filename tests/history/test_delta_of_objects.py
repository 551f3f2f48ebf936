"""Statements and objects that came, went, or were made again between two snapshots."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from pgadvisor.diagnose.gates import evaluate_gates
from pgadvisor.history.delta import delta
from pgadvisor.model.snapshot import HIDDEN_STATEMENTS, LOCKED, Snapshot, Unavailable
from pgadvisor.model.window import counter_window, statement_window
from pgadvisor.testing import (
    diagnose,
)
from tests.history.moments import (
    INDEX,
    LIMITS,
    ORDERS,
    a_moment,
    days_ago,
    earlier_of,
    info_of,
    with_statement,
)

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
