"""Thirty-two connections, where ordinary roles may make thirty-seven."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.fault import Fault
from tests.faults.place import Place
from tests.faults.sessions import open_sessions
from tests.faults.shops import ORDERS


@contextmanager
def _large_pool(place: Place) -> Iterator[None]:
    with open_sessions(place.app_dsn, 32):
        yield


@contextmanager
def _small_pool(place: Place) -> Iterator[None]:
    with open_sessions(place.app_dsn, 20):
        yield


FAULT = Fault(
    subject="max_connections",
    schema=ORDERS,
    meanwhile=_large_pool,
    mend=(),
    mended_meanwhile=_small_pool,
)
