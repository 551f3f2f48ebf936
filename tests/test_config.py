"""The project's own settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from pgadvisor.config import Config, GateLimits, Suppression, load_config
from pgadvisor.errors import ConfigError
from pgadvisor.model.machine import Machine, Pool, PoolMode, StorageKind

WHOLE = """
disable = ["no-primary-key"]

[gates]
usage_window_days = 3
min_table_rows = 500

[limits.unused-index]
min_size_bytes = 1048576

[[suppress]]
key = "unused-index:public.*"
reason = "the yearly report needs them"
expires = 2027-01-31

[[suppress]]
key = "no-primary-key:public.log"
reason = "it is a log"

[machine]
memory_bytes = 34359738368
cpu_count = 8
storage = "network"

[[pools]]
name = "web"
size = 20
instances = 6

[[pools]]
name = "jobs"
size = 5
mode = "transaction"
"""
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a configuration file."""

    def make(text: str, name: str = "pgadvisor.toml") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return make


def test_reads_every_setting(write: Write) -> None:
    config = load_config(write(WHOLE))

    assert config == Config(
        disable=("no-primary-key",),
        gates=GateLimits(usage_window_days=3.0, min_table_rows=500),
        limits={"unused-index": {"min_size_bytes": 1_048_576.0}},
        suppress=(
            Suppression(
                key="unused-index:public.*",
                reason="the yearly report needs them",
                expires=date(2027, 1, 31),
            ),
            Suppression(key="no-primary-key:public.log", reason="it is a log"),
        ),
        machine=Machine(memory_bytes=34_359_738_368, cpu_count=8, storage=StorageKind.NETWORK),
        pools=(
            Pool(name="web", size=20, instances=6),
            Pool(name="jobs", size=5, mode=PoolMode.TRANSACTION),
        ),
    )


def test_defaults_hold_where_there_is_no_file(tmp_path: Path) -> None:
    assert load_config(directory=tmp_path) == Config()


def test_finds_its_own_file_before_the_projects(write: Write, tmp_path: Path) -> None:
    write("[tool.pgadvisor]\ndisable = ['a']\n", "pyproject.toml")
    of_the_project = load_config(directory=tmp_path)
    write("disable = ['b']\n")

    assert of_the_project.disable == ("a",)
    assert load_config(directory=tmp_path).disable == ("b",)


@pytest.mark.parametrize("text", ["", "[tool.other]\nx = 1\n", "tool = 3\n"])
def test_a_project_file_may_say_nothing_of_us(write: Write, tmp_path: Path, text: str) -> None:
    write(text, "pyproject.toml")

    assert load_config(directory=tmp_path) == Config()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("spede = 1", "there is no setting called spede"),
        ("[gate]\nx = 1", "there is no setting called gate"),
        ("[gates]\nusage_days = 1", "there is no setting called gates.usage_days"),
        (
            "[[suppress]]\nkey = 'a'\nreason = 'b'\nexpire = 2027-01-31",
            "there is no setting called suppress.expire",
        ),
        ("[[suppress]]\nkey = 'a'", "Object missing required field `reason`"),
        ("[gates]\nmin_table_rows = 1.5", "Expected `int`, got `float`"),
        ("[gates]\nmin_table_rows = true", "Expected `int`, got `bool`"),
        ("[gates]\nusage_window_days = -1", "gates.usage_window_days cannot be -1"),
        ("[gates]\nusage_window_days = nan", "gates.usage_window_days cannot be nan"),
        ("[gates]\nmax_modified_ratio = inf", "gates.max_modified_ratio cannot be inf"),
        ("[machine]\nmemory = 1", "there is no setting called machine.memory"),
        ("[machine]\nmemory_bytes = 0", "machine.memory_bytes cannot be 0"),
        ("[machine]\nstorage = 'nvme'", "Invalid enum value 'nvme'"),
        ("[[pools]]\nname = 'a'\nsize = 1\nmax = 2", "there is no setting called pools.max"),
        ("[[pools]]\nname = 'a'", "Object missing required field `size`"),
        ("[[pools]]\nname = 'a'\nsize = 0", "pools.size cannot be 0"),
        ("[[pools]]\nname = 'a'\nsize = 1\ninstances = -1", "pools.instances cannot be -1"),
        (
            "[[pools]]\nname = 'a'\nsize = 1\n[[pools]]\nname = 'a'\nsize = 2",
            "there are two pools called a",
        ),
        ("gates = 3", "Expected `object`, got `int`"),
        ("disable = 'a'", "Expected `array`, got `str`"),
        ("limits = 1", "Expected `object`, got `int`"),
        ("disable = [", "it is no TOML"),
        ("a = 1\na = 2", "it is no TOML"),
    ],
)
def test_refuses_what_has_no_effect(write: Write, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(text))

    assert caught.value.attempted == "reading pgadvisor.toml"
    assert message in caught.value.happened


def test_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"reading no\.toml: No such file or directory"):
        load_config(tmp_path / "no.toml")


def test_refuses_a_file_that_is_no_text(write: Write) -> None:
    path = write("")
    path.write_bytes(b"x = '\xe9'")

    with pytest.raises(ConfigError, match="it is no TOML"):
        load_config(path)


def test_says_which_gates_are_lower_than_usual() -> None:
    gates = GateLimits(drop_window_days=20 / 86_400, min_table_bytes=1024 * 1024)

    lowered = Config(gates=gates).lowered_gates()

    assert lowered == (
        "drop_window_days is 20 seconds instead of 35 days",
        "min_table_bytes is 1 MB instead of 8 MB",
    )
    assert Config(gates=GateLimits(drop_window_days=70)).lowered_gates() == ()


def test_a_pool_has_its_connections_in_each_instance() -> None:
    assert Pool(name="web", size=20, instances=6).connections == 120
    assert Pool(name="web", size=20).connections == 20
