"""A workload from files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pgadvisor.errors import UsageError
from pgadvisor.workload import MAX_FILE_BYTES, read_workload

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of the workload, and return the workload's directory."""

    def make(name: str, text: str) -> Path:
        path = tmp_path / "workload" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return tmp_path / "workload"

    return make


def test_reads_the_files_of_a_directory_in_the_order_of_their_names(write: Write) -> None:
    write("b.sql", "select 2")
    write("nightly/a.sql", "-- weight: 3\nselect 3; select 4;")
    write("notes.txt", "no query")
    directory = write("a.sql", "select 1;")

    found = read_workload(directory)

    assert [(each.id, each.text, each.weight) for each in found] == [
        ("a.sql", "select 1", 1.0),
        ("b.sql", "select 2", 1.0),
        ("nightly/a.sql", "select 3", 3.0),
        ("nightly/a.sql#2", "select 4", 3.0),
    ]
    assert {each.source for each in found} == {"workload"}


def test_reads_a_single_file(write: Write) -> None:
    directory = write("poll.query", "select 1")

    [found] = read_workload(directory / "poll.query")

    assert found.id == "poll.query"


def test_reads_a_name_as_text(write: Write) -> None:
    [found] = read_workload(str(write("a.sql", "\ufeffselect 1")))

    assert found.text == "select 1"


def test_passes_over_a_directory_that_is_called_like_a_file(write: Write) -> None:
    directory = write("a.sql", "select 1")
    (directory / "old.sql").mkdir()

    assert [each.id for each in read_workload(directory)] == ["a.sql"]


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_refuses_a_place_without_files(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(UsageError, match=f"reading the workload in {name}: "):
        read_workload(tmp_path / name)


def test_refuses_a_file_that_is_too_large_to_be_a_query(write: Write) -> None:
    directory = write("a.sql", "-" * (MAX_FILE_BYTES + 1))

    with pytest.raises(UsageError, match=r"a\.sql is larger than 4 MB"):
        read_workload(directory)


def test_names_file_and_line_of_what_does_not_parse_but_not_its_text(write: Write) -> None:
    directory = write("deep/a.sql", "select 1;\nselect 'canary' frm t where;")

    with pytest.raises(UsageError) as caught:
        read_workload(directory)

    assert caught.value.attempted == "reading the workload file deep/a.sql"
    assert caught.value.happened.startswith("line 2: ")
    assert "canary" not in str(caught.value)
