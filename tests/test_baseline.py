"""The baseline file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgadvisor.baseline import baseline_text, load_baseline
from pgadvisor.errors import ConfigError
from pgadvisor.model.baseline import Baseline, BaselineEntry

days = st.dates(date(1990, 1, 1), date(2999, 12, 31))
# TOML holds what Unicode calls text; half of a surrogate pair is none.
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
entries = st.builds(
    BaselineEntry,
    key=texts,
    reason=texts,
    since=st.none() | days,
    expires=st.none() | days,
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("baseline")


@given(rows=st.lists(entries, unique_by=lambda entry: entry.key))
def test_what_is_written_is_what_is_read(directory: Path, rows: list[BaselineEntry]) -> None:
    path = directory / "known.toml"
    path.write_text(baseline_text(Baseline(entries=tuple(rows))), encoding="utf-8", newline="")

    assert load_baseline(path).entries == tuple(sorted(rows, key=lambda entry: entry.key))


def test_is_written_one_table_for_each_key_in_their_order() -> None:
    rows = (
        BaselineEntry(key="b:x", reason='so "it" is'),
        BaselineEntry(
            key="a:x", reason="later", since=date(2026, 3, 31), expires=date(2027, 1, 31)
        ),
    )

    assert baseline_text(Baseline(entries=rows)) == (
        "# Findings of pgadvisor that are known, one for each key: `--baseline` takes them as no"
        " news.\n"
        "# Remove what is mended. From the day in `expires` on a finding counts as new again.\n"
        "\n"
        "[[finding]]\n"
        'key = "a:x"\n'
        'reason = "later"\n'
        "since = 2026-03-31\n"
        "expires = 2027-01-31\n"
        "\n"
        "[[finding]]\n"
        'key = "b:x"\n'
        'reason = "so \\"it\\" is"\n'
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[finding]]\nkey = 'a:x'", "missing required field `reason`"),
        ("[[finding]]\nkey = 'a:x'\nreason = ' '", "the entry a:x has no reason"),
        ("[[finding]]\nkey = ''\nreason = 'r'", "an entry has no key"),
        ("[[finding]]\nkey = 'a:x'\nreason = 'r'\nexpire = 2027-01-01", "called finding.expire"),
        ("[[findings]]\nkey = 'a:x'\nreason = 'r'", "there is nothing called findings"),
        ("[[finding]]\nkey = 'a:x'\nreason = 'r'\nexpires = 'soon'", "Invalid RFC3339"),
        ("[[finding]]\nkey = 'a:x'\nreason = 'r'\n" * 2, "it has a:x twice"),
        ("finding = 3", "Expected `array`"),
        ("no toml", "it is no TOML"),
    ],
)
def test_refuses_what_is_no_baseline(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "known.toml"
    path.write_text(text)

    with pytest.raises(ConfigError, match=message) as refused:
        load_baseline(path)

    assert refused.value.attempted == "reading the baseline known.toml"


def test_names_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No such file .*\n.*--write-baseline FILE"):
        load_baseline(tmp_path / "known.toml")
