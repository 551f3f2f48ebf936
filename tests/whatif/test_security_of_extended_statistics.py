"""A stranger's extended statistics run nothing as the superuser, and bring no bytes along."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pgadvisor.cluster.binaries import Binaries, embedded_binaries
from pgadvisor.model.schema import (
    Column,
    ExtendedStatistics,
    Table,
    TypeKind,
    UserType,
)
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statistics import ColumnStatistics, CommonCombination, ExtendedValues
from pgadvisor.whatif.backend import NotPlanned
from pgadvisor.whatif.twin import Twin
from tests.fixtures.npm_binaries import npm_binaries
from tests.whatif.test_security import PAYLOADS, SERVER, function, functions

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("whatif_stranger")]

VALUES = (
    "select stxname, stxdmcv is null from pg_statistic_ext_data"
    " join pg_statistic_ext on oid = stxoid where stxname = 's'"
)


def stranger(body: str, *, expressions: tuple[str, ...] = ()) -> Snapshot:
    """A table of two domains with a check that acts, and their common combinations."""
    check = "check (public.evil_program(value) = value)"
    domain = UserType(
        oid=5,
        schema="public",
        name="d",
        kind=TypeKind.DOMAIN,
        base_type_name="text",
        checks=(check,),
    )
    columns = tuple(
        Column(number=n, name=name, type_name="public.d", type_oid=25)
        for n, name in enumerate("ab", 1)
    )
    table = Table(
        oid=10, schema="public", name="t", columns=columns, rows=1000, pages=10, size_bytes=81920
    )
    combination = CommonCombination(
        values=("x", "y", *("z" for _ in expressions)), ratio=0.5, base_ratio=0.1
    )
    row = ColumnStatistics(
        relation_oid=10,
        column="-1",
        n_distinct=2,
        average_width_bytes=5,
        most_common_values=("x",),
        most_common_ratios=(0.5,),
    )
    on = ", ".join(("a", "b", *(f"({expression})" for expression in expressions)))
    statistics = ExtendedStatistics(
        oid=20,
        schema="public",
        name="s",
        table_oid=10,
        columns=("a", "b"),
        expressions=expressions,
        kinds=("d", "m"),
        definition=f"create statistics public.s (ndistinct, mcv) on {on} from public.t",
        has_values=True,
        values=(
            ExtendedValues(
                n_distinct='{"1, 2": 7}',
                most_common=(combination,),
                expressions=tuple(replace(row, column="-1") for _ in expressions),
            ),
        ),
    )
    return Snapshot(
        server=SERVER,
        tables=(table,),
        types=(domain,),
        functions=functions("program", body),
        extended_statistics=(statistics,),
    )


@pytest.fixture(scope="module")
def marker(temporary_directory: Path) -> Path:
    """A file that does not exist, in a directory where any user of the machine may write."""
    directory = temporary_directory / "open_to_all"
    directory.mkdir()
    directory.chmod(0o777)
    return directory / "marker"


@pytest.fixture(scope="module", params=[15, 18])
def binaries(request: pytest.FixtureRequest) -> Binaries:
    """Of a major that writes statistics into the catalog, and of one that has functions for it."""
    return npm_binaries(request.param) if request.param < 18 else embedded_binaries()


def test_the_check_of_a_domain_is_not_run(binaries: Binaries, marker: Path) -> None:
    snapshot = stranger(PAYLOADS["program"].format(file=marker))

    with Twin(snapshot, binaries=binaries) as twin:
        notes = twin.notes
        values = twin._run("asking").server.query(VALUES)

    assert not marker.exists()
    assert values == [("s", False)]
    assert notes == ()


def test_an_expression_is_not_run_as_the_superuser(binaries: Binaries, marker: Path) -> None:
    body = f"if value <> 'x' then {PAYLOADS['program'].format(file=marker)}; end if"
    snapshot = stranger(body, expressions=("public.evil_program('now')", "lower((a)::text)"))

    with Twin(snapshot, binaries=binaries) as twin:
        outcome = twin.plan("select * from t")

    # The planner computes what is constant in the expressions of any table that it plans.
    assert isinstance(outcome, NotPlanned)
    assert outcome.sqlstate == "42501"
    assert not marker.exists()


def acting(snapshot: Snapshot, body: str) -> Snapshot:
    """A snapshot in which the making of an object acts, by a default that is computed at once."""
    once = functions("early", body)
    attack = "alter table public.t add column c text default public.evil_early('x')"
    return replace(snapshot, functions=(*snapshot.functions, *once, function("attack", attack)))


def test_a_check_that_a_domain_is_given_later_is_seen(binaries: Binaries, marker: Path) -> None:
    check = "alter domain public.d add constraint late check (public.evil_program(value) = value)"
    snapshot = acting(stranger(PAYLOADS["program"].format(file=marker)), check)

    with Twin(snapshot, binaries=binaries) as twin:
        notes = twin.notes
        server = twin._run("asking").server
        late = server.query("select 1 from pg_constraint where conname = 'late'")
        values = server.query(VALUES)

    assert late == [(1,)]
    assert values == [("s", True)]
    [note] = notes
    assert note.startswith("values of statistics public.s on public.t are not in the twin: ")
    assert note.endswith("reading them would run functions of the snapshot's")
    assert not marker.exists()


def test_a_name_that_is_taken_is_not_overwritten(binaries: Binaries) -> None:
    early = "create view pg_temp.pgadvisor_of_0 as select 1::bigint as d0, 2::bigint as d1"
    snapshot = acting(stranger("return value"), early)

    with Twin(snapshot, binaries=binaries) as twin:
        values = twin._run("asking").server.query(VALUES)
        [note] = twin.notes

    assert values == [("s", True)]
    assert note.startswith("values of statistics public.s on public.t are not all in the twin: ")
    assert note.endswith("already exists")


def test_numbers_that_are_no_numbers_are_refused() -> None:
    snapshot = stranger("return value")
    [one] = snapshot.extended_statistics
    [values] = one.values
    evil = replace(
        values, n_distinct='{"1, 2": 7}\'::bytea; drop table t; --', dependencies="\\x00"
    )
    one = replace(one, values=(evil,))

    with Twin(replace(snapshot, extended_statistics=(one,))) as twin:
        notes = twin.notes

    assert [note.split(":")[0] for note in notes] == [
        "n_distinct of statistics public.s on public.t are not in the twin",
        "dependencies of statistics public.s on public.t are not in the twin",
    ]
