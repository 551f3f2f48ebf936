"""Logs from files to what is told of them."""

from __future__ import annotations

import gzip
import io
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.errors import UsageError
from pgadvisor.logs import groups, read_logs
from pgadvisor.model.log import LogDigest, LogEvents, LoggedStatement, LogHour

CALL = "duration: 2.000 ms  statement: select a from t where b = {}"


def entries(*messages: str, hour: int = 10, process: int = 42) -> str:
    """Lines of a log, one a second; a message may bring its own severity."""
    lines = []
    for second, message in enumerate(messages):
        severity, _, text = message.rpartition("|")
        lines.append(
            f"2026-03-01 {hour}:00:{second % 60:02}.000 UTC [{process}] me@shop "
            f"{severity or 'LOG'}:  {text}\n"
        )
    return "".join(lines)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A place for a log."""
    return tmp_path / "postgresql.log"


def read_text(log: Path, text: str) -> LogDigest:
    """Read a log that has this text."""
    log.write_text(text, encoding="utf-8")
    return read_logs(log)


def only(digest: LogDigest) -> LoggedStatement:
    """The one statement that there is."""
    [found] = digest.statements
    return found


def test_statements_that_differ_in_literals_are_one(log: Path) -> None:
    found = only(read_text(log, entries(CALL.format(1), CALL.format(22), CALL.format(-3))))

    assert found.text == "select a from t where b = $1"
    assert found.database == "shop"
    assert (found.calls, found.times.total_ms, found.times.mean_ms) == (3, 6.0, 2.0)
    assert [call.values for call in found.samples] == [((1, "1"),), ((1, "22"),), ((1, "-3"),)]


def test_parameters_come_with_the_next_line(log: Path) -> None:
    found = only(
        read_text(
            log,
            entries(
                "duration: 0.100 ms  parse <unnamed>: select a from t where b = $1",
                "duration: 0.200 ms  bind <unnamed>: select a from t where b = $1",
                "DETAIL|parameters: $1 = 'it''s'",
                "duration: 5.000 ms  execute <unnamed>: select a from t where b = $1",
                "DETAIL|parameters: $1 = 'it''s'",
            ),
        )
    )

    assert (found.calls, found.times.total_ms) == (1, 5.0)
    assert found.preparation_ms == pytest.approx(0.3)
    [call] = found.samples
    assert call.text == "select a from t where b = 'it''s'"
    assert call.values == ((1, "'it''s'"),)
    assert found.slowest == call


def test_a_duration_belongs_to_the_statement_of_its_session(log: Path) -> None:
    digest = read_text(
        log,
        entries("statement: select a from t", process=1)
        + entries("statement: select b from t", process=2)
        + entries("duration: 3.000 ms", process=1)
        + entries("duration: 7.000 ms", process=2)
        + entries("duration: 9.000 ms", process=3),
    )

    assert [(s.text, s.times.total_ms) for s in digest.statements] == [
        ("select b from t", 7.0),
        ("select a from t", 3.0),
    ]
    assert digest.notes[0].startswith("1 durations stand without a statement")


def test_a_session_that_nobody_tells_gets_no_duration(log: Path) -> None:
    text = "LOG:  statement: select a from t\nLOG:  duration: 3.000 ms\n"

    digest = read_text(log, text)

    assert only(digest).times.count == 0
    assert "durations stand without a statement" in digest.notes[0]


def test_a_statement_that_was_also_explained_is_counted_once(log: Path) -> None:
    plan = (
        "duration: 2.000 ms  plan:\n\tQuery Text: select a from t where b = 1\n"
        "\tSeq Scan on t  (cost=0.00..1.00 rows=1 width=4)"
    )
    digest = read_text(log, entries(plan, CALL.format(1)))

    found = only(digest)
    assert (found.calls, found.times.count, found.plan_count) == (1, 1, 1)
    assert not found.is_timed_by_plans
    assert digest.hours == (LogHour(hour="2026-03-01 10", calls=1, total_ms=2.0),)
    assert [(p.format, p.time_ms) for p in found.plans] == [("text", 2.0)]


def test_a_statement_that_was_only_explained_is_told_by_its_plans(log: Path) -> None:
    plan = (
        "duration: {0}.000 ms  plan:\n\tQuery Text: select a from t where b = $1\n"
        "\tQuery Parameters: $1 = '{0}'\n\tSeq Scan on t  (cost=0.00..1.00 rows=1 width=4)"
    )
    digest = read_text(log, entries(*(plan.format(number) for number in (3, 9, 4, 1, 2))))

    found = only(digest)
    assert found.is_timed_by_plans
    assert (found.calls, found.times.total_ms) == (5, 19.0)
    assert [call.values[0][1] for call in found.samples] == ["'3'", "'9'", "'4'", "'1'", "'2'"]
    assert found.plans[0].time_ms == 9.0
    assert len(found.plans) <= 3
    assert digest.hours[0].calls == 5


def test_trouble_is_counted_and_laid_at_its_statement_s_door(log: Path) -> None:
    digest = read_text(
        log,
        entries(
            CALL.format(1),
            'temporary file: path "base/pgsql_tmp/pgsql_tmp1.0", size 8192',
            "STATEMENT|select a from t where b = 5",
            "process 42 still waiting for ShareLock on transaction 7 after 1000.1 ms",
            "DETAIL|Process holding the lock: 41. Wait queue: 42.",
            "STATEMENT|select a from t where b = 6",
            "process 42 acquired ShareLock on transaction 7 after 1500.1 ms",
            "STATEMENT|select a from t where b = 6",
            "ERROR|deadlock detected",
            "DETAIL|Process 42 waits for ...",
            "HINT|See server log for query details.",
            "STATEMENT|select a from t where b = 7",
            "ERROR|syntax error",
            "STATEMENT|selec",
            "WARNING|there is no transaction in progress",
            'automatic vacuum of table "shop.public.t": index scans: 0\n\tpages: 0 removed',
            'automatic aggressive vacuum of table "shop.public.t": index scans: 0',
            'automatic analyze of table "shop.public.t"',
            "checkpoint starting: time",
            "checkpoint complete: wrote 3 buffers (0.0%)",
            "restartpoint complete: wrote 3 buffers (0.0%)",
        ),
    )

    assert digest.events == LogEvents(
        errors=2, warnings=1, temp_files=1, temp_bytes=8192, lock_waits=1, deadlocks=1,
        autovacuums=2, autoanalyzes=1, checkpoints=2,
    )  # fmt: skip
    found = only(digest)
    assert (found.temp_files, found.temp_bytes) == (1, 8192)
    assert (found.lock_waits, found.errors, found.calls) == (1, 1, 1)
    assert digest.hours[0].errors == 2


def test_no_query_is_told_by_its_command_only(log: Path) -> None:
    digest = read_text(
        log,
        entries(
            "duration: 1.000 ms  statement: alter role me password 'hunter2'",
            "duration: 1.000 ms  statement: alter role you password 'secret'",
            "duration: 1.000 ms  statement: selec 'hunter2'",
        ),
    )

    assert {(s.text, s.calls) for s in digest.statements} == {
        ("ALTER ROLE", 2),
        ("<unparsable query>", 1),
    }
    assert not any(s.samples or s.slowest for s in digest.statements)
    assert "hunter2" not in repr(digest)


def test_figures_beyond_all_measure_are_none(log: Path) -> None:
    digest = read_text(
        log,
        entries(
            f"duration: {'9' * 400}.000 ms  statement: select a from t",
            f'temporary file: path "a", size {"9" * 5_000}',
            f"duration: 1.000 ms  execute <unnamed>: select ${'9' * 5_000}",
            f"DETAIL|parameters: ${'9' * 5_000} = 'a'",
        ),
    )

    assert digest.events.temp_bytes == 0
    assert [(s.text, s.calls) for s in digest.statements] == [("<unparsable query>", 1)]


def test_hours_are_those_of_the_log(log: Path) -> None:
    digest = read_text(log, entries(CALL.format(1), hour=10) + entries(CALL.format(2), hour=12))

    assert [(hour.hour, hour.calls) for hour in digest.hours] == [
        ("2026-03-01 10", 1),
        ("2026-03-01 12", 1),
    ]
    assert digest.first_at == "2026-03-01 10:00:00.000 UTC"
    assert digest.last_at == "2026-03-01 12:00:00.000 UTC"


def test_rotated_files_are_read_in_the_order_of_their_times(tmp_path: Path) -> None:
    later, earlier = tmp_path / "postgresql.log", tmp_path / "postgresql.log.1.gz"
    later.write_text(entries("duration: 3.000 ms", CALL.format(2), hour=12), encoding="utf-8")
    earlier.write_bytes(
        gzip.compress(entries(CALL.format(1), "statement: select b from t", hour=11).encode())
    )

    digest = read_logs([later, earlier])

    assert [file.name for file in digest.files] == ["postgresql.log.1.gz", "postgresql.log"]
    assert digest.first_at.startswith("2026-03-01 11")
    # The statement is at the end of one file, its duration at the beginning of the other.
    assert {(s.text, s.calls, s.times.total_ms) for s in digest.statements} == {
        ("select a from t where b = $1", 2, 4.0),
        ("select b from t", 1, 3.0),
    }


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = gzip.compress(entries(CALL.format(1)).encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    digest = read_logs("-")

    assert only(digest).calls == 1
    assert digest.files[0].name == "standard input"


def test_of_a_damaged_archive_the_sound_part_is_read(tmp_path: Path) -> None:
    log = tmp_path / "a.gz"
    text = entries(*(CALL.format(number * 7919 % 10007) for number in range(20_000)))
    log.write_bytes(gzip.compress(text.encode())[:-2_000])

    digest = read_logs(log)

    assert 10_000 < only(digest).calls < 20_000
    assert "a.gz is damaged: what follows the damage is not read" in digest.notes


def test_a_mark_of_the_byte_order_is_no_part_of_the_log(log: Path) -> None:
    assert only(read_text(log, "\ufeff" + entries(CALL.format(1)))).calls == 1


def test_an_empty_log_tells_nothing(log: Path) -> None:
    digest = read_text(log, "")

    assert (digest.entries, digest.statements, digest.notes) == (0, (), ())


def test_the_same_log_gives_the_same_samples(log: Path) -> None:
    text = entries(*(CALL.format(number) for number in range(2_000)))

    first, second = read_text(log, text), read_logs(log)

    assert first == second
    assert len(only(first).samples) == 20


def test_skew_is_kept_in_the_samples(log: Path) -> None:
    values = [7 if number % 10 else number for number in range(5_000)]
    found = only(read_text(log, entries(*map(CALL.format, values))))

    common = sum(call.values == ((1, "7"),) for call in found.samples)
    assert common >= 14  # nine of ten calls ask for it; fewer come once in a hundred draws


def test_statements_of_least_time_go_when_there_are_too_many(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "MAX_GROUPS", 50)
    text = entries(
        *(
            # The fingerprint passes over digits of tables, but not of columns.
            f"duration: {number}.000 ms  statement: select a from t where c{number} = 1"
            for number in range(80)
        )
    )

    digest = read_text(log, text)

    assert len(digest.statements) <= 50
    assert digest.statements[0].text == "select a from t where c79 = $1"
    assert any("statements of little time" in note for note in digest.notes)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hello\nworld\n", "it looks like no log of PostgreSQL"),
        ("2026-03-01 10:00:00 UTC [1] LOGO:  x\n", "it looks like no log of PostgreSQL"),
    ],
)
def test_what_is_no_log_is_refused(log: Path, text: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        read_text(log, text)


def test_a_prefix_that_does_not_fit_is_refused(log: Path) -> None:
    log.write_text(entries(CALL.format(1)), encoding="utf-8")

    with pytest.raises(UsageError, match="do not begin with what --log-line-prefix says"):
        read_logs(log, log_line_prefix="%t %u ")
    hinted = read_logs(log, log_line_prefix="%t %u ", is_prefix_sure=False)
    assert hinted.files[0].prefix == "%m [%p] %q%u@%d "


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    for paths, reason in (
        ([tmp_path / "nowhere.log"], "nowhere.log: No such file"),
        ([tmp_path], "it is a directory"),
        (["-", "-"], "standard input can be read once only"),
        (["a\0b"], "there is no such file"),
        ([], "no file is given"),
    ):
        with pytest.raises(UsageError, match=reason):
            read_logs(paths)


def test_progress_is_told_up_to_the_end(log: Path) -> None:
    text = entries(*(CALL.format(number) for number in range(40_000)))
    log.write_text(text, encoding="utf-8")
    told: list[tuple[str, int, int]] = []

    read_logs(log, progress=lambda what, done, total: told.append((what, done, total)))

    megabytes = len(text) // 1024 // 1024
    assert told[-1] == ("reading logs, in MB", megabytes, megabytes)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


@pytest.mark.parametrize(
    "data",
    [
        b"\n" * 400_000,
        b"x" * 400_000,
        b"2026-03-01 10:00:00.000 UTC [1] " * 10_000,
        b"2026-03-01 10:00:00.000 UTC [1]: [1-1] user=a,db=b,app=c,client=" * 5_000,
        b"\n2026-03-01 10:00:00.000 UTC [1]: [1-1] user=a,db=b,app=,c@d" * 5_000,
        b'\n2026-03-01 10:00:00.000 UTC,"a' * 10_000,
        b'{"error_severity":' * 20_000,
        b"[" * 300_000,
        b"\0" * 400_000,
        b'"' * 400_000,
        b"@" * 400_000,
        b"LOG:  " * 60_000,
        b"\nLOG:  " * 60_000,
    ],
    ids=lambda data: repr(data[:40]),
)
def test_no_file_takes_ages_to_be_recognised(tmp_path: Path, data: bytes) -> None:
    log = tmp_path / "odd.log"
    log.write_bytes(data)

    try:
        digest = read_logs(log)
    except UsageError:
        return
    assert digest.size_bytes == len(data)


PARTS = st.sampled_from(
    [entries(CALL.format(1)), entries("DETAIL|parameters: $1 = 'a'"), "\tand c\n", "'", '"', "{",
     "LOG:  ", "duration: ", "plan:\n\tQuery Text: ", "\r\n", "\n", "é", "\0", "1e999 ms  ",
     '{"timestamp":"2026-03-01 10:00:00.000 UTC","error_severity":"LOG","message":"a"}\n']
)  # fmt: skip


@given(st.lists(PARTS, max_size=30), st.sampled_from(["utf-8", "utf-16", "latin-1"]))
def test_no_file_is_too_odd(parts: list[str], encoding: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        log = Path(name) / "odd.log"
        log.write_bytes("".join(parts).encode(encoding))
        try:
            read_logs(log)
        except UsageError as error:
            assert "odd.log" in str(error)  # noqa: PT017  (most are read)
