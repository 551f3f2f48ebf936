"""How well the twin plans like the original: the twin's report on itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.estimate import Fidelity, StatementFidelity
from pgadvisor.model.plan import Plan
from pgadvisor.model.schema import Table
from pgadvisor.whatif.backend import NotPlanned


def measure_fidelity(
    catalog: Catalog,
    plan: Callable[[str], Plan | NotPlanned],
    *,
    notes: Sequence[str],
    version: str,
) -> Fidelity:
    """Compare the original's own plans, kept in its snapshot, with the twin's.

    Args:
        catalog: The snapshot.
        plan: Plans a statement on the twin in the way in which the original's was collected.
        notes: What of the snapshot is missing or different in the twin.
        version: Of PostgreSQL in the twin.
    """
    snapshot = catalog.snapshot
    texts = {statement.id: statement.text for statement in snapshot.statements}
    reasons = _Reasons(catalog, notes, version)
    rows: list[StatementFidelity] = []
    refused: list[tuple[str, str]] = []
    missing = 0
    for known in snapshot.plans:
        text = known.explained_text or texts.get(known.statement_id)
        own = plan(text) if known.plan is not None and text else None
        if known.plan is None or own is None:
            missing += 1
        elif isinstance(own, NotPlanned):
            refused.append((known.statement_id, own.reason))
        else:
            rows.append(_compared(known.statement_id, known.plan, own, reasons))
    if _is_other_major(version, snapshot.server.major):
        notes = (*notes, f"planned by PostgreSQL {version} in place of {snapshot.server.version}")
    return Fidelity(
        statements=tuple(rows),
        not_compared=missing,
        not_planned=tuple(refused),
        notes=tuple(notes),
        twin_version=version,
        original_version=snapshot.server.version,
    )


class _Reasons:
    """Knows why plans may differ, as far as that can be known."""

    def __init__(self, catalog: Catalog, notes: Sequence[str], version: str) -> None:
        self._catalog = catalog
        self._notes = notes
        self._is_other_major = _is_other_major(version, catalog.snapshot.server.major)

    def why(self, original: Plan) -> str:
        """The likeliest reason for a difference from that plan; empty where none is known."""
        names = {(node.schema, node.relation) for node in original.root.walk() if node.relation}
        for schema, name in sorted(names, key=str):
            for note in self._notes:
                if f" {schema}.{name}" in f" {note}":
                    return note
        if self._is_other_major:
            return "planned by another major version"
        tables = [
            table
            for schema, name in sorted(names, key=str)
            if (table := self._catalog.find_table(schema, name or "")) is not None
        ]
        return (
            next(filter(None, map(self._resized, tables)), "")
            or next(filter(None, map(self._without_statistics, tables)), "")
            or ("values were redacted" if self._is_redacted else "")
        )

    @property
    def _is_redacted(self) -> bool:
        return self._catalog.snapshot.redaction.level != "none"

    def _resized(self, table: Table) -> str:
        """Since then, the planner looks for the true ends of an index, which nobody else knows."""
        pages = table.size_bytes // self._catalog.snapshot.server.block_size_bytes
        if table.pages == pages or not self._catalog.indexes_by_table[table.oid]:
            return ""
        return f"{table.qualified_name} has changed its size since it was analysed"

    def _without_statistics(self, table: Table) -> str:
        for statistics in self._catalog.snapshot.extended_statistics:
            if statistics.table_oid == table.oid and not statistics.has_values:
                name = f"{statistics.schema}.{statistics.name}"
                return f"the values of statistics {name} could not be read"
        return ""


def _is_other_major(version: str, major: int) -> bool:
    """Minor releases plan alike; a version may be ``18.4`` or ``19beta1``."""
    number = re.match(r"\d+", version)
    return number is None or int(number[0]) != major


def _compared(statement_id: str, original: Plan, own: Plan, reasons: _Reasons) -> StatementFidelity:
    row = StatementFidelity(
        statement_id=statement_id,
        is_same_shape=original.shape == own.shape,
        original_cost=original.total_cost,
        twin_cost=own.total_cost,
    )
    return row if row.is_alike else replace(row, reason=reasons.why(original))
