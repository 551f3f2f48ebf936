"""A snapshot as bytes: the same every time, and nothing else is taken for one."""

from __future__ import annotations

import hashlib
import pickle
import tracemalloc
import zlib
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.errors import SnapshotFileError
from pgadvisor.model.plan import Plan, PlanNode
from pgadvisor.model.snapshot import Snapshot
from pgadvisor.model.statement import StatementPlan
from pgadvisor.snapshotfile import codec
from pgadvisor.snapshotfile.codec import content_of, decode, encode
from pgadvisor.units import MiB
from tests.fixtures.full_snapshot import full_snapshot
from tests.fixtures.poison import poisoned

SNAPSHOT = full_snapshot()
DATA = encode(SNAPSHOT)


def _file(content: bytes, version: str = "1.0") -> bytes:
    """A file with a correct header around any content."""
    return _wrapped(zlib.compress(content), version)


def _wrapped(body: bytes, version: str = "1.0") -> bytes:
    digest = hashlib.sha256(body).hexdigest()
    return f"pgadvisor-snapshot {version} sha256={digest} bytes={len(body)}\n".encode() + body


def test_reads_what_it_wrote() -> None:
    assert decode(DATA) == SNAPSHOT


def test_writes_the_same_bytes_every_time() -> None:
    assert encode(full_snapshot()) == DATA


def test_begins_with_a_line_that_people_can_read() -> None:
    assert DATA.startswith(b"pgadvisor-snapshot 1.0 sha256=")
    assert content_of(DATA).startswith(b'{"server":{"version_num":180004,')


def test_passes_over_fields_that_a_newer_minor_format_has() -> None:
    document = msgspec.json.decode(content_of(DATA))
    document["weather"] = {"deep": [1, 2, 3]}
    document["server"]["colour"] = "blue"

    assert decode(_file(msgspec.json.encode(document), "1.7")) == SNAPSHOT


def test_fills_in_what_an_older_minor_format_lacks() -> None:
    document = msgspec.json.decode(content_of(DATA))
    del document["unavailable"]

    assert decode(_file(msgspec.json.encode(document))) == replace(SNAPSHOT, unavailable=())


def test_reads_files_from_before_the_state_of_the_server_was_kept() -> None:
    document = msgspec.json.decode(content_of(DATA))
    del document["table_ages"]
    for name in ("wal_senders", "replication_slots", "open_transactions", "write_activity"):
        del document["server"][name]
    del document["server"]["extensions"][0]["default_version"]

    old = decode(_file(msgspec.json.encode(document)))

    assert old.table_ages == ()
    assert (old.server.wal_senders, old.server.replication_slots) == (None, None)
    assert (old.server.open_transactions, old.server.write_activity) == (None, None)
    assert old.server.extensions[0].default_version is None


@pytest.mark.parametrize(
    "place", ["tables[0].name", "server.extensions[0].schema", "types[0].name"]
)
def test_refuses_what_has_no_name(place: str) -> None:
    poisonings = dict(poisoned(SNAPSHOT, ""))

    with pytest.raises(SnapshotFileError, match="something in it has no name"):
        encode(poisonings[place])


def test_refuses_a_character_that_no_database_can_hold() -> None:
    content = content_of(DATA)

    with pytest.raises(SnapshotFileError, match="has a character that no database can hold"):
        decode(_file(content.replace(b"orders_stats", b"orders\\u0000stats")))
    assert decode(_file(content.replace(b"a note", b"a\\\\u0000note"))) != SNAPSHOT


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "the file is empty", id="empty"),
        pytest.param(b"pgadvisor-sna", "the file is truncated", id="within-the-magic"),
        pytest.param(DATA[:60], "its first line cannot be read", id="within-the-header"),
        pytest.param(DATA[:-1], "the file is truncated: ", id="one-byte-short"),
        pytest.param(DATA[:200], "the file is truncated: ", id="mostly-gone"),
        pytest.param(DATA + b"x", "its checksum differs", id="one-byte-more"),
        pytest.param(DATA[:-1] + b"\0", "its checksum differs", id="last-byte-changed"),
        pytest.param(pickle.dumps({"a": 1}), "it is not a pgadvisor snapshot", id="pickle"),
        pytest.param(b"\x1f\x8b\x08\0", "it is not a pgadvisor snapshot", id="gzip"),
        pytest.param(b'{"server": {}}', "it is not a pgadvisor snapshot", id="json"),
        pytest.param(
            "pgadvisor-snapshot".encode("utf-16"), "it is not a pgadvisor snapshot", id="utf-16"
        ),
        pytest.param(_file(b"{}", "2.0"), "made by a newer pgadvisor (format 2", id="newer"),
        pytest.param(_file(b"{}", "0.9"), "made by an older pgadvisor (format 0", id="older"),
        pytest.param(_wrapped(b"no zlib"), "its content cannot be unpacked", id="not-zlib"),
        pytest.param(
            _wrapped(zlib.compress(b"{}")[:-1]), "its content cannot be unpacked", id="cut-zlib"
        ),
        pytest.param(
            _wrapped(zlib.compress(b"{}") + b"more"),
            "its content cannot be unpacked",
            id="more-behind-zlib",
        ),
        pytest.param(_file(b"[]"), "not that of a snapshot", id="a-list"),
        pytest.param(_file(b"{}"), "not that of a snapshot", id="missing-fields"),
        pytest.param(_file(b'{"server": NaN}'), "not that of a snapshot", id="nan"),
        pytest.param(_file(b'{"server": \xff}'), "not that of a snapshot", id="not-utf-8"),
        pytest.param(_file(b'{"x": ' + b"[" * 100_000), "nested too deeply", id="deep"),
        pytest.param(_file(b'{"server": "\\ud800"}'), "not that of a snapshot", id="surrogate"),
    ],
)
def test_says_what_is_wrong_with_a_file(data: bytes, message: str) -> None:
    with pytest.raises(SnapshotFileError) as raised:
        decode(data, "reading shop.pgsnap")

    assert raised.value.attempted == "reading shop.pgsnap"
    assert message in raised.value.happened
    assert "\n" not in raised.value.happened


