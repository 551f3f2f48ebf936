"""Finding and loading the rules.

A rule is a file: nothing is registered anywhere else.  Built-in rules stand in the top-level
``rules/`` directory, a user's own in directories of the same form: one folder for each
category, with an ``__init__.py`` and one file for each rule.  An installed package brings rules
by an entry point of the group ``pgadvisor.rules``, which names a package of that form.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType, ModuleType

import pgadvisor.rules
from pgadvisor.errors import ConfigError
from pgadvisor.rulekit import AnyRule, Rule

ENTRY_POINTS = "pgadvisor.rules"
"""The group of entry points by which installed packages bring rules."""
_PACKAGE = "pgadvisor.rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A directory with one folder for each category."""

    directory: Path
    package: str
    """The package whose folders the categories are when they are imported."""
    origin: str
    """Whose they are, for people; empty: built in."""


def load_rules(extra_directories: tuple[Path, ...] = ()) -> Mapping[str, AnyRule]:
    """Import every rule file and return the rules by id, in order of category and id.

    Args:
        extra_directories: Directories with rules of the user's own.

    Raises:
        ConfigError: A directory or an installed package is not as it should be, a file cannot
            be imported or holds no rule, or two rules or categories have the same name.
    """
    rules: dict[str, AnyRule] = {}
    categories: dict[str, _Source] = {}
    for source in _sources(extra_directories):
        for name, found in _listed(source):
            if name in categories:
                raise ConfigError(
                    _loading(source),
                    f"there is a category {name} in {_place(categories[name])} already",
                    "Give the folder a name of its own.",
                )
            categories[name] = source
            for loaded in found:
                if loaded.id in rules:
                    former = rules[loaded.id].category
                    raise ConfigError(
                        _loading(source, name),
                        f"there is a rule {loaded.id} in category {former}"
                        f" of {_place(categories[former])} already",
                        "Give the rule, and its file, a name of its own.",
                    )
                rules[loaded.id] = loaded
    return MappingProxyType(
        {rule.id: rule for rule in sorted(rules.values(), key=lambda r: (r.category, r.id))}
    )


def _sources(extra_directories: tuple[Path, ...]) -> Iterator[_Source]:
    """Where rules come from, each directory once: ours, installed ones, the user's."""
    built_in = Path(pgadvisor.rules.__path__[0])
    yield _Source(directory=built_in, package=_PACKAGE, origin="")
    seen = {built_in}
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda e: (e.name, e.value)):
        for source in _installed(entry):
            if source.directory not in seen:
                seen.add(source.directory)
                yield source
    for directory in map(_existing, extra_directories):
        if directory not in seen:
            seen.add(directory)
            yield _Source(directory=directory, package=_PACKAGE, origin=str(directory))


def _installed(entry: EntryPoint) -> Iterator[_Source]:
    """The directories of the package that an entry point names."""
    distribution = entry.dist.name if entry.dist is not None else entry.name
    attempted = f"loading the rules of {distribution}"
    try:
        package = entry.load()
    except Exception as error:  # whatever the package raises, it must not be passed over
        raise ConfigError(
            attempted,
            f"{entry.value}: {type(error).__name__}: {error}",
            f"Mend {distribution}, or uninstall it.",
        ) from error
    paths = getattr(package, "__path__", None)
    if not isinstance(package, ModuleType) or paths is None:
        raise ConfigError(
            attempted,
            f"the entry point {entry.name} names {entry.value}, which is no package",
            "Let it name a package that holds one folder for each category of rules.",
        )
    for path in paths:
        yield _Source(directory=Path(path), package=package.__name__, origin=distribution)


def _loading(source: _Source, category: str = "") -> str:
    directory = source.directory / category if category else source.directory
    return f"loading rules from {directory}"


def _place(source: _Source) -> str:
    """Where rules are that are there already."""
    return f"{source.directory}" if source.origin else f"pgadvisor's own {source.directory}"


def _existing(directory: Path) -> Path:
    resolved = directory.resolve()
    if not resolved.is_dir():
        raise ConfigError(
            f"loading rules from {directory}",
            "there is no such directory",
            "Name a directory that holds one folder for each category of rules.",
        )
    return resolved


def _listed(source: _Source) -> Iterable[tuple[str, Iterable[AnyRule]]]:
    """Each category of a source with its rules, which are imported as they are asked for."""
    if not source.origin:
        return _built_in(source)
    return ((name, _rules_of(source, name)) for name in _categories(source.directory))


@cache
def _built_in(source: _Source) -> tuple[tuple[str, tuple[AnyRule, ...]], ...]:
    """The same of ours, looked up once: its files do not change while a process runs."""
    names = _categories(source.directory)
    return tuple((name, tuple(_rules_of(source, name))) for name in names)


def _categories(directory: Path) -> Iterator[str]:
    for entry in sorted(directory.iterdir()):
        if entry.name.startswith(("_", ".")):
            continue
        if entry.suffix == ".py":
            raise ConfigError(
                f"loading rules from {directory}",
                f"{entry.name} stands in no category",
                "Put it into a folder that is called after its category.",
            )
        if entry.is_dir() and any(entry.glob("*.py")):
            if not (entry / "__init__.py").is_file():
                raise ConfigError(
                    f"loading rules from {directory}",
                    f"{entry.name} has no __init__.py",
                    "Add an empty one; without it Python does not see the folder.",
                )
            yield entry.name


def _rules_of(source: _Source, category: str) -> Iterator[AnyRule]:
    for info in pkgutil.iter_modules([str(source.directory / category)]):
        if info.name.startswith("_"):
            continue
        module = _imported(source, category, info.name)
        found = [value for value in vars(module).values() if isinstance(value, Rule)]
        expected = info.name.replace("_", "-")
        if [rule.id for rule in found] != [expected]:
            ids = ", ".join(rule.id for rule in found) or "none"
            raise ConfigError(
                f"loading the rule file {source.directory / category / info.name}.py",
                f"it should hold the one rule {expected}, and has {ids}",
                "A file holds one rule, which is called as the file is.",
            )
        yield replace(found[0], is_built_in=not source.origin, origin=source.origin)


def _imported(source: _Source, category: str, name: str) -> ModuleType:
    """Import a rule file; a directory of the user's goes onto the path of ``pgadvisor.rules``."""
    directory = source.directory
    if source.package == _PACKAGE and str(directory) not in pgadvisor.rules.__path__:
        pgadvisor.rules.__path__.append(str(directory))
    importlib.invalidate_caches()
    file = directory / category / f"{name}.py"
    try:
        package = importlib.import_module(f"{source.package}.{category}")
        if str(directory / category) in package.__path__:
            return importlib.import_module(f"{source.package}.{category}.{name}")
    except Exception as error:  # a rule file may raise anything, and must not be passed over
        raise ConfigError(
            f"loading the rule file {file}",
            f"{type(error).__name__}: {error}",
            "Mend the file, or move it out of the directory.",
        ) from error
    raise ConfigError(
        f"loading the rule file {file}",
        f"this process has loaded a category {category} from {package.__file__} before",
        "Give the folder a name of its own, or start a new process.",
    )
