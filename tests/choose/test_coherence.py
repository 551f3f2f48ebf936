"""No recommendation contradicts another one."""

from __future__ import annotations

from dataclasses import replace

from pgadvisor.choose.coherence import coherent, contradictions
from pgadvisor.model.action import (
    Action,
    AddPrimaryKeyUsingIndex,
    CreateIndex,
    DropIndex,
    IndexDefinition,
    RebuildIndex,
)
from pgadvisor.model.advice import Recommendation
from pgadvisor.model.choice import Choice, SupersededIndex
from pgadvisor.model.finding import Confidence, Impact, Provenance, Severity
from pgadvisor.model.schema import Index, IndexKey
from pgadvisor.rulekit import Case
from pgadvisor.sqltext.index import index_name
from pgadvisor.testing import (
    SnapshotPart,
    a_case,
    a_foreign_key,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    index_activity,
)

CUSTOMERS = a_table("customers", "id bigint not null")
ORDERS = a_table("orders")
NARROW = an_index(ORDERS, "customer_id")
WIDE = an_index(ORDERS, "customer_id", "created_at")
KEY = a_foreign_key(ORDERS, "customer_id", CUSTOMERS)


def a_plan_of(*objects: SnapshotPart) -> Case:
    return a_case(a_snapshot(CUSTOMERS, ORDERS, *objects))


def drop(index: Index) -> DropIndex:
    return DropIndex(schema=index.schema, name=index.name, recreate_sql=index.definition)


def create(*columns: str, predicate: str | None = None) -> CreateIndex:
    index = IndexDefinition(
        table_oid=ORDERS.oid,
        schema="public",
        table="orders",
        keys=tuple(IndexKey(column=column) for column in columns),
        predicate=predicate,
    )
    return CreateIndex(index=index, name=index_name(index))


def found(
    actions: list[Action], case: Case, choice: Choice | None = None
) -> list[tuple[Action, str]]:
    return [(c.action, c.reason) for c in contradictions(actions, case, choice or Choice())]


def recommendation(*actions: Action) -> Recommendation:
    return Recommendation(
        title="Do it",
        actions=actions,
        finding_keys=("a-rule:x",),
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        provenance=Provenance.CATALOG,
        impact=Impact(),
    )


def test_a_plan_that_is_in_agreement_with_itself_stays_as_it_is() -> None:
    case = a_plan_of(NARROW, WIDE, KEY)
    made = (recommendation(drop(NARROW)), recommendation(create("status")))

    assert found([drop(NARROW), create("status")], case) == []
    assert coherent(made, case, Choice()) == made


def test_no_index_is_dropped_that_another_finding_creates() -> None:
    assert found([drop(WIDE), create("customer_id")], a_plan_of(WIDE)) == [
        (
            drop(WIDE),
            "another finding asks for an index on public.orders (customer_id), and this one is it",
        ),
        (
            create("customer_id"),
            "public.orders_customer_id_created_at_idx, which another finding drops, holds the same",
        ),
    ]


def test_an_index_may_go_for_a_wider_one() -> None:
    assert found([drop(NARROW), create("customer_id", "created_at")], a_plan_of(NARROW)) == []


def test_what_is_not_valid_may_go_for_a_new_one_like_it() -> None:
    invalid = replace(NARROW, is_valid=False)

    assert found([drop(invalid), create("customer_id")], a_plan_of(invalid, KEY)) == []


def test_of_a_redundant_pair_one_stays() -> None:
    assert found([drop(NARROW), drop(WIDE)], a_plan_of(NARROW, WIDE)) == [
        (drop(WIDE), "it does the work of public.orders_customer_id_idx, which goes")
    ]


def test_of_two_equal_ones_one_stays() -> None:
    again = an_index(ORDERS, "customer_id", name="again")
    case = a_plan_of(NARROW, again, index_activity(again, scans=3))

    assert found([drop(NARROW), drop(again)], case) == [
        (drop(again), "it does the work of public.orders_customer_id_idx, which goes")
    ]


def test_both_of_a_pair_may_go_where_a_third_or_a_new_one_does_their_work() -> None:
    widest = an_index(ORDERS, "customer_id", "created_at", "status")
    new = create("customer_id", "created_at", "status")

    assert found([drop(NARROW), drop(WIDE)], a_plan_of(NARROW, WIDE, widest)) == []
    assert found([drop(NARROW), drop(WIDE), new], a_plan_of(NARROW, WIDE)) == []


def test_what_a_new_index_makes_useless_stays_where_that_does_not_come() -> None:
    row = SupersededIndex(index_oid=NARROW.oid, by=("orders_new",), size_bytes=1)
    choice, case = Choice(superseded=(row,)), a_plan_of(NARROW)

    assert found([drop(NARROW)], case, choice) == [
        (drop(NARROW), "orders_new, which takes its place, is not in the migration")
    ]
    heir = replace(create("customer_id", "status"), name="orders_new")
    assert found([drop(NARROW), heir], case, choice) == []
    assert found([drop(NARROW), create("customer_id", "created_at")], case, choice) == []


