"""Reports on a standby that are cancelled, since the primary locks what they read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from pgadvisor.cluster.launch import Cluster
from tests.faults.fault import Fault
from tests.faults.place import Place
from tests.faults.sessions import open_sessions
from tests.faults.shops import ORDERS
from tests.faults.standbys import a_standby
from tests.fixtures.processes import becomes_true
from tests.fixtures.standby import catch_up

_ROUNDS = 3
_READERS = 30


@contextmanager
def _reporting(place: Place, *, is_cancelled: bool) -> Iterator[str]:
    """Reads on a standby, and locks on the primary: at the same time, or after each other."""
    with a_standby(place) as standby:
        dsn = standby.dsn(place.name)
        with psycopg.connect(dsn, autocommit=True) as session:
            session.execute("alter system set max_standby_streaming_delay = 0")
            session.execute("select pg_reload_conf()")
            session.execute("select pg_stat_reset()")
        for _ in range(_ROUNDS):
            with open_sessions(standby.dsn(place.name, user="app"), _READERS) as readers:
                for reader in readers:
                    reader.execute("begin")
                    reader.execute("select count(*) from customers")
                    if not is_cancelled:
                        reader.execute("commit")
                place.run("begin; lock table customers; commit")
                catch_up(place.cluster, standby)
        expected = _ROUNDS * _READERS if is_cancelled else 0
        assert becomes_true(lambda: _conflicts(standby, place.name) == expected)
        yield dsn


def _conflicts(standby: Cluster, database: str) -> int:
    with psycopg.connect(standby.dsn(database), autocommit=True) as session:
        [(count,)] = session.execute(
            "select conflicts from pg_stat_database where datname = current_database()"
        )
    return int(count)


FAULT = Fault(
    subject="shop",
    schema=ORDERS,
    meanwhile=lambda place: _reporting(place, is_cancelled=True),
    mend=(),
    mended_meanwhile=lambda place: _reporting(place, is_cancelled=False),
    days=8,
    programs=("pg_basebackup",),
)
