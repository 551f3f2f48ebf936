"""Which PostgreSQL plans for a database of some major version, and why that one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pgadvisor.cluster.binaries import (
    BINARIES_VARIABLE,
    Binaries,
    asked_installation,
    embedded_binaries,
    has_server,
    named_binaries,
    read_binaries,
    system_directories,
)
from pgadvisor.errors import ClusterError

CONFIG_VARIABLE = "PG_CONFIG"
"""The environment variable that names a ``pg_config``, whose PostgreSQL may be used."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Binaries, and why just these."""

    binaries: Binaries
    reason: str
    """``PostgreSQL 15.18 from the system, the original's own major``."""


def given(binaries: Binaries, major: int) -> tuple[Choice, ...]:
    """The only choice, where the caller has made it."""
    return (_choice(binaries, f"PostgreSQL {binaries.version}, as given", major),)


def choices(major: int) -> tuple[Choice, ...]:
    """What can plan for a database of that major version, the best first.

    What ``PGADVISOR_PG_BIN`` names is the only choice.  Failing that, the same major: of the
    ``pg_config`` that ``PG_CONFIG`` names, else the system's; and the embedded one at the end.

    Raises:
        ClusterError: The machine has none, or the variable names a directory without a server.
    """
    named = named_binaries()
    if named is not None:
        what = f"PostgreSQL {named.version}, named by {BINARIES_VARIABLE}"
        return (_choice(named, what, major),)
    faults: list[str] = []
    installed = [*_configured(faults), *_system(faults)]
    own = [_choice(found, _what(found), major) for found in installed if found.major == major]
    try:
        embedded = embedded_binaries()
    except ClusterError:
        if own:
            return tuple(own)
        if not installed:
            raise
        newest = max(installed, key=Binaries.version_key)
        return (_choice(newest, _what(newest), major),)
    what = f"embedded PostgreSQL {embedded.version}"
    if embedded.major == major:
        return (*own, _choice(embedded, what, major))
    return (*own, Choice(binaries=embedded, reason=_last_resort(what, major, faults)))


def first_that_starts(options: Sequence[Choice], start: Callable[[Binaries], _T]) -> tuple[_T, str]:
    """Start the best that can be started; returns it, and why it is that one.

    Raises:
        ClusterError: None of them can be started.
    """
    faults: list[str] = []
    for option in options:
        try:
            started = start(option.binaries)
        except ClusterError as error:
            if option is options[-1]:
                raise
            reason = error.happened.splitlines()[-1]
            faults.append(f"{option.reason.partition(',')[0]} did not start ({reason})")
        else:
            what = option.reason.partition(",")[0]
            return started, f"{what}, since {'; '.join(faults)}" if faults else option.reason
    raise ClusterError("starting PostgreSQL", "there is none to start")


def _choice(binaries: Binaries, what: str, major: int) -> Choice:
    is_own = binaries.major == major
    why = "the original's own major" if is_own else f"in place of the original's {major}"
    return Choice(binaries=binaries, reason=f"{what}, {why}")


def _what(binaries: Binaries) -> str:
    is_described = binaries.origin == CONFIG_VARIABLE
    whence = f"that {CONFIG_VARIABLE} describes" if is_described else "from the system"
    return f"PostgreSQL {binaries.version} {whence}"


def _last_resort(what: str, major: int, faults: Sequence[str]) -> str:
    trouble = f" that runs ({'; '.join(faults)})" if faults else ""
    return f"{what}, since this machine has no PostgreSQL {major}{trouble}"


def _configured(faults: list[str]) -> Iterator[Binaries]:
    """The server that belongs to the user's ``pg_config``, if it has one."""
    program = os.environ.get(CONFIG_VARIABLE)
    if not program:
        return
    try:
        directory = asked_installation(program)
    except OSError as error:
        faults.append(f"{CONFIG_VARIABLE} names {program}: {error.strerror}")
        return
    if directory is None or not has_server(directory):
        faults.append(f"{program}, named by {CONFIG_VARIABLE}, has no server")
        return
    yield from _readable(directory, CONFIG_VARIABLE, faults)


def _system(faults: list[str]) -> Iterator[Binaries]:
    found = [
        binaries
        for directory in dict.fromkeys(system_directories())
        for binaries in _readable(directory, "system", faults)
    ]
    yield from sorted(found, key=Binaries.version_key, reverse=True)


def _readable(directory: Path, origin: str, faults: list[str]) -> Iterator[Binaries]:
    try:
        yield read_binaries(directory, origin=origin)
    except ClusterError as error:
        faults.append(f"{directory}: {error.happened.splitlines()[0]}")
