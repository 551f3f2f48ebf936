"""From executed plans to what they say: each plan judged by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

from pgadvisor.config import Config
from pgadvisor.diagnose.engine import diagnose_plans
from pgadvisor.diagnose.gates import evaluate_gates
from pgadvisor.emit.comparison_text import render_comparison_text
from pgadvisor.emit.explain_html import render_explained_html
from pgadvisor.emit.explain_json import render_explained_json
from pgadvisor.emit.explain_text import render_explained_text
from pgadvisor.emit.plan_view import ExplainedPlan
from pgadvisor.model.execution import Execution
from pgadvisor.model.finding import Diagnosis, Finding
from pgadvisor.model.node_use import PlanUse
from pgadvisor.model.server import Server
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.parse.plans.exclusive import plan_use
from pgadvisor.parse.plans.redact import redacted_plan
from pgadvisor.pipeline import build_case
from pgadvisor.registry import load_rules

ExplanationFormat = Literal["text", "json", "html"]


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Executed plans, what their nodes took, and what is wrong with them."""

    executions: tuple[Execution, ...]
    uses: tuple[PlanUse, ...]
    """One for each of the plans."""
    diagnoses: tuple[Diagnosis, ...]
    """One for each of the plans, its findings by what they save at most."""
    snapshot: Snapshot | None = None
    """The database that they were judged with; None: by themselves."""
    show_literals: bool = False
    """The plans hold the values that conditions and outputs have; else these were taken out."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of all plans, in their order."""
        return tuple(finding for one in self.diagnoses for finding in one.findings)

    @property
    def plans(self) -> tuple[ExplainedPlan, ...]:
        """Each plan with what its nodes took and what was found in it."""
        return tuple(
            ExplainedPlan(execution=execution, use=use, diagnosis=diagnosis)
            for execution, use, diagnosis in zip(
                self.executions, self.uses, self.diagnoses, strict=True
            )
        )

    @property
    def indexes(self) -> frozenset[str] | None:
        """Names of all indexes that there are; None: the database is not known."""
        return frozenset(one.name for one in self.snapshot.indexes) if self.snapshot else None

    def report(
        self,
        format: ExplanationFormat = "text",  # noqa: A002  (the option's name)
        *,
        compared: Sequence[tuple[int, int]] = (),
    ) -> str:
        """Render the plans with their findings, as ``pgadvisor explain`` does.

        Args:
            format: ``text``, ``json`` or ``html``.
            compared: Positions of plans that are compared, before and after; a text then has
                these only.
        """
        plans = self.plans
        match format:
            case "json":
                return render_explained_json(
                    plans, compared, indexes=self.indexes, show_literals=self.show_literals
                )
            case "html":
                return render_explained_html(plans, compared, indexes=self.indexes)
            case "text" if compared:
                pairs = [(plans[before], plans[after]) for before, after in compared]
                return render_comparison_text(pairs, indexes=self.indexes)
            case "text":
                return render_explained_text(plans)


def explain_plans(
    executions: Sequence[Execution],
    *,
    snapshot: Snapshot | None = None,
    config: Config | None = None,
    rule_directories: Sequence[Path] = (),
    today: date | None = None,
    show_literals: bool = False,
) -> Explanation:
    """Judge executed plans, each by itself.

    Args:
        executions: What ``executions_of`` makes of plans that were read.
        snapshot: The database that they were executed in; None: it is not known.
        config: Limits, gates and suppressions; see ``load_config``.
        rule_directories: Directories with rules of your own.
        today: The day on which expiry is looked at; None: today.
        show_literals: Keep the values that conditions and outputs of the plans hold; else they
            are taken out before any rule sees the plans.

    Raises:
        ConfigError: A rule or a limit that does not exist.
    """
    settings, now = config or Config(), datetime.now(UTC)
    known = snapshot or Snapshot(
        server=Server(version_num=0, version="", database="", collected_at=now)
    )
    rules, case = load_rules(tuple(rule_directories)), build_case(known, settings)
    given = tuple(executions) if show_literals else without_literals(executions)
    gates = evaluate_gates(known, settings.gates, executions=1)
    diagnoses = [
        diagnose_plans(
            replace(case, executions=(execution,), gates=gates),
            rules,
            settings,
            today=today or now.date(),
        )
        for execution in given
    ]
    return Explanation(
        executions=given,
        uses=tuple(plan_use(execution.plan) for execution in given),
        diagnoses=tuple(_numbered(one, number) for number, one in enumerate(diagnoses)),
        snapshot=snapshot,
        show_literals=show_literals,
    )


def without_literals(executions: Sequence[Execution]) -> tuple[Execution, ...]:
    """Take the values out of plans that their conditions and outputs hold."""
    return tuple(replace(one, plan=redacted_plan(one.plan)) for one in executions)


def _numbered(diagnosis: Diagnosis, number: int) -> Diagnosis:
    """With the plan's number in the findings, and those first that save most."""
    findings = (replace(finding, execution=number) for finding in diagnosis.findings)
    return replace(diagnosis, findings=tuple(sorted(findings, key=_rank)))


def _rank(finding: Finding) -> tuple[float, int, int, str]:
    severity = finding.severity.rank if finding.severity else 0
    bound_ms = float(f"{finding.impact.bound_ms or 0.0:.2g}")  # what saves about as much is equal
    return (-bound_ms, -severity, -finding.confidence.rank, finding.key)
