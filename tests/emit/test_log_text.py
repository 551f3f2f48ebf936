"""What was read from logs, as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pgadvisor.emit.log_json import log_schema_text, render_log_json
from pgadvisor.emit.log_text import render_log_text
from pgadvisor.model.log import (
    LogDigest,
    LogEvents,
    LogFile,
    LoggedCall,
    LoggedPlan,
    LoggedStatement,
    LogHour,
    Times,
)

CALL = LoggedCall(text="select a from t where b = 'secret'", values=((1, "'secret'"),), time_ms=9.0)
STATEMENT = LoggedStatement(
    fingerprint="abc",
    database="shop",
    text="select a\nfrom t where b = $1",
    calls=1_234,
    times=Times(
        count=1_234, total_ms=2_468.0, min_ms=1.0, max_ms=9.0, p50_ms=2.0, p95_ms=3.0, p99_ms=4.0
    ),
    preparation_ms=5.0,
    temp_files=1,
    temp_bytes=8192,
    lock_waits=2,
    errors=1,
    samples=(CALL,),
    slowest=CALL,
    plan_count=3,
    plans=(LoggedPlan(text="Query Text: select 'secret'", format="text", time_ms=9.0),),
)
DIGEST = LogDigest(
    files=(
        LogFile(name="a.log", format="stderr", prefix="%m [%p] "),
        LogFile(name="b.log", format="stderr"),
        LogFile(name="c.csv", format="csvlog"),
    ),
    statements=(STATEMENT, LoggedStatement(fingerprint="", database="", text="SET", calls=1)),
    hours=(
        LogHour(hour="2026-03-01 10", calls=1_000, total_ms=2_000.0, errors=1),
        LogHour(hour="2026-03-01 11", calls=235, total_ms=468.0),
    ),
    events=LogEvents(
        errors=3, warnings=1, temp_files=1, temp_bytes=8192, lock_waits=2, deadlocks=1,
        autovacuums=2, autoanalyzes=1, checkpoints=4,
    ),
    first_at="2026-03-01 10:00:00 UTC",
    last_at="2026-03-01 11:59:59 UTC",
    size_bytes=2_000_000,
    entries=5_000,
    notes=("a.log ends in the middle of an entry, which is left out",),
)  # fmt: skip

TEXT = """\
5,000 entries in 1.91 MB of logs
  file:             a.log: stderr, log_line_prefix '%m [%p] '
  file:             b.log: stderr, of whose log_line_prefix only time and process were made out
  file:             c.csv: csvlog
  from:             2026-03-01 10:00:00 UTC
  to:               2026-03-01 11:59:59 UTC
  statements:       1,235 calls of 2 distinct statements
  errors:           3, and 1 warning
  temporary files:  1, 8 kB
  lock waits:       2, and 1 deadlock
  autovacuum:       2 vacuums, 1 analyze
  checkpoints:      4

Statements that took most time
------------------------------

1. 100 % of the time: 1,234 calls in shop, 2.47 s in all, 2 ms on average, p95 3 ms, at most 9 ms
   select a from t where b = $1
   5 ms to parse and bind; 1 temporary file, 8 kB; 2 lock waits; 1 error; 3 logged plans; values of
   1 call kept

2. 1 call, times not logged
   SET

By hour, in the time zone of the log
------------------------------------
2026-03-01 10:00  ##############################  1,000 calls, 2 s, 1 error
2026-03-01 11:00  #######                         235 calls, 468 ms

Not read, or not told
---------------------
- a.log ends in the middle of an entry, which is left out
"""


def test_the_text_tells_what_was_read() -> None:
    assert render_log_text(DIGEST) == TEXT


def test_values_are_shown_when_asked_for_only() -> None:
    assert "secret" not in render_log_text(DIGEST)
    assert "- $1 = 'secret' (9 ms)" in render_log_text(DIGEST, show_literals=True)
    assert "secret" not in render_log_json(DIGEST)
    assert render_log_json(DIGEST, show_literals=True).count("secret") == 3


def test_the_text_lists_as_many_statements_as_it_is_told() -> None:
    text = render_log_text(DIGEST, top=1)

    assert "\n2. " not in text
    assert "and 1 more; JSON has all" in text


def test_a_log_without_statements_says_what_would_log_them() -> None:
    text = render_log_text(LogDigest())

    assert "No statement was logged. log_min_duration_statement" in text


def test_what_a_terminal_would_act_upon_is_left_out() -> None:
    evil = replace(STATEMENT, database="a\x1b[2Jb", text="select \x1b]0;x\x07 from t")
    digest = replace(DIGEST, statements=(evil,), first_at="\x1b[31m")

    for text in (render_log_text(digest), render_log_json(digest)):
        assert "\x1b" not in text
        assert "\x07" not in text


def test_json_keeps_what_is_not_known_apart_from_nothing() -> None:
    document = json.loads(render_log_json(DIGEST))

    first, second = document["statements"]
    assert first["times"]["mean_ms"] == 2.0
    assert (first["samples"], first["slowest"], first["plans"]) == ([], None, [])
    assert (first["sample_count"], first["plan_count"]) == (1, 3)
    assert (second["times"], second["fingerprint"], second["database"]) == (None, None, None)
    assert [file["prefix"] for file in document["files"]] == ["%m [%p] ", None, None]
    assert document["schema_version"] == 1


@pytest.mark.parametrize("show_literals", [False, True])
def test_json_keeps_to_its_schema(show_literals: bool) -> None:  # noqa: FBT001
    schema = json.loads(log_schema_text())
    document = json.loads(render_log_json(DIGEST, show_literals=show_literals))

    for name, part in (
        ("LogDocument", document),
        ("LoggedStatementPart", document["statements"][0]),
        ("TimesPart", document["statements"][0]["times"]),
        ("LogHourPart", document["hours"][0]),
        ("LogEventsPart", document["events"]),
        ("LogFilePart", document["files"][0]),
    ):
        definition = schema["$defs"][name]
        assert set(part) == set(definition["properties"]) == set(definition["required"])
