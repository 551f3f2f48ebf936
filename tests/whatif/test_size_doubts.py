"""A size says what is not known of it."""

from __future__ import annotations

from dataclasses import replace

from pgadvisor.whatif.twin.sizes.entry_width import KeyStatistics
from pgadvisor.whatif.twin.sizes.index_facts import IndexColumn, IndexFacts
from pgadvisor.whatif.twin.sizes.index_size import IndexShape, btree_size
from pgadvisor.whatif.twin.sizes.key_shares import equal_shares, joined, placed
from pgadvisor.whatif.twin.sizes.size_doubts import SizedIndex, size_doubts

ROWS = 100_000
FIRST = KeyStatistics(width_bytes=4, shares=equal_shares(2_000))
SECOND = KeyStatistics(width_bytes=4, shares=equal_shares(3_000))
INDEPENDENT = joined(FIRST.shares, placed(SECOND.shares, 1))


def column(name: str, expression: str = "") -> IndexColumn:
    return IndexColumn(
        name=name or "expr",
        table_column=name,
        expression=expression,
        type_name="integer",
        length_bytes=4,
        alignment_bytes=4,
        operator_class="int4_ops",
        options={},
    )


def sized(shape: IndexShape, *columns: IndexColumn) -> SizedIndex:
    facts = IndexFacts(
        schema="public",
        name="i",
        oid=2,
        table_oid=1,
        path="base/1/2",
        access_method="btree",
        predicate=None,
        key_count=len(columns),
        may_deduplicate=True,
        options={},
        columns=columns,
    )
    return SizedIndex(facts=facts, shape=shape, pages=btree_size(shape).pages)


def two_columns(**fields: object) -> IndexShape:
    shape = IndexShape(
        access_method="btree",
        rows=ROWS,
        keys=(FIRST, SECOND),
        shares=INDEPENDENT,
        least_shares=SECOND.shares,
    )
    return replace(shape, **fields)  # type: ignore[arg-type]  # fields by their names


def test_tells_how_small_it_may_be_if_columns_depend_on_each_other() -> None:
    [doubt] = size_doubts([sized(two_columns(), column("a"), column("b"))])

    assert doubt == (
        "its size is from 736 kB to 2.15 MB: how often the values of a and b go together "
        "would be known by extended statistics (ndistinct)"
    )


def test_adds_the_parts_of_a_partitioned_table_up() -> None:
    part = sized(two_columns(), column("a"), column("b"))

    [doubt] = size_doubts([part, part])

    assert "from 1.44 MB to 4.3 MB" in doubt


def test_has_no_doubt_where_combinations_are_known_or_do_not_matter() -> None:
    names = column("a"), column("b")

    assert size_doubts([sized(two_columns(least_shares=None), *names)]) == ()
    assert size_doubts([sized(two_columns(may_deduplicate=False), *names)]) == ()
    assert size_doubts([sized(two_columns(shares=equal_shares(3_010)), *names)]) == ()
    assert size_doubts([]) == ()


def test_names_expressions_without_statistics() -> None:
    unknown = replace(FIRST, is_known=False, is_variable=True, width_bytes=16)
    shape = IndexShape(access_method="btree", rows=ROWS, keys=(unknown,))

    assert size_doubts([sized(shape, column("", "(a ->> 'b'::text)"))]) == (
        "its size is a guess: there are no statistics of (a ->> 'b'::text)",
    )
