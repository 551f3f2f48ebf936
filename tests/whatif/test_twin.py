"""What a user of the twin sees."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import pgadvisor
from pgadvisor.errors import RefusedError, TwinError
from pgadvisor.model.plan import Plan
from pgadvisor.model.server import Extension, Setting
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.whatif.backend import Configuration, NotPlanned
from pgadvisor.whatif.twin import Twin
from tests.fixtures.processes import becomes_true, commands_naming

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_shop")]

BY_CUSTOMER = "select * from orders where customer_id = $1"


def oid_of(snapshot: Snapshot, name: str) -> int:
    return next(index.oid for index in snapshot.indexes if index.name == name)


def test_is_there_for_users_of_the_library() -> None:
    assert pgadvisor.Twin is Twin


def test_starts_nothing_before_it_is_entered(snapshot: Snapshot, temporary_directory: Path) -> None:
    before = set(temporary_directory.glob("pgadvisor-twin-*"))

    twin = Twin(snapshot)

    assert set(temporary_directory.glob("pgadvisor-twin-*")) == before
    assert twin.call_count == 0


@pytest.mark.parametrize("use", ["plan", "explain", "build", "fidelity", "notes", "version"])
def test_says_that_it_is_not_running(use: str, snapshot: Snapshot) -> None:
    twin = Twin(snapshot)
    uses: dict[str, Callable[[], object]] = {
        "plan": lambda: twin.plan("select 1"),
        "explain": lambda: twin.explain("select 1"),
        "build": lambda: twin.build(()),
        "fidelity": twin.fidelity,
        "notes": lambda: twin.notes,
        "version": lambda: twin.version,
    }

    with pytest.raises(TwinError, match="the twin is not running"):
        uses[use]()


@pytest.mark.parametrize("how", ["an end", "an error"])
def test_leaves_nothing_behind(how: str, snapshot: Snapshot) -> None:
    directory = Path()

    def use() -> None:
        nonlocal directory
        with Twin(snapshot) as twin:
            directory = twin._run("looking").server.cluster.directory
            assert directory.stat().st_mode & 0o777 == 0o700
            if how == "an error":
                raise ZeroDivisionError

    if how == "an error":
        with pytest.raises(ZeroDivisionError):
            use()
    else:
        use()

    assert not directory.exists()
    assert becomes_true(lambda: not commands_naming(directory))


def test_may_be_entered_again(snapshot: Snapshot) -> None:
    create = ("create index once on orders (ticket)",)
    statement = "select * from orders where ticket = 1"
    twin = Twin(replace(snapshot, column_statistics=()))

    with twin:
        first = twin.explain(statement, create=create)
    with twin:
        second = twin.explain(statement, create=create)

    assert first == second
    assert first.index_names == {"once"}


def test_says_that_its_server_is_gone(snapshot: Snapshot) -> None:
    with Twin(snapshot) as twin:
        server = twin._run("looking").server
        [(pid,)] = server.role.execute("select pg_backend_pid()").fetchall()
        os.kill(pid, signal.SIGKILL)

        with pytest.raises(TwinError) as raised:
            twin.plan("select 1")

    assert raised.value.attempted == "planning on the twin"
    assert raised.value.next_step


def test_counts_its_explains(twin: Twin) -> None:
    before = twin.call_count

    twin.plan("select 1")
    twin.explain("select 2")

    assert twin.call_count == before + 2


def test_plans_without_an_index_that_is_dropped(twin: Twin, snapshot: Snapshot) -> None:
    oid = oid_of(snapshot, "orders_customer")
    before = twin.explain(BY_CUSTOMER)

    by_oid = twin.explain(BY_CUSTOMER, drop=(oid,))
    by_name = twin.explain(BY_CUSTOMER, drop=("orders_customer",))
    by_full_name = twin.explain(BY_CUSTOMER, drop=("public.orders_customer",))
    by_plan = twin.plan(BY_CUSTOMER, Configuration(drop=frozenset({oid})))

    assert before.index_names == {"orders_customer"}
    assert by_oid.index_names == set()
    assert by_oid == by_name == by_full_name == by_plan
    assert twin.explain(BY_CUSTOMER) == before


def test_drops_the_parts_of_a_partitioned_index_with_it(twin: Twin) -> None:
    statement = "select * from events where kind = 'kind2' and happened_at > '2024-05-05'"
    before = twin.explain(statement)

    after = twin.explain(statement, drop=("events_kind",))

    assert any("kind" in name for name in before.index_names)
    assert not any("kind" in name for name in after.index_names)


def test_cannot_drop_what_is_not_there(twin: Twin) -> None:
    with pytest.raises(TwinError, match="the snapshot has no index called nothing"):
        twin.explain("select 1", drop=("nothing",))


def test_wants_to_know_which_index_to_drop_where_two_are_called_so(snapshot: Snapshot) -> None:
    named = next(index for index in snapshot.indexes if index.name == "orders_customer")
    other = replace(named, oid=1, schema="archive")

    with Twin(replace(snapshot, indexes=(*snapshot.indexes, other))) as twin:
        plan = twin.explain(BY_CUSTOMER, drop=("public.orders_customer",))
        with pytest.raises(RefusedError, match="the snapshot has 2 indexes called orders_customer"):
            twin.explain(BY_CUSTOMER, drop=("orders_customer",))

    assert "orders_customer" not in plan.index_names


def test_keeps_the_planner_from_an_index_that_cannot_be_dropped(
    twin: Twin, snapshot: Snapshot
) -> None:
    by_id = "select * from orders where id = $1"

    plan = twin.explain(by_id, unseen=(oid_of(snapshot, "orders_pkey"),))

    assert twin.explain(by_id).index_names == {"orders_pkey"}
    assert plan.index_names == frozenset()


def test_replaces_one_index_by_another(twin: Twin) -> None:
    create = "create index wider on orders (customer_id, total)"

    plan = twin.explain(BY_CUSTOMER, create=(create,), drop=("orders_customer",))

    assert plan.index_names == {"wider"}


def test_plans_under_other_settings(twin: Twin) -> None:
    statement = "select * from orders where total > 900"
    before = twin.explain(statement)

    dearer = twin.explain(statement, settings={"seq_page_cost": "10"})

    assert dearer.total_cost > before.total_cost
    assert ("seq_page_cost", "10") in dearer.settings
    assert twin.explain(statement) == before


def test_says_that_a_setting_does_not_exist(twin: Twin) -> None:
    outcome = twin.plan("select 1", Configuration(settings=(("no_such", "1"),)))

    assert isinstance(outcome, NotPlanned)
    assert outcome.sqlstate == "42704"


def test_takes_over_the_settings_of_the_original(snapshot: Snapshot) -> None:
    changed = {"random_page_cost": "1.1", "work_mem": "65536", "effective_cache_size": "100"}
    settings = tuple(
        replace(s, value=changed.get(s.name, s.value)) for s in snapshot.server.settings
    )
    odd = Setting(name="enable_magic", value="on", boot_value="off")
    server = replace(snapshot.server, settings=(*settings, odd))

    with Twin(replace(snapshot, server=server)) as twin:
        plan = twin.explain("select * from orders")
        notes = twin.notes

    assert dict(plan.settings).items() >= {
        ("random_page_cost", "1.1"),
        ("work_mem", "64MB"),
        ("effective_cache_size", "800kB"),
    }
    assert notes == (
        (
            "setting enable_magic is not taken over: "
            'unrecognized configuration parameter "enable_magic"'
        ),
    )


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("vacuum", "it is neither a query nor a change of rows"),
        ("create table x ()", "it is neither a query nor a change of rows"),
        ("explain analyze delete from orders", "it is neither a query nor a change of rows"),
        ("select 1 into t", "it is neither a query nor a change of rows"),
        ("select 1; drop table orders", "holds 2 statements where one is expected"),
        ("", "empty"),
        ("select * from missing", 'relation "missing" does not exist'),
        ("select missing from orders", 'column "missing" does not exist'),
    ],
)
def test_refuses_what_is_not_one_plain_statement(statement: str, reason: str, twin: Twin) -> None:
    outcome = twin.plan(statement)

    assert isinstance(outcome, NotPlanned)
    assert outcome.reason == reason
    with pytest.raises(TwinError) as raised:
        twin.explain(statement)
    assert raised.value.happened == reason


def test_reads_string_constants_as_whoever_counts_the_statements(snapshot: Snapshot) -> None:
    off = Setting(name="standard_conforming_strings", value="off")
    server = replace(snapshot.server, settings=(off,))
    inner = "rollback; create table escaped (); commit; explain (format json) select 1"
    text = rf"select '\''; {inner} --'"

    with Twin(replace(snapshot, server=server)) as twin:
        outcome = twin.plan(text)
        [(escaped,)] = twin._run("asking").server.query("select to_regclass('public.escaped')")

    assert isinstance(outcome, Plan)
    assert escaped is None


def test_says_where_the_text_of_a_statement_is_wrong(twin: Twin) -> None:
    outcome = twin.plan("select id, missing from orders")

    assert isinstance(outcome, NotPlanned)
    assert outcome.sqlstate == "42703"
    assert outcome.position == len("select id, m")


@pytest.mark.parametrize(
    "statement",
    [
        "select * from orders where created_at > now() - interval $1",
        "select * from orders where created_at > timestamp $1 -- recent ones",
        "select * from orders where $1::text is null or note = $1",
        "select * from orders limit $1 offset $2",
        "select * from customers where id in ($1, $2, $3)",
        (
            "insert into orders (id, customer_id, status, total, created_at)"
            " values ($1, $2, $3, $4, $5) on conflict (id) do update set total = $6"
        ),
        "update customers set credit = credit + $1 where id = any ($2)",
        "select * from orders where id = $1 for update skip locked",
    ],
)
def test_plans_texts_as_pg_stat_statements_writes_them(statement: str, twin: Twin) -> None:
    outcome = twin.plan(statement)

    assert isinstance(outcome, Plan), outcome
    assert outcome == twin.plan(statement)


def test_notes_an_extension_that_it_leaves_out(snapshot: Snapshot) -> None:
    extensions = (
        *snapshot.server.extensions,
        Extension(name="dblink", version="1.2", schema="public"),
        Extension(name="uuid-ossp", version="1.1", schema="public"),
    )

    with Twin(replace(snapshot, server=replace(snapshot.server, extensions=extensions))) as twin:
        notes = twin.notes

    assert notes == (
        "extension dblink is left out: it is not one known to be safe",
        "extension uuid-ossp is left out: these binaries lack it",
    )
