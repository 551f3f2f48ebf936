"""Keys of findings are the same while what they are about is the same."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from pgadvisor.config import Config
from pgadvisor.diagnose.engine import diagnose
from pgadvisor.model.finding import Diagnosis
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.registry import load_rules
from pgadvisor.testing import COLLECTED_AT, a_case, a_primary_key, a_table, an_index
from tests.fixtures.faulty_snapshot import (
    a_faulty_snapshot,
    with_other_counters,
    with_other_oids,
)

RULES = load_rules()
FAULTY = a_faulty_snapshot()
Subject = tuple[str, str, frozenset[str]]


def diagnosed(snapshot: Snapshot) -> Diagnosis:
    diagnosis = diagnose(a_case(snapshot), RULES, Config(), today=COLLECTED_AT.date())
    assert diagnosis.broken == ()
    return diagnosis


def keys_of(snapshot: Snapshot) -> set[str]:
    return {finding.key for finding in diagnosed(snapshot).findings}


def keys_by_subject(snapshot: Snapshot) -> dict[Subject, set[str]]:
    """Keys by what anybody would call the same finding: rule, object and statements."""
    found: defaultdict[Subject, set[str]] = defaultdict(set)
    texts = {statement.id: statement.text for statement in snapshot.statements}
    for finding in diagnosed(snapshot).findings:
        about = frozenset(texts[i] for i in finding.statement_ids)
        found[finding.rule_id, finding.subject, about].add(finding.key)
    return found


BEFORE = keys_by_subject(FAULTY)


def test_the_snapshot_has_faults_of_many_kinds() -> None:
    assert len({rule_id for rule_id, _, _ in BEFORE}) >= 15


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32))
def test_a_key_stays_when_all_counters_move(seed: int) -> None:
    after = keys_by_subject(with_other_counters(FAULTY, seed))

    common = BEFORE.keys() & after.keys()
    assert len(common) >= 5
    assert {key: after[key] for key in common} == {key: BEFORE[key] for key in common}


@settings(max_examples=10)
@given(shift=st.integers(1, 10**9))
def test_a_key_stays_when_all_oids_change(shift: int) -> None:
    assert keys_of(with_other_oids(FAULTY, shift)) == keys_of(FAULTY)


def test_a_key_stays_when_another_object_comes() -> None:
    other = a_table("notes", "id bigint not null", "line text", schema="crm")
    more = (other, *a_primary_key(other, "id"), an_index(other, "line", name="orders_again"))

    added = keys_of(a_faulty_snapshot(*more)) - keys_of(FAULTY)

    assert keys_of(FAULTY) <= keys_of(a_faulty_snapshot(*more))
    assert all("crm" in key for key in added)


def test_no_key_holds_an_oid_or_the_id_of_a_statement() -> None:
    numbers = {str(statement.id) for statement in FAULTY.statements}
    numbers |= {str(table.oid) for table in FAULTY.tables}
    numbers |= {str(index.oid) for index in FAULTY.indexes}

    assert [key for key in keys_of(FAULTY) if any(number in key for number in numbers)] == []
