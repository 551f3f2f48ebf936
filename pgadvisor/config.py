"""The project's own settings: ``pgadvisor.toml``, or ``[tool.pgadvisor]`` in ``pyproject.toml``.

An unknown name is an error, so that a misspelt limit is never silently without effect.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import msgspec

from pgadvisor.errors import ConfigError
from pgadvisor.model.machine import Machine, Pool
from pgadvisor.units import format_limit

_ALL_NAMES = "docs/configuration.md lists all names."


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLimits:
    """When statistics are good enough to judge by."""

    usage_window_days: float = 7.0
    """Counters younger than this say nothing of what is rarely used."""
    drop_window_days: float = 35.0
    """Nothing is dropped on less: a month and a bit, so that a monthly job is seen."""
    max_evictions_per_day_ratio: float = 0.01
    """Entries that pg_stat_statements may lose a day, as a share of its entries."""
    max_modified_ratio: float = 0.2
    """Rows modified since ANALYZE, as a share of the live ones, before estimates are doubted."""
    min_table_bytes: int = 8 * 1024 * 1024
    """Smaller tables get no index advice."""
    min_table_rows: int = 10_000
    """Tables with fewer rows get no index advice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """A finding that the project has decided to live with."""

    key: str
    """The finding's key; ``*`` at its end stands for anything."""
    reason: str
    expires: date | None = None
    """From this day on it is shown again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings, with their defaults."""

    gates: GateLimits = field(default_factory=GateLimits)
    limits: dict[str, dict[str, float]] = field(default_factory=dict)
    """By rule id, then by the name of the limit."""
    disable: tuple[str, ...] = ()
    """Ids of rules that are not run."""
    suppress: tuple[Suppression, ...] = ()
    machine: Machine = field(default_factory=Machine)
    """Where the server runs, as far as the user says."""
    pools: tuple[Pool, ...] = ()
    """Which pools connect to the server, as far as the user says."""

    def lowered_gates(self) -> tuple[str, ...]:
        """Windows that are shorter than the defaults, as clauses."""
        defaults = GateLimits()
        names = ("usage_window_days", "drop_window_days", "min_table_bytes", "min_table_rows")
        return tuple(
            f"{name} is {format_limit(name, value)} instead of {format_limit(name, default)}"
            for name in names
            if (value := getattr(self.gates, name)) < (default := getattr(defaults, name))
        )


_Table = GateLimits | Suppression | Machine | Pool


def load_config(path: Path | None = None, *, directory: Path | None = None) -> Config:
    """Read a configuration file, or find one in a directory.

    Args:
        path: The file; None: look for ``pgadvisor.toml``, then ``pyproject.toml``.
        directory: Where to look; None: the current one.

    Raises:
        ConfigError: The file is missing, is no TOML, or has a name or value it cannot have.
    """
    if path is not None:
        return _read(path)
    base = directory or Path.cwd()
    for name in ("pgadvisor.toml", "pyproject.toml"):
        if (base / name).is_file():
            return _read(base / name)
    return Config()


def _read(path: Path) -> Config:
    attempted = f"reading {path.name}"
    try:
        with path.open("rb") as file:
            document = tomllib.load(file)
    except OSError as error:
        raise ConfigError(attempted, error.strerror or "it cannot be read") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(attempted, f"it is no TOML: {error}") from error
    if path.name == "pyproject.toml":
        tools = document.get("tool")
        document = tools.get("pgadvisor", {}) if isinstance(tools, dict) else {}
        if not isinstance(document, dict):
            raise ConfigError(attempted, "tool.pgadvisor is no table", "Write [tool.pgadvisor].")
    _refuse_unknown(document, attempted)
    try:
        config = msgspec.convert(document, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(attempted, str(error), _ALL_NAMES) from error
    _refuse_senseless(config, attempted)
    return config


def _refuse_unknown(document: dict[str, object], attempted: str) -> None:
    """Name each key that no setting has; msgspec passes over them in dataclasses."""
    unknown = sorted(set(document) - set(Config.__dataclass_fields__))
    for name, kind in (("gates", GateLimits), ("machine", Machine)):
        unknown += _unknown_in(name, document.get(name), kind)
    for name, entry in (("suppress", Suppression), ("pools", Pool)):
        entries = document.get(name)
        for each in entries if isinstance(entries, list) else []:
            unknown += _unknown_in(name, each, entry)
    if unknown:
        raise ConfigError(attempted, f"there is no setting called {', '.join(unknown)}", _ALL_NAMES)


def _unknown_in(name: str, table: object, kind: type[_Table]) -> list[str]:
    if not isinstance(table, dict):
        return []
    return sorted(f"{name}.{key}" for key in set(table) - set(kind.__dataclass_fields__))


def _refuse_senseless(config: Config, attempted: str) -> None:
    for entry in config.suppress:
        if not entry.reason.strip():
            raise ConfigError(
                attempted,
                f"the suppression of {entry.key} has no reason",
                "Say why you have decided to live with it.",
            )
    for name in GateLimits.__dataclass_fields__:
        value = getattr(config.gates, name)
        if not 0 <= value < math.inf:
            raise ConfigError(attempted, f"gates.{name} cannot be {value:g}", "Give it 0 or more.")
    for name, count in _counts(config):
        if count is not None and count < 1:
            raise ConfigError(attempted, f"{name} cannot be {count}", "Give it 1 or more.")
    names = [pool.name for pool in config.pools]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(
                attempted, f"there are two pools called {name}", "Give each a name of its own."
            )


def _counts(config: Config) -> Iterator[tuple[str, int | None]]:
    """What there is at least one of, if anything is said of it."""
    yield "machine.memory_bytes", config.machine.memory_bytes
    yield "machine.cpu_count", config.machine.cpu_count
    for pool in config.pools:
        yield "pools.size", pool.size
        yield "pools.instances", pool.instances
