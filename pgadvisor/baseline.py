"""The baseline file: the findings that a project knows of, with reason and expiry for each.

It is TOML, one table for each finding, in the order of the keys, so that it can be read in a
review and a change of it is a small difference::

    [[finding]]
    key = "unused-index:public.orders_note_idx"
    reason = "used by the yearly audit"
    since = 2026-03-31
    expires = 2027-01-31
"""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import msgspec

from pgadvisor.errors import ConfigError
from pgadvisor.model.baseline import Baseline, BaselineEntry

_FORM = "docs/suppression.md shows what a baseline looks like."
_HEAD = """\
# Findings of pgadvisor that are known, one for each key: `--baseline` takes them as no news.
# Remove what is mended. From the day in `expires` on a finding counts as new again.
"""


def load_baseline(path: Path) -> Baseline:
    """Read a baseline file.

    Args:
        path: As ``--write-baseline`` or ``Advice.save_baseline`` wrote it.

    Raises:
        ConfigError: The file is missing, is no TOML, has a name that no entry has, an entry
            without key or reason, or a key twice.
    """
    attempted = f"reading the baseline {path.name}"
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            attempted,
            error.strerror or "it cannot be read",
            "`pgadvisor analyze --write-baseline FILE` writes one.",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(attempted, f"it is no TOML: {error}") from error
    if unknown := sorted(set(_unknown(document))):
        raise ConfigError(attempted, f"there is nothing called {', '.join(unknown)}", _FORM)
    try:
        entries = msgspec.convert(document.get("finding", []), tuple[BaselineEntry, ...])
    except msgspec.ValidationError as error:
        raise ConfigError(attempted, str(error), _FORM) from error
    for entry in entries:
        if not entry.key or not entry.reason.strip():
            raise ConfigError(
                attempted,
                f"the entry {entry.key} has no reason" if entry.key else "an entry has no key",
                "Say why the finding is left as it is.",
            )
    twice = [key for key, count in Counter(e.key for e in entries).items() if count > 1]
    if twice:
        raise ConfigError(attempted, f"it has {twice[0]} twice", "Keep one of them.")
    return Baseline(entries=entries)


def baseline_text(baseline: Baseline) -> str:
    """Write a baseline as TOML, in the order of its keys."""
    tables = (_table(entry) for entry in sorted(baseline.entries, key=lambda e: e.key))
    return "\n".join((_HEAD, *tables))


def _table(entry: BaselineEntry) -> str:
    lines = ["[[finding]]", f"key = {_quoted(entry.key)}", f"reason = {_quoted(entry.reason)}"]
    lines += [f"since = {entry.since.isoformat()}"] if entry.since else []
    lines += [f"expires = {entry.expires.isoformat()}"] if entry.expires else []
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A basic string of TOML, whose escapes are JSON's; DEL is the one that JSON leaves."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _unknown(document: dict[str, object]) -> Iterator[str]:
    """Name each key that no baseline has; msgspec passes over them in dataclasses."""
    yield from set(document) - {"finding"}
    known = {field.name for field in fields(BaselineEntry)}
    entries = document.get("finding")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            yield from (f"finding.{name}" for name in set(entry) - known)
