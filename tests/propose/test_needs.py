"""What statements need most often, one by one, and the index that is proposed for it.

Other files of this directory say how each kind of candidate comes about.
"""

from __future__ import annotations

import pytest

from pgadvisor.testing import SnapshotObject, an_index
from tests.propose.jobs import JOBS, proposed, statuses

RARE = statuses(0.9, 0.05)


@pytest.mark.parametrize(
    ("clause", "index"),
    [
        pytest.param("WHERE tenant_id = $1", "(tenant_id)", id="a-value"),
        pytest.param(
            "WHERE tenant_id = $1 AND created_at > $2",
            "(tenant_id, created_at)",
            id="a-value-and-a-range",
        ),
        pytest.param(
            "WHERE tenant_id = $1 ORDER BY created_at DESC LIMIT 20",
            "(tenant_id, created_at)",
            id="the-newest-of-a-value",
        ),
        pytest.param(
            "WHERE document ->> 'kind' = $1", "((document ->> 'kind'))", id="a-key-of-a-document"
        ),
        pytest.param(
            "WHERE (document ->> 'n')::int > 5",
            "((CAST(document ->> 'n' AS integer)))",
            id="a-number-in-a-document",
        ),
        pytest.param(
            "WHERE document #>> '{a,b}' = $1", "((document #>> '{a,b}'))", id="a-path-in-a-document"
        ),
        pytest.param("WHERE coalesce(name, '') = $1", "((COALESCE(name, '')))", id="a-default"),
        pytest.param("WHERE lower(name) = $1", "((lower(name)))", id="any-case"),
        pytest.param("WHERE document @> $1", "USING gin (document jsonb_path_ops)", id="contained"),
        pytest.param("WHERE tags && $1", "USING gin (tags)", id="arrays-that-meet"),
        pytest.param("WHERE name LIKE 'abc%'", "(name text_pattern_ops)", id="a-beginning"),
        pytest.param(
            "WHERE tstzrange(created_at, deleted_at) && tstzrange($1, $2)",
            "USING gist ((tstzrange(created_at, deleted_at)))",
            id="times-that-meet",
        ),
        pytest.param(
            "WHERE status = 'new' ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED",
            "(created_at) WHERE status = 'new'",
            id="the-next-job",
        ),
        pytest.param(
            "WHERE status = 'new' AND created_at <= now() ORDER BY owner_id DESC, created_at "
            "LIMIT 10 FOR UPDATE SKIP LOCKED",
            "(owner_id, created_at DESC) WHERE status = 'new'",
            id="the-next-jobs-by-weight",
        ),
    ],
)
def test_proposes(clause: str, index: str) -> None:
    assert index in proposed(f"SELECT id FROM jobs {clause}", RARE)


@pytest.mark.parametrize(
    ("existing", "wanted"),
    [
        pytest.param(
            an_index(JOBS, "created_at", "tenant_id"),
            "(tenant_id, created_at)",
            id="the-range-comes-first",
        ),
        pytest.param(
            an_index(JOBS, "tenant_id", "owner_id", "created_at"),
            "(tenant_id, created_at)",
            id="a-column-between",
        ),
        pytest.param(
            an_index(JOBS, "tenant_id"), "(tenant_id, created_at)", id="the-rest-is-filtered"
        ),
    ],
)
def test_proposes_beside_an_index_in_a_poor_order(existing: SnapshotObject, wanted: str) -> None:
    text = "SELECT * FROM jobs WHERE tenant_id = $1 AND created_at > $2"

    assert wanted in proposed(text, existing)
