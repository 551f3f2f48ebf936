"""oversubscribed-connections."""

from __future__ import annotations

import pytest

from pgadvisor.model.finding import Confidence, Severity
from pgadvisor.model.machine import Pool
from pgadvisor.model.server import Setting
from pgadvisor.testing import Outcome, a_snapshot, diagnose
from tests.rules.changes import manual

RULE = "oversubscribed-connections"
WEB = Pool(name="web", size=20, instances=4)
JOBS = Pool(name="jobs", size=18)
SETTINGS = (
    Setting(name="max_connections", value="100"),
    Setting(name="superuser_reserved_connections", value="3"),
)


def run(*pools: Pool, settings: tuple[Setting, ...] = SETTINGS) -> Outcome:
    return diagnose(RULE, a_snapshot(settings), pools=pools)


def test_reports_pools_whose_sum_is_too_much() -> None:
    [finding] = run(WEB, JOBS).findings

    assert finding.key == "oversubscribed-connections:max_connections"
    assert finding.severity is Severity.WARNING
    assert finding.confidence is Confidence.HIGH
    assert finding.summary == "The pools may open 98 connections, 97 are allowed"
    assert [(e.name, e.value, e.source) for e in finding.evidence] == [
        ("pool web", 80, "[[pools]] of the configuration: 20 in each of 4"),
        ("pool jobs", 18, "[[pools]] of the configuration: 18 in each of 1"),
        ("of all pools", 98, "[[pools]] of the configuration"),
        (
            "allowed to ordinary roles",
            97,
            "pg_settings: max_connections without the reserved ones",
        ),
    ]
    assert manual(finding)[0] == (
        "Lower their sizes: web 17 instead of 20, jobs 16 instead of 18 would fit with some to "
        "spare, if all give way alike."
    )


@pytest.mark.parametrize(("size", "count"), [(97, 0), (98, 1)])
def test_as_many_as_are_allowed_are_enough(size: int, count: int) -> None:
    assert len(run(Pool(name="web", size=size)).findings) == count


def test_reserved_connections_of_16_are_not_allowed_either() -> None:
    reserved = Setting(name="reserved_connections", value="5")
    pool = Pool(name="web", size=93)

    assert run(pool).is_clear
    [finding] = run(pool, settings=(*SETTINGS, reserved)).findings
    assert finding.summary == "The pools may open 93 connections, 92 are allowed"


def test_no_pool_is_told_to_have_none() -> None:
    one = tuple(Pool(name=f"lambda {n}", size=1, instances=60) for n in (1, 2))

    [finding] = run(*one).findings
    assert "lambda 1 1 instead of 1" in manual(finding)[0]


def test_says_why_it_cannot_judge() -> None:
    assert run().reasons == (
        "which pools connect is not said: name them in [[pools]] of pgadvisor.toml",
    )
    assert run(WEB, settings=()).reasons == ("values of max_connections are not in the snapshot",)
