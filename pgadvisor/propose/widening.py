"""Indexes that would take the place of one that exists: it widened, or its columns reordered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.schema import Index, Table
from pgadvisor.propose.merges import merged
from pgadvisor.propose.options import ProposalOptions
from pgadvisor.propose.pool import Entry
from pgadvisor.propose.shape import identity
from pgadvisor.sqltext.index import describe_keys

MAX_WIDENED = 12
"""Candidates of a table that are joined with what exists: those that most time speaks for."""
MAX_EXISTING = 12
"""Indexes of a table that are joined with those."""
MAX_REPLACEMENTS = 36
"""For one table."""


def replacements_of(
    table: Table, indexes: Sequence[Index], entries: Sequence[Entry], options: ProposalOptions
) -> Iterator[Entry]:
    """Yield indexes that do what an existing one does, and what a candidate would.

    Args:
        table: The table of them all.
        indexes: Its valid indexes; those that enforce a constraint stay as they are.
        entries: The candidates, the most important first.
        options: Bounds of the width.
    """
    replaceable = [index for index in indexes if is_replaceable(index)][:MAX_EXISTING]
    for entry in entries[:MAX_WIDENED] if replaceable else ():
        wanted = describe_keys(entry.definition)
        for index in replaceable:
            present = _definition(table, index)
            pairs = (
                (present, entry.definition, f"{index.name} widened to hold {wanted} too"),
                (entry.definition, present, _how(entry, wanted, index)),
            )
            for first, second, how in pairs:
                is_new_first = first is entry.definition
                definition = merged(first, second, options, may_reorder=is_new_first)
                if definition is not None:
                    yield Entry(
                        definition=definition,
                        reason=f"{how}, in the place of {index.name}",
                        note=entry.note,
                        statement_ids=list(entry.statement_ids),
                        weight=entry.weight,
                    )


def _how(entry: Entry, wanted: str, index: Index) -> str:
    """What a candidate with an existing index's keys behind its own is."""
    present = {identity(key) for key in index.keys}
    if present.issuperset(identity(key) for key in entry.definition.keys):
        return f"the keys of {index.name} in another order"
    return f"{wanted} widened to hold {index.name} too"


def is_replaceable(index: Index) -> bool:
    """Whether another index may do its work: a plain btree that enforces nothing."""
    return (
        index.access_method == "btree"
        and index.is_valid
        and not index.enforces_constraint
        and not index.is_extension_member
        and not index.is_replica_identity
    )


def replaced_by(definition: IndexDefinition, indexes: Sequence[Index]) -> str:
    """The name of an index that a definition begins with all of; empty: there is none."""
    for index in indexes:
        keys = definition.keys[: len(index.keys)]
        held = {*definition.key_columns, *definition.include}
        is_within = keys == index.keys and set(index.include) <= held
        if is_replaceable(index) and is_within and index.predicate == definition.predicate:
            return index.name
    return ""


def _definition(table: Table, index: Index) -> IndexDefinition:
    return IndexDefinition(
        table_oid=table.oid,
        schema=table.schema,
        table=table.name,
        keys=index.keys,
        include=index.include,
        predicate=index.predicate,
    )
