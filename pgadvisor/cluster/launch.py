"""A PostgreSQL server of our own: on a socket, in a temporary directory, gone when we are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from pgadvisor.cluster import guardian
from pgadvisor.cluster.binaries import Binaries, find_binaries
from pgadvisor.cluster.leftovers import remove_leftovers
from pgadvisor.cluster.owner import (
    MEMORY,
    Owner,
    can_run,
    memory_base,
    server_owner,
    short_bases,
    temporary_base,
)
from pgadvisor.cluster.remedy import remedy_for
from pgadvisor.errors import ClusterError

SUPERUSER = "postgres"
PORT = 5432
"""Part of the socket's name only: nothing listens on a network."""
_END_TIMEOUT_SECONDS = 60.0
"""A busy disk takes its time to remove ten thousand files, long after the server is gone."""
_CHECKSUMS_BY_DEFAULT_MAJOR = 18
_OWN_SETTINGS = frozenset(
    ("listen_addresses", "port", "unix_socket_directories", "data_directory", "logging_collector")
)
_SETTING_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)*")


class Cluster:
    """An embedded server, started by the constructor; a context manager that stops it.

    Nothing of it survives the process: whatever way that ends, kill -9 included, a guardian
    process stops the server and removes its directory within five seconds.

    Args:
        binaries: What to run; None: what :func:`find_binaries` chooses.
        settings: Settings for postgresql.conf, as text: ``{"fsync": "off"}``.
        password: The superuser's; None: whoever can enter the directory is trusted.
        locale: The locale of the C library for all databases.
        prefix: How the names of its temporary directories begin.
        initdb_options: More options for initdb.
        memory_bytes: It may lie in memory, where it will take so much; None: it goes onto disk.
        environment: More environment variables for all of its processes.

    Raises:
        ClusterError: It could not be started; the message has the server's own lines.
    """

    binaries: Binaries
    """What it runs (a copy of them, where the server's user cannot read these)."""
    directory: Path
    """The temporary directory that holds everything, with mode 0700."""
    data_directory: Path
    socket_directory: Path
    port: int
    """The number in the socket's name."""
    locale: str
    """The locale in use; macOS, which may lack ``C.UTF-8``, has ``en_US.UTF-8`` then."""
    owner: tuple[int, int] | None
    """The user and group that it runs as; None: our own."""

    def __init__(
        self,
        *,
        binaries: Binaries | None = None,
        settings: Mapping[str, str] | None = None,
        password: str | None = None,
        locale: str = "C.UTF-8",
        prefix: str = "pgadvisor-",
        initdb_options: tuple[str, ...] = (),
        memory_bytes: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        configuration = _configuration(settings or {})
        owner = server_owner()
        base = temporary_base(owner)
        short_base = short_bases()[0]
        self._owners = {os.geteuid(), owner.uid if owner else os.geteuid()}
        for place in {base, short_base, MEMORY}:
            remove_leftovers(place, prefix, self._owners)
        self.binaries = binaries or find_binaries()
        copy_from = _copy_from(self.binaries, owner)
        if memory_bytes is not None and copy_from is None:  # no program may run there
            base = memory_base(owner, memory_bytes) or base
        self.locale = _available(locale)
        self.owner = (owner.uid, owner.gid) if owner else None
        self.port = PORT
        self._password = password
        self._guardian = _start_guardian()
        self._finalizer = weakref.finalize(self, _end, self._guardian, os.getpid())
        try:
            started = self._ask(
                {
                    "base": str(base),
                    "socket_base": str(short_base),
                    "prefix": prefix,
                    "owner": self.owner,
                    "installation": str(self.binaries.directory),
                    "libraries": [str(path) for path in self.binaries.library_directories],
                    "copy_from": copy_from,
                    "environment": _environment() | dict(environment or {}),
                    "initdb_options": [*self._initdb_options(), *initdb_options],
                    "password": password,
                    "settings": configuration,
                    "port": PORT,
                }
            )
        except BaseException:
            self._finalizer()
            raise
        self.directory = Path(started["directory"])
        self.data_directory = self.directory / "data"
        self.socket_directory = Path(started["sockets"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def dsn(
        self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None
    ) -> str:
        """Return a connection string for libpq, over the Unix socket.

        Args:
            database: The database's name.
            user: The role's name.
            password: The role's; None: the superuser's own for the superuser, otherwise none.
        """
        if password is None and user == SUPERUSER:
            password = self._password
        parts = {
            "host": str(self.socket_directory),
            "port": str(self.port),
            "dbname": database,
            "user": user,
        }
        if password is not None:
            parts["password"] = password
        return " ".join(f"{name}={_quoted(value)}" for name, value in parts.items())

    def restart(self) -> None:
        """Shut the server down in an orderly way and start it again.

        Raises:
            ClusterError: It did not start again.
        """
        with self.offline():
            pass

    @contextmanager
    def offline(self) -> Iterator[Path]:
        """Hold the server stopped, so that its files may be written; yields the data directory.

        Raises:
            ClusterError: It did not start again.
        """
        self._ask("down")
        try:
            yield self.data_directory
        finally:
            self._ask("up")

    def stop(self) -> None:
        """End the server and remove its directory; once is enough, more does no harm.

        Raises:
            ClusterError: The directory could not be removed.
        """
        self._finalizer()
        for directory in {self.directory, self.socket_directory}:
            if directory.exists():  # the guardian itself was killed
                remove_leftovers(directory.parent, directory.name, self._owners)
        if self.directory.exists():
            raise ClusterError(
                "removing the embedded server",
                f"{self.directory} is still there",
                "Remove it by hand; the next start tries again.",
            )

    def last_words(self) -> str:
        """What the server has written to its log that tells of an end; empty: nothing."""
        try:
            lines = (self.directory / "server.log").read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return next((found[0] for line in reversed(lines) if (found := _END.search(line))), "")

    def _initdb_options(self) -> tuple[str, ...]:
        method = "trust" if self._password is None else "scram-sha-256"
        checksums = self.binaries.major >= _CHECKSUMS_BY_DEFAULT_MAJOR
        return (
            f"--username={SUPERUSER}",
            f"--auth={method}",
            "--encoding=UTF8",
            f"--locale={self.locale}",
            "--lc-messages=C",
            "--no-sync",
            *(("--no-data-checksums",) if checksums else ()),
        )

    def _ask(self, message: guardian.Request | str) -> dict[str, str]:
        """Write one line to the guardian and wait for its answer."""
        line = message if isinstance(message, str) else json.dumps(message)
        incoming, outgoing = self._guardian.stdin, self._guardian.stdout
        assert incoming is not None  # noqa: S101 - both are pipes, by construction
        assert outgoing is not None  # noqa: S101
        attempted = {"down": "stopping", "up": "starting again"}.get(line, "starting")
        attempted = f"{attempted} PostgreSQL {self.binaries.version} ({self.binaries.origin})"
        if incoming.closed:
            raise ClusterError(attempted, "it has been stopped for good", "Start a new one.")
        reply = b""
        with suppress(BrokenPipeError):
            incoming.write(f"{line}\n".encode())
            incoming.flush()
            reply = outgoing.readline()
        if not reply:
            raise ClusterError(
                attempted,
                "the process that guards it has ended, and the server with it",
                "If nobody has killed it, what it wrote to standard error tells why.",
            )
        answer: dict[str, str] = json.loads(reply)
        if "failed" in answer:
            raise _failure(attempted, answer["failed"], list(answer["lines"]))
        return answer


def _start_guardian() -> subprocess.Popen[bytes]:
    """Start the guardian: by its path and isolated, so that nothing of ours is imported.

    Raises:
        ClusterError: There is no Python to run it with.
    """
    try:
        return subprocess.Popen(  # noqa: S603 - our own argument list, no shell
            [sys.executable, "-I", "-S", guardian.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise ClusterError(
            "starting the process that guards an embedded server",
            f"{sys.executable or 'the Python interpreter'}: {error.strerror}",
            "Run pgadvisor with a Python that can start itself.",
        ) from error


def _end(process: subprocess.Popen[bytes], parent: int) -> None:
    """Close the guardian's pipe and wait until it has cleaned up.

    Args:
        process: The guardian.
        parent: The process that started it; a fork of that one must leave the server alone.
    """
    if os.getpid() != parent:
        return
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.close()
    with suppress(subprocess.TimeoutExpired):  # it goes on by itself
        process.wait(_END_TIMEOUT_SECONDS)
    if process.stdout is not None:
        process.stdout.close()


def _failure(attempted: str, step: str, lines: list[str]) -> ClusterError:
    """Put what the server said into an error, with what is known to help."""
    decisive = [line for line in lines if _DECISIVE.search(line)] or lines
    text = "\n".join(decisive[-_SHOWN_LINES:])
    advice = remedy_for(text) or (
        "The lines are the server's own; what they name is what it could not do."
    )
    return ClusterError(attempted, f"{_STEPS[step]}:\n{text}", advice)


_SHOWN_LINES = 8
_DECISIVE = re.compile(
    r"\b(error|fatal|panic|hint|detail)\b|could not|cannot|invalid|unrecognized|not permitted",
    re.IGNORECASE,
)
"""What tells a reason from the chatter of an ordinary start."""
_END = re.compile(r"\b(FATAL|PANIC): .*")
_STEPS = {
    "prepare": "its directory could not be prepared",
    "initdb": "initdb failed",
    "start": "the server ended at once or did not get ready",
}


def _configuration(settings: Mapping[str, str]) -> str:
    """Write settings as lines of postgresql.conf.

    Raises:
        ClusterError: One is not a setting's name, or is the launcher's own affair.
    """
    lines = []
    for name, value in settings.items():
        if not _SETTING_NAME.fullmatch(name) or name.lower() in _OWN_SETTINGS:
            raise ClusterError(
                "configuring the embedded server",
                f"{name!r} cannot be set",
                f"The launcher sets {', '.join(sorted(_OWN_SETTINGS))} itself.",
            )
        escaped = value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
        lines.append(f"{name} = '{escaped}'\n")
    return "".join([*lines, "listen_addresses = ''\n", f"port = {PORT}\n"])


def _environment() -> dict[str, str]:
    """Return an environment in which no PG* or locale variable of the user's is left."""
    return {"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC", "LC_ALL": "C"}


def _copy_from(binaries: Binaries, owner: Owner | None) -> str | None:
    """Return the directory below which the binaries are to be copied; None: they stay."""
    places = (binaries.directory, *binaries.library_directories)
    needed = (
        *places,
        binaries.program("postgres"),
        binaries.program("initdb"),
        binaries.directory / "lib",
    )
    if owner is None or can_run(owner, needed):
        return None
    return os.path.commonpath([str(path) for path in places])


def _available(locale: str) -> str:
    """Return the locale, or the one that macOS has in the place of ``C.UTF-8``."""
    missing = sys.platform == "darwin" and not Path("/usr/share/locale", locale).exists()
    return "en_US.UTF-8" if missing and locale == "C.UTF-8" else locale


def _quoted(value: str) -> str:
    """Quote a value for libpq's connection string."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
