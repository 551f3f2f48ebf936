"""Running the rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

import pytest

from pgadvisor.config import Config, Suppression
from pgadvisor.diagnose.engine import changed_limits, diagnose, diagnose_choice
from pgadvisor.errors import ConfigError
from pgadvisor.model.choice import Choice
from pgadvisor.rulekit import (
    AnyRule,
    Case,
    Confidence,
    Finding,
    Impact,
    Outcome,
    Provenance,
    Severity,
    Skipped,
    SkipRule,
    costed_rule,
    rule,
)
from pgadvisor.testing import a_case, a_snapshot

TODAY = date(2026, 3, 31)
CASE = a_case(a_snapshot())


def a_finding(
    subject: str = "a",
    *,
    identity: str = "",
    severity: Severity | None = None,
    impact: Impact | None = None,
) -> Finding:
    return Finding(
        subject=subject,
        summary="It is so",
        evidence=(),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        identity=identity,
        severity=severity,
        impact=impact or Impact(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of the rule below."""

    min_size_bytes: int = 8
    min_share_ratio: float = 0.5


def a_rule(
    body: Callable[[Case, Limits], Outcome], name: str = "a-rule", requires: tuple[str, ...] = ()
) -> AnyRule:
    make = rule(severity=Severity.WARNING, since="1", limits=Limits, requires=requires)
    return replace(make(body), id=name, is_built_in=True)


def by_id(*rules: AnyRule) -> MappingProxyType[str, AnyRule]:
    return MappingProxyType({each.id: each for each in rules})


def nothing(_case: Case, _limits: Limits) -> Outcome:
    yield from ()


def one(_case: Case, _limits: Limits) -> Outcome:
    yield a_finding()


def partly(_case: Case, _limits: Limits) -> Outcome:
    yield Skipped(rule_id="", subject="b", reason="no statistics")


def unable(_case: Case, _limits: Limits) -> Outcome:
    yield a_finding()
    raise SkipRule("too young")


def broken(_case: Case, _limits: Limits) -> Outcome:
    yield a_finding()
    raise ZeroDivisionError("oh")


def test_fills_in_rule_key_and_severity() -> None:
    [finding] = diagnose(CASE, by_id(a_rule(one)), Config(), today=TODAY).findings

    assert finding.rule_id == "a-rule"
    assert finding.key == "a-rule:a"
    assert finding.severity is Severity.WARNING


def test_keeps_a_finding_s_own_identity_and_severity() -> None:
    def own(_case: Case, _limits: Limits) -> Outcome:
        yield a_finding(identity="fingerprint", severity=Severity.INFO)

    [finding] = diagnose(CASE, by_id(a_rule(own)), Config(), today=TODAY).findings

    assert (finding.key, finding.severity) == ("a-rule:fingerprint", Severity.INFO)


def test_tells_clear_from_skipped() -> None:
    rules = by_id(a_rule(nothing, "fine"), a_rule(partly, "partly"), a_rule(unable, "unable"))

    diagnosis = diagnose(CASE, rules, Config(), today=TODAY)

    assert diagnosis.clear == ("fine",)
    assert diagnosis.skipped == (
        Skipped(rule_id="partly", subject="b", reason="no statistics"),
        Skipped(rule_id="unable", reason="too young"),
    )
    assert [finding.rule_id for finding in diagnosis.findings] == ["unable"]


def test_skips_a_rule_whose_gate_is_not_open() -> None:
    case = a_case(a_snapshot(statistics_age_days=1))

    diagnosis = diagnose(
        case, by_id(a_rule(one, requires=("usage-window",))), Config(), today=TODAY
    )

    assert diagnosis.findings == ()
    [skipped] = diagnosis.skipped
    assert skipped.reason.startswith("statistics cover 24 h, 7 days are needed")


def test_a_rule_that_is_switched_off_is_skipped_and_says_so() -> None:
    config = Config(disable=("a-rule",))

    diagnosis = diagnose(CASE, by_id(a_rule(one)), config, today=TODAY)

    assert diagnosis.findings == ()
    assert diagnosis.skipped[0].reason == "switched off by the configuration"


def test_a_broken_rule_of_ones_own_is_recorded_with_what_it_had_found() -> None:
    own = replace(a_rule(broken), is_built_in=False, origin="acme-rules")

    diagnosis = diagnose(CASE, by_id(own), Config(), today=TODAY)

    assert diagnosis.broken == (
        Skipped(
            rule_id="a-rule", reason="it raised ZeroDivisionError: oh (it comes from acme-rules)"
        ),
    )
    assert len(diagnosis.findings) == 1
    assert diagnosis.clear == ()


