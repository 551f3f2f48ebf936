"""Clients that go while their statement runs, two hundred of them."""

from __future__ import annotations

import os
import socket
from contextlib import suppress

import psycopg

from tests.faults.fault import Calls, Fault
from tests.faults.place import Place
from tests.faults.shops import ORDERS

_TIMES = 200


def go_without_a_word(dsn: str) -> None:
    """Close the sockets of sessions, which then send no message that they end."""
    for _ in range(_TIMES):
        session = psycopg.connect(dsn, autocommit=True)
        session.execute("select 1")
        with socket.socket(fileno=os.dup(session.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
        with suppress(psycopg.OperationalError):
            session.close()


def _look_for_clients(place: Place) -> None:
    place.run(f"alter database {place.name} set client_connection_check_interval = '10s'")


FAULT = Fault(
    subject="client_connection_check_interval",
    schema=ORDERS,
    workload=(Calls(text="select count(*), pg_sleep(0.3) from orders", times=2),),
    act=go_without_a_word,
    mend=_look_for_clients,
    days=8,
    limits={"min_statement_ms": 250},
    why_lower="a statement of a minute takes a minute",
)
