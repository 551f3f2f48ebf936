"""Writing files: whole or not at all, and never over somebody else's by accident."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pgadvisor.emit.bundle import POSSIBLE_FILES
from pgadvisor.errors import OutputError

_READABLE = 0o644


def check_outputs(directory: Path, *, force: bool) -> None:
    """See that the files could be written, before the work that they are the result of.

    Nothing is left behind: the work may fail, and then there is nothing to go into a directory.

    Args:
        directory: Where they are to go; it need not be there yet.
        force: Files may be there already.

    Raises:
        OutputError: The directory cannot be made or written to, or a file is there already.
    """
    place = directory
    while not os.path.lexists(place):
        place = place.parent
    if not place.is_dir():
        raise _no_directory(directory, place)
    _refuse_occupied(directory, POSSIBLE_FILES, force=force)
    try:
        descriptor, name = tempfile.mkstemp(prefix=".pgadvisor-", dir=place)
    except OSError as error:
        raise _not_writable(directory, error) from error
    os.close(descriptor)
    Path(name).unlink()


def write_outputs(
    directory: Path, files: Mapping[str, str], *, force: bool = False
) -> tuple[Path, ...]:
    """Write files into a directory; it is made if it is not there.

    All of them are written under other names first, so that a full disk changes nothing.

    Args:
        directory: Where to write.
        files: By name, the text of each.
        force: Replace files that are there.

    Returns:
        What was written, in order.

    Raises:
        OutputError: The directory cannot be written to, or a file is there already.
    """
    _make(directory)
    _refuse_occupied(directory, files, force=force)
    waiting: dict[Path, Path] = {}
    try:
        for name, text in files.items():
            waiting[directory / name] = _write_aside(directory, text)
        for path, aside in waiting.items():
            aside.replace(path)
        _sync_directory(directory)
    except OSError as error:
        raise _not_writable(directory, error) from error
    finally:
        for aside in waiting.values():
            aside.unlink(missing_ok=True)
    return tuple(waiting)


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise _no_directory(directory, directory) from error
    except NotADirectoryError as error:
        raise _no_directory(directory, directory.parent) from error
    except OSError as error:
        raise _not_writable(directory, error) from error


def _refuse_occupied(
    directory: Path, names: Mapping[str, str] | frozenset[str], *, force: bool
) -> None:
    for name in sorted(names):
        path = directory / name
        if path.is_symlink():
            raise OutputError(
                f"writing {path}", "it is a symbolic link", "Remove it, or name another directory."
            )
        if path.exists() and not path.is_file():
            raise OutputError(
                f"writing {path}", "it is no ordinary file", "Remove it, or name another directory."
            )
        if path.exists() and not force:
            raise OutputError(
                f"writing {path}",
                "it is there already",
                "Use --force (force=True) to replace it, or name another directory.",
            )


def _write_aside(directory: Path, text: str) -> Path:
    """Write to a new file beside the others, and see it to the disk."""
    descriptor, name = tempfile.mkstemp(prefix=".pgadvisor-", dir=directory)
    path = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        path.chmod(_READABLE & ~_umask())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _umask() -> int:
    """The process's own; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _no_directory(directory: Path, place: Path) -> OutputError:
    happened = (
        "there is a file of that name" if place == directory else "a part of that path is a file"
    )
    return OutputError(f"writing to {directory}", happened, "Name a directory.")


def _not_writable(directory: Path, error: OSError) -> OutputError:
    return OutputError(
        f"writing to {directory}",
        (error.strerror or type(error).__name__).lower(),
        "Nothing was written. Name a directory that you may write to, with room on its disk.",
    )
