"""Lookups that are made once for each row of a list: N + 1 statements in place of two."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pgadvisor.rulekit import (
    Case,
    Confidence,
    Evidence,
    Finding,
    GateState,
    Impact,
    ManualSteps,
    Outcome,
    PredicateKind,
    Provenance,
    RelationUsage,
    Severity,
    SkipRule,
    Statement,
    StatementKind,
    StatementOnTable,
    Table,
    finds_by_key,
    foreign_keys_of,
    format_count,
    format_ratio,
    qualified,
    quote_identifier,
    rule,
    share_of_time,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a lookup looks as if it were made for each row of a list."""

    min_share_ratio: float = 0.02
    """Share of the lookup in the workload's execution time, or in its calls."""

    min_calls_count: int = 10_000
    """Of the lookup; with fewer calls, equal numbers may be chance."""

    max_mean_time_ms: float = 1.0
    """Of the lookup; what takes longer has other troubles first."""

    max_rows_per_call_count: float = 100.0
    """That the lookup returns, on average."""

    min_list_rows_per_call_count: float = 5.0
    """That the list returns, on average."""

    max_deviation_ratio: float = 0.1
    """By which the calls of the lookup may differ from the rows of the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suspicion:
    """A lookup, and the list that it may be made for."""

    table: Table
    column: str
    lookup: Statement
    list_table: Table
    list: Statement

    @property
    def deviation_ratio(self) -> float:
        """How far calls and rows are apart."""
        return abs(self.lookup.calls - self.list.rows) / max(self.list.rows, 1)


@rule(severity=Severity.WARNING, since="0.1", limits=Limits, requires=("statements",))
def row_by_row_lookup(case: Case, limits: Limits) -> Outcome:
    """A lookup seems to run once for each row of a list (N+1).

    ## Why it matters
    A page shows fifty orders, and for each of them the application asks for its customer: one
    statement and fifty more.  Each is fast, but each is a round trip, and the page waits for all
    of them in turn.  One statement for all fifty takes hardly longer than one for one.

    ## What it leaves alone
    Lookups that no foreign key connects with a list; whose calls are not about as many as the
    list returned rows; that another role makes; that lock their row; that take several values
    already; that run inside functions; and those with little share in the time and in the calls.

    ## Before you act
    It is a suspicion: the server does not count which statement follows on which, and equal
    numbers can be chance.  Look at the statements of one request, in the application's log or in
    a trace, before you change anything.

    ## Example
        SELECT * FROM customers WHERE id = $1;
        SELECT * FROM customers WHERE id = ANY ($1);
    """
    eviction = case.gates.gate("eviction")
    if eviction.state is GateState.CLOSED:
        # Entries that come and go do not count the same calls.
        raise SkipRule(eviction.detail)
    lists = _lists(case, limits)
    calls = sum(statement.calls for statement in case.snapshot.statements)
    groups: dict[tuple[Table, str], list[_Suspicion]] = defaultdict(list)
    for table, use in case.uses():
        share = max(case.share_of(use.statement), use.statement.calls / max(calls, 1))
        if share < limits.min_share_ratio or not _is_lookup(use, limits):
            continue
        found = min(
            _suspicions(case, table, use, lists),
            key=lambda suspicion: suspicion.deviation_ratio,
            default=None,
        )
        if found is not None and found.deviation_ratio <= limits.max_deviation_ratio:
            groups[table, found.column].append(found)
    for suspicions in groups.values():
        yield _finding(case, suspicions)


def _lists(case: Case, limits: Limits) -> Mapping[int, list[StatementOnTable]]:
    """Statements that return several rows of a table, by the table's OID."""
    found: dict[int, list[StatementOnTable]] = defaultdict(list)
    for table, use in case.uses():
        statement, relation = use.statement, use.relation
        if (
            _is_plain_select(use)
            and relation.query_level == 0
            and not relation.group_columns
            and not relation.group_expressions
            and statement.rows >= limits.min_list_rows_per_call_count * statement.calls
        ):
            found[table.oid].append(use)
    return found


def _is_plain_select(use: StatementOnTable) -> bool:
    return (
        use.usage.kind is StatementKind.SELECT
        and use.statement.source == "pg_stat_statements"
        and use.statement.is_top_level
        and use.statement.calls > 0
        and use.relation.lock_strength is None
    )


def _is_lookup(use: StatementOnTable, limits: Limits) -> bool:
    statement = use.statement
    return (
        _is_plain_select(use)
        and len(use.usage.relations) == 1
        and statement.calls >= limits.min_calls_count
        and statement.mean_time_ms <= limits.max_mean_time_ms
        and statement.rows <= limits.max_rows_per_call_count * statement.calls
    )


