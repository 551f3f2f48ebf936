"""Standbys of a server that ages at will."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pgadvisor.cluster.launch import Cluster
from tests.faults.place import Place
from tests.faults.server import SETTINGS
from tests.fixtures.standby import catch_up, standby_of

NEXT_SEGMENT = "select pg_logical_emit_message(false, 'shop', ''), pg_switch_wal()"
"""The rest of the segment counts as WAL, which makes 16 MiB of it in a moment."""


@contextmanager
def a_standby(place: Place) -> Iterator[Cluster]:
    """A standby that has replayed all, by the same clock."""
    place.run(
        # When weeks go by in a moment, neither side has heard of the other for weeks.
        "alter system set wal_sender_timeout = 0",
        "alter system set wal_receiver_timeout = 0",
        "alter system set wal_keep_size = '2GB'",  # it fetches a gigabyte more slowly than we write
        "select pg_reload_conf()",
    )
    environment = place.clock.environment
    with standby_of(place.cluster, settings=SETTINGS, environment=environment) as standby:
        catch_up(place.cluster, standby)
        yield standby
