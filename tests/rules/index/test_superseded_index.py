"""superseded-index."""

from __future__ import annotations

from dataclasses import replace

from pgadvisor.model.action import DropIndex
from pgadvisor.model.choice import Choice, SupersededIndex
from pgadvisor.model.finding import Confidence, Provenance
from pgadvisor.testing import Outcome, a_snapshot, a_table, an_index, diagnose
from pgadvisor.units import MiB

RULE = "superseded-index"
ORDERS = a_table("orders")
OLD = replace(an_index(ORDERS, "customer_id"), size_bytes=12 * MiB)
ROW = SupersededIndex(
    index_oid=OLD.oid,
    by=("pgadv_orders_customer_id_created_at",),
    size_bytes=12 * MiB,
    freed_entries_per_day=5_000.0,
    saved_per_day=12.5,
)


def run(*rows: SupersededIndex, min_size_bytes: int = 0) -> Outcome:
    choice = Choice(superseded=rows)
    return diagnose(RULE, a_snapshot(ORDERS, OLD), choice=choice, min_size_bytes=min_size_bytes)


def test_drops_what_the_new_one_does_as_well() -> None:
    [finding] = run(ROW).findings

    assert finding.key == "superseded-index:public.orders_customer_id_idx"
    assert finding.summary == (
        "public.orders_customer_id_idx does nothing that pgadv_orders_customer_id_created_at "
        "will not do, and takes 12 MB"
    )
    assert finding.detail == "Without it writes make 5,000 index entries a day less."
    assert (finding.provenance, finding.confidence) == (Provenance.SIMULATED, Confidence.HIGH)
    assert (finding.impact.freed_bytes, finding.impact.written_entries_per_day) == (
        12 * MiB,
        -5_000.0,
    )
    assert finding.remedies == (
        DropIndex(
            schema="public",
            name="orders_customer_id_idx",
            recreate_sql=OLD.definition,
            table="public.orders",
            size_bytes=12 * MiB,
        ),
    )


def test_is_clear_where_the_choice_supersedes_nothing() -> None:
    assert run().is_clear


def test_says_nothing_of_an_index_that_is_not_in_the_snapshot() -> None:
    assert run(replace(ROW, index_oid=1)).is_clear


def test_leaves_small_ones_alone_when_told_to() -> None:
    assert run(ROW, min_size_bytes=12 * MiB).findings
    assert run(ROW, min_size_bytes=12 * MiB + 1).is_clear


def test_says_why_it_cannot_judge_where_nothing_could_be_chosen() -> None:
    choice = Choice(unavailable_reason="the planner twin failed: there is no room")

    outcome = diagnose(RULE, a_snapshot(ORDERS, OLD), choice=choice)

    assert outcome.findings == ()
    assert outcome.reasons == ("the planner twin failed: there is no room",)
