"""How well the twin plans like the original: the twin's report on itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.estimate import Fidelity, StatementFidelity
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.schema import Table
from pgadvisor.whatif.backend import NotPlanned
from pgadvisor.whatif.twin.schema.ddl_tables import element_type


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
            note = reasons.note(known.plan)
            refused.append((known.statement_id, f"{own.reason} ({note})" if note else own.reason))
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
        if note := self.note(original):
            return note
        if self._is_other_major:
            return "planned by another major version"
        tables = self._tables(original)
        return (
            next(filter(None, map(self._resized, tables)), "")
            or next(filter(None, map(self._without_statistics, tables)), "")
            or ("values were redacted" if self._is_redacted else "")
        )

    def note(self, original: Plan) -> str:
        """What is different in the twin of the things that a plan is about; empty: nothing."""
        for term in self._terms(original):
            whole = re.compile(rf"(?<![\w.]){re.escape(term)}(?![\w.])")
            for note in self._notes:
                if whole.search(note):
                    return note
        text = " ".join(map(_text, original.root.walk()))
        for note in self._notes:
            called = _FUNCTION.match(note)
            if called and f"{called[1]}(" in text:
                return note
        return ""

    def _terms(self, original: Plan) -> Iterator[str]:
        """Names that a note about something in the plan would have: relations, indexes, types."""
        nodes = tuple(original.root.walk())
        yield from sorted({f"{n.schema}.{n.relation}" for n in nodes if n.relation})
        names = {node.index_name for node in nodes if node.index_name}
        for table in self._tables(original):
            for index in self._catalog.indexes_by_table[table.oid]:
                if index.name in names:
                    yield f"{index.schema}.{index.name}"
            for column in table.columns:
                if "." in column.type_name:
                    yield element_type(column.type_name)
                if column.collation:
                    yield column.collation.replace('"', "")

    def _tables(self, original: Plan) -> list[Table]:
        names = {(node.schema, node.relation) for node in original.root.walk() if node.relation}
        return [
            table
            for schema, name in sorted(names, key=str)
            if (table := self._catalog.find_table(schema, name or "")) is not None
        ]

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


_FUNCTION = re.compile(r"function [^(]*?([^.(]+)\(")


def _text(node: PlanNode) -> str:
    """The conditions and outputs of a node, in which functions are named."""
    conditions = (node.filter, node.index_condition, node.recheck_condition, node.join_filter)
    others = (node.hash_condition, node.merge_condition, *node.sort_keys, *node.group_keys)
    extra = (value for _, value in node.extra)
    return " ".join(part for part in (*conditions, *others, *extra) if part)


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
