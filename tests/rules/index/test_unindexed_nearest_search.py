"""unindexed-nearest-search."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgadvisor.model.action import ManualSteps
from pgadvisor.model.schema import IndexKey, RelationKind, Table
from pgadvisor.testing import (
    Outcome,
    SnapshotPart,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    column_statistics,
    diagnose,
)

RULE = "unindexed-nearest-search"
TEXTS = a_table(
    "texts", "id bigint not null", "tenant_id bigint", "embedding vector(768)", rows=50_000
)
FIND = a_statement("select id from texts order by embedding <=> $1 limit 10")


def run(*objects: SnapshotPart, table: Table = TEXTS) -> Outcome:
    return diagnose(RULE, a_snapshot(table, *(objects or (FIND,))))


def an_ann_index(method: str, operator_class: str, **fields: object) -> SnapshotPart:
    key = IndexKey(
        column="embedding", operator_class=operator_class, is_default_operator_class=False
    )
    return replace(an_index(TEXTS, key, access_method=method), **fields)  # type: ignore[arg-type]  # fields by their names


def steps(outcome: Outcome) -> tuple[str, ...]:
    [finding] = outcome.findings
    [action] = finding.remedies
    assert isinstance(action, ManualSteps)
    return action.steps


def test_reports_a_search_that_computes_every_distance() -> None:
    [finding] = run().findings

    assert finding.key == "unindexed-nearest-search:public.texts.embedding:<=>"
    assert finding.summary == (
        "The nearest of 50,000 vectors of public.texts.embedding are found by <=> over every row: "
        "50 ms a call, 100 % of all time"
    )
    assert finding.statement_ids == (FIND.id,)
    create = 'CREATE INDEX CONCURRENTLY ON "public"."texts" USING hnsw'
    assert f'`{create} ("embedding" vector_cosine_ops)`.' in steps(run())


@pytest.mark.parametrize(
    ("operator", "operator_class"),
    [("<->", "vector_l2_ops"), ("<#>", "vector_ip_ops"), ("<+>", "vector_l1_ops")],
)
def test_takes_the_operator_class_of_the_distance(operator: str, operator_class: str) -> None:
    find = a_statement(f"select id from texts order by embedding {operator} $1 limit 10")

    assert any(operator_class in step for step in steps(run(find)))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("vector(2000)", '("embedding" vector_cosine_ops)'),
        ("vector(2001)", '(("embedding"::halfvec(2001)) halfvec_cosine_ops)'),
        ("halfvec(4000)", '("embedding" halfvec_cosine_ops)'),
        ("vector", "TYPE vector(n)"),
        ("vector(4001)", "4,000 dimensions at most"),
    ],
)
def test_tells_what_wide_vectors_need(kind: str, expected: str) -> None:
    table = a_table("texts", "id bigint not null", f"embedding {kind}", rows=50_000)

    assert any(expected in step for step in steps(run(table=table)))


SIMILAR = a_statement(
    "select id, 1 - (embedding <=> $1) as similarity from texts order by similarity desc limit 10"
)


def test_reports_an_order_by_similarity_that_no_index_serves() -> None:
    for_distance = an_ann_index("hnsw", "vector_cosine_ops")

    first, *others = steps(run(SIMILAR))
    [finding] = run(SIMILAR, for_distance).findings

    assert first.startswith('Order by `"embedding" <=> ...` itself, ascending')
    assert any("USING hnsw" in step for step in others)
    assert finding.key == "unindexed-nearest-search:public.texts.embedding:<=>"
    assert steps(run(SIMILAR, for_distance)) == (
        first,
        "Compare what both find: the index that is there finds nearly the same rows.",
    )


def test_names_only_the_statements_that_an_index_does_not_serve() -> None:
    [finding] = run(FIND, SIMILAR, an_ann_index("hnsw", "vector_cosine_ops")).findings

    assert finding.statement_ids == (SIMILAR.id,)


def test_leaves_alone_an_order_by_the_farthest() -> None:
    find = a_statement("select id from texts order by 1 - (embedding <=> $1) limit 10")

    assert run(find).is_clear


def test_rows_one_too_few_are_searched_fast_enough() -> None:
    assert run(table=replace(TEXTS, rows=49_999, size_bytes=0)).is_clear


@pytest.mark.parametrize(("mean_time_ms", "count"), [(20.0, 1), (19.9, 0)])
def test_leaves_alone_what_is_fast(mean_time_ms: float, count: int) -> None:
    find = replace(FIND, mean_time_ms=mean_time_ms)

    assert len(run(find).findings) == count


def test_leaves_alone_statements_of_no_weight() -> None:
    assert run(FIND, a_statement("select 1", calls=FIND.calls * 200)).is_clear


def test_leaves_alone_a_column_with_an_index_for_the_distance() -> None:
    assert run(FIND, an_ann_index("hnsw", "public.vector_cosine_ops")).is_clear
    assert run(FIND, an_ann_index("ivfflat", "vector_cosine_ops")).is_clear


def test_reports_a_column_whose_index_is_for_another_distance_or_of_no_use() -> None:
    other = an_ann_index("hnsw", "vector_l2_ops")
    invalid = an_ann_index("hnsw", "vector_cosine_ops", is_valid=False)

    assert len(run(FIND, other).findings) == 1
    assert len(run(FIND, invalid).findings) == 1


def test_leaves_alone_a_search_among_few_rows() -> None:
    find = a_statement(
        "select id from texts where tenant_id = $1 order by embedding <=> $2 limit 10"
    )

    assert run(find, column_statistics(TEXTS, "tenant_id", n_distinct=2)).is_clear
    assert len(run(find, column_statistics(TEXTS, "tenant_id", n_distinct=1)).findings) == 1


@pytest.mark.parametrize(
    "text",
    [
        "select id from texts order by embedding <=> $1",
        "select id from texts order by id limit 10",
    ],
)
def test_leaves_alone_other_statements(text: str) -> None:
    assert run(a_statement(text)).is_clear


def test_leaves_alone_other_types() -> None:
    table = a_table("texts", "id bigint not null", "embedding point", rows=50_000)

    assert run(table=table).is_clear


def test_builds_a_partitioned_one_part_by_part() -> None:
    parent = replace(TEXTS, kind=RelationKind.PARTITIONED_TABLE, rows=0, size_bytes=0)
    part = a_table(
        "texts_1",
        "id bigint not null",
        "embedding vector(768)",
        rows=60_000,
        parent_oids=(parent.oid,),
        is_partition=True,
    )

    assert "Build it on each partition, and attach it." in steps(run(FIND, part, table=parent))


def test_is_skipped_where_no_statement_is_known() -> None:
    assert diagnose(RULE, a_snapshot(TEXTS)).reasons == (
        "no statement was recorded, and no workload files were given",
    )
