"""Finding and loading the rules.

A rule is a file: nothing is registered anywhere else.  Built-in rules stand in the top-level
``rules/`` directory, a user's own in directories of the same form: one folder for each
category, with an ``__init__.py`` and one file for each rule.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, ModuleType

import pgadvisor.rules
from pgadvisor.errors import ConfigError
from pgadvisor.rulekit import AnyRule, Rule

_PACKAGE = "pgadvisor.rules"


def load_rules(extra_directories: tuple[Path, ...] = ()) -> Mapping[str, AnyRule]:
    """Import every rule file and return the rules by id, in order of category and id.

    Args:
        extra_directories: Directories with rules of the user's own.

    Raises:
        ConfigError: A directory is not there, a file cannot be imported or holds no rule, or
            two rules or categories have the same name.
    """
    built_in = Path(pgadvisor.rules.__path__[0])
    own = [_existing(directory) for directory in extra_directories]
    rules: dict[str, AnyRule] = {}
    categories: dict[str, Path] = {}
    for directory in dict.fromkeys((built_in, *own)):
        for name in _categories(directory):
            if name in categories:
                raise ConfigError(
                    f"loading rules from {directory}",
                    f"there is a category {name} in {categories[name]} already",
                    "Give the folder a name of its own.",
                )
            categories[name] = directory
            for loaded in _rules_of(directory, name):
                if loaded.id in rules:
                    raise ConfigError(
                        f"loading rules from {directory / name}",
                        f"there is a rule {loaded.id} in category {rules[loaded.id].category}"
                        " already",
                        "Give the rule, and its file, a name of its own.",
                    )
                rules[loaded.id] = replace(loaded, is_built_in=directory == built_in)
    return MappingProxyType(
        {rule.id: rule for rule in sorted(rules.values(), key=lambda r: (r.category, r.id))}
    )


def _existing(directory: Path) -> Path:
    resolved = directory.resolve()
    if not resolved.is_dir():
        raise ConfigError(
            f"loading rules from {directory}",
            "there is no such directory",
            "Name a directory that holds one folder for each category of rules.",
        )
    return resolved


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


def _rules_of(directory: Path, category: str) -> Iterator[AnyRule]:
    for info in pkgutil.iter_modules([str(directory / category)]):
        if info.name.startswith("_"):
            continue
        module = _imported(directory, category, info.name)
        found = [value for value in vars(module).values() if isinstance(value, Rule)]
        expected = info.name.replace("_", "-")
        if [rule.id for rule in found] != [expected]:
            ids = ", ".join(rule.id for rule in found) or "none"
            raise ConfigError(
                f"loading the rule file {directory / category / info.name}.py",
                f"it should hold the one rule {expected}, and has {ids}",
                "A file holds one rule, which is called as the file is.",
            )
        yield found[0]


def _imported(directory: Path, category: str, name: str) -> ModuleType:
    """Import a rule file, with its directory on the path of ``pgadvisor.rules``."""
    path = pgadvisor.rules.__path__
    if str(directory) not in path:
        path.append(str(directory))
    importlib.invalidate_caches()
    file = directory / category / f"{name}.py"
    try:
        package = importlib.import_module(f"{_PACKAGE}.{category}")
        if str(directory / category) in package.__path__:
            return importlib.import_module(f"{_PACKAGE}.{category}.{name}")
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
