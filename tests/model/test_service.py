"""Managed services, told by what only they have."""

from __future__ import annotations

import pytest

from pgadvisor.model.service import Service
from pgadvisor.testing import a_server


@pytest.mark.parametrize(
    ("marks", "service", "mark"),
    [
        (("role rds_superuser", "setting rds"), Service.RDS, "role rds_superuser"),
        (
            ("function aurora_version", "role rds_superuser", "setting rds"),
            Service.AURORA,
            "function aurora_version",
        ),
        (("role cloudsqlsuperuser", "setting cloudsql"), Service.CLOUD_SQL, None),
        (("role alloydbsuperuser", "setting alloydb"), Service.ALLOYDB, None),
        (("role azure_pg_admin",), Service.AZURE, "role azure_pg_admin"),
        (("setting azure",), Service.AZURE, "setting azure"),
        (("role supabase_admin",), Service.SUPABASE, "role supabase_admin"),
        (("role neon_superuser", "setting neon"), Service.NEON, "role neon_superuser"),
        ((), None, ""),
    ],
)
def test_tells_a_service_by_its_marks(
    marks: tuple[str, ...], service: Service | None, mark: str | None
) -> None:
    server = a_server(service_marks=marks)

    assert server.service is service
    if mark is not None:
        assert server.service_mark == mark


def test_a_superusers_server_is_nobodys_service() -> None:
    """A dump of a service brings its roles along."""
    server = a_server(service_marks=("role rds_superuser",), is_superuser=True)

    assert (server.service, server.service_mark) == (None, "")
