"""HypoPG asked directly, on one connection, as the published comparisons do.

It is several times faster than our own backend, which leaves nothing behind on a stranger's
server; sizes and costs are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.plan import Plan
from pgadvisor.parse.explain import plan_from_object
from pgadvisor.sqltext.index import create_index_sql
from pgadvisor.sqltext.quote import quote_literal
from pgadvisor.whatif.backend import Built, Configuration
from tests.benchmarks.advisors.cost_model import sort_key

_CREATE = "select indexrelid, indexname from hypopg_create_index"


class DirectHypoPG:
    """A planner of the benchmark's own.

    Args:
        connection: In autocommit; its session gets hypothetical indexes.
    """

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection
        self._built: dict[IndexDefinition, Built] = {}
        self._present: dict[IndexDefinition, str] = {}
        """What the session has at present, with HypoPG's names."""
        self.call_count = 0

    def build(self, definitions: Sequence[IndexDefinition]) -> tuple[Built, ...]:
        """Ask for sizes; an index is made again when a plan needs it."""
        for definition in definitions:
            if definition not in self._built:
                name = f"candidate_{len(self._built)}"
                size_bytes = self._size(definition)
                self._built[definition] = Built(
                    definition=definition, name=name, size_bytes=size_bytes
                )
        return tuple(self._built[definition] for definition in definitions)

    def plans(self, questions: Sequence[tuple[str, Configuration]]) -> tuple[Plan, ...]:
        """Plan one statement after the other."""
        return tuple(self._plan(text, configuration.create) for text, configuration in questions)

    def _plan(self, text: str, create: frozenset[IndexDefinition]) -> Plan:
        if create != self._present.keys():
            self._show(sorted(create, key=sort_key))
        self.call_count += 1
        row = self._connection.execute(f"explain (format json) {text}".encode()).fetchone()
        assert row is not None
        names = {theirs: self._built[one].name for one, theirs in self._present.items()}
        return plan_from_object(_renamed(row[0], names))

    def _show(self, wanted: Iterable[IndexDefinition]) -> None:
        """Make the session have those, in the same order each time, and no others."""
        self._connection.execute("select hypopg_reset()")
        self._present = {}
        for definition in wanted:
            create = quote_literal(create_index_sql(definition, "tried"))
            row = self._connection.execute(f"{_CREATE}({create})".encode()).fetchone()
            assert row is not None
            self._present[definition] = row[1]

    def _size(self, definition: IndexDefinition) -> int:
        self._show([definition])
        row = self._connection.execute(
            "select hypopg_relation_size(indexrelid) from hypopg_list_indexes"
        ).fetchone()
        assert row is not None
        return int(row[0])


def _renamed(value: object, names: dict[str, str]) -> object:
    """A plan's document with our names for HypoPG's, which are new ones each time."""
    if isinstance(value, list):
        return [_renamed(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: names.get(one, one) if key == "Index Name" else _renamed(one, names)
        for key, one in value.items()
    }
