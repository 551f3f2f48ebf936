"""What is to be analysed: a live server, or a snapshot file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from pgadvisor.cli.console import Report, warn
from pgadvisor.collect.assemble import collect
from pgadvisor.collect.scope import CollectOptions
from pgadvisor.errors import SnapshotFileError
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.snapshotfile import load

SNAPSHOT_SUFFIX = ".pgsnap"


def read_source(
    source: str | None,
    *,
    schemas: Sequence[str],
    exclude_schemas: Sequence[str],
    progress: Report,
) -> Snapshot:
    """Load a snapshot file, or collect from the server that the source names.

    Args:
        source: A path, a DSN or a URL; None: DATABASE_URL, or libpq's own variables.
        schemas: Only these; empty: all.
        exclude_schemas: Not these.
        progress: Told what is going on.
    """
    if source is not None and is_file(source):
        if schemas or exclude_schemas:
            raise SnapshotFileError(
                "reading a snapshot file",
                "--schema and --exclude-schema choose what is collected, and it is collected",
                "Use them with `pgadvisor snapshot` when it is taken.",
            )
        return load(Path(source))
    if source is not None:
        warn_of_password(source)
    options = CollectOptions(schemas=tuple(schemas), exclude_schemas=tuple(exclude_schemas))
    return collect(source, options=options, progress=progress)


def scope_of(
    schemas: Sequence[str] | None, exclude_schemas: Sequence[str] | None
) -> CollectOptions:
    """What is to be collected: these schemas only, or all but those."""
    return CollectOptions(
        schemas=tuple(schemas or ()), exclude_schemas=tuple(exclude_schemas or ())
    )


def read_nodes(
    source: str | None, standbys: Sequence[str] | None, scope: CollectOptions, progress: Report
) -> list[Snapshot]:
    """Read the database that is analysed, and after it its standbys, from servers or files.

    Standbys are asked for no plans: those of the primary count.

    Args:
        source: A path, a DSN or a URL; None: DATABASE_URL, or libpq's own variables.
        standbys: The same for each standby.
        scope: What to read of servers.
        progress: Told what is going on.
    """
    found = [
        read_source(
            source,
            schemas=scope.schemas,
            exclude_schemas=scope.exclude_schemas,
            progress=progress,
        )
    ]
    for standby in standbys or ():
        if is_file(standby):
            found.append(load(Path(standby)))
        else:
            warn_of_password(standby)
            found.append(collect(standby, options=replace(scope, explain=False), progress=progress))
    return found


def warn_of_password(dsn: str) -> None:
    """Warn of a password in a connection string of the command line."""
    if has_password(dsn):
        warn("the password on the command line can be seen by other users of this machine; "
             "better put it into ~/.pgpass, PGPASSWORD or DATABASE_URL")  # fmt: skip


def is_file(source: str) -> bool:
    """It is meant as a path: it looks like one, or there is such a file.

    A directory of the database's name, in the directory where we are, is not meant.
    """
    if source.endswith(SNAPSHOT_SUFFIX) or source.startswith(("/", "./", "../")):
        return True
    if "://" in source or "=" in source:
        return False
    path = Path(source)
    return path.exists() if os.sep in source else path.is_file()


def has_password(source: str) -> bool:
    """The connection string carries a password."""
    try:
        return bool(urlsplit(source).password) or "password=" in source
    except ValueError:
        return False
