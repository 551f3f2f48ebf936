"""Proof that dropping indexes slows nothing down."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from types import TracebackType
from typing import Self

from pgadvisor.choose.drops import check_drops
from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.candidate import WeightedStatement
from pgadvisor.model.estimate import Fidelity
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.testing import a_table, an_index
from pgadvisor.whatif.backend import AS_IS, Built, Configuration, NotBuilt, NotPlanned

ORDERS = a_table("orders")
A, B = an_index(ORDERS, "status", name="a"), an_index(ORDERS, "status", "id", name="b")
OTHER = an_index(ORDERS, "note")
STATEMENT = WeightedStatement(
    id="7",
    text="q",
    calls_per_day=1.0,
    mean_time_ms=1.0,
    columns=frozenset({(ORDERS.oid, "status")}),
)


def a_plan(cost: float, *indexes: str) -> Plan:
    """A plan that reads these indexes, one under another."""
    root = PlanNode(node_type="Result", total_cost=cost)
    for name in indexes:
        root = PlanNode(node_type="Index Scan", total_cost=cost, index_name=name, children=(root,))
    return Plan(root=root)


class Stated:
    """A planner that says of each set of dropped indexes what it is told to say."""

    def __init__(self, answer: Callable[[frozenset[int]], Plan | NotPlanned]) -> None:
        self._answer = answer
        self.call_count = 0

    def fidelity(self) -> Fidelity:
        """It is no planner of a server's, and compares with none."""
        return Fidelity(twin_version="stated", original_version="stated")

    def build(self, definitions: Sequence[IndexDefinition]) -> tuple[Built | NotBuilt, ...]:
        """It has no room for new indexes."""
        return tuple(NotBuilt(definition=one, reason="not stated") for one in definitions)

    def plan(
        self,
        statement: str,  # noqa: ARG002  (every statement has the same plans)
        configuration: Configuration = AS_IS,
    ) -> Plan | NotPlanned:
        """What it is told to say, whatever the statement."""
        self.call_count += 1
        return self._answer(configuration.drop)

    def plans(
        self, questions: Sequence[tuple[str, Configuration]]
    ) -> tuple[Plan | NotPlanned, ...]:
        """One after the other."""
        return tuple(self.plan(statement, configuration) for statement, configuration in questions)

    def rebuilt_sizes(self, oids: Collection[int]) -> None:
        """It has no model of them."""

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """There is nothing to stop."""


def test_lets_go_what_no_statement_gets_dearer_without() -> None:
    check = check_drops([A, OTHER], [STATEMENT], Stated(lambda _: a_plan(100.0, "a")))

    assert check.harmless == {A.oid, OTHER.oid}
    assert check.checked == {A.oid: 1, OTHER.oid: 0}


def test_keeps_what_the_plan_reads_and_tries_the_rest_again() -> None:
    backend = Stated(lambda gone: a_plan(150.0) if A.oid in gone else a_plan(100.0, "a"))

    check = check_drops([A, B], [STATEMENT], backend)

    assert check.harmless == {B.oid}
    assert check.refused == {A.oid: "without it statement 7 would cost 150 % of what it does"}


def test_one_of_two_stays_where_only_both_together_are_missed() -> None:
    backend = Stated(lambda gone: a_plan(150.0 if gone == {A.oid, B.oid} else 100.0, "a"))

    check = check_drops([A, B], [STATEMENT], backend)

    assert check.harmless == {B.oid}


def test_keeps_what_no_plan_reads_but_a_statement_is_dearer_without() -> None:
    """A unique index tells that rows are unique; of a partitioned one the parts are read."""
    backend = Stated(lambda gone: a_plan(150.0 if B.oid in gone else 100.0))

    check = check_drops([A, B], [STATEMENT], backend)

    assert check.harmless == {A.oid}


def test_keeps_all_where_nobody_can_tell_which_is_missed() -> None:
    backend = Stated(lambda gone: a_plan(150.0 if gone == {A.oid, B.oid} else 100.0))

    assert check_drops([A, B], [STATEMENT], backend).harmless == frozenset()


def test_a_hundredth_more_is_no_dearer() -> None:
    backend = Stated(lambda gone: a_plan(101.0 if gone else 100.0, "a"))
    dearer = Stated(lambda gone: a_plan(101.1 if gone else 100.0, "a"))

    assert check_drops([A], [STATEMENT], backend).harmless == {A.oid}
    assert check_drops([A], [STATEMENT], dearer).harmless == frozenset()


def test_nothing_is_shown_by_a_statement_that_cannot_be_planned() -> None:
    backend = Stated(lambda _: NotPlanned(reason="no such function"))

    check = check_drops([A], [STATEMENT], backend)

    assert check.refused == {A.oid: "not checked on statement 7: no such function"}


def test_an_index_with_an_equal_needs_no_plan_to_show_it() -> None:
    backend = Stated(lambda _: NotPlanned(reason="no such function"))

    check = check_drops([A, B], [STATEMENT], backend, proven=frozenset({A.oid}))

    assert check.harmless == {A.oid}
