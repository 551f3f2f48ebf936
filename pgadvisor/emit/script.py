"""Migration steps as a plain SQL script for psql."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pgadvisor.emit.one_line import one_line
from pgadvisor.model.advice import MigrationStep
from pgadvisor.sqltext.actions import runs_alone, timeouts_ms
from pgadvisor.sqltext.quote import comment

UP_FILE = "migration.up.sql"
DOWN_FILE = "migration.down.sql"
_LINTS = (
    (
        re.compile(r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)"),
        "require-concurrent-index-creation",
        "A partitioned table has no such thing as CONCURRENTLY.",
    ),
    (
        re.compile(r"DROP INDEX (?!CONCURRENTLY)"),
        "require-concurrent-index-deletion",
        "A partitioned index cannot be dropped CONCURRENTLY.",
    ),
    (
        re.compile(r"ALTER TABLE .* DROP CONSTRAINT ", re.DOTALL),
        "ban-drop-constraint",
        "Only what the migration added is taken away.",
    ),
)
"""Where squawk, the linter, is told not to look, each with its reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What one step does in one direction."""

    title: str
    statements: tuple[str, ...]
    checks: tuple[str, ...]
    lock: str
    note: str = ""
    by_hand: tuple[str, ...] = ()
    """What is told of and not run."""
    review_reason: str = ""
    """Why, as a clause."""


def up_units(steps: Sequence[MigrationStep]) -> tuple[Unit, ...]:
    """What applies the migration, in order."""
    return tuple(
        Unit(
            title=step.title,
            statements=step.up,
            checks=step.checks,
            lock=step.lock,
            note=step.note,
            by_hand=step.by_hand,
            review_reason=step.review_reason,
        )
        for step in steps
        if step.up or step.checks or step.by_hand
    )


def down_units(steps: Sequence[MigrationStep]) -> tuple[Unit, ...]:
    """What takes the migration back, in order; what an earlier unit did is not done again."""
    units = []
    done: set[str] = set()
    for step in reversed(steps):
        statements = tuple(s for s in step.down if s not in done)
        done.update(statements)
        if statements or step.down_by_hand:
            units.append(
                Unit(
                    title=f"Take back: {step.title}",
                    statements=statements,
                    checks=step.down_checks,
                    lock=step.lock,
                    note=step.note if statements else "",
                    by_hand=step.down_by_hand,
                    review_reason=step.review_reason,
                )
            )
    return tuple(units)


def script(units: Sequence[Unit], name: str, purpose: str, revision: str | None = None) -> str:
    """Write a script for ``psql -f``.

    Args:
        units: What it does, in order.
        name: Its file.
        purpose: One sentence, for the head.
        revision: What its user calls the migration.
    """
    lines = [*_head(name, purpose, revision)]
    if not units:
        lines += ["", comment("There is nothing to do.")]
    else:
        lines += ["", "SET client_encoding = 'UTF8';"]
    for number, unit in enumerate(units, start=1):
        lines += ["", comment(f"{number} of {len(units)}: {unit.title}")]
        lines += [comment(f"Lock: {unit.lock}.")] if unit.statements or unit.checks else []
        lines += [comment(unit.note)] if unit.note else []
        lines += by_hand_comments(unit)
        for statement in unit.statements:
            lines += _guarded(statement)
        if unit.checks:
            lines += [comment("Fails when the index is not valid.")]
            lines += [f"{one_line(check)};" for check in unit.checks]
    return "\n".join(lines) + "\n"


def by_hand_comments(unit: Unit) -> list[str]:
    """What a unit leaves to a person, as SQL comments; none: nothing."""
    if not unit.by_hand:
        return []
    head = comment(f"Not run: {unit.review_reason or 'a person has to decide'}.")
    return [head, *(comment(f"    {one_line(line)}") for line in unit.by_hand)]


def set_timeouts(statement: str, *, is_local: bool = False) -> tuple[str, str]:
    """The two statements that set the timeouts for a statement."""
    lock_ms, statement_ms = timeouts_ms(statement)
    word = "SET LOCAL" if is_local else "SET"
    return (
        f"{word} lock_timeout = {_duration(lock_ms)}",
        f"{word} statement_timeout = {_duration(statement_ms)}",
    )


def _head(name: str, purpose: str, revision: str | None) -> Iterator[str]:
    yield comment(f"pgadvisor: {name}" + (f", revision {revision}" if revision else ""))
    yield comment(purpose)
    yield comment(f"Run it with: psql -X -v ON_ERROR_STOP=1 -f {name}")
    yield comment("Never with -1 (--single-transaction): CONCURRENTLY cannot run in a transaction.")
    yield comment("If a step fails for want of a lock (55P03), run the file again: indexes")
    yield comment("that exist already are left as they are, and one that is not valid is reported.")


def _guarded(statement: str) -> Iterator[str]:
    """A statement with its timeouts, in a transaction of its own where it may be in one."""
    if runs_alone(statement):
        yield from (f"{s};" for s in set_timeouts(statement))
        yield f"{one_line(statement)};"
        return
    yield "BEGIN;"
    yield from (f"{s};" for s in set_timeouts(statement, is_local=True))
    yield from _lint_notes(statement)
    yield f"{one_line(statement)};"
    yield "COMMIT;"


def _lint_notes(statement: str) -> Iterator[str]:
    for pattern, lint, reason in _LINTS:
        if pattern.match(statement):
            yield comment(reason)
            yield comment(f"squawk-ignore {lint}")


def _duration(time_ms: int) -> str:
    return f"'{time_ms // 1000}s'" if time_ms else "0"
