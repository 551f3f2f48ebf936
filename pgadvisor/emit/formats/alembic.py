"""A migration for Alembic."""

from __future__ import annotations

from collections.abc import Sequence

from pgadvisor.emit.formats.format import content_revision
from pgadvisor.emit.script import Unit, by_hand_comments, down_units, set_timeouts, up_units
from pgadvisor.model.action import CreateIndex, DropIndex, IndexDefinition
from pgadvisor.model.advice import MigrationFile, MigrationStep
from pgadvisor.model.schema import IndexKey
from pgadvisor.sqltext.index import key_sql
from pgadvisor.sqltext.quote import comment

_HEAD = '''"""Changes that pgadvisor recommends.

Revision ID: {revision}
"""

import sqlalchemy as sa
from alembic import op

revision = {revision!r}
# Name the revision that comes before here.
down_revision = None
branch_labels = None
depends_on = None
'''
_BLOCK = """

def {name}() -> None:
    # What came before in this transaction is committed here: set transaction_per_migration=True
    # in env.py.  CREATE INDEX CONCURRENTLY cannot run in a transaction block.
    with op.get_context().autocommit_block():
{body}"""
_INDENT = " " * 8


class Alembic:
    """One revision; in Alembic's own words where it has them, else as SQL."""

    name = "alembic"

    def render(
        self, steps: Sequence[MigrationStep], up_sql: str, down_sql: str, revision: str | None
    ) -> tuple[MigrationFile, ...]:
        """Write the revision's file."""
        name = revision or content_revision(up_sql, down_sql)
        text = (
            _HEAD.format(revision=name)
            + _BLOCK.format(name="upgrade", body=_body(up_units(steps), _words(steps)))
            + _BLOCK.format(name="downgrade", body=_body(down_units(steps), _words(steps)))
        )
        return (MigrationFile(name=f"{name}_pgadvisor.py", text=text),)


def _body(units: Sequence[Unit], words: dict[str, str]) -> str:
    lines = []
    for unit in units:
        lines.append(comment(unit.title).replace("--", "#", 1))
        lines += [line.replace("--", "#", 1) for line in by_hand_comments(unit)]
        for statement in unit.statements:
            lines += [_execute(setting) for setting in set_timeouts(statement)]
            lines.append(words.get(statement) or _execute(statement))
        lines += [_execute(check) for check in unit.checks]
    lines += ['op.execute("RESET lock_timeout")', 'op.execute("RESET statement_timeout")']
    return "".join(f"{_INDENT}{line}\n" for line in lines)


def _execute(statement: str) -> str:
    """Run SQL; SQLAlchemy would take ``:name`` for a parameter, even within quotes."""
    return f"op.execute({_escaped(statement)!r})"


def _escaped(sql: str) -> str:
    return sql.replace(":", "\\:")


def _words(steps: Sequence[MigrationStep]) -> dict[str, str]:
    """By statement, the call that means the same."""
    found: dict[str, str] = {}
    for step in steps:
        match step.action:
            case CreateIndex(is_partitioned=False, index=index, name=name):
                found[step.up[0]] = _create(index, name)
                found[step.down[0]] = _drop(index.schema, name)
            case DropIndex(is_partitioned=False, schema=schema, name=name):
                found[step.up[0]] = _drop(schema, name)
            case _:
                pass
    return found


def _create(index: IndexDefinition, name: str) -> str:
    keys = ", ".join(_key(key, index.access_method) for key in index.keys)
    arguments = [repr(name), repr(index.table), f"[{keys}]", f"schema={index.schema!r}"]
    if index.is_unique:
        arguments.append("unique=True")
    if index.access_method != "btree":
        arguments.append(f"postgresql_using={index.access_method!r}")
    if index.include:
        arguments.append(f"postgresql_include={list(index.include)!r}")
    if index.nulls_not_distinct:
        arguments.append("postgresql_nulls_not_distinct=True")
    if index.options:
        arguments.append(f"postgresql_with={dict(index.options)!r}")
    if index.predicate:
        arguments.append(f"postgresql_where={_text(index.predicate)}")
    arguments += ["postgresql_concurrently=True", "if_not_exists=True"]
    return _call("op.create_index", arguments)


def _drop(schema: str, name: str) -> str:
    options = ["postgresql_concurrently=True", "if_exists=True"]
    return _call("op.drop_index", [repr(name), f"schema={schema!r}", *options])


def _key(key: IndexKey, access_method: str) -> str:
    """A column by its name; what is more than that as SQL."""
    is_plain = key == IndexKey(
        column=key.column,
        operator_class=key.operator_class,
        is_default_operator_class=key.is_default_operator_class,
    ) and (key.is_default_operator_class or not key.operator_class)
    if is_plain and key.column is not None:
        return repr(key.column)
    return _text(key_sql(key, access_method))


def _text(sql: str) -> str:
    return f"sa.text({_escaped(sql)!r})"


def _call(name: str, arguments: Sequence[str]) -> str:
    inside = "".join(f"{_INDENT}    {argument},\n" for argument in arguments)
    return f"{name}(\n{inside}{_INDENT})"
