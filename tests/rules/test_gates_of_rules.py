"""The check that every test of a rule runs through does find what it looks for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.finding import Confidence, Evidence, Finding, Impact, Provenance
from pgadvisor.model.window import counter_window, statement_window
from tests.fixtures.full_snapshot import full_snapshot
from tests.fixtures.unknown_window import undeclared_gate, unfounded_claims, without_window

FINDING = Finding(
    rule_id="a-rule",
    subject="public.orders",
    summary="public.orders is large",
    evidence=(),
    provenance=Provenance.STATISTICS,
    confidence=Confidence.HIGH,
)


def evidence(name: str, value: float | str, source: str = "pg_stat_user_tables") -> Evidence:
    return Evidence(name=name, value=value, source=source)


def test_a_snapshot_without_window_has_none() -> None:
    whole = replace(full_snapshot(), earlier=None)

    assert counter_window(whole).days is not None
    assert counter_window(without_window(whole)).days is None
    assert statement_window(without_window(whole)).days is None


@pytest.mark.parametrize(
    ("finding", "claim"),
    [
        (replace(FINDING, impact=Impact(saved_ms_per_day=3.0)), "impact.saved_ms_per_day is 3.0"),
        (replace(FINDING, summary="it runs 3 times a day"), "it runs 3 times a day"),
        (replace(FINDING, evidence=(evidence("rows a day", 3),)), "rows a day: 3"),
        (replace(FINDING, rule_id="unused-index"), "unused-index judges without a window"),
    ],
)
def test_a_rate_or_disuse_without_a_window_is_unfounded(finding: Finding, claim: str) -> None:
    assert list(unfounded_claims(finding)) == [claim]


@pytest.mark.parametrize(
    "told", [evidence("rows a day", "unknown"), evidence("dead rows now", 3), evidence("calls", 9)]
)
def test_gauges_totals_and_what_is_called_unknown_are_no_rates(told: Evidence) -> None:
    assert list(unfounded_claims(replace(FINDING, evidence=(told,)))) == []


@pytest.mark.parametrize(
    ("source", "requires", "missing"),
    [
        ("pg_stat_statements.calls", (), "statements"),
        ("pg_stat_statements.calls", ("statements",), ""),
        ("pg_stat_statements.query", (), ""),
        ("pg_stat_user_tables.n_tup_ins", (), ""),
    ],
)
def test_counters_of_statements_need_their_gate(
    source: str, requires: tuple[str, ...], missing: str
) -> None:
    finding = replace(FINDING, evidence=(evidence("calls", 9, source),))

    assert undeclared_gate(finding, requires) == missing
