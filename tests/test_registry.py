"""Finding and loading rules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import pgadvisor.rules
from pgadvisor.errors import ConfigError
from pgadvisor.registry import load_rules

RULE = '''
"""A rule of one's own."""

from pgadvisor.rulekit import Case, NoLimits, Outcome, Severity, rule


@rule(severity=Severity.INFO, since="1", limits=NoLimits)
def {name}(case: Case, limits: NoLimits) -> Outcome:
    """Everything is fine."""
    yield from ()
'''
Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a rule file into a directory of its own, and forget that directory afterwards."""
    monkeypatch.setattr(pgadvisor.rules, "__path__", list(pgadvisor.rules.__path__))

    def write_file(name: str, text: str) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.parent != tmp_path:
            (file.parent / "__init__.py").touch()
        file.write_text(text)
        return tmp_path

    return write_file


def test_lists_the_built_in_rules_by_category_and_id() -> None:
    rules = load_rules()

    names = [(rule.category, rule.id) for rule in rules.values()]
    assert names == sorted(names)
    assert ("index", "unused-index") in names
    assert len(names) >= 12
    assert all(rule.is_built_in for rule in rules.values())


def test_loads_a_rule_of_ones_own(write: Write) -> None:
    directory = write("acme_own/no_worries.py", RULE.format(name="no_worries"))

    rule = load_rules((directory,))["no-worries"]

    assert (rule.category, rule.title) == ("acme_own", "Everything is fine")
    assert not rule.is_built_in


def test_forgets_the_rules_of_another_call(write: Write) -> None:
    load_rules((write("acme_other/only_here.py", RULE.format(name="only_here")),))

    assert "only-here" not in load_rules()


def test_refuses_a_category_that_is_taken(write: Write) -> None:
    directory = write("index/my_rule.py", RULE.format(name="my_rule"))

    with pytest.raises(
        ConfigError, match=r"there is a category index in pgadvisor's own .*rules already"
    ):
        load_rules((directory,))


def test_refuses_an_id_that_is_taken(write: Write) -> None:
    directory = write("acme_taken/unused_index.py", RULE.format(name="unused_index"))

    with pytest.raises(
        ConfigError, match="there is a rule unused-index in category index of pgadvisor's"
    ):
        load_rules((directory,))


def test_names_a_broken_file_and_its_error(write: Write) -> None:
    directory = write("acme_broken/cracked.py", "raise RuntimeError('no such luck')")

    with pytest.raises(ConfigError, match=r"cracked\.py: RuntimeError: no such luck"):
        load_rules((directory,))


def test_names_a_file_that_is_no_python(write: Write) -> None:
    directory = write("acme_syntax/garbled.py", "def (:")

    with pytest.raises(ConfigError, match=r"garbled\.py: SyntaxError"):
        load_rules((directory,))


def test_refuses_a_file_without_a_rule(write: Write) -> None:
    directory = write("acme_empty/nothing.py", "")

    with pytest.raises(ConfigError, match="should hold the one rule nothing, and has none"):
        load_rules((directory,))


def test_refuses_a_rule_that_is_not_called_as_its_file(write: Write) -> None:
    directory = write("acme_name/one_name.py", RULE.format(name="another_name"))

    with pytest.raises(ConfigError, match="one rule one-name, and has another-name"):
        load_rules((directory,))


def test_refuses_a_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such directory"):
        load_rules((tmp_path / "nowhere",))


def test_refuses_a_file_outside_a_category(write: Write) -> None:
    directory = write("stray.py", RULE.format(name="stray"))

    with pytest.raises(ConfigError, match=r"stray\.py stands in no category"):
        load_rules((directory,))


def test_refuses_a_category_that_python_does_not_see(write: Write) -> None:
    directory = write("acme_bare/my_rule.py", RULE.format(name="my_rule"))
    (directory / "acme_bare" / "__init__.py").unlink()

    with pytest.raises(ConfigError, match=r"acme_bare has no __init__\.py"):
        load_rules((directory,))


def test_refuses_a_category_that_was_loaded_from_elsewhere(write: Write) -> None:
    first = write("one/acme_twice/first_rule.py", RULE.format(name="first_rule")) / "one"
    second = write("two/acme_twice/other_rule.py", RULE.format(name="other_rule")) / "two"
    load_rules((first,))

    with pytest.raises(ConfigError, match="loaded a category acme_twice from"):
        load_rules((second,))


def test_leaves_files_that_begin_with_an_underscore_alone(write: Write) -> None:
    directory = write("acme_shared/_words.py", "WORDS = ()")
    write("acme_shared/good_rule.py", RULE.format(name="good_rule"))

    assert "good-rule" in load_rules((directory,))