def test_a_foreign_key_keeps_an_index() -> None:
    reason = "the foreign key orders_customer_id_fkey would be left without an index"

    assert found([drop(NARROW)], a_plan_of(NARROW, KEY)) == [(drop(NARROW), reason)]
    assert found([drop(NARROW)], a_plan_of(NARROW)) == []
    assert found([drop(NARROW), create("customer_id", "status")], a_plan_of(NARROW, KEY)) == []


def test_of_several_that_a_foreign_key_could_go_by_the_one_that_is_read_stays() -> None:
    other = an_index(ORDERS, "customer_id", "status")
    third = an_index(ORDERS, "customer_id", "note")
    case = a_plan_of(other, third, KEY, index_activity(third, scans=5))

    assert [action for action, _ in found([drop(other), drop(third)], case)] == [drop(third)]


def test_on_conflict_keeps_its_unique_index() -> None:
    unique = an_index(ORDERS, "status", "customer_id", is_unique=True)
    text = "insert into orders (id) values ($1) on conflict (customer_id, status) do nothing"
    statement = a_statement(text)

    assert found([drop(unique)], a_plan_of(unique, statement)) == [
        (drop(unique), f"ON CONFLICT of statement {statement.id} needs it")
    ]


def test_on_conflict_is_served_by_another_unique_index_over_the_same_columns() -> None:
    unique = an_index(ORDERS, "status", "customer_id", is_unique=True)
    other = an_index(ORDERS, "customer_id", "status", is_unique=True)
    text = "insert into orders (id) values ($1) on conflict (customer_id, status) do nothing"
    not_unique = replace(other, is_unique=False)

    assert found([drop(unique)], a_plan_of(unique, other, a_statement(text))) == []
    assert len(found([drop(unique)], a_plan_of(unique, not_unique, a_statement(text)))) == 1


def test_on_conflict_about_other_columns_needs_nothing_of_it() -> None:
    unique = an_index(ORDERS, "status", "customer_id", is_unique=True)
    texts = (
        "insert into orders (id) values ($1) on conflict (customer_id) do nothing",
        "insert into orders (id) values ($1) on conflict do nothing",
        "insert into customers (id) values ($1) on conflict (id) do nothing",
    )

    assert found([drop(unique)], a_plan_of(unique, *map(a_statement, texts))) == []


def test_what_becomes_the_primary_key_is_not_dropped() -> None:
    unique = an_index(ORDERS, "id", name="orders_id", is_unique=True)
    key = AddPrimaryKeyUsingIndex(
        schema="public",
        table="orders",
        index_name="orders_id",
        constraint_name="orders_pkey",
        recreate_sql=unique.definition,
    )

    assert found([drop(unique), key], a_plan_of(unique)) == [
        (drop(unique), "public.orders_id becomes the primary key")
    ]


def test_what_is_dropped_is_not_rebuilt() -> None:
    rebuild = RebuildIndex(schema="public", name=NARROW.name)

    assert found([drop(NARROW), rebuild], a_plan_of(NARROW)) == [
        (rebuild, "public.orders_customer_id_idx is to be dropped")
    ]


def test_no_partial_index_comes_beside_a_full_one_with_its_keys() -> None:
    partial = create("status", predicate="status = 'open'")
    full = replace(create("status", "id"), name="orders_full")

    assert found([partial, full], a_plan_of()) == [
        (partial, "orders_full, which is created too, holds the same keys of all rows")
    ]


def test_a_partial_index_whose_condition_is_about_another_column_is_something_else() -> None:
    partial = create("created_at", predicate="status = 'open'")

    assert found([partial, create("created_at")], a_plan_of()) == []


def test_what_contradicts_is_shown_with_the_reason_and_left_out() -> None:
    case = a_plan_of(NARROW, WIDE)

    made = coherent((recommendation(drop(NARROW)), recommendation(drop(WIDE))), case, Choice())

    assert [each.is_in_migration for each in made] == [True, False]
    assert made[1].review_reason == "it does the work of public.orders_customer_id_idx, which goes"


def test_what_rested_on_something_that_is_left_out_is_left_out_as_well() -> None:
    """The new index is not built since one that is there does its work, and that one stays."""
    row = SupersededIndex(index_oid=NARROW.oid, by=(create("customer_id").name,), size_bytes=1)
    plan = (
        recommendation(create("customer_id")),
        recommendation(drop(WIDE)),
        recommendation(drop(NARROW)),
    )

    made = coherent(plan, a_plan_of(NARROW, WIDE), Choice(superseded=(row,)))

    assert [each.is_in_migration for each in made] == [False, False, False]


def test_what_is_left_out_already_contradicts_nothing() -> None:
    by_hand = replace(recommendation(drop(WIDE)), is_in_migration=False, review_reason="too thin")
    case = a_plan_of(NARROW, WIDE)

    made = coherent((recommendation(drop(NARROW)), by_hand), case, Choice())

    assert [each.is_in_migration for each in made] == [True, False]
    assert made[1].review_reason == "too thin"
