"""A server that writes its log in all formats that it has, and what it is asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from pgadvisor.cluster.binaries import Binaries
from pgadvisor.cluster.launch import Cluster
from tests.fixtures.processes import becomes_true

SETTINGS = {
    "fsync": "off",
    "shared_preload_libraries": "auto_explain",
    "log_autovacuum_min_duration": "0",
    "log_checkpoints": "on",
    "log_lock_waits": "on",
    "log_temp_files": "0",
    "log_parameter_max_length": "-1",
    "deadlock_timeout": "100ms",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}
END = "the end of the test"


@contextmanager
def logging_server(binaries: Binaries, **settings: str) -> Iterator[Cluster]:
    """Start a server with a logging collector; its log files are called postgresql.*."""
    with Cluster(binaries=binaries, settings=SETTINGS | settings) as cluster:
        formats = "stderr,csvlog,jsonlog" if binaries.major >= 15 else "stderr,csvlog"
        with cluster.offline() as data, (data / "postgresql.conf").open("a") as file:
            file.write(
                f"logging_collector = on\nlog_destination = '{formats}'\n"
                "log_directory = 'log'\nlog_filename = 'postgresql.log'\nlog_rotation_age = 0\n"
            )
        with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
            connection.execute("create database shop")
        yield cluster


def log_files(cluster: Cluster) -> dict[str, Path]:
    """The files by format, as soon as all that was logged is in them."""
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute(f"do $$ begin raise log '{END}'; end $$".encode())
    directory = cluster.data_directory / "log"
    names = {"stderr": "postgresql.log", "csvlog": "postgresql.csv", "jsonlog": "postgresql.json"}
    files = {name: directory / file for name, file in names.items() if (directory / file).exists()}
    assert becomes_true(
        lambda: all(END.encode() in file.read_bytes() for file in files.values()), 10.0
    )
    time.sleep(0.1)  # the line that follows it
    return files


def work(dsn: str) -> None:
    """Do what leaves its traces in a log: statements of both protocols, and trouble."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create table orders (id bigint primary key, state text, note text); "
            "insert into orders select n, case n % 10 when 0 then 'new' else 'paid' end, "
            "'note ' || n from generate_series(1, 20000) n; analyze orders"
        )
        for number in range(30):
            state = "new" if number % 3 == 0 else "paid"
            connection.execute(  # the simple protocol
                f"select count(*)\nfrom orders\nwhere state = '{state}'\n"
                f"  and id > {number}".encode()
            )
            connection.execute(  # the extended one
                "select note from orders where id = %s and note <> %s", (number, "it's, $2 = 'x'")
            )
        connection.execute('select "note", \'ü, "quoted"\ttab\' from orders where id = -1')
        connection.execute("set work_mem = '64kB'")
        connection.execute("select note from orders order by note desc offset 19999")
        for text in (b"select * from nowhere", b"insert into orders (id) values (1)"):
            try:
                connection.execute(text)
            except psycopg.Error:
                continue
        connection.execute("vacuum orders")
        connection.execute("checkpoint")
    _wait_for_a_lock(dsn)


def _wait_for_a_lock(dsn: str) -> None:
    with psycopg.connect(dsn) as first, psycopg.connect(dsn) as second:
        first.execute("update orders set note = 'a' where id = 1")
        second.execute("update orders set note = 'a' where id = 2")

        def cross() -> None:
            try:
                second.execute("update orders set note = 'b' where id = 1")
                second.rollback()
            except psycopg.errors.DeadlockDetected:
                second.rollback()

        thread = threading.Thread(target=cross)
        thread.start()
        time.sleep(0.3)  # longer than deadlock_timeout, so that the wait is logged
        try:
            first.execute("update orders set note = 'b' where id = 2")
        except psycopg.errors.DeadlockDetected:
            first.rollback()
        thread.join()
        first.rollback()
