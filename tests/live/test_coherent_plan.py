"""A whole analysis whose findings would contradict each other."""

from __future__ import annotations

from pathlib import Path

import pytest

import pgadvisor.rules
from pgadvisor import Advice, advise
from pgadvisor.config import Config, Suppression
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.testing import (
    a_foreign_key,
    a_primary_key,
    a_snapshot,
    a_statement,
    a_table,
    an_index,
    column_statistics,
    index_activity,
    table_activity,
)

pytestmark = pytest.mark.live

CUSTOMERS = a_table("customers", "id bigint not null", rows=50_000)
ORDERS = a_table("orders")
NARROW = an_index(ORDERS, "customer_id")
OVERZEALOUS = '''
"""Indexes that somebody does not like."""

from pgadvisor.rulekit import (
    Case, Confidence, DropIndex, Finding, NoLimits, Outcome, Provenance, Severity, rule
)


@rule(severity=Severity.WARNING, since="1", limits=NoLimits)
def unloved_index(case: Case, limits: NoLimits) -> Outcome:
    """Every index that is no constraint's is to go."""
    for _, index in case.user_indexes:
        if index.constraint_name is None:
            yield Finding(
                subject=f"{index.schema}.{index.name}",
                summary="nobody likes it",
                evidence=(),
                provenance=Provenance.CATALOG,
                confidence=Confidence.HIGH,
                remedies=(
                    DropIndex(
                        schema=index.schema, name=index.name, recreate_sql=index.definition
                    ),
                ),
            )
'''


def a_shop(*texts: str) -> Snapshot:
    return a_snapshot(
        *(CUSTOMERS, ORDERS, NARROW),
        *a_primary_key(CUSTOMERS, "id"),
        *a_primary_key(ORDERS, "id"),
        table_activity(ORDERS, rows_inserted=90_000),
        index_activity(NARROW, scans=90_000),
        column_statistics(ORDERS, "customer_id", n_distinct=2_000.0),
        column_statistics(ORDERS, "created_at", n_distinct=-1.0),
        *map(a_statement, texts),
    )


LATEST = "select id from orders where customer_id = $1 order by created_at desc limit 10"


def review_reasons(advice: Advice) -> dict[str, str]:
    return {
        key: made.review_reason
        for made in advice.recommendations
        for key in made.finding_keys
        if not made.is_in_migration
    }


def test_an_index_goes_with_the_new_one_that_takes_its_place() -> None:
    advice = advise(a_shop(LATEST))

    assert review_reasons(advice) == {}
    assert (
        'DROP INDEX CONCURRENTLY IF EXISTS "public"."orders_customer_id_idx"'
        in advice.migration.up_sql
    )


def test_an_index_stays_when_the_new_one_in_its_place_is_suppressed() -> None:
    config = Config(suppress=(Suppression(key="missing-index:*", reason="not now"),))

    advice = advise(a_shop(LATEST), config=config)

    [(key, reason)] = review_reasons(advice).items()
    assert key == "superseded-index:public.orders_customer_id_idx"
    assert reason.endswith(", which takes its place, is not in the migration")
    assert "DROP INDEX" not in advice.migration.up_sql


def test_a_rule_of_ones_own_takes_no_index_from_a_foreign_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pgadvisor.rules, "__path__", list(pgadvisor.rules.__path__))
    folder = tmp_path / "acme_coherence"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "unloved_index.py").write_text(OVERZEALOUS)
    snapshot = a_snapshot(
        *(CUSTOMERS, ORDERS, NARROW, an_index(ORDERS, "note")),
        *a_primary_key(CUSTOMERS, "id"),
        *a_primary_key(ORDERS, "id"),
        a_foreign_key(ORDERS, "customer_id", CUSTOMERS),
    )

    advice = advise(snapshot, rule_directories=(tmp_path,))

    assert review_reasons(advice) == {
        "unloved-index:public.orders_customer_id_idx": (
            "the foreign key orders_customer_id_fkey would be left without an index"
        )
    }
    assert '"orders_note_idx"' in advice.migration.up_sql
    assert '"orders_customer_id_idx"' not in advice.migration.up_sql
