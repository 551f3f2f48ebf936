"""What an analysis hands to its user: the advice, with ways to read it and to keep it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pgadvisor.baseline import baseline_text
from pgadvisor.choose.simulate import Simulation
from pgadvisor.diagnose.baseline import renewed
from pgadvisor.emit.bundle import output_files
from pgadvisor.emit.output import write_outputs
from pgadvisor.emit.ranking import ranking
from pgadvisor.emit.report import ReportFormat, render
from pgadvisor.model.advice import AdviceData, Migration, Recommendation
from pgadvisor.model.baseline import BaselineComparison
from pgadvisor.model.budget import Budget
from pgadvisor.model.choice import Choice
from pgadvisor.model.finding import Diagnosis, Finding
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import Statement
from pgadvisor.rulekit import Case
from pgadvisor.version import VERSION

if TYPE_CHECKING:
    import pandas as pd


TOP_STATEMENTS = 20
"""The most expensive statements that every report lists."""


@dataclass(frozen=True, kw_only=True)
class Advice(AdviceData):
    """All that an analysis found out.

    ``findings``, ``recommendations``, ``rejected``, ``skipped`` and the rest are values of
    ``pgadvisor.model``.  ``choice`` tells what the chosen indexes are worth, each and together,
    and how near they are to the best that there is (``pgadvisor.model.choice``).
    """

    def report(
        self,
        format: ReportFormat = "text",  # noqa: A002  (the option's name)
        *,
        explain_choice: bool = False,
    ) -> str:
        """Render the report.

        Args:
            format: ``text``, ``json``, ``markdown`` or ``html``.
            explain_choice: Tell at length why each index was chosen, or was not; JSON always
                does.
        """
        return render(self, format, explain_choice=explain_choice)

    def to_pandas(self) -> pd.DataFrame:
        """Return the workload's statements, ranked by time, with what they would save."""
        return ranking(self)

    def save(
        self, directory: str | Path, *, force: bool = False, explain_choice: bool = False
    ) -> tuple[Path, ...]:
        """Write reports and migration into a directory; it is made if it is not there.

        Args:
            directory: Where to write.
            force: Replace files that are there.
            explain_choice: Let the reports tell at length why each index was chosen, or was not.

        Raises:
            OutputError: The directory cannot be written to, or a file is there already.
        """
        files = output_files(self, explain_choice=explain_choice)
        return write_outputs(Path(directory), files, force=force)

    def save_baseline(
        self,
        path: str | Path,
        *,
        reason: str = "there when the baseline was written",
        expires: date | None = None,
        force: bool = False,
    ) -> Path:
        """Write a baseline of all findings that are there and not suppressed.

        Entries of the baseline that the advice was compared with stay as they are while their
        findings do, and where their rules could not judge; what is gone is left out.

        Args:
            path: The file.
            reason: Why the findings that come in are left as they are for now.
            expires: The day from which on those count as new again; None: never.
            force: Replace a file that is there.

        Raises:
            OutputError: The file cannot be written, or is there already.
        """
        place = Path(path)
        since = self.collected_at.date() if self.collected_at else None
        baseline = renewed(
            self.baseline or BaselineComparison(),
            self.findings,
            reason=reason,
            since=since,
            expires=expires,
        )
        files = {place.name: baseline_text(baseline)}
        [written] = write_outputs(place.parent, files, force=force)
        return written

    @classmethod
    def assemble(  # noqa: PLR0913  (the parts of an analysis, each by its name)
        cls,
        *,
        case: Case,
        diagnosis: Diagnosis,
        simulation: Simulation,
        recommendations: tuple[Recommendation, ...],
        migration: Migration,
        budget: Budget,
        lowered_limits: tuple[str, ...],
        idle_suppressions: tuple[str, ...] = (),
        baseline: BaselineComparison | None = None,
        analysis_time_ms: float,
        show_literals: bool = False,
    ) -> Self:
        """Put the parts of an analysis together, without literals unless they are to be shown."""
        snapshot = case.snapshot
        return cls(
            server=snapshot.server,
            findings=_ranked(diagnosis.findings, recommendations),
            recommendations=recommendations,
            rejected=simulation.choice.rejected,
            skipped=diagnosis.skipped,
            clear=diagnosis.clear,
            suppressed=diagnosis.suppressed,
            idle_suppressions=idle_suppressions,
            baseline=baseline,
            broken_rules=diagnosis.broken,
            unavailable=snapshot.unavailable + simulation.unavailable,
            gates=case.gates,
            fidelity=simulation.choice.fidelity,
            choice=simulation.choice,
            budget=budget,
            index_names=_index_names(snapshot, simulation.choice),
            plans_by_value=tuple(
                found if show_literals else found.without_literals()
                for found in simulation.plans_by_value
                if found.is_notable
            ),
            migration=migration,
            statements=_mentioned(case, diagnosis.findings, recommendations, simulation),
            statement_count=len(snapshot.statements),
            table_count=len(snapshot.tables),
            index_count=len(snapshot.indexes),
            statement_window=case.statement_window,
            counter_window=case.counter_window,
            earlier=snapshot.earlier,
            standbys=snapshot.standbys,
            lowered_limits=lowered_limits,
            redaction=snapshot.redaction,
            is_partial=snapshot.is_partial
            or bool(diagnosis.broken)
            or any(item.is_failure for item in simulation.unavailable),
            collected_at=snapshot.server.collected_at,
            analysis_time_ms=analysis_time_ms,
            tool_version=VERSION,
        )


def _ranked(
    findings: tuple[Finding, ...], recommendations: tuple[Recommendation, ...]
) -> tuple[Finding, ...]:
    """Findings in the order of the recommendations that settle them, then the others."""
    places = {key: place for place, made in enumerate(recommendations) for key in made.finding_keys}

    def rank(finding: Finding) -> tuple[int, int, str]:
        severity = finding.severity.rank if finding.severity else 0
        return (places.get(finding.key, len(places)), -severity, finding.key)

    return tuple(sorted(findings, key=rank))


def _index_names(snapshot: Snapshot, choice: Choice) -> tuple[tuple[int, str], ...]:
    oids = {index.index_oid for index in choice.superseded}
    return tuple((i.oid, f"{i.schema}.{i.name}") for i in snapshot.indexes if i.oid in oids)


def _mentioned(
    case: Case,
    findings: tuple[Finding, ...],
    recommendations: tuple[Recommendation, ...],
    simulation: Simulation,
) -> tuple[Statement, ...]:
    statements = tuple(case.snapshot.statements)
    ids = {i for finding in findings for i in finding.statement_ids}
    ids |= {effect.statement_id for made in recommendations for effect in made.effects}
    ids |= {loss.statement_id for index in simulation.choice.chosen for loss in index.losses}
    ids |= {statement.id for statement in statements[:TOP_STATEMENTS]}
    ids |= {found.statement_id for found in simulation.plans_by_value if found.is_notable}
    return tuple(statement for statement in statements if statement.id in ids)
