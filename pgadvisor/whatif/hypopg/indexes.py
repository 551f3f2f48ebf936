"""Hypothetical indexes as they are tried: whether HypoPG takes them, and how large it thinks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgadvisor.collect.explain import Refusal
from pgadvisor.collect.function_policy import FunctionPolicy
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.catalog import Catalog
from pgadvisor.sqltext.index import create_index_sql, index_name
from pgadvisor.sqltext.quote import cut_identifier
from pgadvisor.whatif.backend import Built, NotBuilt
from pgadvisor.whatif.hypopg.definitions import objection, refusal
from pgadvisor.whatif.hypopg.transaction import Transactions

_BATCH = 200
"""Indexes in one transaction; HypoPG has numbers for some 2,500."""


class Indexes:
    """Tries indexes, each once.

    Nothing of them stays on the server: a plan that needs one makes it again.

    Args:
        transactions: What sends the questions.
        catalog: The snapshot.
        policy: What may be evaluated on the server.
    """

    def __init__(
        self, transactions: Transactions, catalog: Catalog, policy: FunctionPolicy
    ) -> None:
        self._transactions = transactions
        self._catalog = catalog
        self._policy = policy
        self._outcomes: dict[IndexDefinition, Built | NotBuilt] = {}
        self._names = {index.name for index in catalog.snapshot.indexes}

    def find(self, definition: IndexDefinition) -> Built | NotBuilt | None:
        """What became of an index; None: it has not been tried."""
        return self._outcomes.get(definition)

    def build(self, definitions: Iterable[IndexDefinition]) -> None:
        """Try those that have not been tried.

        Raises:
            ReadError: The connection is lost.
        """
        names: dict[IndexDefinition, str] = {}
        for definition in dict.fromkeys(definitions):
            if definition in self._outcomes:
                continue
            reason = objection(definition, self._catalog, self._policy)
            if reason is None:
                names[definition] = self._free_name(definition)
            else:
                self._outcomes[definition] = NotBuilt(definition=definition, reason=reason)
        texts = {definition: self._texts(definition, name) for definition, name in names.items()}
        sizes = iter(self._sizes([text for listed in texts.values() for text in listed]))
        for definition, listed in texts.items():
            found = [next(sizes) for _ in listed]
            self._outcomes[definition] = _outcome(definition, names[definition], found)

    def _texts(self, definition: IndexDefinition, name: str) -> tuple[str, ...]:
        """Statements that make an index, and on a partitioned table each of its parts."""
        table = self._catalog.tables_by_name[definition.schema, definition.table]
        leaves = (leaf for leaf in self._catalog.leaves(table) if leaf is not table)
        return (
            create_index_sql(definition, name),
            *(
                create_index_sql(definition, name, schema=leaf.schema, table=leaf.name)
                for leaf in leaves
            ),
        )

    def _sizes(self, texts: Sequence[str]) -> list[int | Refusal]:
        found: list[int | Refusal] = []
        for start in range(0, len(texts), _BATCH):
            found += self._transactions.sizes(texts[start : start + _BATCH])
        return found

    def _free_name(self, definition: IndexDefinition) -> str:
        """Its usual name, unless an index of the original is called so."""
        name = index_name(definition)
        while name in self._names:
            name = f"{cut_identifier(name, 60)}_h"
        self._names.add(name)
        return name


def _outcome(
    definition: IndexDefinition, name: str, found: Sequence[int | Refusal]
) -> Built | NotBuilt:
    """Take the sizes of an index and of its parts, or the first refusal."""
    sizes: list[int] = []
    for size in found:
        if isinstance(size, Refusal):
            return NotBuilt(definition=definition, reason=refusal(size.sqlstate, definition))
        sizes.append(size)
    whole, *parts = sizes
    # A partitioned table itself has no pages, so the size of an index on it means nothing.
    return Built(definition=definition, name=name, size_bytes=sum(parts) if parts else whole)
