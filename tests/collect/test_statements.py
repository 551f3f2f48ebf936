"""Counters of statements, and merging the entries of several roles."""

from __future__ import annotations

import statistics
from dataclasses import replace

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.collect.assemble import collect
from pgadvisor.collect.plans import most_expensive
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.model.statement import Statement, Statements
from pgadvisor.model.statement import merge_statements as merge


def _entry(role: str, times_ms: list[float]) -> Statement:
    return Statement(
        id="1",
        text="select $1",
        roles=(role,),
        calls=len(times_ms),
        total_time_ms=sum(times_ms),
        mean_time_ms=statistics.fmean(times_ms),
        min_time_ms=min(times_ms),
        max_time_ms=max(times_ms),
        stddev_time_ms=statistics.pstdev(times_ms),
        rows=len(times_ms),
    )


_TIMES = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=20)


@given(_TIMES, _TIMES)
def test_merging_two_roles_gives_what_one_would_have_had(a: list[float], b: list[float]) -> None:
    merged = merge([_entry("one", a), _entry("two", b)])
    together = _entry("one", a + b)

    assert merged.calls == together.calls
    assert merged.rows == together.rows
    assert merged.min_time_ms == together.min_time_ms
    assert merged.max_time_ms == together.max_time_ms
    assert merged.mean_time_ms == pytest.approx(together.mean_time_ms)
    assert merged.stddev_time_ms == pytest.approx(together.stddev_time_ms, rel=1e-3, abs=1e-3)
    assert merged.roles == (("one", "two") if sum(a) >= sum(b) else ("two", "one"))


def test_merges_entries_that_were_never_called() -> None:
    empty = Statement(id="1", text="select $1", roles=("one",))

    merged = merge([empty, replace(empty, roles=("two",))])

    assert (merged.calls, merged.mean_time_ms, merged.stddev_time_ms) == (0, 0.0, 0.0)


def test_takes_the_statements_that_make_nearly_all_of_the_time() -> None:
    rows = tuple(
        Statement(id=str(i), text="select $1", fingerprint="f", total_time_ms=time_ms)
        for i, time_ms in enumerate((900.0, 90.0, 9.0, 1.0))
    )
    rows = (Statement(id="vacuum", text="VACUUM", total_time_ms=1e6), *rows)

    assert [s.id for s in most_expensive(Statements(rows=rows), 1000)] == ["0", "1"]
    assert [s.id for s in most_expensive(Statements(rows=rows), 1)] == ["0"]
    assert most_expensive(Statements(), 10) == ()


@pytest.mark.live
@pytest.mark.matrix
def test_reads_what_temporary_tables_and_files_took(major_database: str) -> None:
    with psycopg.connect(major_database, autocommit=True) as session:
        session.execute("set temp_buffers = '800kB'")
        session.execute("set work_mem = '64kB'")
        session.execute(
            "create temporary table found as"
            " select n, repeat('x', 500) as body from generate_series(1, 5000) n"
        )
        session.execute("select count(*) from found")
        session.execute(
            "select count(*) from (select n from generate_series(1, 50000) n"
            " order by n % 7 offset 1) sorted"
        )

    snapshot = collect(major_database, options=CollectOptions(explain=False))

    [again] = [s for s in snapshot.statements if s.text == "select count(*) from found"]
    [spilt] = [s for s in snapshot.statements if s.text.endswith(") sorted")]
    info = snapshot.server.statements_info
    assert info is not None
    assert again.local_blocks_read > 200
    assert spilt.local_blocks_read == 0
    assert spilt.temp_blocks_written > 0
    assert (spilt.temp_block_time_ms > 0) == (info.version >= (1, 10))
