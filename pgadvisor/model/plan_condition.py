"""One condition out of those that EXPLAIN prints with a node."""

from __future__ import annotations

from dataclasses import dataclass

from pgadvisor.model.usage import PredicateKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCondition:
    """A condition of a node; several of them are joined by AND.

    Of a scan, columns are those of the table that it reads: another table's are values to it.
    """

    kind: PredicateKind
    """How it narrows its column or expression down; OTHER for an OR."""
    operator: str = ""
    column: str | None = None
    """Where one side is a column and nothing else."""
    table: str | None = None
    """The alias that the column is written with; None: it is written without."""
    expression: str | None = None
    """Where it is more than a column: its SQL, columns without their tables."""
    has_literals: bool = False
    """The expression holds constants that may be data: it is not to be shown."""
    begins_fixed: bool = False
    """A pattern whose beginning a btree can look up: ``LIKE 'abc%'``."""
    columns: tuple[str, ...] = ()
    """All that it reads of the table."""
    tables: tuple[str, ...] = ()
    """The aliases of all columns in it, other tables' too."""
    other_column: str | None = None
    """Where the other side is a column: of a join, or of an outer row."""
    other_table: str | None = None
    parameters: tuple[int, ...] = ()
    """Numbers of ``$n`` in it."""
    arms: tuple[PlanCondition, ...] = ()
    """Of an OR: what is true of each row that it lets pass, by arm; the first of each AND."""

    @property
    def is_equality(self) -> bool:
        """It compares a column with one value or with several."""
        return self.kind in {PredicateKind.EQUALITY, PredicateKind.IN_LIST, PredicateKind.IS_NULL}
