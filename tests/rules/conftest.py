"""Every test of a rule that fires is one of the gates that the rule needs, too."""

from __future__ import annotations

from typing import Any

import pytest

from pgadvisor.model.snapshot import Snapshot
from pgadvisor.registry import load_rules
from pgadvisor.testing import Outcome
from pgadvisor.testing import diagnose as run
from tests.fixtures.unknown_window import undeclared_gate, unfounded_claims, without_window


@pytest.fixture(autouse=True)
def gates_are_declared(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge what fires a second time, without a window: it skips, or has no rate to tell."""
    module: Any = request.module
    if not hasattr(module, "diagnose"):
        return

    def checked(rule_id: str, snapshot: Snapshot, **options: Any) -> Outcome:  # noqa: ANN401
        outcome = run(rule_id, snapshot, **options)
        rule = load_rules().get(rule_id)
        if not outcome.findings or rule is None:
            return outcome
        missing = {undeclared_gate(finding, rule.requires) for finding in outcome.findings} - {""}
        assert not missing, f"{rule_id} reads what it does not declare: {missing}"
        if rule.is_costed:  # its figures come with the choice, which the test has built
            return outcome
        for finding in run(rule_id, without_window(snapshot), **options).findings:
            assert list(unfounded_claims(finding)) == []
        return outcome

    monkeypatch.setattr(module, "diagnose", checked)
