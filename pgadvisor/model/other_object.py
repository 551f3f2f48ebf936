"""Objects that statements may need and that are nothing but their definition to us."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OtherKind(StrEnum):
    """What such an object is."""

    AGGREGATE = "aggregate"
    OPERATOR = "operator"
    CAST = "cast"
    COLLATION = "collation"
    TEXT_SEARCH_CONFIGURATION = "text search configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherObject:
    """An aggregate, an operator, a cast or the like that the database defines itself."""

    oid: int
    kind: OtherKind
    name: str
    """For people: ``public.===(text, text)``."""
    definition: str
    """The command that makes it, composed from the catalog."""
