"""The lanes of a twin work sizes out once for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.schema import IndexKey
from pgadvisor.whatif.twin.shared_sizes import FamilySize, PartSize, SharedSizes

A, B, C = (
    IndexDefinition(table_oid=1, schema="s", table="t", keys=(IndexKey(column=column),))
    for column in "abc"
)


class Model:
    """What works sizes out, and keeps which."""

    def __init__(self) -> None:
        self.asked: list[IndexDefinition] = []

    def work_out(self, definitions: Sequence[IndexDefinition]) -> list[FamilySize]:
        """As many pages as the letter of the only column has."""
        self.asked += definitions
        return [size(ord(definition.key_columns[0] or "")) for definition in definitions]


def size(pages: int) -> FamilySize:
    part = PartSize(pages=pages, rows=5, height=0, metapage=None)
    return FamilySize(parts={1: part})


def pages(sizes: Sequence[FamilySize]) -> list[int]:
    return [size.pages for size in sizes]


def test_a_lane_is_told_what_another_one_has_found() -> None:
    model, shared = Model(), SharedSizes(2)

    assert pages(shared.of((A, B), model.work_out)) == [97, 98]
    assert pages(shared.of((C, B, A), model.work_out)) == [99, 98, 97]
    assert model.asked == [A, B, C]


def test_lanes_that_ask_at_once_wait_for_each_other() -> None:
    model, shared = Model(), SharedSizes(4)

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: pages(shared.of((A, B, C), model.work_out)), range(4)))

    assert found == [[97, 98, 99]] * 4
    assert model.asked == [A, B, C]


def test_forgets_what_all_lanes_know() -> None:
    model, shared = Model(), SharedSizes(1)

    shared.of((A,), model.work_out)
    shared.of((A,), model.work_out)

    assert model.asked == [A, A]


def test_another_lane_tries_what_one_has_failed_at() -> None:
    def fail(_: Sequence[IndexDefinition]) -> list[FamilySize]:
        raise OSError("as it should")

    shared = SharedSizes(2)
    with pytest.raises(OSError, match="as it should"):
        shared.of((A,), fail)

    assert pages(shared.of((A,), Model().work_out)) == [97]
