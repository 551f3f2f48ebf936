"""All indexes that are to go, whoever said so, chosen together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pgadvisor.choose.drops import check_drops
from pgadvisor.model.action import DropIndex
from pgadvisor.model.candidate import WeightedStatement
from pgadvisor.model.choice import Choice
from pgadvisor.model.finding import Diagnosis, Finding
from pgadvisor.model.schema import Index
from pgadvisor.rulekit import Case
from pgadvisor.units import format_count
from pgadvisor.whatif.backend import Backend
from pgadvisor.whatif.undroppable import why_not_droppable


@dataclass(frozen=True, slots=True, kw_only=True)
class JointDrops:
    """The indexes that may go, all of them together, and those that may not."""

    checked: Mapping[int, int]
    """By OID of those that may go, how many statements were planned without it."""
    refused: Mapping[int, str]
    """By OID, why an index stays."""


def joint_drops(
    case: Case,
    findings: Sequence[Finding],
    choice: Choice,
    statements: Sequence[WeightedStatement],
    backend: Backend,
) -> JointDrops:
    """Check the drops of all findings and those that the chosen indexes make possible, together.

    They are planned twice: what rules drop, beside the indexes that there are, as the chosen ones
    may never be built; and what is left of that, with what the chosen ones make useless, beside
    the chosen ones, as all of it stands in one migration.

    Args:
        case: What is judged.
        findings: Of the rules so far.
        choice: The chosen indexes, with what they supersede.
        statements: The workload.
        backend: The planner.

    Raises:
        TwinError: The planner is gone.
    """
    indexes = case.catalog.indexes
    wanted = wanted_drops(case, findings)
    stuck = {i.oid: why for i in wanted if (why := why_not_droppable(case.catalog, i))}
    proven = proven_duplicates(case)
    alone = check_drops(
        [index for index in wanted if index.oid not in stuck], statements, backend, proven=proven
    )
    oids = dict.fromkeys((*sorted(alone.harmless), *(s.index_oid for s in choice.superseded)))
    chosen = frozenset(index.candidate.definition for index in choice.chosen)
    together = check_drops(
        [indexes[oid] for oid in oids if oid in indexes],
        statements,
        backend,
        chosen,
        proven,
    )
    # What a new index takes the place of may go with that, though it could not go alone.
    missed = {oid: why for oid, why in alone.refused.items() if oid not in together.harmless}
    return JointDrops(
        checked={oid: together.checked[oid] for oid in sorted(together.harmless)},
        refused={**stuck, **missed, **together.refused},
    )


def wanted_drops(case: Case, findings: Sequence[Finding]) -> tuple[Index, ...]:
    """The valid indexes that some finding drops."""
    wanted = {
        (action.schema, action.name)
        for finding in findings
        for action in finding.remedies
        if isinstance(action, DropIndex)
    }
    return tuple(
        index
        for index in case.snapshot.indexes
        if (index.schema, index.name) in wanted and index.is_valid
    )


def proven_duplicates(case: Case) -> frozenset[int]:
    """OIDs of indexes whose equal stays: the catalog shows that nothing needs them."""
    return frozenset(found.index.oid for found in case.redundancies if found.is_exact)


def with_proof(diagnosis: Diagnosis, checked: Mapping[tuple[str, str], int]) -> Diagnosis:
    """Let findings whose drops were planned say so.

    Args:
        diagnosis: Of the rules that drop indexes for what they are now.
        checked: By schema and name of indexes that may go, how many statements were planned.
    """
    findings = tuple(_with_proof(finding, checked) for finding in diagnosis.findings)
    return replace(diagnosis, findings=findings)


def _with_proof(finding: Finding, checked: Mapping[tuple[str, str], int]) -> Finding:
    counts = [
        checked[action.schema, action.name]
        for action in finding.remedies
        if isinstance(action, DropIndex) and (action.schema, action.name) in checked
    ]
    if not counts:
        return finding
    count = max(counts)
    proof = (
        f"no statement is planned dearer without it ({format_count(count)} planned)"
        if count
        else "no statement of the workload names its first column"
    )
    return replace(finding, guards=(*finding.guards, proof))