def _suspicions(
    case: Case, table: Table, lookup: StatementOnTable, lists: Mapping[int, list[StatementOnTable]]
) -> Iterator[_Suspicion]:
    for column, list_table in _connected(case, table, lookup.relation):
        for use in lists.get(list_table.oid, ()):
            reads_it_too = any(r.table_oid == table.oid for r in use.usage.relations)
            if reads_it_too or not _same_role(lookup.statement, use.statement):
                continue
            yield _Suspicion(
                table=table,
                column=column,
                lookup=lookup.statement,
                list_table=list_table,
                list=use.statement,
            )


def _connected(case: Case, table: Table, relation: RelationUsage) -> Iterator[tuple[str, Table]]:
    """Tables whose rows lead to the lookup by a column: by its foreign key, or by theirs."""
    tables = case.catalog.tables
    columns = {
        (predicate.column,)
        for predicate in relation.predicates
        if predicate.kind is PredicateKind.EQUALITY
        and predicate.parameter is not None
        and not predicate.is_optional
    }
    for key in foreign_keys_of(case, table):
        referenced = tables.get(key.referenced_table_oid or 0)
        if key.columns in columns and referenced is not None:
            yield key.columns[0], case.catalog.root_of(referenced)
    if not finds_by_key(case, table, relation):
        return
    for key in case.catalog.foreign_keys_to[table.oid]:
        if key.referenced_columns in columns and key.table_oid in tables:
            yield key.referenced_columns[0], case.catalog.root_of(tables[key.table_oid])


def _same_role(first: Statement, second: Statement) -> bool:
    if not first.roles or not second.roles:
        return True
    return bool({*first.roles} & {*second.roles})


def _finding(case: Case, suspicions: list[_Suspicion]) -> Finding:
    first = suspicions[0]
    subject = f"{first.table.qualified_name}.{first.column}"
    lookup, rows = first.lookup, first.list.rows
    per_call = format_count(lookup.calls / first.list.calls)
    return Finding(
        subject=subject,
        summary=f"A lookup by {subject} ran {format_count(lookup.calls)} times, about once for "
        f"each of the {format_count(rows)} rows of a list of {first.list_table.qualified_name}",
        detail=f"For each call of the list there are {per_call} lookups.  The server does not "
        "count which statement follows on which: check it with the statements of one request.",
        evidence=tuple(_evidence(case, first)),
        provenance=Provenance.STATISTICS,
        confidence=Confidence.MEDIUM,
        guards=(
            "a foreign key connects the two tables",
            "the list does not read the looked-up table",
            "the same role runs both, as far as it is known",
        ),
        remedies=(_remedy(first),),
        impact=Impact(risk="each list waits for as many round trips as it has rows"),
        statement_ids=tuple(
            dict.fromkeys(
                (
                    *(suspicion.lookup.id for suspicion in suspicions),
                    *(suspicion.list.id for suspicion in suspicions),
                )
            )
        ),
    )


def _evidence(case: Case, first: _Suspicion) -> Iterator[Evidence]:
    yield Evidence(
        name="calls of the lookup",
        value=first.lookup.calls,
        unit="calls",
        source="pg_stat_statements.calls",
    )
    yield Evidence(
        name="rows that the list returned",
        value=first.list.rows,
        unit="rows",
        source="pg_stat_statements.rows",
    )
    yield Evidence(
        name="calls of the list",
        value=first.list.calls,
        unit="calls",
        source="pg_stat_statements.calls",
    )
    yield share_of_time(case.share_of(first.lookup))
    yield Evidence(
        name="how far calls and rows differ",
        value=format_ratio(first.deviation_ratio),
        source="pg_stat_statements.calls, rows",
    )


def _remedy(first: _Suspicion) -> ManualSteps:
    name = qualified(first.table.schema, first.table.name)
    column = quote_identifier(first.column)
    return ManualSteps(
        title=f"Look up the rows of {first.table.qualified_name} at once",
        steps=(
            (
                "Find the place in the code that runs both statements, and see in the log or in a "
                "trace that the lookup is in a loop over the rows of the list."
            ),
            (
                f"Collect the values and ask once: `... FROM {name} WHERE {column} = ANY ($1)`; "
                "or join the table in the list itself."
            ),
            (
                "An ORM does it when it is told to load the association with the list: `includes` "
                "in Rails, `select_related` or `prefetch_related` in Django, `selectinload` in "
                "SQLAlchemy, a batching loader in GraphQL."
            ),
        ),
    )
