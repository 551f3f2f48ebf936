"""Values out of a log in the place of sampled ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import psycopg
import pytest

from pgadvisor.choose.logged import logged_statements, with_logged_values
from pgadvisor.choose.workload import weigh
from pgadvisor.cluster.launch import Cluster
from pgadvisor.collect.assemble import collect
from pgadvisor.config import Config, GateLimits
from pgadvisor.emit.report import ReportFormat
from pgadvisor.logs import read_logs
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.finding import Severity
from pgadvisor.model.log import LogDigest
from pgadvisor.model.sensitivity import ValueClass, ValueKind
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import Statements
from pgadvisor.parse.statement import fingerprint
from pgadvisor.parse.usage import usage_of
from pgadvisor.pipeline import advise
from pgadvisor.snapshotfile import redact
from pgadvisor.testing import a_statement
from pgadvisor.whatif.parameters import logged_sampling, logged_values, survey
from pgadvisor.whatif.twin import Twin
from tests.fixtures.databases import FORGET, fresh_database
from tests.whatif.parameters.orders import SCHEMA

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_values")]

LATEST = "select * from orders where tenant = $1 order by created_at desc limit $2"
CALL = "select * from orders where tenant = '{}' order by created_at desc limit 20"
CALLS = (*["tenant 1"] * 8, "tenant 77", "tenant 78")
"""The tenant with an eighth of the rows makes eight of ten calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A database, and the twin of it."""

    snapshot: Snapshot
    twin: Twin
    directory: Path

    def digest(self, *texts: str, database: str = "", hours: int = 24) -> LogDigest:
        """What is read of a log of these statements, the last one so many hours later."""
        name = database or self.snapshot.server.database
        lines = [
            f"2026-03-0{1 + hours // 24 * is_last} {hours % 24 * is_last:02}:00:00.000 UTC [42] "
            f"me@{name} LOG:  duration: 5.000 ms  statement: {text}\n"
            for text, is_last in [*((text, 0) for text in texts), ("select 1", 1)]
        ]
        log = self.directory / "postgresql.log"
        log.write_text("".join(lines), encoding="utf-8")
        return read_logs(log)


@pytest.fixture(scope="module")
def place(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with fresh_database(cluster) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(SCHEMA.encode())
            connection.execute("vacuum analyze")
            connection.execute(FORGET)
            for tenant in ("tenant 1", "tenant 2"):
                connection.execute(LATEST.replace("$1", "%s").replace("$2", "20"), (tenant,))
        snapshot = collect(dsn)
        with Twin(snapshot) as twin:
            yield Place(snapshot=snapshot, twin=twin, directory=tmp_path_factory.mktemp("logs"))


def classes_of(place: Place, text: str, call: str) -> list[ValueClass]:
    """What a call of a statement is said to ask for."""
    statement = a_statement(text, fingerprint=fingerprint(text))
    catalog = Catalog(replace(place.snapshot, statements=Statements(rows=(statement,))))
    [values] = logged_values(place.digest(call), catalog.snapshot).values()
    usage = usage_of(statement.id, text, catalog)
    assert usage is not None
    [sample] = logged_sampling(values, usage, catalog).samples
    return list(sample.classes)


def test_calls_have_the_shares_that_the_log_tells(place: Place) -> None:
    statement = a_statement(LATEST, fingerprint=fingerprint(LATEST))
    snapshot = replace(place.snapshot, statements=Statements(rows=(statement,)))
    catalog = Catalog(snapshot)
    logged = logged_values(place.digest(*map(CALL.format, CALLS)), snapshot)
    usage = usage_of(statement.id, LATEST, catalog)
    assert usage is not None

    [found] = survey(place.twin, (statement,), {statement.id: usage}, catalog, logged=logged)

    members = [member for variant in found.variants for member in variant.members]
    heavy = [m for m in members if m.classes[0].high_ratio > 0.1]
    assert sum(member.weight for member in heavy) == pytest.approx(0.8)
    assert {m.classes[0].words for m in heavy} == {"a value held by 12 % of the rows"}
    assert dict(heavy[0].values) == {1: "'tenant 1'", 2: "20"}
    assert found.assumptions == ("values and shares are those of 10 calls in the log",)
    assert found.is_notable


@pytest.mark.parametrize(
    ("text", "call", "kind", "ratio"),
    [
        ("select * from orders where tenant_id = $1",
         "select * from orders where tenant_id = 1", ValueKind.VALUE, 0.12),
        ("select * from orders where tenant_id <> $1",
         "select * from orders where tenant_id <> '1'", ValueKind.EXCLUSION, 0.12),
        ("select * from orders where tenant_id in ($1, $2)",
         "select * from orders where tenant_id in (77, 1)", ValueKind.LIST, 0.12),
        ("select * from orders where id < $1",
         "select * from orders where id < 6000", ValueKind.RANGE, 0.1),
        ("select * from orders where id >= $1",
         "select * from orders where id >= 6000", ValueKind.RANGE, 0.9),
        ("select * from orders where id between $1 and $2",
         "select * from orders where id between 6000 and 36000", ValueKind.RANGE, 0.5),
    ],
)  # fmt: skip
def test_values_are_told_by_how_common_they_are(
    place: Place, text: str, call: str, kind: ValueKind, ratio: float
) -> None:
    [found] = classes_of(place, text, call)

    assert found.kind is kind
    assert found.high_ratio == pytest.approx(ratio, abs=0.02)


def test_a_value_that_is_no_literal_makes_no_class(place: Place) -> None:
    assert classes_of(
        place,
        "select * from orders where zip like $1 and tenant = $2",
        "select * from orders where zip like 'a%' and tenant = 'tenant 1'",
    )[0].asked.columns == ("tenant",)


def test_a_statement_is_costed_for_a_call_that_was_made(place: Place) -> None:
    statement = a_statement(LATEST, fingerprint=fingerprint(LATEST))
    snapshot = replace(place.snapshot, statements=Statements(rows=(statement,)))
    catalog = Catalog(snapshot)
    usage = usage_of(statement.id, LATEST, catalog)
    assert usage is not None
    workload = weigh((statement,), {statement.id: usage}, catalog, 1.0)
    logged = logged_values(place.digest(*map(CALL.format, CALLS)), snapshot)

    found = with_logged_values(workload, logged, place.twin)

    costs = {tenant: place.twin.cost(CALL.format(tenant)) for tenant in CALLS}
    mean = sum(costs[tenant] for tenant in CALLS) / len(CALLS)
    nearest = min(costs, key=lambda tenant: abs(costs[tenant] - mean))
    assert found.statements[0].text == CALL.format(nearest)
    assert found.assumed == (
        (statement.id, "the values of the logged call nearest to the mean of 10"),
    )


def test_what_is_assumed_already_stays(place: Place) -> None:
    statement = a_statement(LATEST, fingerprint=fingerprint(LATEST))
    snapshot = replace(place.snapshot, statements=Statements(rows=(statement,)))
    catalog = Catalog(snapshot)
    usage = usage_of(statement.id, LATEST, catalog)
    assert usage is not None
    workload = weigh((statement,), {statement.id: usage}, catalog, 1.0)
    pinned = replace(workload, assumed=((statement.id, "tenant = 'tenant 9'"),))
    logged = logged_values(place.digest(*map(CALL.format, CALLS)), snapshot)

    assert with_logged_values(pinned, logged, place.twin) == pinned


def test_calls_of_another_database_tell_nothing(place: Place) -> None:
    digest = place.digest(*map(CALL.format, CALLS), database="elsewhere")

    assert logged_values(digest, place.snapshot) == {}
    assert logged_statements(digest, place.snapshot) == ()


def test_statements_that_the_counters_lack_are_added_by_calls_a_day(place: Place) -> None:
    new = "select city, count(*) from orders where zip = '{}' group by city"
    digest = place.digest(
        *(new.format(number) for number in range(10)),
        *map(CALL.format, CALLS),
        "select * from nowhere where a = 1",
        "vacuum orders",
        hours=48,
    )

    [found] = logged_statements(digest, place.snapshot)

    assert found.text == "select city, count(*) from orders where zip = $1 group by city"
    assert found.weight == pytest.approx(5.0)
    assert found.source == "workload"


@pytest.fixture(scope="module")
def reports(place: Place) -> dict[tuple[str, bool], str]:
    """The reports of an analysis with a log in all formats, without literals and with them."""
    digest = place.digest(*map(CALL.format, CALLS), "select id from orders where zip = 'secret'")
    advices = {
        shown: advise(place.snapshot, logs=digest, show_literals=shown) for shown in (False, True)
    }
    return {
        (name, shown): advice.report(name)
        for shown, advice in advices.items()
        for name in get_args(ReportFormat)
    }


@pytest.mark.parametrize("name", get_args(ReportFormat))
def test_no_value_of_the_log_is_in_a_report_unless_asked_for(
    reports: dict[tuple[str, bool], str], name: str
) -> None:
    assert "tenant 1" not in reports[name, False]
    assert "secret" not in reports[name, False]
    assert "tenant 1" in reports[name, True]


def test_the_report_says_where_the_values_come_from(
    reports: dict[tuple[str, bool], str],
) -> None:
    text = " ".join(reports["text", False].split())

    assert "values and shares are those of 10 calls in the log" in text
    assert "the values of the logged call nearest to the mean of 10" in text


def test_a_redacted_snapshot_is_planned_without_them_and_says_so(place: Place) -> None:
    redacted = redact(place.snapshot, "default")

    advice = advise(redacted, logs=place.digest(*map(CALL.format, CALLS)))

    assert any(item.what == "values of the log" for item in advice.unavailable)
    assert not any("logged call" in words for _, words in advice.choice.assumed)


@pytest.mark.parametrize(
    ("offsets", "severities"),
    [((), [Severity.INFO]), ((0, 20, 40), []), ((0, 40_000), [Severity.WARNING])],
)
def test_rules_are_told_what_calls_asked_for(
    place: Place, offsets: tuple[int, ...], severities: list[Severity]
) -> None:
    text = "select * from orders order by total limit $1 offset $2"
    page = a_statement(
        text, calls=100, rows=2_000, shared_blocks_hit=10**6, fingerprint=fingerprint(text)
    )
    snapshot = replace(place.snapshot, statements=Statements(rows=(page,)))
    config = Config(gates=GateLimits(min_table_bytes=0, min_table_rows=0))
    calls = (f"select * from orders order by total limit 20 offset {offset}" for offset in offsets)

    advice = advise(snapshot, config=config, logs=place.digest(*calls))

    found = [f.severity for f in advice.findings if f.rule_id == "deep-offset"]
    assert found == severities
