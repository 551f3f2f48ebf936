"""Logs that real servers write, in each format."""

from __future__ import annotations

import pytest

from pgadvisor.cluster.binaries import Binaries, embedded_binaries, system_binaries
from pgadvisor.logs import read_logs
from pgadvisor.model.log import LogDigest, LoggedStatement
from tests.logs.servers import log_files, logging_server, work

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("logs")]

COUNT = "select count(*)\nfrom orders\nwhere state = $1\n  and id > $2"
NOTE = "select note from orders where id = $1 and note <> $2"
SORT = "select note from orders order by note desc offset $1"
UPDATE = "update orders set note = $1 where id = $2"
DURATIONS = {"log_min_duration_statement": "0"}
STATEMENTS = {"log_statement": "all", "log_duration": "on"}
PLANS = {"auto_explain.log_min_duration": "0", "auto_explain.log_analyze": "on"}


@pytest.fixture(scope="module", params=["embedded", "system"])
def binaries(request: pytest.FixtureRequest) -> Binaries:
    """The embedded PostgreSQL, and one of the machine's own if it has any."""
    if request.param == "embedded":
        return embedded_binaries()
    found = system_binaries()
    if not found:
        pytest.skip("the machine has no PostgreSQL of its own")
    return found[0]


@pytest.fixture(scope="module")
def digests(binaries: Binaries) -> dict[str, dict[str, LogDigest]]:
    """What is read of the logs of three servers, by what they log and by format."""
    return {
        "durations": digests_of(binaries, DURATIONS | {"log_line_prefix": "%m [%p] %q%u@%d "}),
        "statements": digests_of(binaries, STATEMENTS),
        "plans": digests_of(
            binaries,
            PLANS | {"log_line_prefix": "<%t|%u|%d> %p:", "log_error_verbosity": "verbose"},
        ),
    }


def digests_of(
    binaries: Binaries, settings: dict[str, str], prefix: str | None = None
) -> dict[str, LogDigest]:
    """Let a server work, and read its logs."""
    with logging_server(binaries, **settings) as cluster:
        work(cluster.dsn("shop"))
        files = log_files(cluster)
        return {name: read_logs(file, log_line_prefix=prefix) for name, file in files.items()}


def by_text(digest: LogDigest) -> dict[str, LoggedStatement]:
    """The statements of the shop by their normalised texts."""
    return {s.text: s for s in digest.statements if s.database in {"shop", ""}}


def test_all_formats_tell_the_same(digests: dict[str, dict[str, LogDigest]]) -> None:
    for found in digests.values():
        assert {d.files[0].format for d in found.values()} >= {"stderr", "csvlog"}
        first, *others = found.values()
        for other in others:
            assert other.events == first.events
            assert other.entries == first.entries
            figures = [
                {(s.text, s.calls, s.times, s.temp_bytes, s.lock_waits, s.errors, s.plan_count,
                  s.samples, s.slowest) for s in digest.statements}
                for digest in (first, other)
            ]  # fmt: skip
            assert figures[0] == figures[1]


def test_the_format_is_recognised(digests: dict[str, dict[str, LogDigest]]) -> None:
    for found in digests.values():
        for name, digest in found.items():
            assert digest.files[0].format == name
    assert digests["durations"]["stderr"].files[0].prefix == "%m [%p] %q%u@%d "
    assert digests["statements"]["stderr"].files[0].prefix == "%m [%p] "
    assert digests["plans"]["stderr"].files[0].prefix == ""


def test_durations_come_with_calls_values_and_preparation(
    digests: dict[str, dict[str, LogDigest]],
) -> None:
    for digest in digests["durations"].values():
        found = by_text(digest)
        assert found[COUNT].database == "shop"
        assert (found[COUNT].calls, found[COUNT].times.count) == (30, 30)
        assert {call.values[0][1] for call in found[COUNT].samples} == {"'new'", "'paid'"}
        assert (found[NOTE].calls, found[NOTE].times.count) == (30, 30)
        assert found[NOTE].preparation_ms > 0
        assert {dict(call.values)[2] for call in found[NOTE].samples} == {"'it''s, $2 = ''x'''"}
        assert digest.notes == ()


def test_statements_are_paired_with_their_durations(
    digests: dict[str, dict[str, LogDigest]],
) -> None:
    for digest in digests["statements"].values():
        found = by_text(digest)
        assert (found[COUNT].calls, found[COUNT].times.count) == (30, 30)
        assert (found[NOTE].calls, found[NOTE].times.count) == (30, 30)
        assert len(found[NOTE].samples) == 20
        # One of the two updates of the deadlock was never finished.
        assert found[UPDATE].calls == 4
        assert found[UPDATE].times.count == 3


def test_plans_come_with_their_statements(
    digests: dict[str, dict[str, LogDigest]], binaries: Binaries
) -> None:
    for digest in digests["plans"].values():
        found = by_text(digest)
        assert found[COUNT].is_timed_by_plans
        assert (found[COUNT].calls, found[COUNT].plan_count) == (30, 30)
        assert len(found[COUNT].samples) == 20
        # Before PostgreSQL 16 auto_explain does not tell the values of parameters.
        assert len(found[NOTE].samples) == (20 if binaries.major >= 16 else 0)
        for plan in found[NOTE].plans:
            assert plan.format == "text"
            assert plan.text.startswith("Query Text: select note from orders where id = $1")
            assert "Index Scan using orders_pkey on orders  (cost=" in plan.text


def test_trouble_is_found(digests: dict[str, dict[str, LogDigest]]) -> None:
    for found in digests.values():
        for digest in found.values():
            events = digest.events
            assert (events.errors, events.deadlocks, events.lock_waits) == (3, 1, 1)
            assert events.temp_files == 1
            assert events.checkpoints >= 1
            statements = by_text(digest)
            assert statements[SORT].temp_bytes == events.temp_bytes > 0
            assert statements[UPDATE].lock_waits == 1
            assert statements[UPDATE].errors >= 1


@pytest.mark.parametrize("style", ["json", "yaml", "xml"])
def test_plans_are_found_in_each_format(binaries: Binaries, style: str) -> None:
    found = digests_of(binaries, PLANS | {"auto_explain.log_format": style})

    for digest in found.values():
        statements = by_text(digest)
        assert (statements[COUNT].calls, statements[NOTE].calls) == (30, 30)
        assert {plan.format for plan in statements[NOTE].plans} == {style}
        assert len(statements[COUNT].samples) == 20


@pytest.mark.parametrize(
    "prefix", ["", "%t:%r:%u@%d:[%p]:", "[%n] %c|%l|%e|%v|%x|%a: ", "%q%d %10p %-10u|", "%%%b[%P] "]
)
def test_any_prefix_that_is_given_is_read(cluster_binaries: Binaries, prefix: str) -> None:
    settings = DURATIONS | {"log_line_prefix": prefix}

    found = digests_of(cluster_binaries, settings, prefix)["stderr"]

    statements = by_text(found)
    assert (statements[COUNT].calls, statements[NOTE].calls) == (30, 30)
    assert found.files[0].prefix == prefix
    assert found.notes == ()


@pytest.fixture(scope="module")
def cluster_binaries() -> Binaries:
    """The embedded PostgreSQL."""
    return embedded_binaries()
