"""One coherent plan out of many findings."""

from __future__ import annotations

from dataclasses import replace

from pgadvisor.choose.recommend import recommend, redacted_definitions
from pgadvisor.model.action import (
    Action,
    CreateIndex,
    DropIndex,
    IndexDefinition,
    ManualSteps,
    RewriteStatement,
)
from pgadvisor.model.candidate import Candidate, StatementEffect
from pgadvisor.model.choice import Choice, ChosenIndex
from pgadvisor.model.finding import Confidence, Finding, Impact, Provenance, Severity
from pgadvisor.model.schema import IndexKey
from pgadvisor.model.snapshot import Redaction
from pgadvisor.sqltext.index import index_name
from pgadvisor.testing import a_snapshot, a_table, an_index


def definition(*columns: str, predicate: str | None = None) -> IndexDefinition:
    return IndexDefinition(
        table_oid=1,
        schema="public",
        table="jobs",
        keys=tuple(IndexKey(column=column) for column in columns),
        predicate=predicate,
    )


def create(*columns: str, predicate: str | None = None) -> CreateIndex:
    index = definition(*columns, predicate=predicate)
    return CreateIndex(index=index, name=index_name(index))


DROP = DropIndex(schema="public", name="old", recreate_sql="CREATE INDEX old ON public.jobs (a)")


def finding(rule_id: str, *remedies: Action, statements: tuple[str, ...] = ()) -> Finding:
    return Finding(
        subject="public.jobs",
        summary=f"{rule_id} fires",
        evidence=(),
        provenance=Provenance.CATALOG,
        confidence=Confidence.HIGH,
        severity=Severity.WARNING,
        rule_id=rule_id,
        key=f"{rule_id}:public.jobs",
        remedies=remedies,
        statement_ids=statements,
    )


def chosen(*columns: str, statement: str, predicate: str | None = None) -> Choice:
    index = definition(*columns, predicate=predicate)
    effect = StatementEffect(
        statement_id=statement,
        calls_per_day=10.0,
        cost_before=100.0,
        cost_after=1.0,
        mean_time_ms=5.0,
    )
    candidate = Candidate(definition=index, statement_ids=(statement,), reason="equality on a")
    return Choice(
        chosen=(
            ChosenIndex(
                candidate=candidate,
                name=index_name(index),
                effects=(effect,),
                saved_ms_per_day=effect.saved_ms_per_day,
            ),
        )
    )


def test_creates_an_index_once_that_two_findings_ask_for() -> None:
    asked = (
        finding("missing-index", create("a", "b")),
        finding("unindexed-foreign-key", create("a", "b")),
    )

    [made] = recommend(asked, Choice(), {})

    assert made.actions == (create("a", "b"),)
    assert made.finding_keys == (
        "missing-index:public.jobs",
        "unindexed-foreign-key:public.jobs",
    )


def test_creates_no_index_that_a_wider_new_one_begins_with() -> None:
    narrow_first = (
        finding("unindexed-foreign-key", create("a")),
        finding("missing-index", create("a", "b")),
    )

    [made] = recommend(narrow_first, Choice(), {})

    assert made.actions == (create("a", "b"),)


def test_creates_both_where_neither_begins_with_the_other() -> None:
    asked = (finding("unindexed-foreign-key", create("b")), finding("missing-index", create("a")))

    assert len(recommend(asked, Choice(), {})) == 2


def test_puts_no_partial_index_beside_a_chosen_full_one_for_the_same_statement() -> None:
    rewrite = RewriteStatement(before="select 1", after="select 2")
    partial = create("a", predicate="b = 1")
    asked = (
        finding("missing-index", create("b", "a"), statements=("s",)),
        finding("queue-without-skip-locked", rewrite, partial, statements=("s",)),
    )

    [made] = recommend(asked, chosen("b", "a", statement="s"), {})

    assert made.actions == (create("b", "a"), rewrite)


def test_creates_each_of_the_chosen_indexes() -> None:
    full, partial = create("a"), create("a", predicate="b = 1")
    asked = (
        finding("missing-index", full, statements=("all",)),
        finding("missing-index", partial, statements=("some",)),
    )
    both = (
        *chosen("a", statement="all").chosen,
        *chosen("a", statement="some", predicate="b = 1").chosen,
    )

    made = recommend(asked, Choice(chosen=both), {})

    assert {(one.actions, one.effects[0].statement_id) for one in made} == {
        ((full,), "all"),
        ((partial,), "some"),
    }


def test_drops_an_index_once() -> None:
    asked = (finding("duplicate-index", DROP), finding("unused-index", DROP))

    [made] = recommend(asked, Choice(), {})

    assert made.actions == (DROP,)
    assert made.is_in_migration


def test_keeps_a_drop_out_of_the_migration_that_the_planner_refuses() -> None:
    reason = "without it statement 7 would cost 300 % of what it does"

    [made] = recommend((finding("unused-index", DROP),), Choice(), {("public", "old"): reason})

    assert not made.is_in_migration
    assert made.review_reason == reason


def test_keeps_thin_evidence_out_of_the_migration() -> None:
    unsure = replace(finding("unused-index", DROP), confidence=Confidence.LOW)

    [made] = recommend((unsure,), Choice(), {})

    assert not made.is_in_migration
    assert made.review_reason == "the evidence is too thin to act on without a look of your own"


def test_leaves_what_is_done_by_hand_out_of_the_migration() -> None:
    steps = ManualSteps(title="Widen public.jobs.id", steps=("Add a column.",))

    [made] = recommend((finding("integer-key-exhaustion", steps),), Choice(), {})

    assert made.title == "Widen public.jobs.id"
    assert not made.is_in_migration


def test_puts_the_most_profitable_first() -> None:
    small = replace(finding("a", create("a")), impact=Impact(saved_ms_per_day=1.0))
    large = replace(finding("b", create("b")), impact=Impact(saved_ms_per_day=2.0))

    made = recommend((small, large), Choice(), {})

    assert [r.finding_keys for r in made] == [("b:public.jobs",), ("a:public.jobs",)]


def test_makes_nothing_of_a_finding_without_remedy() -> None:
    assert recommend((finding("deep-offset"),), Choice(), {}) == ()


def test_creates_no_index_on_a_pseudonym() -> None:
    asked = finding("queue-without-skip-locked", create("a", predicate="b = '3fH8kQz01x~~'"))

    [made] = recommend((asked,), Choice(), {})

    assert not made.is_in_migration
    assert made.review_reason.startswith("the snapshot is redacted")


def test_drops_no_index_whose_definition_was_redacted() -> None:
    jobs = a_table("jobs", "a int")
    index = an_index(jobs, "a", name="old")
    snapshot = replace(
        a_snapshot(jobs, index),
        redaction=Redaction(level="default", changed_index_oids=(index.oid,)),
    )

    [made] = recommend((finding("unused-index", DROP),), Choice(), redacted_definitions(snapshot))

    assert not made.is_in_migration
