"""A standby that receives everything and replays nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tests.faults.fault import Fault
from tests.faults.place import Place
from tests.faults.shops import ORDERS
from tests.faults.standbys import NEXT_SEGMENT, a_standby
from tests.fixtures.standby import catch_up

_SEGMENTS = 66
"""A gigabyte and a bit."""
_DAYS = 0.0005
"""Three quarters of a minute: a standby is behind by as much time as the clock is set forward."""


@contextmanager
def _that_stands_still(place: Place) -> Iterator[None]:
    with a_standby(place) as standby:
        with psycopg.connect(standby.dsn(), autocommit=True) as session:
            session.execute("select pg_wal_replay_pause()")
        place.run(*[NEXT_SEGMENT] * _SEGMENTS)
        yield


@contextmanager
def _that_keeps_up(place: Place) -> Iterator[None]:
    with a_standby(place) as standby:
        place.run(*[NEXT_SEGMENT] * _SEGMENTS, "checkpoint")
        catch_up(place.cluster, standby)
        yield


FAULT = Fault(
    subject="standby ",
    schema=ORDERS,
    meanwhile=_that_stands_still,
    mend=(),
    mended_meanwhile=_that_keeps_up,
    days=_DAYS,
    programs=("pg_basebackup",),
)
