"""Formats of migrations, each in its own file; a new one is added here."""

from __future__ import annotations

from collections.abc import Mapping

from pgadvisor.emit.formats.alembic import Alembic
from pgadvisor.emit.formats.django import Django
from pgadvisor.emit.formats.format import MigrationFormat
from pgadvisor.emit.formats.plain import Plain

FORMATS: Mapping[str, MigrationFormat] = {
    made.name: made for made in (Plain(), Alembic(), Django())
}
"""By the name that the user gives."""

__all__ = ["FORMATS", "MigrationFormat"]
