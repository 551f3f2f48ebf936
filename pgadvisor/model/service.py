"""Managed services that run PostgreSQL for their users, and what tells them from a server."""

from __future__ import annotations

from enum import StrEnum


class Service(StrEnum):
    """A managed service."""

    AURORA = "Amazon Aurora"
    RDS = "Amazon RDS"
    ALLOYDB = "Google AlloyDB"
    CLOUD_SQL = "Google Cloud SQL"
    AZURE = "Azure Database for PostgreSQL"
    SUPABASE = "Supabase"
    NEON = "Neon"


_MARKS: tuple[tuple[Service, frozenset[str]], ...] = (
    # Aurora has all that RDS has, and a function of its own:
    # docs.aws.amazon.com, Aurora user guide, "aurora_version".
    (Service.AURORA, frozenset({"function aurora_version"})),
    # docs.aws.amazon.com, RDS user guide, "Understanding the rds_superuser role".
    (Service.RDS, frozenset({"setting rds", "role rds_superuser"})),
    # cloud.google.com/alloydb/docs: "Supported database flags", "About database users".
    (Service.ALLOYDB, frozenset({"setting alloydb", "role alloydbsuperuser"})),
    # cloud.google.com/sql/docs/postgres: "Configure database flags", "About PostgreSQL users".
    (Service.CLOUD_SQL, frozenset({"setting cloudsql", "role cloudsqlsuperuser"})),
    # learn.microsoft.com/azure/postgresql: "Server concepts", "Server parameters".
    (Service.AZURE, frozenset({"setting azure", "role azure_pg_admin"})),
    # supabase.com/docs/guides/database/postgres/roles, and github.com/supabase/supautils.
    (Service.SUPABASE, frozenset({"role supabase_admin"})),
    # neon.com/docs: "Manage roles", "Postgres compatibility".
    (Service.NEON, frozenset({"setting neon", "role neon_superuser"})),
)
"""What each of them has, the more particular service first."""


def known_marks(marks: tuple[str, ...]) -> tuple[str, ...]:
    """Those that tell a service; another text is nobody's mark."""
    known = frozenset[str]().union(*(tells for _, tells in _MARKS))
    return tuple(mark for mark in marks if mark in known)


def recognise(marks: tuple[str, ...], *, is_superuser: bool) -> tuple[Service, str] | None:
    """Tell the service, and the mark that tells it.

    Args:
        marks: As ``Server.service_marks`` has them.
        is_superuser: The session was a superuser's: no service lets anybody be one, and a role
            of that name has come with somebody's dump.
    """
    if is_superuser:
        return None
    for service, tells in _MARKS:
        found = [mark for mark in marks if mark in tells]
        if found:
            return service, found[0]
    return None
