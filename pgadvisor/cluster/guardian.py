"""The small process that owns a server: it starts it, and ends it when its parent is gone.

It runs as a script of its own (so that neither the package nor site-packages are imported), in a
session of its own (so that Ctrl-C does not reach the server), and reads a pipe whose other end
only the parent holds. Whatever way the parent ends, kill -9 included, the pipe ends with it:
the guardian then stops the server and removes its directory. Hence only the standard library,
and as little of that as possible.

The parent writes one JSON line (a :class:`Request`), then the lines ``down`` and ``up``; each is
answered by one JSON line.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TypedDict

LOCK_FILE = "lock"
"""Held (flock) by the guardian for as long as the directory is in use."""
UP_TIMEOUT_SECONDS = 60.0
STOP_STEPS = ((signal.SIGINT, 2.0), (signal.SIGQUIT, 1.5), (signal.SIGKILL, 0.5))
"""The signals of the last stop, with the seconds that each is given."""

MAX_SOCKET_PATH_BYTES = 103
"""Room for a socket's path: 104 bytes with the closing zero on macOS, 108 on Linux."""
KEPT_LINES = 100
"""Lines from the end of the log that the parent is told when a step has failed."""
_STATUS_LINE = 8
"""The line of postmaster.pid that holds the server's state."""


class Request(TypedDict):
    """What the parent wants; all that needs judgement has been decided there."""

    base: str
    """The directory for temporary directories."""
    socket_base: str
    """Where a socket directory is made if the one below ``base`` has too long a path."""
    prefix: str
    owner: tuple[int, int] | None
    """The user and group that the server runs as; None: our own."""
    installation: str
    libraries: list[str]
    copy_from: str | None
    """Copy the binaries, keeping their places relative to this directory; None: use them there."""
    environment: dict[str, str]
    initdb_options: list[str]
    password: str | None
    settings: str
    """Lines for the end of postgresql.conf."""
    port: int


class Gone(Exception):  # noqa: N818 - the parent's end is no error
    """The parent has closed its end or has died, or we were told to end."""


class Failed(Exception):  # noqa: N818 - becomes the parent's ClusterError
    """A step failed; carries its name and the lines that tell why."""

    def __init__(self, step: str, lines: list[str]) -> None:
        self.step = step
        self.lines = lines
        super().__init__(step, lines)


def make_directory(base: str, prefix: str, owner: tuple[int, int] | None) -> tuple[Path, int]:
    """Make a private directory (0700) and hold its lock.

    The lock is taken under another name: nobody ever sees a lock file that is not held while its
    directory is in use.

    Returns:
        The path, and the descriptor that holds the lock.
    """
    path = Path(tempfile.mkdtemp(prefix=prefix, dir=base))
    hidden = path / f"{LOCK_FILE}.new"
    lock = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    hidden.rename(path / LOCK_FILE)
    if owner is not None:
        os.chown(path, *owner)
    return path, lock


def remove_directory(path: Path) -> None:
    """Remove a directory, also one in which a dying process still makes files.

    Raises:
        OSError: It is still there after several attempts.
    """
    for pause_seconds in (0.05, 0.2, 0.5, None):
        try:
            shutil.rmtree(path)
        except OSError:
            if not path.exists():
                return
            if pause_seconds is None:
                raise
            time.sleep(pause_seconds)
        else:
            return


