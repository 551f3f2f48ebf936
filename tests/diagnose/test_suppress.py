"""Findings that a project has decided to live with."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.config import Suppression
from pgadvisor.diagnose.suppress import matches, suppress
from pgadvisor.model.finding import Confidence, Finding, Provenance

TODAY = date(2026, 3, 31)
FINDING = Finding(
    subject="public.orders_note_idx",
    summary="It is not used",
    detail="Nobody reads it.",
    evidence=(),
    provenance=Provenance.CATALOG,
    confidence=Confidence.HIGH,
    key="unused-index:public.orders_note_idx",
)


def entry(key: str, expires: date | None = None, reason: str = "kept for audits") -> Suppression:
    return Suppression(key=key, reason=reason, expires=expires)


def test_hides_a_finding_by_its_key() -> None:
    shown, hidden = suppress([FINDING], [entry(FINDING.key)], TODAY)

    assert shown == ()
    assert [(item.finding, item.reason) for item in hidden] == [(FINDING, "kept for audits")]


def test_a_star_at_the_end_stands_for_anything() -> None:
    assert matches("unused-index:public.*", FINDING.key)
    assert matches("*", FINDING.key)
    assert not matches("unused-index:sales.*", FINDING.key)
    assert not matches("unused-index:public.orders", FINDING.key)


@given(text=st.text(max_size=20))
def test_a_key_without_a_star_hides_only_itself(text: str) -> None:
    assert matches(text, FINDING.key) == (
        text == FINDING.key or (text.endswith("*") and FINDING.key.startswith(text[:-1]))
    )


def test_shows_a_finding_again_from_the_day_on_and_says_so() -> None:
    expired = entry(FINDING.key, expires=TODAY)

    [again], hidden = suppress([FINDING], [expired], TODAY)

    assert hidden == ()
    assert again.detail == (
        "Nobody reads it. Shown again: it was suppressed until 2026-03-31 (kept for audits)."
    )


def test_hides_until_the_day_before() -> None:
    shown, hidden = suppress([FINDING], [entry(FINDING.key, date(2026, 4, 1))], TODAY)

    assert shown == ()
    assert len(hidden) == 1


def test_a_valid_suppression_wins_over_an_expired_one() -> None:
    rules = [entry(FINDING.key, TODAY), entry("unused-index:*", reason="all of them")]

    _, [hidden] = suppress([FINDING], rules, TODAY)

    assert hidden.reason == "all of them"


def test_leaves_other_findings_as_they_are() -> None:
    assert suppress([FINDING], [entry("no-primary-key:*")], TODAY) == ((FINDING,), ())
