"""What a user of the twin wants to be different, and statements planned under that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pgadvisor.emit.what_if import TriedIndex, WhatIf
from pgadvisor.errors import RefusedError
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.plan import Plan
from pgadvisor.model.schema import Index
from pgadvisor.parse.index_statement import indexed_table
from pgadvisor.whatif.twin import Twin
from pgadvisor.whatif.undroppable import why_not_droppable
from pgadvisor.whatif.unused import why_unused

_DROPPING = "dropping an index on the twin"


@dataclass(slots=True, kw_only=True)
class Trial:
    """A twin, and a configuration that grows by what the user asks for."""

    twin: Twin
    catalog: Catalog
    created: dict[str, TriedIndex] = field(default_factory=dict)
    """By their CREATE INDEX."""
    dropped: list[str] = field(default_factory=list)
    """Names, qualified."""
    settings: dict[str, str] = field(default_factory=dict)

    def create(self, statement: str) -> TriedIndex:
        """Add a hypothetical index.

        Raises:
            RefusedError: The planner refuses it.
        """
        text = statement.strip().rstrip(";").rstrip()
        made = self.twin.create(text)
        self.created[text] = TriedIndex(
            statement=text,
            name=made.name,
            size_bytes=made.size_bytes,
            part_names=made.part_names,
            notes=(*made.notes, *made.size_notes),
        )
        return self.created[text]

    def drop(self, name: str) -> str:
        """Leave out an index of the original, or one that was created here; returns its name.

        Raises:
            RefusedError: There is no such index, or PostgreSQL would not drop it.
        """
        for text, index in self.created.items():
            if index.name == name:
                del self.created[text]
                return name
        found = self._index(name)
        qualified = f"{found.schema}.{found.name}"
        if qualified not in self.dropped:
            self.dropped.append(qualified)
        return qualified

    def set(self, name: str, value: str) -> None:
        """Change a setting.

        Raises:
            RefusedError: There is no such setting, or it has no such value.
        """
        self.twin.explain("select", settings={name: value})
        self.settings[name] = value

    def reset(self) -> None:
        """Go back to the database as it is."""
        self.created.clear()
        self.dropped.clear()
        self.settings.clear()

    def restart(self) -> None:
        """Start the twin anew; what is to be different stays so.

        Raises:
            ClusterError: It cannot be started.
        """
        self.twin.__exit__(None, None, None)
        self.twin.__enter__()

    @property
    def is_as_it_is(self) -> bool:
        """Nothing is to be different."""
        return not (self.created or self.dropped or self.settings)

    @property
    def notes(self) -> tuple[str, ...]:
        """Which PostgreSQL plans, and what of the original it lacks, as clauses."""
        missing = (item for item in self.catalog.snapshot.unavailable if item.is_failure)
        return (
            f"planned by {self.twin.binaries_reason}",
            *self._redaction,
            *(f"{item.what} could not be read: {item.reason}" for item in missing),
            *self.twin.notes,
        )

    @property
    def _redaction(self) -> Iterator[str]:
        redaction = self.catalog.snapshot.redaction
        if redaction.level != "none":
            yield (
                f"values of the snapshot are redacted (level {redaction.level}): "
                "a literal meets its most common value only where that was kept"
            )

    def plan(self, statement: str) -> WhatIf:
        """Plan a statement as the database is, and as it is to be.

        Raises:
            RefusedError: The planner refuses it.
        """
        before = self.twin.explain(statement)
        if self.is_as_it_is:
            return WhatIf(statement=statement, before=before)
        after = self.twin.explain(
            statement, create=tuple(self.created), drop=self.dropped, settings=self.settings
        )
        return WhatIf(
            statement=statement,
            before=before,
            after=after,
            created=tuple(self._tried(statement, index, after) for index in self.created.values()),
            dropped=tuple(self.dropped),
            settings=tuple(self.settings.items()),
        )

    def _tried(self, statement: str, index: TriedIndex, after: Plan) -> TriedIndex:
        if index.is_used(after):
            return index
        return replace(index, reason_unused=self._reason(statement, index, after))

    def _reason(self, statement: str, index: TriedIndex, after: Plan) -> str:
        table = self.catalog.find_table(*indexed_table(index.statement))
        if table is None:
            return ""
        names = {table.name, *(leaf.name for leaf in self.catalog.leaves(table))}
        if names.isdisjoint(node.relation for node in after.root.walk()):
            return f"the plan does not read {table.name}"
        return why_unused(
            self.twin,
            statement,
            index.statement,
            (index.name, *index.part_names),
            rivals=[i.oid for i in self.catalog.indexes_by_table[table.oid]],
            settings=self.settings,
        )

    def _index(self, name: str) -> Index:
        found = [
            index
            for index in self.catalog.snapshot.indexes
            if name in {index.name, f"{index.schema}.{index.name}"}
        ]
        if len(found) != 1:
            how_many = f"{len(found)} indexes" if found else "no index"
            raise RefusedError(
                _DROPPING,
                f"the snapshot has {how_many} called {name}",
                "Give its name as the catalog has it, with its schema.",
            )
        if (reason := why_not_droppable(self.catalog, found[0])) is not None:
            raise RefusedError(_DROPPING, reason, "All that was asked for before stays as it was.")
        return found[0]
