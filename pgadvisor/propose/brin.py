"""BRIN indexes: large tables whose rows lie in the order of a column."""

from __future__ import annotations

from collections.abc import Iterator

from pgadvisor.model.schema import IndexKey
from pgadvisor.propose.shape import Shape
from pgadvisor.propose.site import Site
from pgadvisor.units import MiB

MIN_TABLE_BYTES = 100 * MiB
"""A smaller table is read, or has a btree, at hardly any expense."""
MIN_CORRELATION = 0.95


def brin_shapes(site: Site) -> Iterator[Shape]:
    """Yield a BRIN index for each range on a column that the rows are ordered by."""
    if site.facts.size_bytes <= MIN_TABLE_BYTES:
        return
    for column in site.ranges:
        statistics = site.facts.statistics(column)
        correlation = statistics.correlation if statistics is not None else None
        if correlation is not None and abs(correlation) >= MIN_CORRELATION:
            key = IndexKey(column=column)
            reason = f"range on {column}, by which the rows are ordered"
            yield Shape(
                keys=(key,), access_method="brin", reason=reason, stand_ins=(("btree", key),)
            )
