"""Two SQL scripts for psql."""

from __future__ import annotations

from collections.abc import Sequence

from pgadvisor.emit.script import DOWN_FILE, UP_FILE
from pgadvisor.model.advice import MigrationFile, MigrationStep


class Plain:
    """``migration.up.sql`` and ``migration.down.sql``."""

    name = "plain"

    def render(
        self,
        steps: Sequence[MigrationStep],  # noqa: ARG002  (the scripts hold them)
        up_sql: str,
        down_sql: str,
        revision: str | None,  # noqa: ARG002
    ) -> tuple[MigrationFile, ...]:
        """Write the two scripts as they are."""
        return (
            MigrationFile(name=UP_FILE, text=up_sql),
            MigrationFile(name=DOWN_FILE, text=down_sql),
        )
