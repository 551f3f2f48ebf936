"""How much the chosen changes may cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Bounds of the choice."""

    index_bytes: int | None = None
    """Storage of all new indexes together; None: no bound."""
    max_indexes: int | None = None
    """Number of new indexes; None: no bound."""
    max_indexes_per_table: int = 5
    max_regression_ratio: float = 0.1
    """No statement with more than 1 % of the workload's time may get dearer than by this."""
    min_saving_ratio: float = 0.005
    """A new index that saves less than this share of the workload's time is not worth it."""
    build_ms: float | None = None
    """Time to build all new indexes, roughly; None: no bound."""
    protected: frozenset[str] = frozenset()
    """Existing indexes that are never dropped: ``schema.name`` or the name alone."""
    forbidden: frozenset[str] = frozenset()
    """Tables that get no new index: ``schema.name`` or the name alone."""
    time_limit_ms: float = 10_000.0
    """How long the search for a better set may go on; the best so far is taken then."""

    def __post_init__(self) -> None:
        """Refuse bounds that mean nothing."""
        for name in ("index_bytes", "max_indexes", "max_indexes_per_table"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ValueError(f"{name} is {value}; a budget is zero or more")
        for name in ("max_regression_ratio", "min_saving_ratio", "build_ms", "time_limit_ms"):
            number = getattr(self, name)
            if number is not None and not number >= 0:
                raise ValueError(f"{name} is {number}; a budget is zero or more")
