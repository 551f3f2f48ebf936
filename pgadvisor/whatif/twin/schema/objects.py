"""Running the snapshot's DDL: what fails is tried again, then in a simpler form, then noted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pgadvisor.model.catalog import Catalog
from pgadvisor.whatif.twin.batch import Command
from pgadvisor.whatif.twin.schema.ddl import (
    other_items,
    schema_names,
    sequence_items,
    statistics_items,
    type_items,
    view_items,
)
from pgadvisor.whatif.twin.schema.ddl_tables import (
    attachment_items,
    check_items,
    element_type,
    foreign_key_items,
    index_items,
    table_items,
)
from pgadvisor.whatif.twin.schema.extensions import create_schema
from pgadvisor.whatif.twin.schema.functions import function_items, give_flags, stood_in_for
from pgadvisor.whatif.twin.schema.item import Item
from pgadvisor.whatif.twin.session import TwinServer, refusal_of


def build_schema(server: TwinServer, catalog: Catalog) -> list[str]:
    """Make the snapshot's objects; returns what is missing or different.

    Raises:
        TwinError: The server is gone.
    """
    builder = _Builder(server)
    extensions = {name for (name,) in server.query("select extname from pg_extension")}
    builder.notes += stood_in_for(catalog, extensions)
    types_used = _types_used(catalog)
    for name in schema_names(catalog, types_used):
        create_schema(server, name)
    functions = tuple(function_items(catalog, extensions))
    builder.run((*type_items(catalog), *sequence_items(catalog), *functions))
    builder.run(other_items(catalog))
    placeholders = builder.stand_in(types_used)
    builder.run(table_items(catalog, placeholders))
    builder.run((*view_items(catalog), *check_items(catalog), *index_items(catalog)))
    builder.run((*attachment_items(catalog), *statistics_items(catalog)))
    builder.run(foreign_key_items(catalog))
    builder.give_up()
    return [*builder.notes, *give_flags(server, catalog)]


def _types_used(catalog: Catalog) -> list[str]:
    """Names of types that the snapshot refers to and does not define."""
    snapshot = catalog.snapshot
    names = {
        *(column.type_name for table in snapshot.tables for column in table.columns),
        *(made.base_type_name for made in snapshot.types if made.base_type_name),
        *(type_name for made in snapshot.types for _, type_name in made.attributes),
        *(name for function in snapshot.functions for name in function.argument_types),
    }
    own = {made.name for made in snapshot.types} | {table.name for table in snapshot.tables}
    used = {element_type(name) for name in names}
    return sorted(name for name in used if name.rsplit(".", 1)[-1].strip('"') not in own)


_IS_MISSING = "select pg_catalog.to_regtype($1) is null"
_NO_DEFINITION = "it is no definition"


class _Builder:
    """Makes objects in rounds, as long as that brings anything."""

    def __init__(self, server: TwinServer) -> None:
        self._server = server
        self._pending: list[Item] = []
        self._reasons: dict[str, str] = {}
        self.notes: list[str] = []

    def run(self, items: Iterable[Item]) -> None:
        """Make new items, then whatever could not be made before."""
        self._pending += self._attempt(list(items))
        self._settle()

    def give_up(self) -> None:
        """Simplify what is left, kind by kind, and note what cannot be made at all."""
        while any(item.simpler for item in self._pending):
            # What comes first is needed by what comes later, which may then stay whole.
            kind = next(_kind(item) for item in self._pending if item.simpler)
            self._pending = [
                _simplified(item) if item.simpler and _kind(item) == kind else item
                for item in self._pending
            ]
            self._settle()
        for item in self._pending:
            self.notes.append(f"{item.what} is left out: {self._reasons[item.what]}")

    def stand_in(self, names: Sequence[str]) -> frozenset[str]:
        """Make a text domain for each type that is missing; returns their names."""
        asked = self._server.run_each(Command(_IS_MISSING, (name,)) for name in names)
        missing = [
            name
            for name, answer in zip(names, asked, strict=True)
            if refusal_of(answer) is not None or answer.get_value(0, 0) == b"t"
        ]
        failures = self._server.run(f"CREATE DOMAIN {name} AS text" for name in missing)
        made = [name for number, name in enumerate(missing) if number not in failures]
        self.notes += [f"type {name} is stood in for by text" for name in made]
        return frozenset(made)

    def _settle(self) -> None:
        """Try what is pending until nothing changes any more."""
        while self._pending:
            left = self._attempt(self._pending)
            if len(left) == len(self._pending):
                return
            self._pending = left

    def _attempt(self, items: Sequence[Item]) -> list[Item]:
        failures = {n: _NO_DEFINITION for n, item in enumerate(items) if not item.is_definition}
        runnable = [n for n in range(len(items)) if n not in failures]
        refused = self._server.run(items[n].sql for n in runnable)
        failures |= {runnable[position]: reason for position, reason in refused.items()}
        for number, item in enumerate(items):
            if number in failures:
                self._reasons[item.what] = failures[number]
            elif item.lost:
                reason = self._reasons[item.what]
                self.notes.append(f"{item.what} is here without {item.lost}: {reason}")
        return [items[number] for number in sorted(failures)]


def _kind(item: Item) -> str:
    return item.what.split(" ", 1)[0]


def _simplified(item: Item) -> Item:
    form, *rest = item.simpler
    return replace(item, sql=form.sql, lost=form.lost, simpler=tuple(rest))
