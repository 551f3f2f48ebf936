"""Random UUIDs as keys of indexes that do not fit into the cache."""

from collections.abc import Iterator
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Column,
    Confidence,
    Evidence,
    Finding,
    Impact,
    Index,
    IndexActivity,
    ManualSteps,
    Outcome,
    Provenance,
    RelationKind,
    Severity,
    SkipRule,
    Table,
    format_ratio,
    format_size,
    qualified,
    quote_identifier,
    rule,
)

_RANDOM = ("gen_random_uuid()", "uuid_generate_v4()", "uuidv4()")
_HAS_UUIDV7 = 18
"""The first version of PostgreSQL that has the function."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When the places where new keys go are felt."""

    min_inserted_per_day_rows: float = 10_000.0
    """With fewer, each one may well read a page."""

    min_read_ratio: float = 0.05
    """Share of the index's pages that were asked for and not in shared_buffers."""


@rule(severity=Severity.INFO, since="0.1", limits=Limits, requires=("usage-window",))
def random_uuid_key(case: Case, limits: Limits) -> Outcome:
    """An index of random UUIDs is larger than the cache, and rows keep coming.

    ## Why it matters
    Each random key goes to another page of the index, so all of its pages are in use all the
    time.  Once they do not fit into the cache, an INSERT reads a page and later writes it back;
    after each checkpoint it writes the whole page to the WAL as well.  Keys that begin with the
    time go to the same few pages at the end.

    ## What it leaves alone
    Indexes that fit into shared_buffers or whose pages are found there; tables with few new rows;
    partitioned tables, where the newest partition's index is small; keys that the application
    makes, of which the schema does not say what they are.

    ## Before you act
    A UUID of version 7 tells when it was made, to everybody who sees it.  Keys that are to be
    guessed by nobody, or that spread load over shards, are meant to be random.  Rows that are
    there keep their keys, and the index gets better only as new ones come.

    ## Example
        ALTER TABLE orders ALTER COLUMN id SET DEFAULT uuidv7();  -- PostgreSQL 18
    """
    cache_bytes = _cache_bytes(case)
    for table in case.user_tables:
        per_day = _inserted_per_day(case, table)
        if table.kind is not RelationKind.TABLE or per_day < limits.min_inserted_per_day_rows:
            continue
        for column in table.columns:
            if not any(word in (column.default_sql or "") for word in _RANDOM):
                continue
            index = _largest(case, table, column)
            if index is None or index.size_bytes <= cache_bytes:
                continue
            activity = case.catalog.activity_of_index(index)
            if _read_ratio(activity) >= limits.min_read_ratio:
                yield _finding(case, table, column, index, cache_bytes)


def _cache_bytes(case: Case) -> int:
    setting = case.snapshot.server.setting("shared_buffers")
    if setting is None:
        raise SkipRule("the setting shared_buffers is not in the snapshot")
    return int(setting.value) * case.snapshot.server.block_size_bytes


def _inserted_per_day(case: Case, table: Table) -> float:
    days = case.counter_window.days
    return case.catalog.activity_of(table).rows_inserted / days if days else 0.0


def _largest(case: Case, table: Table, column: Column) -> Index | None:
    """The largest btree that begins with the column."""
    found = [
        index
        for index in case.indexes_of(table)
        if index.access_method == "btree"
        and index.is_valid
        and index.key_columns[:1] == (column.name,)
    ]
    return max(found, key=lambda index: (index.size_bytes, index.oid), default=None)


def _read_ratio(activity: IndexActivity) -> float:
    asked = activity.blocks_read + activity.blocks_hit
    return activity.blocks_read / asked if asked else 0.0


def _finding(case: Case, table: Table, column: Column, index: Index, cache_bytes: int) -> Finding:
    name = f"{table.qualified_name}.{column.name}"
    read = _read_ratio(case.catalog.activity_of_index(index))
    return Finding(
        subject=name,
        summary=f"New keys of {name} are random, and its index {index.name} "
        f"({format_size(index.size_bytes)}) does not fit into shared_buffers "
        f"({format_size(cache_bytes)}): {format_ratio(read)} of its pages were read",
        evidence=tuple(_evidence(case, table, column, index, cache_bytes)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=(
            "the default makes random keys",
            "the index is larger than the cache, and its pages are read",
            "new rows keep coming",
            case.gates.gate("usage-window").detail,
        ),
        remedies=(_remedy(case, table, column),),
        impact=Impact(risk="inserts read and write a page of the index each"),
    )


def _evidence(
    case: Case, table: Table, column: Column, index: Index, cache_bytes: int
) -> Iterator[Evidence]:
    activity = case.catalog.activity_of_index(index)
    yield Evidence(name="default", value=column.default_sql or "", source="pg_attrdef.adbin")
    yield Evidence(
        name="size of the index",
        value=index.size_bytes,
        unit="bytes",
        source="pg_relation_size",
    )
    yield Evidence(
        name="shared_buffers",
        value=cache_bytes,
        unit="bytes",
        source="pg_settings.shared_buffers",
    )
    yield Evidence(
        name="pages that were read",
        value=round(_read_ratio(activity), 4),
        unit="ratio",
        source="pg_statio_user_indexes.idx_blks_read, idx_blks_hit",
    )
    yield Evidence(
        name="rows inserted a day",
        value=round(_inserted_per_day(case, table)),
        unit="rows",
        source="pg_stat_user_tables.n_tup_ins",
    )


def _remedy(case: Case, table: Table, column: Column) -> ManualSteps:
    alter = f"ALTER TABLE {qualified(table.schema, table.name)} ALTER COLUMN "
    alter += f"{quote_identifier(column.name)} SET DEFAULT"
    if case.snapshot.server.major >= _HAS_UUIDV7:
        change = f"`{alter} uuidv7()`, with a lock timeout; it takes a moment."
    else:
        change = (
            "Let the application make UUIDs of version 7, or write a function that does; "
            "PostgreSQL 18 has uuidv7()."
        )
    return ManualSteps(
        title=f"Make new keys of {table.qualified_name}.{column.name} follow the time",
        steps=(
            "See that nobody needs the keys to be random: they tell their time then.",
            change,
            f"The way back is `{alter} {column.default_sql}`.",
        ),
    )