class Guardian:
    """One server, its directories, and the pipe to the parent."""

    def __init__(self) -> None:
        self.parent = os.getppid()
        self.received = b""
        self.stopping = False
        self.directories: list[Path] = []
        self.locks: list[int] = []
        self.child: subprocess.Popen[bytes] | None = None
        # A signal ends a wait at once; nothing is raised at a moment that is not ours to choose.
        self.wakeup, writer = os.pipe()
        os.set_blocking(self.wakeup, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer)
        signal.signal(signal.SIGTERM, self._note_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def run(self) -> None:
        """Serve the parent until it is gone, then leave nothing behind."""
        try:
            self._serve(json.loads(self._read_line()))
        except Gone:
            pass
        except Failed as failure:
            answer({"failed": failure.step, "lines": failure.lines})
        except OSError as error:
            where = f" ({error.filename})" if error.filename else ""
            answer({"failed": "prepare", "lines": [f"{error.strerror or error}{where}"]})
        finally:
            self._end()

    def _serve(self, request: Request) -> None:
        self.request = request
        self._make_directories()
        self._place_binaries()
        self._initdb()
        self._up()
        answer({"directory": str(self.root), "sockets": str(self.sockets)})
        while True:
            if self._read_line() == b"down":
                self._down()
            else:
                self._up()
            answer({})

    def _make_directories(self) -> None:
        request = self.request
        self.root = self._make_directory(request["base"])
        self.data = self.root / "data"
        self.log = self.root / "server.log"
        self.sockets = self.root / "socket"
        if len(os.fsencode(self.sockets / f".s.PGSQL.{request['port']}")) > MAX_SOCKET_PATH_BYTES:
            self.sockets = self._make_directory(request["socket_base"])
        else:
            self.sockets.mkdir(0o700)
            self._give(self.sockets)

    def _make_directory(self, base: str) -> Path:
        path, lock = make_directory(base, self.request["prefix"], self.request["owner"])
        self.directories.append(path)
        self.locks.append(lock)
        return path

    def _give(self, path: Path) -> None:
        """Make the server's user the owner of something in our directory."""
        if self.request["owner"] is not None:
            os.chown(path, *self.request["owner"], follow_symlinks=False)

    def _place_binaries(self) -> None:
        """Copy the binaries to where the server's user can read them, if it must be."""
        installation = Path(self.request["installation"])
        libraries = [Path(path) for path in self.request["libraries"]]
        origin = self.request["copy_from"]
        if origin is not None:
            copy = self.root / "binaries"
            for source in (installation, *libraries):
                place = copy / source.relative_to(origin)
                if not place.exists():  # libraries may lie inside the installation
                    shutil.copytree(source, place, symlinks=True, ignore=_not_needed)
                self._check_parent()
            for path in (copy, *copy.rglob("*")):
                self._give(path)
            installation = copy / installation.relative_to(origin)
            libraries = [copy / path.relative_to(origin) for path in libraries]
        self.programs = installation / "bin"
        self.environment = self.request["environment"] | library_path(libraries)

    def _initdb(self) -> None:
        arguments = [*self.request["initdb_options"], f"--pgdata={self.data}"]
        password = self.request["password"]
        secret = self.root / "password"
        if password is not None:
            secret.touch(0o600, exist_ok=False)
            secret.write_text(f"{password}\n", encoding="utf-8")
            self._give(secret)
            arguments.append(f"--pwfile={secret}")
        code = self._wait_for(self._spawn("initdb", arguments))
        secret.unlink(missing_ok=True)
        if code != 0:
            raise Failed("initdb", self._last_lines(0))
        sockets = str(self.sockets).replace("'", "''")
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"{self.request['settings']}unix_socket_directories = '\"{sockets}\"'\n")

    def _up(self) -> None:
        """Start the server and wait until it accepts connections."""
        offset = self.log.stat().st_size
        child = self._spawn("postgres", ["-D", str(self.data)])
        deadline = time.monotonic() + UP_TIMEOUT_SECONDS
        while not is_ready(self.data, child.pid):
            if child.poll() is not None:
                raise Failed("start", self._last_lines(offset))
            if time.monotonic() > deadline:
                waited = f"the server was not ready within {UP_TIMEOUT_SECONDS:.0f} s"
                raise Failed("start", [waited, *self._last_lines(offset)])
            self._pause(0.005)

    def _down(self) -> None:
        """Shut the server down in an orderly way, however long it writes."""
        if self.child is not None and self.child.poll() is None:
            self.child.send_signal(signal.SIGINT)
            self._wait_for(self.child)

    def _spawn(self, program: str, arguments: list[str]) -> subprocess.Popen[bytes]:
        """Start one of PostgreSQL's programs as the server's user; it writes to the log."""
        user, group = self.request["owner"] or (None, None)
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(  # noqa: S603 - our own argument list, no shell
                [self.programs / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.root,
                env=self.environment,
                user=user,
                group=group,
                extra_groups=None if user is None else [],
                umask=0o077,
            )
        return self.child

    def _last_lines(self, offset: int) -> list[str]:
        """Return the end of what the log has said since then."""
        with self.log.open("rb") as log:
            log.seek(offset)
            lines = log.read().decode(errors="replace").splitlines()
        return [line for line in lines if line.strip()][-KEPT_LINES:]

    def _wait_for(self, child: subprocess.Popen[bytes]) -> int:
        while (code := child.poll()) is None:
            self._pause(0.5)
        return code

    def _pause(self, seconds: float) -> None:
        """Wait for a signal or for some time, while the parent waits for our answer.

        Raises:
            Gone: The parent is gone, or we were told to end.
        """
        if self._select(seconds):
            raise Gone  # it has nothing to say now, so this can only be the end of the pipe

    def _read_line(self) -> bytes:
        """Wait for the parent's next line.

        Raises:
            Gone: The parent is gone, or we were told to end.
        """
        while b"\n" not in self.received:
            if self._select(0.5):
                received = os.read(sys.stdin.fileno(), 65536)
                if not received:
                    raise Gone
                self.received += received
        line, _, self.received = self.received.partition(b"\n")
        return line

    def _select(self, seconds: float) -> bool:
        """Wait for a signal, the pipe or some time; whether the pipe can be read."""
        readable, _, _ = select.select([sys.stdin.fileno(), self.wakeup], [], [], seconds)
        if self.wakeup in readable:
            with contextlib.suppress(BlockingIOError):
                os.read(self.wakeup, 4096)
        self._check_parent()
        return sys.stdin.fileno() in readable

    def _check_parent(self) -> None:
        """Notice a request to end, and a parent whose forked children hold the pipe open."""
        if self.stopping or os.getppid() != self.parent:
            raise Gone

    def _note_stop(self, *_: object) -> None:
        self.stopping = True

    def _end(self) -> None:
        """End whatever runs and remove the directories; the locks are held to the last."""
        for number, seconds in STOP_STEPS:
            if self.child is None or self.child.poll() is not None:
                break
            self.child.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(seconds)
        for path in self.directories:
            remove_directory(path)


def is_ready(data_directory: Path, pid: int) -> bool:
    """Whether that postmaster accepts connections, by the file in which it says so itself."""
    try:
        lines = (data_directory / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= _STATUS_LINE and lines[0] == str(pid) and lines[-1].strip() == "ready"


def library_path(directories: list[Path]) -> dict[str, str]:
    """Return the loader's variable for libraries outside its usual places."""
    variable = "DYLD_LIBRARY_PATH" if sys.platform == "darwin" else "LD_LIBRARY_PATH"
    return {variable: os.pathsep.join(str(path) for path in directories)} if directories else {}


def answer(message: dict[str, object]) -> None:
    """Write one line to the parent, unless it has gone meanwhile."""
    with contextlib.suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), json.dumps(message).encode() + b"\n")


def _not_needed(directory: str, names: list[str]) -> list[str]:
    """Leave out of a copy what a server does not run."""
    if Path(directory).name == "bin":
        return [name for name in names if name not in {"postgres", "initdb"}]
    return [name for name in names if name == "include" or name.endswith(".a")]


if __name__ == "__main__":
    Guardian().run()
