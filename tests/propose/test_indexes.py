"""Candidates from what statements do to columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pgadvisor.config import GateLimits
from pgadvisor.model.candidate import Candidate
from pgadvisor.model.catalog import Catalog
from pgadvisor.model.schema import RelationKind, Table
from pgadvisor.model.usage import (
    JoinPredicate,
    Predicate,
    PredicateKind,
    RelationUsage,
    SortKey,
    StatementKind,
    StatementUsage,
    WrappedPredicate,
)
from pgadvisor.propose.indexes import propose_indexes
from pgadvisor.sqltext.index import definition_sql
from pgadvisor.testing import SnapshotObject, a_snapshot, a_table, an_index, column_statistics
from pgadvisor.units import GiB, MiB

JOBS = a_table(
    "jobs",
    "id bigint",
    "tenant_id bigint",
    "status text",
    "created_at timestamptz",
    "deleted_at timestamptz",
    rows=1_000_000,
    size_bytes=GiB,
)


def equal(column: str, literal: str | None = None) -> Predicate:
    return Predicate(column=column, kind=PredicateKind.EQUALITY, literal=literal, parameter=1)


def used(table: Table = JOBS, **what: Any) -> StatementUsage:  # noqa: ANN401  (any field)
    relation = replace(RelationUsage(table_oid=table.oid, alias="j"), **what)
    return StatementUsage(statement_id="s", kind=StatementKind.SELECT, relations=(relation,))


def proposed(usage: StatementUsage, *objects: SnapshotObject) -> tuple[Candidate, ...]:
    tables = () if any(isinstance(o, Table) for o in objects) else (JOBS,)
    catalog = Catalog(a_snapshot(*tables, *objects))
    return propose_indexes(catalog, (usage,), GateLimits())


def keys(candidates: tuple[Candidate, ...]) -> set[str]:
    return {definition_sql(candidate.definition) for candidate in candidates}


def test_puts_equality_before_the_sort_order() -> None:
    usage = used(
        predicates=(equal("status"),),
        sort_keys=(SortKey(column="created_at"),),
        is_sort_complete=True,
        has_limit=True,
    )

    candidates = proposed(usage)

    assert keys(candidates) == {'("status", "created_at")', '("status")'}
    assert candidates[0].reason == "equality on status, order by created_at"


def test_puts_a_range_after_equality() -> None:
    later = Predicate(column="created_at", kind=PredicateKind.RANGE, operator=">")

    candidates = proposed(used(predicates=(later, equal("tenant_id"))))

    assert '("tenant_id", "created_at")' in keys(candidates)
    assert '("created_at", "tenant_id")' not in keys(candidates)


def test_reads_a_descending_order_backwards() -> None:
    usage = used(
        sort_keys=(SortKey(column="created_at", is_descending=True, nulls_first=True),),
        is_sort_complete=True,
        has_limit=True,
    )

    assert keys(proposed(usage)) == {'("created_at")'}


def test_keeps_mixed_directions() -> None:
    usage = used(
        sort_keys=(
            SortKey(column="tenant_id"),
            SortKey(column="created_at", is_descending=True, nulls_first=True),
        ),
        is_sort_complete=True,
    )

    assert '("tenant_id", "created_at" DESC)' in keys(proposed(usage))


def test_proposes_join_columns_with_and_without_the_conditions() -> None:
    join = JoinPredicate(column="tenant_id", other_relation=1, other_column="id")

    candidates = proposed(used(joins=(join,), predicates=(equal("status"),)))

    assert {'("tenant_id", "status")', '("tenant_id")', '("status")'} <= keys(candidates)


def test_proposes_an_index_on_the_expression_of_a_wrapped_column() -> None:
    wrapped = WrappedPredicate(
        column="status", expression="lower(status)", wrapper="lower", operator="="
    )

    assert keys(proposed(used(wrapped=(wrapped,)))) == {"((lower(status)))"}


def test_proposes_no_index_on_an_expression_with_a_parameter_in_it() -> None:
    wrapped = WrappedPredicate(
        column="status", expression="status ->> $1", wrapper="->>", operator="="
    )

    assert keys(proposed(used(wrapped=(wrapped,)))) == set()


def test_proposes_a_partial_index_for_a_rare_constant_condition() -> None:
    rare = column_statistics(
        JOBS, "status", most_common_values=("done", "new"), most_common_ratios=(0.97, 0.03)
    )
    usage = used(predicates=(equal("status", "'new'"), equal("tenant_id")))

    assert '("tenant_id") WHERE "status" = \'new\'' in keys(proposed(usage, rare))


def test_proposes_no_partial_index_for_a_common_value() -> None:
    common = column_statistics(
        JOBS, "status", most_common_values=("done", "new"), most_common_ratios=(0.89, 0.11)
    )
    usage = used(predicates=(equal("status", "'new'"), equal("tenant_id")))

    assert not any("WHERE" in text for text in keys(proposed(usage, common)))


def test_proposes_one_index_each_below_an_or() -> None:
    predicates = (
        replace(equal("tenant_id"), is_optional=True),
        replace(equal("status"), is_optional=True),
    )

    assert keys(proposed(used(predicates=predicates))) == {'("tenant_id")', '("status")'}


def test_proposes_nothing_that_an_existing_index_serves() -> None:
    existing = an_index(JOBS, "status", "created_at")

    assert keys(proposed(used(predicates=(equal("status"),)), existing)) == set()


def test_leaves_small_tables_alone() -> None:
    small = replace(JOBS, size_bytes=8 * MiB - 1)

    assert proposed(used(small, predicates=(equal("status"),)), small) == ()


def test_proposes_on_the_parent_of_a_partition() -> None:
    parent = replace(JOBS, oid=1, name="all_jobs", kind=RelationKind.PARTITIONED_TABLE)
    part = replace(JOBS, parent_oids=(1,), is_partition=True)

    [candidate] = proposed(used(part, predicates=(equal("status"),)), parent, part)

    assert candidate.definition.table == "all_jobs"


def test_columns_that_more_statements_share_come_first() -> None:
    both = used(predicates=(equal("status"), equal("tenant_id")))
    one = replace(used(predicates=(equal("tenant_id"),)), statement_id="t")
    catalog = Catalog(a_snapshot(JOBS))

    candidates = propose_indexes(catalog, (both, one), GateLimits())

    assert '("tenant_id", "status")' in keys(candidates)
    shared = next(c for c in candidates if definition_sql(c.definition) == '("tenant_id")')
    assert shared.statement_ids == ("s", "t")
