"""A migration for Django."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pgadvisor.emit.formats.format import content_revision
from pgadvisor.emit.script import by_hand_comments, down_units, set_timeouts, up_units
from pgadvisor.model.advice import MigrationFile, MigrationStep
from pgadvisor.sqltext.quote import comment

_HEAD = '''"""Written by pgadvisor; put it into the migrations of any app on this database."""

from django.db import migrations

RESET = ["RESET lock_timeout", "RESET statement_timeout"]


class Migration(migrations.Migration):
    # CREATE INDEX CONCURRENTLY cannot run in a transaction block.
    atomic = False

    # Name the app's latest migration here: [("app", "0042_previous")].
    dependencies = []

    operations = [
        migrations.RunSQL(migrations.RunSQL.noop, reverse_sql=RESET),
'''
_TAIL = """        migrations.RunSQL(RESET, reverse_sql=migrations.RunSQL.noop),
    ]
"""


class Django:
    """One file with ``atomic = False`` and a RunSQL with its reverse for each step."""

    name = "django"

    def render(
        self, steps: Sequence[MigrationStep], up_sql: str, down_sql: str, revision: str | None
    ) -> tuple[MigrationFile, ...]:
        """Write the file; Django undoes its operations from the last to the first."""
        name = revision or f"pgadvisor_{content_revision(up_sql, down_sql)}"
        operations = "".join(line for step in steps for line in _operation(step))
        return (MigrationFile(name=f"{name}.py", text=f"{_HEAD}{operations}{_TAIL}"),)


def _operation(step: MigrationStep) -> Iterator[str]:
    yield f"        {comment(step.title).replace('--', '#', 1)}\n"
    if step.by_hand or step.down_by_hand:
        for units, title in ((up_units((step,)), ""), (down_units((step,)), "Take back.")):
            lines = [line for unit in units for line in by_hand_comments(unit)]
            lines = [comment(title), *lines] if title and lines else lines
            yield from (f"        {line.replace('--', '#', 1)}\n" for line in lines)
        return
    yield "        migrations.RunSQL(\n"
    yield f"            {_list(step.up, step.checks)},\n"
    yield f"            reverse_sql={_list(step.down, step.down_checks)},\n"
    yield "        ),\n"


def _list(statements: Sequence[str], checks: Sequence[str]) -> str:
    """A Python list of statements, each with its timeouts before it."""
    flat = [s for statement in statements for s in (*set_timeouts(statement), statement)]
    if not flat and not checks:
        return "migrations.RunSQL.noop"
    lines = "".join(f"                {text!r},\n" for text in (*flat, *checks))
    return f"[\n{lines}            ]"
