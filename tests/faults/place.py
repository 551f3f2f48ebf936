"""Where a fault is: a server, the clock that it lives by, and a database."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from pgadvisor.cluster.launch import Cluster
from tests.faults.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What those parts of a fault are given that no statement of one session can do."""

    cluster: Cluster
    clock: Clock
    name: str
    """Of the database."""

    @property
    def dsn(self) -> str:
        """The superuser's."""
        return self.cluster.dsn(self.name)

    @property
    def app_dsn(self) -> str:
        """Of the role ``app``, which owns the database."""
        return self.cluster.dsn(self.name, user="app")

    def run(self, *statements: str) -> None:
        """Run statements as the superuser, each by itself, and let nobody count them."""
        with psycopg.connect(self.dsn, autocommit=True) as session:
            session.execute("set pg_stat_statements.track = 'none'")
            for statement in statements:
                session.execute(statement.encode())
