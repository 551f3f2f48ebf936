"""Five hundred connections are allowed, and nobody is there."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.place import Place
from tests.faults.shops import ORDERS


def _allow_fewer(place: Place) -> None:
    place.run("alter system set max_connections = 40")
    place.cluster.restart()


FAULT = Fault(
    subject="max_connections",
    schema=ORDERS,
    restart_with={"max_connections": "500"},
    mend=_allow_fewer,
)
