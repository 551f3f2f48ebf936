"""A prepared transaction that has kept vacuum from freezing, for twelve hundred million others."""

from __future__ import annotations

import os
import subprocess

import psycopg

from tests.faults.fault import Fault
from tests.faults.place import Place
from tests.faults.shops import ORDERS

_PER_SEGMENT = 32 * 8_192 * 4
"""Transactions of which a file of pg_xact tells how they ended: two bits for each."""
_NEXT = 1_200 * _PER_SEGMENT


def use_up(place: Place) -> None:
    """Go on with a number far ahead."""
    owner = place.cluster.owner
    user, group = owner or (None, None)
    with place.cluster.offline() as data_directory:
        subprocess.run(  # noqa: S603  (our own argument list, no shell)
            [
                place.cluster.binaries.program("pg_resetwal"),
                *("-D", data_directory, "-x", str(_NEXT)),
            ],
            env=place.cluster.binaries.environment(),
            user=user,
            group=group,
            extra_groups=None if owner is None else [],
            capture_output=True,
            check=True,
        )
        ends = data_directory / "pg_xact" / f"{_NEXT // _PER_SEGMENT:04X}"
        ends.write_bytes(bytes(_PER_SEGMENT // 4))
        if owner is not None:
            os.chown(ends, *owner)


def freeze_all(place: Place) -> None:
    """What autovacuum does once nothing is in its way, in all databases."""
    place.run(
        "rollback prepared 'forgotten'",
        "update pg_database set datallowconn = true where datname = 'template0'",
    )
    with psycopg.connect(place.dsn, autocommit=True) as session:
        names = [name for (name,) in session.execute("select datname from pg_database")]
    for name in names:
        Place(cluster=place.cluster, clock=place.clock, name=name).run("vacuum freeze")
    place.run("update pg_database set datallowconn = false where datname = 'template0'")


FAULT = Fault(
    subject="shop",
    schema=ORDERS,
    restart_with={"max_prepared_transactions": "1"},
    plant=(
        "begin",
        "update orders set status = 'done' where id = 20",
        "prepare transaction 'forgotten'",
    ),
    tamper=use_up,
    mend=freeze_all,
    beside={"held-vacuum-horizon": "it is what keeps vacuum from freezing"},
    programs=("pg_resetwal",),
)
