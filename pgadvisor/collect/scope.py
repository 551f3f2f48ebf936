"""What a collection is to cover."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pgadvisor.model.snapshot import LOCKED, Unavailable

MAX_NAMES_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectOptions:
    """What to collect, and how long the server may work on it."""

    schemas: tuple[str, ...] = ()
    """Schemas to read; empty: all but PostgreSQL's own."""
    exclude_schemas: tuple[str, ...] = ()
    max_explained: int = 1_000
    """Statements that the server is asked to plan, at most; the most expensive ones."""
    explain: bool = True
    explain_user_functions: bool = False
    """Also plan statements that call the users' own functions, which planning may run."""
    statement_timeout_ms: int = 5_000
    lock_timeout_ms: int = 200
    max_explain_ms: int = 20_000
    """After this long no further statement is planned."""

    @property
    def values(self) -> tuple[list[str], list[str]]:
        """Values for ``$1`` and ``$2`` of the reads that go by schema."""
        return list(self.schemas), list(self.exclude_schemas)


def listed(names: Iterable[str]) -> str:
    """Join names for people, and cut a long list: ``a, b and 7 more``."""
    found = sorted(set(names))
    shown = ", ".join(found[:MAX_NAMES_SHOWN])
    rest = len(found) - MAX_NAMES_SHOWN
    return f"{shown} and {rest} more" if rest > 0 else shown


def counted(count: int, noun: str) -> str:
    """Print a number with its noun: ``1 table``, ``3 tables``, ``2 indexes``."""
    plural = f"{noun}es" if noun.endswith("x") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


def locked(noun: str, names: Iterable[str]) -> tuple[Unavailable, ...]:
    """Say which objects were left out since another session locks them."""
    found = sorted(set(names))
    if not found:
        return ()
    return (
        Unavailable(
            what=f"{counted(len(found), noun)}: {listed(found)}",
            reason=LOCKED,
            consequence="no advice on them",
            remedy="Run again when the lock is gone.",
        ),
    )
