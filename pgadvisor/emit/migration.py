"""The migration: steps in an order that is safe, as scripts that were parsed again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from pgadvisor.emit.formats import FORMATS
from pgadvisor.emit.script import DOWN_FILE, UP_FILE, down_units, script, up_units
from pgadvisor.errors import ConfigError, PgAdvisorError
from pgadvisor.model.action import (
    Action,
    AddPrimaryKeyUsingIndex,
    AnalyzeTable,
    ChangeSetting,
    CreateIndex,
    CreateStatistics,
    DropIndex,
    RebuildIndex,
    SetTableOptions,
)
from pgadvisor.model.advice import Migration, MigrationStep, Recommendation
from pgadvisor.parse.expression import statement_kinds
from pgadvisor.sqltext.actions import all_steps_of, runs_alone
from pgadvisor.sqltext.settings import left_to_a_person

_REVISION: Final = re.compile(r"[A-Za-z0-9_]{1,100}")
_FIRST: Final = -1
_ORDER: Final = (
    CreateIndex,
    AddPrimaryKeyUsingIndex,
    RebuildIndex,
    DropIndex,
    CreateStatistics,
    AnalyzeTable,
    SetTableOptions,
    ChangeSetting,
)
"""What replaces something comes before what is replaced."""
_KINDS: Final = frozenset(
    {
        "IndexStmt",
        "CreateStatsStmt",
        "DropStmt",
        "ReindexStmt",
        "VacuumStmt",
        "AlterTableStmt",
        "AlterRoleSetStmt",
        "AlterDatabaseSetStmt",
        "AlterSystemStmt",
        "SelectStmt",
    }
)
"""The only statements that a migration consists of, as the grammar calls them."""

_REPORT: Final = (
    "This is a fault of pgadvisor, or the snapshot was tampered with; nothing is written."
)


def build_migration(
    recommendations: Sequence[Recommendation],
    *,
    format: str = "plain",  # noqa: A002  (the option's name)
    revision: str | None = None,
) -> Migration:
    """Put the recommendations that belong into a migration into one.

    Args:
        recommendations: Those with ``is_in_migration`` are carried out, each action once.  Changes
            of settings of the others are told of in comments.
        format: A name in ``pgadvisor.emit.formats.FORMATS``.
        revision: What the migration is called; None: a name made from its content.

    Raises:
        ConfigError: There is no such format, or the revision cannot be a file's name.
        PgAdvisorError: The SQL that came out is not the SQL that was meant.
    """
    if format not in FORMATS:
        known = ", ".join(sorted(FORMATS))
        raise ConfigError(
            "writing the migration", f"there is no format {format!r}", f"Known formats: {known}."
        )
    if revision is not None and not _REVISION.fullmatch(revision):
        raise ConfigError(
            "writing the migration",
            "its revision is no plain name",
            "Use letters, digits and underscores.",
        )
    steps = (*_steps(_ordered(recommendations)), *_left_to_a_person(recommendations))
    up_sql = script(up_units(steps), UP_FILE, f"Taken back by {DOWN_FILE}.", revision)
    down_sql = script(down_units(steps), DOWN_FILE, f"Takes back {UP_FILE}.", revision)
    _check(up_sql, [(*unit.statements, *unit.checks) for unit in up_units(steps)])
    _check(down_sql, [(*unit.statements, *unit.checks) for unit in down_units(steps)])
    return Migration(
        steps=steps,
        up_sql=up_sql,
        down_sql=down_sql,
        format=format,
        files=FORMATS[format].render(steps, up_sql, down_sql, revision),
    )


def _ordered(recommendations: Sequence[Recommendation]) -> tuple[Action, ...]:
    """Each action once, creates before drops, in the order of the recommendations otherwise."""
    actions = dict.fromkeys(
        action for made in recommendations if made.is_in_migration for action in made.actions
    )
    actions |= dict.fromkeys(_analyses(actions))
    keys = {(a.schema, a.index_name) for a in actions if isinstance(a, AddPrimaryKeyUsingIndex)}
    created = {(a.index.schema, a.name) for a in actions if isinstance(a, CreateIndex)}

    def rank(action: Action) -> int:
        if isinstance(action, DropIndex) and (action.schema, action.name) in created:
            return _FIRST  # an invalid leftover in the place of a new one
        return next((n for n, kind in enumerate(_ORDER) if isinstance(action, kind)), len(_ORDER))

    return tuple(
        action
        for action in sorted(actions, key=rank)
        # What becomes the primary key can no more be dropped, though it has an equal.
        if not (isinstance(action, DropIndex) and (action.schema, action.name) in keys)
    )


def _analyses(actions: Iterable[Action]) -> Iterator[AnalyzeTable]:
    """Only ANALYZE fills new statistics, and gives the expressions of a new index theirs."""
    for action in actions:
        if isinstance(action, CreateStatistics):
            yield AnalyzeTable(schema=action.schema, table=action.table)
        if isinstance(action, CreateIndex) and any(k.expression for k in action.index.keys):
            yield AnalyzeTable(schema=action.index.schema, table=action.index.table)


def _steps(actions: Sequence[Action]) -> tuple[MigrationStep, ...]:
    try:
        return all_steps_of(actions)
    except ValueError as error:
        raise PgAdvisorError("writing the migration", str(error)) from error


def _left_to_a_person(recommendations: Sequence[Recommendation]) -> Iterator[MigrationStep]:
    """Settings that a person has to decide on: to be read where the rest is, and not run."""
    done = {a for made in recommendations if made.is_in_migration for a in made.actions}
    for made in recommendations:
        for action in made.actions:
            if isinstance(action, ChangeSetting) and action not in done:
                done.add(action)
                for step in _steps((action,)):
                    yield left_to_a_person(step, made.review_reason)


def _check(script_sql: str, units: Sequence[Sequence[str]]) -> None:
    """See that a script parses to exactly the statements that it was made of.

    Raises:
        PgAdvisorError: It does not.
    """
    try:
        expected = list(_expected_kinds(units))
        found = list(statement_kinds(script_sql))
    except ValueError as error:
        raise PgAdvisorError(
            "checking the migration", f"a statement of it does not parse: {error}", _REPORT
        ) from error
    if found != expected:
        raise PgAdvisorError(
            "checking the migration", "it does not hold the statements that were meant", _REPORT
        )


def _expected_kinds(units: Sequence[Sequence[str]]) -> Iterator[str]:
    if units:
        yield "VariableSetStmt"
    for unit in units:
        for statement in unit:
            kinds = statement_kinds(statement)
            if len(kinds) != 1 or kinds[0] not in _KINDS:
                raise ValueError("one of its statements is another one than it should be")
            if runs_alone(statement):
                yield from ("VariableSetStmt", "VariableSetStmt", *kinds)
            elif kinds[0] == "SelectStmt":
                yield from kinds
            else:
                begin = ("TransactionStmt", "VariableSetStmt", "VariableSetStmt")
                yield from (*begin, *kinds, "TransactionStmt")
