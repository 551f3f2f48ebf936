"""The prompt's language, on a real twin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from pgadvisor.cli.door import HELP, Door, Screen
from pgadvisor.cli.trial import Trial
from pgadvisor.errors import TwinError
from pgadvisor.model.catalog import Catalog
from pgadvisor.whatif.twin import Twin
from tests.cli.shop import a_shop

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("door")]

BY_CUSTOMER = "select * from orders where customer_id = 5;"


@dataclass(slots=True)
class Answers:
    """What a door has said."""

    said: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Visit:
    """A door, and what one line after the other makes it say."""

    door: Door
    trial: Trial
    answers: Answers

    def say(self, *lines: str) -> str:
        """Say lines; returns the last answer."""
        for line in lines:
            self.answers.said.clear()
            self.door.take(line)
        return "\n".join(self.answers.said).rstrip("\n")


@pytest.fixture(scope="module")
def shop_twin() -> Iterator[Twin]:
    with Twin(a_shop()) as twin:
        yield twin


@pytest.fixture
def visit(shop_twin: Twin) -> Visit:
    answers = Answers()
    trial = Trial(twin=shop_twin, catalog=Catalog(a_shop()))
    screen = Screen(write=answers.said.append, complain=answers.refused.append, width=lambda: 100)
    return Visit(door=Door(trial, screen), trial=trial, answers=answers)


def last_line(text: str) -> str:
    return text.splitlines()[-1]


def test_a_statement_ends_with_its_semicolon(visit: Visit) -> None:
    prompts = [visit.door.prompt]
    visit.say("", "select *", "from orders")
    prompts.append(visit.door.prompt)

    answer = visit.say("where id = 7;")

    assert prompts == ["twin=> ", "twin-> "]
    assert visit.door.prompt == "twin=> "
    assert answer.startswith("Index Scan using orders_pkey on orders")
    assert "Index Cond: (orders.id = 7)" in answer


def test_two_statements_in_a_line_are_planned_both(visit: Visit) -> None:
    assert visit.say("select 1; select 2;").count("cost 0.01") == 2


def test_what_is_typed_last_needs_no_semicolon_where_there_are_no_more_lines(visit: Visit) -> None:
    visit.say("select 1")

    visit.door.end()

    assert last_line(visit.answers.said[0].rstrip()) == "cost 0.01"


def test_an_index_is_there_from_its_creation_until_the_reset(visit: Visit) -> None:
    before = visit.say(BY_CUSTOMER)
    made = visit.say(r"\create create index by_customer on orders (customer_id)")
    after = visit.say(BY_CUSTOMER)
    what = visit.say(r"\what")
    again = visit.say(r"\reset", BY_CUSTOMER)

    assert "Seq Scan" in before
    assert made.startswith("by_customer, estimated ")
    assert ", uses by_customer (estimated " in last_line(after)
    assert what == made
    assert again == before
    assert visit.say(r"\what") == "the database as it is"


def test_create_index_may_be_said_in_plain_sql(visit: Visit) -> None:
    made = visit.say("create index concurrently", "on orders (status);")

    assert made.startswith("orders_status_idx, estimated ")
    assert len(visit.trial.created) == 1


def test_an_index_of_ours_can_be_dropped_again(visit: Visit) -> None:
    visit.say("create index mine on orders (status);", r"\drop mine")

    assert visit.trial.is_as_it_is


def test_an_index_of_the_original_is_left_out(visit: Visit) -> None:
    by_date = "select * from orders where created_at > now();"
    before = visit.say(by_date)
    dropped = visit.say(r"\drop orders_created_at_idx")
    after = visit.say(by_date)

    assert "orders_created_at_idx" in before
    assert dropped == "without public.orders_created_at_idx"
    assert last_line(after) == dropped


@pytest.mark.parametrize("line", [r"\set enable_seqscan off", r"\set enable_seqscan='off'"])
def test_a_setting_is_changed(visit: Visit, line: str) -> None:
    visit.say(line)

    assert visit.say(r"\what") == "with enable_seqscan = off"
    assert "with enable_seqscan = off" in visit.say("select * from customers where email = 'x';")


@pytest.mark.parametrize(
    ("create", "reason"),
    [
        ("customers (email)", "the plan does not read customers"),
        ("orders (customer_id)", "nothing in the statement can be looked up in it"),
        ("orders (status)", r"with it, it would cost [\d,]+\.\d\d"),
    ],
)
def test_says_why_an_index_is_not_used(visit: Visit, create: str, reason: str) -> None:
    answer = visit.say(
        f"create index idle on {create};", "select * from orders where status = 'done';"
    )

    assert "same plan, cost" in answer
    assert re.fullmatch(rf"does not use idle \(estimated .*\): {reason}", last_line(answer))


def test_an_index_for_a_join_may_be_beaten_by_another_way(visit: Visit) -> None:
    answer = visit.say(
        "create index idle on orders (customer_id);",
        "select orders.* from orders join customers c on c.id = customer_id;",
    )

    assert last_line(answer).endswith("the planner finds another way cheaper")


def test_describes_tables(visit: Visit) -> None:
    assert "public.customers  table     50,000" in visit.say(r"\d")
    assert "orders_created_at_idx" in visit.say(r"\d orders")
    assert visit.say(r"\d public.orders") == visit.say(r'\d "orders"')


def test_lists_and_plans_the_statements_of_the_snapshot(visit: Visit) -> None:
    assert visit.say(r"\s").splitlines()[1].endswith("select * from orders where customer_id = $1")
    assert last_line(visit.say(r"\s 1")) == "and 1 more"
    assert "Filter: (orders.customer_id = $1)" in visit.say(r"\p 1")
    first = visit.trial.catalog.snapshot.statements[0].id
    assert visit.say(rf"\p {first}") == visit.say(r"\p 1")


def test_reports_on_itself(visit: Visit) -> None:
    notes = visit.say(r"\notes")

    assert notes.splitlines()[0] == (
        f"planned by embedded PostgreSQL {visit.trial.twin.version}, the original's own major"
    )
    assert visit.say(r"\fidelity").startswith("no plan of the original to compare with")
    assert visit.say(r"\?") == HELP


def test_is_left(visit: Visit) -> None:
    visit.say(r"\q")

    assert not visit.door.is_open


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("selec 1;", "does not parse, near: selec 1;"),
        ("select * from nowhere;", 'relation "nowhere" does not exist'),
        ("drop table orders;", "it is neither a query nor a change of rows"),
        (r"\nothing", r"there is no \nothing"),
        (r"\p 3", "the snapshot has 2 of them"),
        (r"\p x", "x is no number"),
        (r"\p", "nothing is no number"),
        (r"\d nothing", "the snapshot has no table called nothing"),
        (r"\drop nothing", "the snapshot has no index called nothing"),
        (
            r"\drop orders_pkey",
            (
                "public.orders_pkey enforces the constraint orders_pkey; "
                "drop the constraint, and the index goes with it"
            ),
        ),
        (r"\create index", "does not parse"),
        (r"\create create index on nowhere (a)", "the snapshot has no table called nowhere"),
        (r"\create create index on orders (nothing)", 'column "nothing" does not exist'),
        (r"\set nothing 1", 'unrecognized configuration parameter "nothing"'),
        (r"\set work_mem", r"write \set NAME VALUE"),
        (r"\set role postgres", 'permission denied to set role "postgres"'),
    ],
)
def test_an_error_is_told_and_does_not_end_it(visit: Visit, line: str, reason: str) -> None:
    visit.say(line)

    [refused] = visit.answers.refused
    assert refused.splitlines()[0] == reason
    assert visit.answers.said == []
    assert visit.door.refusals == 1
    assert visit.trial.is_as_it_is
    assert "cost 0.01" in visit.say("select 1;")


def test_a_name_that_two_indexes_have_needs_its_schema(visit: Visit) -> None:
    snapshot = visit.trial.catalog.snapshot
    twice = replace(snapshot.indexes[-1], oid=1, schema="other", name="orders_created_at_idx")
    visit.trial.catalog = Catalog(replace(snapshot, indexes=(*snapshot.indexes, twice)))

    visit.say(r"\drop orders_created_at_idx")
    visit.say(r"\drop public.orders_created_at_idx")

    [refused] = visit.answers.refused
    assert refused.startswith("the snapshot has 2 indexes called orders_created_at_idx\n")
    assert visit.trial.dropped == ["public.orders_created_at_idx"]


def test_a_half_statement_can_be_forgotten(visit: Visit) -> None:
    visit.say("select '", r"\clear")

    assert "cost 0.01" in visit.say("select 1;")


def test_a_twin_that_is_gone_is_no_refusal() -> None:
    answers = Answers()
    with Twin(a_shop()) as twin:
        trial = Trial(twin=twin, catalog=Catalog(a_shop()))
        screen = Screen(
            write=answers.said.append, complain=answers.refused.append, width=lambda: 100
        )
        door = Door(trial, screen)
        door.take("create index mine on orders (customer_id);")
        twin._run("ending").server.cluster.stop()

        with pytest.raises(TwinError):
            door.take(BY_CUSTOMER)
        trial.restart()
        door.take(BY_CUSTOMER)

    assert answers.refused == []
    assert ", uses mine (estimated" in answers.said[-1]
