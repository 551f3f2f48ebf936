"""What a report says of the time and the nodes that it rests on, and of its gates."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pgadvisor.emit.document import Document
from pgadvisor.emit.html import render_html
from pgadvisor.emit.json import render_json
from pgadvisor.emit.markdown import render_markdown
from pgadvisor.emit.text import render_text
from pgadvisor.emit.view import view
from pgadvisor.model.advice import AdviceData
from pgadvisor.model.earlier import Continuity, EarlierSnapshot
from pgadvisor.model.finding import Skipped
from pgadvisor.model.gates import Gate, Gates, GateState
from pgadvisor.model.server import StatementsInfo
from pgadvisor.model.standby import Standby
from pgadvisor.model.window import Window
from pgadvisor.units import MS_PER_DAY
from tests.emit.sample import an_advice, an_empty_advice

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
INFO = StatementsInfo(extension_version="1.12", schema="public")


def a_window(days: float) -> Window:
    return Window(
        days=days,
        note="since pg_stat_database.stats_reset",
        since=NOW - timedelta(days=days),
    )


def judged_on(advice: AdviceData) -> str:
    return dict(view(advice).facts)["Judged on"]


def with_windows(tables: Window, statements: Window | None = None) -> AdviceData:
    advice = an_empty_advice()
    return replace(
        advice,
        server=replace(advice.server, statements_info=INFO),
        counter_window=tables,
        statement_window=statements or tables,
    )


@pytest.mark.parametrize(
    ("days", "words"),
    [
        pytest.param(20_000 / MS_PER_DAY, "20 s of statistics since", id="seconds"),
        pytest.param(0.25, "6 h of statistics since", id="hours"),
        pytest.param(
            12.4, "12.4 days of statistics since the reset of 2026-02-17 02:24 UTC", id="days"
        ),
    ],
)
def test_says_since_which_reset_totals_are_counted(days: float, words: str) -> None:
    assert judged_on(with_windows(a_window(days))).startswith(words)


def test_says_that_nobody_knows_and_why() -> None:
    unknown = Window(days=None, note="pg_stat_database.stats_reset is NULL")

    assert judged_on(with_windows(unknown)) == (
        "statistics of unknown age (pg_stat_database.stats_reset is NULL)"
    )


def test_says_what_bounds_an_unknown_age() -> None:
    window = replace(a_window(40), is_lower_bound=True, note="the oldest vacuum is as old")

    assert judged_on(with_windows(window)) == (
        "at least 40 days of statistics (the oldest vacuum is as old)"
    )


def test_tells_two_windows_apart() -> None:
    assert judged_on(with_windows(a_window(90), a_window(3))) == (
        "90 days of statistics of tables and indexes since the reset of 2025-12-01 12:00 UTC and "
        "3 days of statistics of statements since the reset of 2026-02-26 12:00 UTC"
    )


def test_windows_that_one_script_began_are_one_and_the_shorter_is_told() -> None:
    advice = with_windows(a_window(31 / 86_400), a_window(29 / 86_400))

    assert judged_on(advice) == "29 s of statistics since the reset of 2026-03-01 11:59 UTC"


def test_without_statements_only_the_others_have_a_window() -> None:
    nothing = Window(days=None, note="pg_stat_statements is not there")
    advice = with_windows(a_window(90), nothing)
    without = replace(advice, server=replace(advice.server, statements_info=None))

    assert judged_on(without) == "90 days of statistics since the reset of 2025-12-01 12:00 UTC"


def test_says_that_it_judges_the_time_between_two_snapshots() -> None:
    window = replace(
        a_window(12), is_difference=True, note="since the earlier snapshot of 2026-02-17 12:00 UTC"
    )

    assert judged_on(with_windows(window)) == (
        "12 days of statistics, since the earlier snapshot of 2026-02-17 12:00 UTC"
    )


SHORT = Gate(id="drop-window", state=GateState.CLOSED, detail="statistics cover 12.4 of 35 days")
REPLICAS = Gate(id="topology", state=GateState.CLOSED, detail="2 standbys stream from this server")
OPEN = Gate(id="statements", state=GateState.OPEN, detail="3 statements are known")


def gated() -> AdviceData:
    """Two rules that a gate kept from judging, one with a reason of its own, a closed gate."""
    skipped = (
        Skipped(rule_id="a-rule", reason=SHORT.detail),
        Skipped(rule_id="b-rule", reason="no pg_stat_io"),
        Skipped(rule_id="c-rule", reason=SHORT.detail),
        Skipped(rule_id="d-rule", reason="no statistics", subject="public.orders"),
    )
    return replace(
        with_windows(a_window(12.4)), gates=Gates(rows=(SHORT, REPLICAS, OPEN)), skipped=skipped
    )


def test_says_once_how_many_rules_a_gate_kept_from_judging() -> None:
    assert judged_on(gated()) == (
        "12.4 days of statistics since the reset of 2026-02-17 02:24 UTC; "
        "2 rules skipped because statistics cover 12.4 of 35 days; "
        "1 more rule skipped for a reason of its own"
    )


def test_a_gate_that_skipped_nothing_is_a_warning() -> None:
    assert view(gated()).warnings == (
        "2 standbys stream from this server (topology): an index that goes is left to review.",
    )


def test_a_day_that_nobody_knows_is_told() -> None:
    unknown = Window(days=None, note="pg_stat_database.stats_reset is NULL")
    assumed = "Nobody knows how long statements were counted"

    without = replace(an_advice(), gates=Gates(), statement_window=unknown)

    assert any(warning.startswith(assumed) for warning in view(without).warnings)
    assert not any(warning.startswith(assumed) for warning in view(an_advice()).warnings)


def test_rules_that_share_a_reason_stand_on_one_line() -> None:
    assert "- a-rule, c-rule: statistics cover 12.4 of 35 days\n" in render_text(gated())


@pytest.mark.parametrize("render", [render_text, render_markdown, render_html])
def test_every_format_has_it(render: object) -> None:
    assert callable(render)
    text = " ".join(str(render(gated())).split())

    assert "2 rules skipped because statistics cover 12.4 of 35 days" in text


def test_json_names_the_rules_of_each_gate() -> None:
    document = json.loads(render_json(gated()))

    assert {gate["id"]: gate["skipped_rules"] for gate in document["gates"]} == {
        "drop-window": ["a-rule", "c-rule"],
        "topology": [],
        "statements": [],
    }
    assert document["counter_window"]["since"] == "2026-02-17T02:24:00+00:00"
    assert document["earlier"] is None
    assert set(document) == set(Document.__dataclass_fields__)


def between() -> AdviceData:
    standby = Standby(
        name="standby 1",
        collected_at=NOW,
        counted_since=NOW - timedelta(days=9),
        note="since pg_stat_database.stats_reset",
        statement_count=3,
        notes=("Its statements are scaled.",),
    )
    return replace(
        with_windows(a_window(12)),
        earlier=EarlierSnapshot(
            collected_at=NOW - timedelta(days=12),
            counters=Continuity.RESET,
            notes=("The server was started again.",),
        ),
        standbys=(standby,),
    )


def test_tells_what_happened_in_between_and_what_standbys_count() -> None:
    facts = view(between()).facts

    assert ("In between", "The server was started again.") in facts
    assert (
        "Standby",
        (
            "standby 1, counted since 2026-02-20 12:00 UTC (since pg_stat_database.stats_reset), "
            "3 statements. Its statements are scaled."
        ),
    ) in facts


def test_json_has_the_earlier_snapshot_and_the_standbys() -> None:
    document = json.loads(render_json(between()))

    assert document["earlier"] == {
        "collected_at": "2026-02-17T12:00:00+00:00",
        "counters": "reset",
        "statements": "continued",
        "notes": ["The server was started again."],
    }
    assert document["standbys"][0]["counted_since"] == "2026-02-20T12:00:00+00:00"
