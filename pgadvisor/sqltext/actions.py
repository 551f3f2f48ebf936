"""Typed actions as migration steps: lock-safe SQL with its way back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import assert_never

from pgadvisor.model.action import (
    Action,
    AddPrimaryKeyUsingIndex,
    AnalyzeTable,
    ChangeSetting,
    CreateIndex,
    CreateStatistics,
    DropIndex,
    ManualSteps,
    PartitionIndex,
    RebuildIndex,
    RewriteStatement,
    SetTableOptions,
)
from pgadvisor.model.advice import MigrationStep
from pgadvisor.sqltext.index import create_index_sql, describe_index, index_name
from pgadvisor.sqltext.quote import qualified, quote_identifier, quote_literal
from pgadvisor.sqltext.settings import RELOAD, reload_once, setting_step
from pgadvisor.sqltext.statistics import create_statistics_sql, drop_statistics_sql

LOCK_TIMEOUT_MS = 2_000
"""For locks that make others queue behind us; on 55P03 the step is run again."""
STATEMENT_TIMEOUT_MS = 30_000
"""For statements that hold such locks; all of them change catalogs only, which takes no time."""
_CONCURRENT = re.compile(r"(CREATE (UNIQUE )?|DROP |REINDEX )INDEX CONCURRENTLY ")
_ONLY = re.compile(
    r'(CREATE (?:UNIQUE )?INDEX (?:IF NOT EXISTS )?(?:"(?:[^"]|"")+"|[^\s"]+) ON )ONLY '
)
"""An index name may be quoted, and hold anything."""
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_CONCURRENT_LOCK = "SHARE UPDATE EXCLUSIVE"
_STRONG_LOCK = "ACCESS EXCLUSIVE"


def steps_of(action: Action) -> tuple[MigrationStep, ...]:  # noqa: PLR0911  (one per action)
    """The steps that carry out an action; none for what is done by hand."""
    match action:
        case CreateIndex():
            return tuple(_create_index(action))
        case DropIndex():
            return (_drop_index(action),)
        case RebuildIndex():
            return (_rebuild_index(action),)
        case AnalyzeTable():
            return (_analyze(action),)
        case CreateStatistics():
            return (_create_statistics(action),)
        case SetTableOptions():
            return (_set_table_options(action),)
        case ChangeSetting():
            return (setting_step(action),)
        case AddPrimaryKeyUsingIndex():
            return (_add_primary_key(action),)
        case RewriteStatement() | ManualSteps():
            return ()
        case _:
            assert_never(action)


def all_steps_of(actions: Iterable[Action]) -> tuple[MigrationStep, ...]:
    """The steps of several actions, in their order; the configuration is reloaded once."""
    return reload_once(step for action in actions for step in steps_of(action))


def validity_check(schema: str, name: str) -> str:
    """A query that fails, with a message that says what to do, when an index is not valid."""
    target = quote_literal(qualified(schema, name))
    message = quote_literal(
        f"index {schema}.{name} is not valid: drop it with DROP INDEX CONCURRENTLY, "
        "then run its step again"
    )
    # Counted, since the name may belong to something that is no index.  The count inside keeps
    # the planner from evaluating the failing branch beforehand.
    failure = f"CAST(CAST(concat({message}, '; valid: ', count(*)) AS integer) AS text)"
    return (
        f"SELECT CASE WHEN count(*) = 1 THEN 'valid' ELSE {failure} "  # noqa: S608  (quoted above)
        f"END AS index_state FROM pg_catalog.pg_index "
        f"WHERE indisvalid AND indexrelid = CAST({target} AS pg_catalog.regclass)"
    )


def _create_index(action: CreateIndex) -> Iterator[MigrationStep]:
    index = action.index
    title = f"Create an index on {describe_index(index)}"
    if not action.is_partitioned:
        yield MigrationStep(
            title=title,
            up=(create_index_sql(index, action.name, concurrently=True, if_not_exists=True),),
            down=(f"DROP INDEX CONCURRENTLY IF EXISTS {qualified(index.schema, action.name)}",),
            is_transactional=False,
            lock=_CONCURRENT_LOCK,
            lock_timeout_ms=0,
            checks=(validity_check(index.schema, action.name),),
            action=action,
        )
        return
    yield from _create_partitioned(action, title)


def _create_partitioned(action: CreateIndex, title: str) -> Iterator[MigrationStep]:
    index = action.index
    yield MigrationStep(
        title=f"{title}: the parent, not valid until its partitions are attached",
        up=(create_index_sql(index, action.name, only=True, if_not_exists=True),),
        down=(f"DROP INDEX IF EXISTS {qualified(index.schema, action.name)}",),
        is_transactional=True,
        lock="SHARE",
        lock_timeout_ms=LOCK_TIMEOUT_MS,
        action=action,
    )
    for partition in action.partitions:
        yield from _create_below(action, partition, index.schema, action.name)
    yield MigrationStep(
        title=f"{title}: all partitions are attached",
        up=(),
        down=(),
        is_transactional=True,
        lock="none",
        lock_timeout_ms=LOCK_TIMEOUT_MS,
        checks=(validity_check(index.schema, action.name),),
    )


def _create_below(
    action: CreateIndex, partition: PartitionIndex, parent_schema: str, parent_name: str
) -> Iterator[MigrationStep]:
    """Build one partition's index, its own partitions first, and attach it to its parent's."""
    index = action.index
    name = index_name(index, partition.table)
    attach = (
        f"ALTER INDEX {qualified(parent_schema, parent_name)} "
        f"ATTACH PARTITION {qualified(partition.schema, name)}"
    )
    create = create_index_sql(
        index,
        name,
        concurrently=not partition.is_partitioned,
        only=partition.is_partitioned,
        if_not_exists=True,
        schema=partition.schema,
        table=partition.table,
    )
    word = "" if partition.is_partitioned else "CONCURRENTLY "
    yield MigrationStep(
        title=f"Create the index of {partition.schema}.{partition.table}",
        up=(create,),
        # Attached indexes go with their parent; this is for those that never were.
        down=(f"DROP INDEX {word}IF EXISTS {qualified(partition.schema, name)}",),
        is_transactional=partition.is_partitioned,
        lock="SHARE" if partition.is_partitioned else _CONCURRENT_LOCK,
        lock_timeout_ms=LOCK_TIMEOUT_MS if partition.is_partitioned else 0,
        checks=() if partition.is_partitioned else (validity_check(partition.schema, name),),
    )
    for child in partition.children:
        yield from _create_below(action, child, partition.schema, name)
    yield MigrationStep(
        title=f"Attach the index of {partition.schema}.{partition.table}",
        up=(attach,),
        down=(f"DROP INDEX IF EXISTS {qualified(parent_schema, parent_name)}",),
        is_transactional=True,
        lock=_STRONG_LOCK,
        lock_timeout_ms=LOCK_TIMEOUT_MS,
    )


def _drop_index(action: DropIndex) -> MigrationStep:
    target = qualified(action.schema, action.name)
    concurrently = "" if action.is_partitioned else "CONCURRENTLY "
    return MigrationStep(
        title=f"Drop the index {action.schema}.{action.name}",
        up=(f"DROP INDEX {concurrently}IF EXISTS {target}",),
        down=(recreation_sql(action.recreate_sql, is_partitioned=action.is_partitioned),),
        is_transactional=action.is_partitioned,
        lock=_STRONG_LOCK if action.is_partitioned else _CONCURRENT_LOCK,
        lock_timeout_ms=LOCK_TIMEOUT_MS if action.is_partitioned else 0,
        down_checks=(validity_check(action.schema, action.name),),
        note="The way back builds the index on all partitions at once, and blocks writes meanwhile."
        if action.is_partitioned
        else "",
        action=action,
    )


def recreation_sql(definition: str, *, is_partitioned: bool = False) -> str:
    """The statement that brings an index back, from what ``pg_get_indexdef`` says of it.

    Without blocking writes, except on a partitioned table, where that cannot be had in one
    statement.  What has the name already is left alone: a check for validity has to follow.

    Raises:
        ValueError: The text is no index definition.
    """
    for head in ("CREATE UNIQUE INDEX ", "CREATE INDEX "):
        if definition.startswith(head):
            # ON ONLY, as the server writes it, would bring back the parent without its parts.
            whole = _ONLY.sub(r"\g<1>", definition) if is_partitioned else definition
            word = "" if is_partitioned else "CONCURRENTLY "
            return f"{head}{word}IF NOT EXISTS {whole.removeprefix(head)}"
    raise ValueError("an index definition has to begin with CREATE INDEX")


def _rebuild_index(action: RebuildIndex) -> MigrationStep:
    return MigrationStep(
        title=f"Rebuild the index {action.schema}.{action.name}",
        up=(f"REINDEX INDEX CONCURRENTLY {qualified(action.schema, action.name)}",),
        down=(),
        is_transactional=False,
        lock=_CONCURRENT_LOCK,
        lock_timeout_ms=0,
        checks=(validity_check(action.schema, action.name),),
        note="Nothing to take back: the index keeps its name and its definition.",
        action=action,
    )


def _analyze(action: AnalyzeTable) -> MigrationStep:
    columns = f" ({', '.join(map(quote_identifier, action.columns))})" if action.columns else ""
    return MigrationStep(
        title=f"Refresh the statistics of {action.schema}.{action.table}",
        up=(f"ANALYZE {qualified(action.schema, action.table)}{columns}",),
        down=(),
        is_transactional=True,
        lock=_CONCURRENT_LOCK,
        lock_timeout_ms=LOCK_TIMEOUT_MS,
        note="Nothing to take back: statistics are refreshed by autovacuum in any case.",
        action=action,
    )


def _create_statistics(action: CreateStatistics) -> MigrationStep:
    what = ", ".join((*action.columns, *action.expressions))
    return MigrationStep(
        title=f"Create statistics of {action.schema}.{action.table} ({what})",
        up=(create_statistics_sql(action),),
        down=(drop_statistics_sql(action),),
        is_transactional=True,
        lock=_CONCURRENT_LOCK,
        lock_timeout_ms=LOCK_TIMEOUT_MS,
        note="New statistics are empty until the table is analysed.",
        action=action,
    )


def _set_table_options(action: SetTableOptions) -> MigrationStep:
    target = qualified(action.schema, action.table)
    options = ", ".join(f"{name} = {_option_value(value)}" for name, value in action.options)
    old = [(name, value) for name, value in action.previous if value is not None]
    unset = [name for name, value in action.previous if value is None]
    down = []
    if old:
        restored = ", ".join(f"{name} = {_option_value(value)}" for name, value in old)
        down.append(f"ALTER TABLE {target} SET ({restored})")
    if unset:
        down.append(f"ALTER TABLE {target} RESET ({', '.join(unset)})")
    return MigrationStep(
        title=f"Set storage parameters of {action.schema}.{action.table}",
        up=(f"ALTER TABLE {target} SET ({options})",),
        down=tuple(down),
        is_transactional=True,
        lock=_CONCURRENT_LOCK,
        lock_timeout_ms=LOCK_TIMEOUT_MS,
        action=action,
    )


def _option_value(value: str) -> str:
    return value if _NUMBER.fullmatch(value) else quote_literal(value)


def _add_primary_key(action: AddPrimaryKeyUsingIndex) -> MigrationStep:
    target = qualified(action.schema, action.table)
    constraint = quote_identifier(action.constraint_name)
    index = quote_identifier(action.index_name)
    down = (
        recreation_sql(action.recreate_sql),
        f"ALTER TABLE {target} DROP CONSTRAINT IF EXISTS {constraint}",
    )
    if action.index_name == action.constraint_name:
        down = down[::-1]  # the constraint's index has the name until it is gone
    return MigrationStep(
        title=f"Make a primary key of {action.schema}.{action.table} out of its unique index",
        up=(f"ALTER TABLE {target} ADD CONSTRAINT {constraint} PRIMARY KEY USING INDEX {index}",),
        # The index goes with the constraint, so the way back builds it anew, and before that.
        down=down,
        is_transactional=False,
        lock=_STRONG_LOCK,
        lock_timeout_ms=LOCK_TIMEOUT_MS,
        down_checks=(validity_check(action.schema, action.index_name),),
        note="Once done it cannot be run again. Its index is not dropped, even if it has an equal.",
        action=action,
    )


def is_concurrent(statement: str) -> bool:
    """Whether one of our statements works on an index without blocking anybody."""
    return _CONCURRENT.match(statement) is not None


def runs_alone(statement: str) -> bool:
    """Whether one of our statements has to run outside a transaction block."""
    return is_concurrent(statement) or statement.startswith("ALTER SYSTEM ") or statement == RELOAD


def timeouts_ms(statement: str) -> tuple[int, int]:
    """The lock timeout and the statement timeout for one of our statements; 0: none.

    CONCURRENTLY blocks nobody while it waits, and a timeout would leave an invalid index behind.
    What only changes catalogs has a short time for both.  ANALYZE, and building an index on all
    partitions at once, take as long as they take.
    """
    if is_concurrent(statement):
        return (0, 0)
    if statement.startswith(("ALTER ", "DROP ", "CREATE STATISTICS ")) or _ONLY.match(statement):
        return (LOCK_TIMEOUT_MS, STATEMENT_TIMEOUT_MS)
    return (LOCK_TIMEOUT_MS, 0)
