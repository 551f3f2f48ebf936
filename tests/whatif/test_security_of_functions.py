"""A stranger's functions may run for ever, or say anything: the twin ends them, and goes on."""

from __future__ import annotations

import pytest

from pgadvisor.errors import TwinError
from pgadvisor.model.plan import Plan
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.whatif.backend import NotPlanned
from pgadvisor.whatif.twin import Twin, patience, session
from tests.fixtures.processes import becomes_true, commands_naming
from tests.whatif.test_security import SERVER, function, functions, table

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_stranger")]

ENDLESS = {
    "asleep": "perform pg_sleep(60)",
    "deaf": (
        "loop begin perform pg_sleep(60); exception when query_canceled then null; end; end loop"
    ),
    "loud": (
        "loop begin loop raise notice 'x'; end loop; exception when query_canceled then null; "
        "end; end loop"
    ),
}


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a second and not for most of a minute."""
    monkeypatch.setattr(session, "STATEMENT_TIMEOUT_MS", 500)
    monkeypatch.setattr(patience, "MAX_WAIT_SECONDS", 1.5)


@pytest.mark.usefixtures("impatience")
def test_a_function_that_never_ends_is_ended() -> None:
    snapshot = Snapshot(
        server=SERVER, tables=(table(10, "t"),), functions=functions("asleep", ENDLESS["asleep"])
    )

    with Twin(snapshot) as twin:
        outcome = twin.plan("select * from t where a = evil_asleep('x')")
        after = twin.plan("select * from t")

    assert isinstance(outcome, NotPlanned)
    assert outcome.reason == "canceling statement due to statement timeout"
    assert isinstance(after, Plan)


@pytest.mark.usefixtures("impatience")
@pytest.mark.parametrize("name", ["deaf", "loud"])
def test_a_function_that_lets_nobody_end_it_is_left(name: str) -> None:
    snapshot = Snapshot(
        server=SERVER, tables=(table(10, "t"),), functions=functions(name, ENDLESS[name])
    )

    with Twin(snapshot) as twin:
        directory = twin._run("looking").server.cluster.directory
        with pytest.raises(TwinError) as first:
            twin.plan(f"select * from t where a = evil_{name}('x')")
        with pytest.raises(TwinError) as second:
            twin.plan("select * from t")

    assert first.value.happened == "the server does not answer"
    assert first.value.next_step.startswith("A function of the snapshot's runs without end")
    assert second.value.next_step == "Start the twin anew."
    assert becomes_true(lambda: not directory.exists() and not commands_naming(directory))


@pytest.mark.usefixtures("impatience")
@pytest.mark.parametrize("name", ENDLESS)
def test_a_function_that_never_ends_while_the_twin_is_built(name: str) -> None:
    evil = f"alter table t add column b text default evil_{name}('x')"
    snapshot = Snapshot(
        server=SERVER,
        tables=(table(10, "t"),),
        functions=(*functions(name, ENDLESS[name]), function("attack", evil)),
    )

    if name == "asleep":
        with Twin(snapshot) as twin:
            assert [note for note in twin.notes if "due to statement timeout" in note]
    else:
        with pytest.raises(TwinError, match="building the planner twin: the server does not"):
            Twin(snapshot).__enter__()


@pytest.mark.parametrize("code", ["53100", "58030", "57P01", "XX000", "08006"])
def test_a_function_may_say_that_the_machine_fails(code: str) -> None:
    body = f"raise exception 'it burns' using errcode = '{code}'"
    snapshot = Snapshot(
        server=SERVER, tables=(table(10, "t"),), functions=functions("burning", body)
    )

    with Twin(snapshot) as twin:
        try:
            outcome = twin.plan("select * from t where a = evil_burning('x')")
        except TwinError as error:
            outcome = NotPlanned(reason=error.happened)
        after = twin.plan("select * from t")

    assert isinstance(outcome, NotPlanned)
    assert "it burns" in outcome.reason
    assert isinstance(after, Plan)


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "EUC_JIS_2004", "BIG5"])
def test_a_function_may_change_the_sessions_encoding(encoding: str) -> None:
    body = f"perform set_config('client_encoding', '{encoding}', false)"
    snapshot = Snapshot(server=SERVER, tables=(table(10, "t"),), functions=functions("babel", body))

    with Twin(snapshot) as twin:
        outcome = twin.plan("select * from t where a = evil_babel('\u00fc')")
        after = twin.explain("select * from t where a = '\u00fc'")

    assert isinstance(outcome, Plan | NotPlanned)
    assert "\u00fc" in (after.root.filter or "")


@pytest.mark.parametrize(
    "text",
    ["select 1", "copy t to stdout", "copy t from stdin", "begin", "set role twin", "listen x"],
)
def test_a_definition_that_defines_nothing_is_left_out(text: str) -> None:
    snapshot = Snapshot(
        server=SERVER, tables=(table(10, "t"),), functions=(function("none", text),)
    )

    with Twin(snapshot) as twin:
        assert twin.notes == ("function public.none(value text) is left out: it is no definition",)
        assert twin.explain("select * from t").root.relation == "t"
