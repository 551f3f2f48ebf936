"""Several questions in one round trip are answered as each is by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from pgadvisor.model.action import IndexDefinition
from pgadvisor.model.plan import Plan
from pgadvisor.model.schema import IndexKey
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.whatif.backend import AS_IS, Configuration, NotPlanned
from pgadvisor.whatif.twin import Twin, planner
from pgadvisor.whatif.twin.session import TwinServer
from tests.whatif.statements import STATEMENTS

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_hypopg")]

PARAMETERS = (
    "select * from orders where customer_id = $1 order by created_at desc limit $2",
    "select * from events where happened_at > $1",
    "update orders set status = $1 where id = $2",
)
WORKLOAD = STATEMENTS + PARAMETERS
BY_STATUS = "select * from orders where status = $1"
BY_NOTE = "select * from orders where note = $1"


@pytest.fixture(scope="module", params=["with generic plans", "with prepared statements"])
def original(request: pytest.FixtureRequest) -> Snapshot:
    """A shop of the newest major, and one of a major whose EXPLAIN takes no parameters."""
    newest = request.param == "with generic plans"
    shop: Snapshot = request.getfixturevalue("snapshot" if newest else "hypopg_snapshot")
    return shop


@pytest.fixture(scope="module")
def sets(original: Snapshot) -> tuple[Configuration, ...]:
    """The shop as it is, with two indexes, without one, and with other settings."""
    [orders] = [table for table in original.tables if table.name == "orders"]
    created = frozenset(
        IndexDefinition(
            table_oid=orders.oid,
            schema=orders.schema,
            table=orders.name,
            keys=(IndexKey(column=column),),
        )
        for column in ("status", "note")
    )
    [dropped] = [i.oid for i in original.indexes if i.name == "orders_customer"]
    return (
        AS_IS,
        Configuration(create=created),
        Configuration(drop=frozenset((dropped,))),
        Configuration(create=created, settings=(("enable_seqscan", "off"),)),
    )


@pytest.fixture
def new_twin(original: Snapshot, sets: Sequence[Configuration]) -> Iterator[Twin]:
    """A twin of the shop, which has the indexes and has planned nothing."""
    with Twin(original) as twin:
        for one in sets:
            twin.build(tuple(one.create))
        yield twin


@pytest.fixture
def round_trips(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that twins were sent."""
    sent: list[str] = []
    run_together = TwinServer.run_together

    def listen(server: TwinServer, text: str) -> object:
        sent.append(text)
        return run_together(server, text)

    monkeypatch.setattr(TwinServer, "run_together", listen)
    return sent


def test_the_plans_are_those_of_questions_asked_one_by_one(
    new_twin: Twin, sets: Sequence[Configuration]
) -> None:
    questions = [(statement, one) for statement in WORKLOAD for one in sets]
    one_by_one = [new_twin.plan(*question) for question in questions]
    new_twin._cache.clear()

    together = new_twin.plans(questions)

    assert all(isinstance(plan, Plan) for plan in together)
    assert list(together) == one_by_one


def test_statements_under_one_set_switch_to_it_once(
    new_twin: Twin, sets: Sequence[Configuration], round_trips: list[str]
) -> None:
    asked = (BY_STATUS, BY_NOTE, PARAMETERS[0], PARAMETERS[2])
    new_twin.plans([(statement, AS_IS) for statement in asked])
    round_trips.clear()

    new_twin.plans([(statement, sets[1]) for statement in asked])

    [text] = round_trips
    assert text.count("pgadvisor_twin.switch") == 1
    assert text.count("EXPLAIN") == len(asked)


def test_a_statement_that_is_refused_among_others_is_alone_without_a_plan(
    new_twin: Twin, sets: Sequence[Configuration]
) -> None:
    statements = (BY_STATUS, BY_NOTE, "select * from customers")
    new_twin.plans([(statement, AS_IS) for statement in statements])
    refusing = Configuration(create=sets[1].create, settings=(("no_such_setting", "on"),))

    outcomes = new_twin.plans(
        [(BY_STATUS, sets[1]), (BY_NOTE, refusing), ("select * from customers", sets[2])]
    )

    assert [type(outcome) for outcome in outcomes] == [Plan, NotPlanned, Plan]


def test_a_statement_that_was_slow_by_itself_is_not_asked_with_others(
    new_twin: Twin,
    sets: Sequence[Configuration],
    round_trips: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(planner, "_QUICK_SECONDS", 0.0)
    new_twin.plans([(BY_STATUS, AS_IS), (BY_NOTE, AS_IS)])
    round_trips.clear()

    new_twin.plans([(BY_STATUS, sets[1]), (BY_NOTE, sets[1])])

    assert [text.count("EXPLAIN") for text in round_trips] == [1, 1]


def test_what_comes_to_the_same_question_is_asked_once(
    new_twin: Twin, sets: Sequence[Configuration]
) -> None:
    new_twin.plan("select * from customers")
    before = new_twin.call_count

    plans = new_twin.plans([("select * from customers", one) for one in sets[:3]])

    assert plans[0] is plans[1] is plans[2]
    assert new_twin.call_count == before
