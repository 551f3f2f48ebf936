"""The same table in several schemas, as where each tenant has a schema of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from pgadvisor.model.schema import Table


def tables_alike(tables: Iterable[Table]) -> Mapping[int, tuple[Table, ...]]:
    """By the OID of each table all tables of its name with the same columns, itself included.

    Args:
        tables: Of which it is one; partitions and the like are left out of them.
    """
    groups: dict[tuple[object, ...], list[Table]] = defaultdict(list)
    for table in tables:
        groups[_form(table)].append(table)
    return {table.oid: tuple(group) for group in groups.values() for table in group}


def name_in_all(group: tuple[Table, ...]) -> str:
    """What tables that are alike are called together: ``*.orders``; one alone, by its own name."""
    return group[0].qualified_name if len(group) == 1 else f"*.{group[0].name}"


def names_apart(tables: Iterable[Table]) -> frozenset[str]:
    """Names that tables of different columns share, in different schemas."""
    forms: dict[str, set[tuple[object, ...]]] = defaultdict(set)
    for table in tables:
        forms[table.name].add(_form(table))
    return frozenset(name for name, found in forms.items() if len(found) > 1)


def _form(table: Table) -> tuple[object, ...]:
    columns = sorted((column.name, column.type_name) for column in table.columns)
    return (table.name, tuple(columns))