@pytest.mark.parametrize("number", [b"1e999", b"NaN", b"-Infinity", b'"12"', b"null"])
def test_names_the_place_of_a_number_that_is_none_and_not_its_value(number: bytes) -> None:
    content = content_of(DATA).replace(
        b'"collection_time_ms":0.0', b'"collection_time_ms":' + number
    )

    with pytest.raises(SnapshotFileError, match="its content is not that of a snapshot") as raised:
        decode(_file(content))

    assert number.decode().strip('"') not in raised.value.happened.replace("null", "")


def test_an_unknown_kind_is_named_by_its_place_alone() -> None:
    content = content_of(DATA).replace(b'"kind":"m"', b'"kind":"hunter2"')

    with pytest.raises(SnapshotFileError) as raised:
        decode(_file(content))

    assert raised.value.happened == ("its content is not that of a snapshot (at $.tables[0].kind)")


def test_stops_unpacking_a_bomb_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "MAX_CONTENT_BYTES", 4 * MiB)
    bomb = _file(b"0" * (64 * MiB))
    tracemalloc.start()

    with pytest.raises(SnapshotFileError, match=r"larger than 4\.0? ?MB|larger than 4 MB"):
        decode(bomb)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(bomb) < MiB
    assert peak < 16 * MiB


def test_the_limit_is_that_of_a_large_database() -> None:
    assert codec.MAX_CONTENT_BYTES // MiB == 512
    assert codec.MAX_FILE_BYTES // MiB == 64


def test_refuses_a_file_above_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "MAX_FILE_BYTES", len(DATA) - 1)

    with pytest.raises(SnapshotFileError, match="the file is larger than"):
        decode(DATA)
    with pytest.raises(SnapshotFileError, match="the file is larger than"):
        encode(SNAPSHOT)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_refuses_to_write_what_it_could_not_read(number: float) -> None:
    with pytest.raises(SnapshotFileError, match=r"cannot be written \(at \$\.server_time_ms\)"):
        encode(replace(SNAPSHOT, server_time_ms=number))


def test_refuses_to_write_half_a_surrogate_pair() -> None:
    with pytest.raises(SnapshotFileError, match="no valid Unicode"):
        encode(replace(SNAPSHOT, tool_version="\ud800"))


def test_refuses_to_write_a_plan_that_is_too_deep() -> None:
    node = PlanNode(node_type="Append")
    for _ in range(20_000):
        node = PlanNode(node_type="Append", children=(node,))
    plans = (StatementPlan(statement_id="1", plan=Plan(root=node)),)

    with pytest.raises(SnapshotFileError, match="nested too deeply"):
        encode(replace(SNAPSHOT, plans=plans))


@given(data=st.binary(max_size=400))
def test_raises_nothing_else_for_any_bytes(data: bytes) -> None:
    with pytest.raises(SnapshotFileError):
        decode(data)


@given(place=st.integers(0, len(DATA) - 1), byte=st.integers(0, 255))
def test_notices_any_changed_byte(place: int, byte: int) -> None:
    changed = DATA[:place] + bytes([byte]) + DATA[place + 1 :]

    try:
        snapshot = decode(changed)
    except SnapshotFileError:
        return
    # The minor version is not part of what is checked, and any of them is read.
    assert snapshot == SNAPSHOT
    assert changed == DATA or place == len("pgadvisor-snapshot 1.")


@given(changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1))
def test_reads_or_refuses_any_changed_content(changes: list[tuple[int, int]]) -> None:
    content = bytearray(content_of(DATA))
    for place, byte in changes:
        content[place % len(content)] = byte

    try:
        snapshot = decode(_file(bytes(content)))
    except SnapshotFileError:
        return
    assert isinstance(snapshot, Snapshot)
