"""One index in the place of two."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.schema import IndexKey
from pgadvisor.propose.merges import merged
from pgadvisor.propose.options import DEFAULTS, ProposalKind, ProposalOptions
from pgadvisor.sqltext.index import describe_keys
from pgadvisor.testing import SnapshotObject, a_statement, an_index, column_statistics
from tests.propose.jobs import COVERING, JOBS, KEYS, MERGES, candidates, proposed

BY_STATUS = "SELECT * FROM jobs WHERE tenant_id = $1 AND status > $2"
BY_TIME = "SELECT * FROM jobs WHERE tenant_id = $1 AND created_at > $2"
PLAIN = KEYS | MERGES


def index(*keys: str | IndexKey, include: tuple[str, ...] = (), **fields: str) -> IndexDefinition:
    return IndexDefinition(
        table_oid=JOBS.oid,
        schema="public",
        table="jobs",
        keys=tuple(IndexKey(column=key) if isinstance(key, str) else key for key in keys),
        include=include,
        **fields,  # type: ignore[arg-type]
    )


def joined(
    first: IndexDefinition, second: IndexDefinition, options: ProposalOptions = DEFAULTS
) -> str | None:
    found = merged(first, second, options)
    return None if found is None else describe_keys(found)


def test_the_keys_of_the_first_come_first() -> None:
    assert joined(index("a", "b"), index("a", "c")) == "(a, b, c)"
    assert joined(index("a", "c"), index("a", "b")) == "(a, c, b)"


def test_what_is_included_stays_included() -> None:
    assert joined(index("a", include=("d",)), index("a", "b", include=("c",))) == (
        "(a, b) INCLUDE (c, d)"
    )


def test_a_column_is_no_key_and_included_too() -> None:
    assert joined(index("a", include=("b",)), index("a", "b")) is None, "that is the second"
    assert joined(index("a", "c", include=("b",)), index("a", "b")) == "(a, c, b)"


def test_keys_that_are_too_many_are_included() -> None:
    first, second = index("a", "b", "c"), index("a", "d", "e")

    assert joined(first, second) == "(a, b, c, d) INCLUDE (e)"
    assert joined(first, second, ProposalOptions(include=False)) is None


def test_an_index_within_the_other_only_adds_what_it_includes() -> None:
    assert joined(index("a", "b"), index("b", include=("c",))) == "(a, b) INCLUDE (c)"


def test_indexes_that_begin_differently_are_no_pair() -> None:
    assert joined(index("a", "b"), index("c", "b")) is None
    assert joined(index("a"), index("b", "a")) is None


def test_other_rows_methods_and_operator_classes_are_no_pair() -> None:
    by_pattern = IndexKey(
        column="a", operator_class="text_pattern_ops", is_default_operator_class=False
    )

    assert joined(index("a", "b"), index("a", "c", predicate="d IS NULL")) is None
    assert joined(index("a", "b"), index("a", "c", access_method="gin")) is None
    assert joined(index("a", "b"), index(by_pattern, "c")) is None


def test_an_expression_is_no_column_to_include() -> None:
    expression = IndexKey(column=None, expression="lower(e)")

    assert joined(index("a", "b"), index("a", expression)) == "(a, b, (lower(e)))"
    assert joined(index("a", "b", "c", "d"), index("a", expression)) is None


columns = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True)
included = st.lists(st.sampled_from("abcdefgh"), max_size=3, unique=True)


@given(columns, included, columns, included)
def test_a_merge_begins_with_the_first_and_holds_both(
    keys: list[str], include: list[str], other_keys: list[str], other_include: list[str]
) -> None:
    first = index(*keys, include=tuple(name for name in include if name not in keys))
    second = index(
        *other_keys, include=tuple(name for name in other_include if name not in other_keys)
    )

    found = merged(first, second, DEFAULTS)

    if found is None:
        return
    held = (*found.key_columns, *found.include)
    assert found.keys[: len(first.keys)] == first.keys
    assert set(held) == {*keys, *include, *other_keys, *other_include}
    assert len(held) == len(set(held)) <= DEFAULTS.max_covering_columns
    assert len(found.keys) <= max(DEFAULTS.max_keys, len(first.keys))
    assert found not in {first, second}


def test_merges_what_two_statements_ask_for() -> None:
    found = candidates((BY_STATUS, BY_TIME), kinds=PLAIN)

    by_text = {describe_keys(c.definition): c for c in found}
    one = by_text["(tenant_id, status, created_at)"]
    assert one.reason == "(tenant_id, status) and (tenant_id, created_at) in one"
    assert one.statement_ids == ("s1", "s2")
    assert "(tenant_id, created_at, status)" in by_text


def test_one_statement_s_candidates_are_not_merged() -> None:
    assert "(tenant_id, status, created_at)" not in proposed(BY_STATUS, kinds=PLAIN)
    both = f"{BY_STATUS} OR created_at > $3"
    assert not any("in one" in c.reason for c in candidates(both, kinds=frozenset(ProposalKind)))


COUNT = (
    "SELECT status, code, count(*) FROM jobs WHERE tenant_id = $1 AND created_at > $2"
    " GROUP BY status, code"
)
PAGE = "SELECT * FROM jobs WHERE tenant_id = $1 AND (created_at, id) < ($2, $3)"
FINISH = "UPDATE jobs SET code = $1 WHERE id = $2"


def covering_count(update_calls: int, *objects: SnapshotObject) -> list[str]:
    """Indexes on two ideas in one that hold all that the count needs, by calls of the update."""
    calls = (100, 100, update_calls)
    found = candidates(
        (COUNT, PAGE, FINISH),
        *(a_statement("", id=f"s{number}", calls=count) for number, count in enumerate(calls, 1)),
        *objects,
    )
    return [
        describe_keys(one.definition)
        for one in found
        if {"tenant_id", "created_at", "status", "code"}
        <= {*one.definition.key_columns, *one.definition.include}
        and ("in one" in one.reason or "widened" in one.reason)
    ]


def test_two_in_one_cover_no_statement_by_accident_whose_columns_are_set_often() -> None:
    by_time = an_index(JOBS, "tenant_id", "created_at", name="by_time")
    by_code = an_index(JOBS, "tenant_id", "created_at", "code", "status", name="by_code")

    assert covering_count(10, by_time) != [], "the code is set once in ten counts"
    assert covering_count(11, by_time) == []
    assert covering_count(11, by_code) != [], "that one has to be kept up already"


def test_a_merge_that_is_too_wide_is_none() -> None:
    reading = (
        "SELECT name FROM jobs WHERE tenant_id = $1",
        "SELECT digest FROM jobs WHERE tenant_id = $1",
    )
    for width_bytes, count in ((96, True), (97, False)):
        widths = [
            column_statistics(JOBS, name, average_width_bytes=width_bytes)
            for name in ("name", "digest")
        ]
        found = proposed(reading, *widths, kinds=COVERING | MERGES)
        assert ("(tenant_id) INCLUDE (digest, name)" in found) is count
