"""The order of a column's values, as far as it can be told from their text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import Column, TypeKind
from pgadvisor.snapshotfile import moments
from pgadvisor.snapshotfile.coarsen import read_number
from pgadvisor.snapshotfile.forms import form_of
from pgadvisor.snapshotfile.types import Category, TypeCatalog

SortKey = Callable[[str], Any]
"""Maps the text form of a value to something that sorts as PostgreSQL sorts the values."""


def sort_key(column: Column, catalog: Catalog) -> SortKey:
    """How the values of a column sort; texts go by their characters, whatever the collation is.

    What cannot be read (``infinity``) sorts behind everything else, and equals itself only.
    """
    labels = _labels(column, catalog)
    if labels is not None:
        return _safe(labels.__getitem__)
    shape = TypeCatalog(catalog.snapshot.types).shape(column.type_name)
    match shape.category:
        case Category.NUMBER:
            return _safe(read_number)
        case Category.MOMENT:
            return _safe(lambda text: moments.read(shape.kind, text))
        case Category.ORDERED:
            return _safe(form_of(shape.kind).key)
        case _:
            return _safe(str)


def _labels(column: Column, catalog: Catalog) -> dict[str, int] | None:
    """The places of an enum's labels."""
    plain = (column.base_type_name or column.type_name).replace('"', "")
    for user_type in catalog.snapshot.types:
        is_it = plain in {user_type.name, f"{user_type.schema}.{user_type.name}"}
        if is_it and user_type.kind is TypeKind.ENUM:
            return {label: place for place, label in enumerate(user_type.labels)}
    return None


def _safe(read: SortKey) -> SortKey:
    def key(text: str) -> tuple[int, Any]:
        try:
            return (0, read(text))
        except (ValueError, KeyError):
            return (1, text)

    return key