def test_a_broken_rule_of_ours_is_recorded_by_its_place_and_the_others_go_on() -> None:
    diagnosis = diagnose(CASE, by_id(a_rule(broken, "a"), a_rule(one, "b")), Config(), today=TODAY)

    [record] = diagnosis.broken
    assert record.rule_id == "a"
    assert re.fullmatch(
        r"it raised ZeroDivisionError at test_engine\.py:\d+, which is a fault of pgadvisor; "
        "please report it",
        record.reason,
    )
    assert [finding.rule_id for finding in diagnosis.findings] == ["a", "b"]


def test_two_findings_of_one_key_break_their_rule() -> None:
    def twice(_case: Case, _limits: Limits) -> Outcome:
        yield a_finding()
        yield a_finding()

    own = replace(a_rule(twice), is_built_in=False)
    [record] = diagnose(CASE, by_id(own), Config(), today=TODAY).broken

    assert record.reason == (
        "it raised ValueError: a-rule:a is reported twice; give each its own identity"
    )


def test_runs_costed_rules_only_with_a_choice() -> None:
    @costed_rule(severity=Severity.INFO, since="1", limits=Limits)
    def costed(_case: Case, choice: Choice, _limits: Limits) -> Outcome:
        yield a_finding(str(choice.what_if_calls))

    rules = by_id(a_rule(one), costed)

    plain = diagnose(CASE, rules, Config(), today=TODAY)
    after = diagnose_choice(CASE, Choice(what_if_calls=7), rules, Config(), today=TODAY)

    assert [finding.rule_id for finding in plain.findings] == ["a-rule"]
    assert [finding.key for finding in after.findings] == ["costed:7"]


def test_orders_by_severity_then_time_then_space_then_key() -> None:
    def several(_case: Case, _limits: Limits) -> Outcome:
        yield a_finding("info", severity=Severity.INFO)
        yield a_finding("z")
        yield a_finding("space", impact=Impact(freed_bytes=9))
        yield a_finding("time", impact=Impact(saved_ms_per_day=1.0))
        yield a_finding("a")
        yield a_finding("critical", severity=Severity.CRITICAL)

    findings = diagnose(CASE, by_id(a_rule(several)), Config(), today=TODAY).findings

    assert [f.subject for f in findings] == ["critical", "time", "space", "a", "z", "info"]


def test_sets_suppressed_findings_aside() -> None:
    config = Config(suppress=(Suppression(key="a-rule:*", reason="known"),))

    diagnosis = diagnose(CASE, by_id(a_rule(one)), config, today=TODAY)

    assert diagnosis.findings == ()
    assert [item.reason for item in diagnosis.suppressed] == ["known"]
    assert diagnosis.clear == ()


def test_gives_a_rule_its_limits() -> None:
    seen: list[Limits] = []

    def look(_case: Case, limits: Limits) -> Outcome:
        seen.append(limits)
        yield from ()

    config = Config(limits={"a-rule": {"min_size_bytes": 5.0}})
    diagnose(CASE, by_id(a_rule(look)), config, today=TODAY)

    assert seen == [Limits(min_size_bytes=5)]
    assert isinstance(seen[0].min_size_bytes, int)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (Config(limits={"no-rule": {}}), "there is no rule called no-rule"),
        (Config(disable=("no-rule",)), "there is no rule called no-rule"),
        (Config(limits={"a-rule": {"size": 1.0}}), "it has no limit called size"),
        (Config(limits={"a-rule": {"min_size_bytes": 1.5}}), "min_size_bytes cannot be 1.5"),
        (Config(limits={"a-rule": {"min_size_bytes": -1.0}}), "min_size_bytes cannot be -1"),
        (
            Config(limits={"a-rule": {"min_share_ratio": float("nan")}}),
            "min_share_ratio cannot be nan",
        ),
    ],
)
def test_refuses_a_configuration_that_means_nothing(config: Config, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        diagnose(CASE, by_id(a_rule(nothing)), config, today=TODAY)


def test_lists_the_limits_of_a_rule_that_has_no_such_one() -> None:
    config = Config(limits={"a-rule": {"size": 1.0}})

    with pytest.raises(ConfigError, match="Its limits are: min_share_ratio, min_size_bytes"):
        changed_limits(config, by_id(a_rule(nothing)))


def test_says_which_limits_are_changed() -> None:
    config = Config(limits={"a-rule": {"min_size_bytes": 0.0, "min_share_ratio": 0.5}})

    assert changed_limits(config, by_id(a_rule(nothing))) == (
        "a-rule.min_size_bytes is 0 bytes instead of 8 bytes",
    )
