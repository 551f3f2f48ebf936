"""Which indexes are proposed, and how many at most."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ProposalKind(StrEnum):
    """A way to come by candidates; each has a module of its own."""

    KEYS = "keys"
    """Columns in the order in which a btree serves conditions, joins, orders and groups."""
    COVERING = "covering"
    """All columns that a statement reads, so that the table itself is not read."""
    PARTIAL = "partial"
    """Only the rows that a constant condition leaves."""
    EXPRESSIONS = "expressions"
    """Expressions that statements compare, order or group by."""
    OTHER_METHODS = "other_methods"
    """GIN, GiST, BRIN, hash, and btrees with operator classes for patterns."""
    MERGES = "merges"
    """One index in the place of two that are proposed."""
    EXISTING = "existing"
    """One index in the place of one that exists and one that is proposed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalOptions:
    """Bounds of what is proposed; the defaults suit PostgreSQL, others suit comparisons."""

    kinds: frozenset[ProposalKind] = frozenset(ProposalKind)
    max_keys: int = 4
    """More key columns than this seldom pay for their width."""
    include: bool = True
    """Whether INCLUDE may be used; without it, columns that are only read are keys."""
    max_covering_columns: int = 8
    """Keys and included columns of an index that holds all that a statement reads."""
    max_covering_width_bytes: int = 200
    """The same, by average width."""
    max_per_appearance: int = 40
    """For one appearance of a table in a statement."""
    max_per_table: int = 300
    """Over all statements; those that take most time, and that most of them want, are kept."""


DEFAULTS = ProposalOptions()
"""What an analysis proposes."""
