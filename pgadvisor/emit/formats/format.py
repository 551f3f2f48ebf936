"""What every migration format provides."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol

from pgadvisor.model.advice import MigrationFile, MigrationStep


class MigrationFormat(Protocol):
    """Writes a migration as another tool wants it."""

    @property
    def name(self) -> str:
        """What the user calls it."""
        ...

    def render(
        self, steps: Sequence[MigrationStep], up_sql: str, down_sql: str, revision: str | None
    ) -> tuple[MigrationFile, ...]:
        """Write the files of a migration.

        Args:
            steps: What it does, in order.
            up_sql: The plain script that applies it.
            down_sql: The plain script that takes it back.
            revision: What it is called; None: a name made from its content.
        """
        ...


def content_revision(up_sql: str, down_sql: str) -> str:
    """Twelve hexadecimal digits: the same for the same migration, on any day."""
    return hashlib.sha256(f"{up_sql}\0{down_sql}".encode()).hexdigest()[:12]
