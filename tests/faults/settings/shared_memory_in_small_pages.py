"""Eight gigabytes of shared buffers on a system that has set no huge pages aside."""

from __future__ import annotations

from tests.faults.fault import Fault
from tests.faults.place import Place
from tests.faults.shops import ORDERS


def _take_less(place: Place) -> None:
    """Huge pages are the machine's to give; less memory is the server's own choice."""
    place.run("alter system set shared_buffers = '128MB'")
    place.cluster.restart()


FAULT = Fault(
    subject="huge_pages",
    schema=ORDERS,
    restart_with={"shared_buffers": "8GB", "effective_cache_size": "16GB"},
    mend=_take_less,
    majors=(18,),
)
