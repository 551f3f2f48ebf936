"""One index in the place of one that exists."""

from __future__ import annotations

import pytest

from pgadvisor.sqltext.index import describe_keys
from pgadvisor.testing import an_index
from tests.propose.jobs import COVERING, EXISTING, JOBS, KEYS, candidates

OLD = an_index(JOBS, "tenant_id", "status", name="old_idx")
BY_TIME = "SELECT * FROM jobs WHERE tenant_id = $1 AND created_at > $2"


def reasons(text: str, *objects: object, kinds: object = KEYS | EXISTING) -> dict[str, str]:
    found = candidates(text, *objects, kinds=kinds)  # type: ignore[arg-type]
    return {describe_keys(c.definition): c.reason for c in found}


def test_widens_an_index_by_keys() -> None:
    found = reasons(BY_TIME, OLD)

    assert found["(tenant_id, status, created_at)"] == (
        "old_idx widened to hold (tenant_id, created_at) too, in the place of old_idx"
    )
    assert found["(tenant_id, created_at, status)"] == (
        "(tenant_id, created_at) widened to hold old_idx too, in the place of old_idx"
    )


def test_widens_an_index_by_what_is_read() -> None:
    found = reasons(
        "SELECT owner_id FROM jobs WHERE tenant_id = $1", OLD, kinds=COVERING | EXISTING
    )

    assert "in the place of old_idx" in found["(tenant_id, status) INCLUDE (owner_id)"]


def test_reorders_the_keys_of_an_index() -> None:
    found = reasons("SELECT * FROM jobs WHERE status = $1", OLD)

    assert found["(status, tenant_id)"] == (
        "the keys of old_idx in another order, in the place of old_idx"
    )


def test_an_index_that_begins_with_all_of_an_old_one_says_so() -> None:
    old = an_index(JOBS, "tenant_id", name="old_idx")

    assert reasons(BY_TIME, old, kinds=KEYS)["(tenant_id, created_at)"] == (
        "equality on tenant_id, range on created_at, in the place of old_idx"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"is_unique": True},
        {"constraint_name": "c"},
        {"is_valid": False},
        {"access_method": "hash"},
        {"predicate": "(status IS NULL)"},
        {"is_replica_identity": True},
    ],
    ids=str,
)
def test_leaves_alone_what_another_index_cannot_stand_in_for(fields: dict[str, object]) -> None:
    old = an_index(JOBS, "tenant_id", "status", name="old_idx", **fields)

    assert not any("old_idx" in reason for reason in reasons(BY_TIME, old).values())
