"""A snapshot as bytes: one line of header, then compressed JSON.

::

    pgadvisor-snapshot 1.0 sha256=<hex of what follows> bytes=<its length> <end of line>
    <zlib stream of the JSON text>

Only JSON is read, never pickled objects; both the file and what it unpacks to have a limit, and
the same snapshot always makes the same bytes.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator

import msgspec

from pgadvisor.errors import SnapshotFileError
from pgadvisor.model.snapshot import SNAPSHOT_FORMAT, Snapshot
from pgadvisor.units import MiB, format_size

MAGIC = b"pgadvisor-snapshot "
MINOR_FORMAT = 0
"""Raised when fields are added, which older versions pass over."""
MAX_FILE_BYTES = 64 * MiB
MAX_CONTENT_BYTES = 512 * MiB
MAX_HEADER_BYTES = 200

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_HEADER = re.compile(
    rb"pgadvisor-snapshot ([0-9]{1,6})\.([0-9]{1,6}) sha256=([0-9a-f]{64}) bytes=([0-9]{1,12})"
)
_COMPRESSION_LEVEL = 6
_REMEDY = "Take it anew with: pgadvisor snapshot DSN -o FILE"


def encode(snapshot: Snapshot, attempted: str = "writing a snapshot") -> bytes:
    """Make a file's content of a snapshot, and make sure that it can be read again.

    Args:
        snapshot: What to write, as it is: nothing is redacted here.
        attempted: What is being done, for the error's message.

    Raises:
        SnapshotFileError: The snapshot holds what JSON cannot (a NaN, half a surrogate pair, a
            plan nested too deeply), or is larger than what is read again.
    """
    try:
        content = msgspec.json.encode(snapshot)
        # msgspec writes null for NaN and infinity, which no field of ours reads as a number.
        _read(content, attempted)
    except (UnicodeEncodeError, RecursionError, msgspec.MsgspecError) as error:
        raise SnapshotFileError(
            attempted, f"the snapshot holds what cannot be written ({_place(error)})"
        ) from None
    body = zlib.compress(content, _COMPRESSION_LEVEL)
    _refuse_larger(len(content), MAX_CONTENT_BYTES, attempted, "its content is")
    digest = hashlib.sha256(body).hexdigest()
    header = f"{SNAPSHOT_FORMAT}.{MINOR_FORMAT} sha256={digest} bytes={len(body)}\n"
    data = MAGIC + header.encode() + body
    _refuse_larger(len(data), MAX_FILE_BYTES, attempted, "the file is")
    return data


def decode(data: bytes, attempted: str = "reading a snapshot") -> Snapshot:
    """Read what :func:`encode` made.

    Args:
        data: The whole file.
        attempted: What is being done, for the error's message.

    Raises:
        SnapshotFileError: It is no snapshot, one of a newer version, a damaged or an overlong one.
    """
    try:
        return _read(content_of(data, attempted), attempted)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise SnapshotFileError(
            attempted, f"its content is not that of a snapshot ({_place(error)})", _REMEDY
        ) from None


def _read(content: bytes, attempted: str) -> Snapshot:
    """Read the JSON text, and refuse what no database can hold: some of it would fail later."""
    if b"\\u0000" in content and _NUL.search(content):
        happened = "a text in it has a character that no database can hold"
        raise SnapshotFileError(attempted, happened, _REMEDY)
    snapshot = msgspec.json.decode(content, type=Snapshot)
    if not all(_names(snapshot)):
        raise SnapshotFileError(attempted, "something in it has no name", _REMEDY)
    return snapshot


def _names(snapshot: Snapshot) -> Iterator[str]:
    for kind in (
        *(snapshot.tables, snapshot.indexes, snapshot.views, snapshot.sequences, snapshot.types),
        *(snapshot.functions, snapshot.extended_statistics, snapshot.server.extensions),
    ):
        for one in kind:
            yield one.schema
            yield one.name
    yield from snapshot.server.search_path
    for table in snapshot.tables:
        yield from (column.name for column in table.columns)
        if table.foreign is not None:
            yield table.foreign.server
    for constraint in snapshot.constraints:
        yield constraint.name


def content_of(data: bytes, attempted: str = "reading a snapshot") -> bytes:
    """The JSON text inside a file, checked for its version, its checksum and its length.

    Raises:
        SnapshotFileError: As for :func:`decode`.
    """
    _refuse_larger(len(data), MAX_FILE_BYTES, attempted, "the file is")
    if not data:
        raise SnapshotFileError(attempted, "the file is empty", _REMEDY)
    line, _, body = data[:MAX_HEADER_BYTES].partition(b"\n")
    match = _HEADER.fullmatch(line)
    if match is None:
        raise SnapshotFileError(attempted, _what_is_wrong(data), _REMEDY)
    major, _, digest, length = match.groups()
    if int(major) != SNAPSHOT_FORMAT:
        raise SnapshotFileError(attempted, *_other_format(int(major)))
    body = data[len(line) + 1 :]
    if len(body) < int(length):
        happened = f"the file is truncated: {len(body)} of {int(length)} bytes are there"
        raise SnapshotFileError(attempted, happened, _REMEDY)
    if len(body) > int(length) or hashlib.sha256(body).hexdigest().encode() != digest:
        raise SnapshotFileError(attempted, "the file is damaged: its checksum differs", _REMEDY)
    return _decompressed(body, attempted)


def _decompressed(body: bytes, attempted: str) -> bytes:
    """Unpack up to the limit and no further, so that a bomb costs no memory."""
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(body, MAX_CONTENT_BYTES + 1)
    except zlib.error:
        raise SnapshotFileError(attempted, "its content cannot be unpacked", _REMEDY) from None
    _refuse_larger(len(content), MAX_CONTENT_BYTES, attempted, "its content is")
    if not unpacker.eof or unpacker.unused_data:
        raise SnapshotFileError(attempted, "its content cannot be unpacked", _REMEDY)
    return content


def _what_is_wrong(data: bytes) -> str:
    if data.startswith(MAGIC):
        return "the file is damaged: its first line cannot be read"
    if MAGIC.startswith(data):
        return "the file is truncated"
    return "it is not a pgadvisor snapshot"


def _other_format(major: int) -> tuple[str, str]:
    if major > SNAPSHOT_FORMAT:
        return (
            f"it was made by a newer pgadvisor (format {major}, this one reads {SNAPSHOT_FORMAT})",
            "Install the newer pgadvisor to read it.",
        )
    return (
        f"it was made by an older pgadvisor (format {major}, this one reads {SNAPSHOT_FORMAT})",
        _REMEDY,
    )


def _refuse_larger(size_bytes: int, limit_bytes: int, attempted: str, what: str) -> None:
    if size_bytes > limit_bytes:
        # Nobody knows how long what was not unpacked would have been.
        raise SnapshotFileError(attempted, f"{what} larger than {format_size(limit_bytes)}")


def _place(error: Exception) -> str:
    """Where the content is wrong, without the value that stands there."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeError):
        return "a text is no valid Unicode"
    place = re.search(r" - at `([^`]*)`", str(error))
    return f"at {place[1]}" if place else "it is no JSON object of ours"
