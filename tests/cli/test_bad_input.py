"""Bad input: one message, the documented exit code, no secret, nothing left behind."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pgadvisor.snapshotfile import save
from pgadvisor.testing import a_snapshot, a_table
from tests.cli.conftest import SECRET, Command

Setup = Callable[[Path], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """A command that cannot work."""

    command: str
    message: str
    code: int = 2
    setup: Setup = lambda _directory: None
    """Prepares the directory that the command runs in."""


def a_file(name: str, text: str | bytes = "") -> Setup:
    content = text if isinstance(text, bytes) else text.encode()
    return lambda directory: (directory / name).write_bytes(content)


def a_folder(name: str) -> Setup:
    return lambda directory: (directory / name).mkdir()


def a_saved_snapshot(length: int | None = None) -> Setup:
    def setup(directory: Path) -> None:
        path = directory / "x.pgsnap"
        save(a_snapshot(a_table("orders", "id bigint not null")), path)
        path.write_bytes(path.read_bytes()[:length])

    return setup


def both(*setups: Setup) -> Setup:
    return lambda directory: [setup(directory) for setup in setups]


URL = f"postgresql://reader:{SECRET}@"
SOURCES = {
    "another database's URL": Bad(
        command=f"analyze mysql://root:{SECRET}@host/shop",
        message="reading the connection string: it is for mysql, not for PostgreSQL",
    ),
    "unknown scheme": Bad(
        command=f"analyze post://reader:{SECRET}@host/shop",
        message="reading the connection string: its scheme is not known",
    ),
    "misspelt keyword": Bad(
        command=f"analyze pasword={SECRET}",
        message="reading the connection string: ",
    ),
    "unescaped password": Bad(
        command=f"analyze {URL}x@/y#z@host/shop",
        message="reading the connection string: a special character in the user or the password",
    ),
    "bad port": Bad(
        command=f"snapshot {URL}host:70000/shop -o x.pgsnap",
        message="reading the connection string: the port is not a number from 1 to 65535",
    ),
    "no scheme": Bad(
        command=f"snapshot reader:{SECRET}@host/shop -o x.pgsnap",
        message="reading the connection string: it has no scheme",
    ),
    "no socket": Bad(
        command="analyze host=/nonexistent",
        message="connecting to the server: no server listens there",
        code=3,
    ),
    "no socket for a snapshot": Bad(
        command="snapshot host=/nonexistent -o x.pgsnap",
        message="connecting to the server: no server listens there",
        code=3,
    ),
    "no such snapshot": Bad(
        command="analyze no.pgsnap", message="reading no.pgsnap: No such file or directory"
    ),
    "no such file": Bad(
        command="analyze ./no.dump", message="reading no.dump: No such file or directory"
    ),
    "not a snapshot": Bad(
        command="analyze notes.txt",
        setup=a_file("notes.txt", f"password={SECRET}"),
        message="reading notes.txt: it is not a pgadvisor snapshot",
    ),
    "empty file": Bad(
        command="analyze x.pgsnap",
        setup=a_file("x.pgsnap"),
        message="reading x.pgsnap: the file is empty",
    ),
    "truncated snapshot": Bad(
        command="analyze x.pgsnap",
        setup=a_saved_snapshot(-10),
        message="reading x.pgsnap: the file is truncated",
    ),
    "truncated in its first line": Bad(
        command="analyze x.pgsnap",
        setup=a_saved_snapshot(10),
        message="reading x.pgsnap: the file is truncated",
    ),
    "a pickle": Bad(
        command="analyze x.pgsnap",
        setup=a_file("x.pgsnap", b"\x80\x04\x95\x0b\x00\x00\x00"),
        message="reading x.pgsnap: it is not a pgadvisor snapshot",
    ),
    "directory as snapshot": Bad(
        command="analyze ./somewhere",
        setup=a_folder("somewhere"),
        message="reading somewhere: it is a directory",
    ),
    "schemas of a file": Bad(
        command="analyze x.pgsnap --schema public",
        setup=a_saved_snapshot(),
        message="reading a snapshot file: --schema and --exclude-schema choose what is collected",
    ),
}
OUTPUTS = {
    "file as directory": Bad(
        command="analyze --out taken",
        setup=a_file("taken", "mine"),
        message="writing to taken: there is a file of that name",
    ),
    "file above the directory": Bad(
        command="analyze --out taken/advice",
        setup=a_file("taken", "mine"),
        message="writing to taken/advice: a part of that path is a file",
    ),
    "place that takes no files": Bad(
        command="analyze --out /proc/pgadvisor",
        message="writing to /proc/pgadvisor: no such file or directory",
    ),
    "report is there": Bad(
        command="analyze --out advice",
        setup=both(a_folder("advice"), a_file("advice/report.md", "mine")),
        message="writing advice/report.md: it is there already",
    ),
    "report is a directory": Bad(
        command="analyze --out advice --force",
        setup=both(a_folder("advice"), a_folder("advice/report.md")),
        message="writing advice/report.md: it is no ordinary file",
    ),
    "report is a link": Bad(
        command="analyze --out advice --force",
        setup=both(
            a_folder("advice"), lambda d: (d / "advice" / "report.md").symlink_to(d / "other")
        ),
        message="writing advice/report.md: it is a symbolic link",
    ),
    "snapshot is there": Bad(
        command="snapshot host=/nonexistent -o x.pgsnap",
        setup=a_file("x.pgsnap", "mine"),
        message="writing x.pgsnap: the file exists already",
    ),
    "snapshot in no directory": Bad(
        command="snapshot host=/nonexistent -o nowhere/x.pgsnap",
        message="writing x.pgsnap: there is no such directory",
    ),
    "snapshot is a directory": Bad(
        command="snapshot host=/nonexistent --force -o somewhere",
        setup=a_folder("somewhere"),
        message="writing somewhere: it is a directory",
    ),
    "output made before the server is asked": Bad(
        command="analyze host=/nonexistent --out new/advice",
        message="connecting to the server: no server listens there",
        code=3,
    ),
}
OPTIONS = {
    "workload only without a workload": Bad(
        command="analyze --workload-only",
        message="reading --workload-only: there is no --workload DIR to take alone",
    ),
    "budget without a number": Bad(
        command="analyze --index-budget much",
        message="reading --index-budget: 'much' is not a size",
    ),
    "budget with an unknown unit": Bad(
        command="analyze --index-budget 5XB", message="reading --index-budget: '5XB' is not a size"
    ),
    "negative budget": Bad(
        command="analyze --index-budget=-5MB",
        message="reading --index-budget: '-5MB' is not a size",
    ),
    "endless budget": Bad(
        command=f"analyze --index-budget {'9' * 400}",
        message="reading --index-budget: such a size is larger than any disk",
    ),
    "negative number of indexes": Bad(
        command="analyze --max-indexes=-1", message="Invalid value for '--max-indexes'"
    ),
    "unknown migration": Bad(
        command="analyze --migration nosuch",
        message="Invalid value for '--migration': there is no format nosuch; there are plain,",
    ),
    "unknown format": Bad(command="analyze --format pdf", message="Invalid value for '--format'"),
    "unknown severity": Bad(
        command="analyze --fail-on never-ever", message="Invalid value for '--fail-on'"
    ),
    "unknown redaction": Bad(
        command="snapshot -o x.pgsnap --redact some", message="Invalid value for '--redact'"
    ),
    "unknown option": Bad(command="analyze --speed 11", message="No such option: --speed"),
    "missing option": Bad(command="snapshot host=h", message="Missing option '--output'"),
    "unknown command": Bad(command="optimise", message="No such command 'optimise'."),
    "config is not there": Bad(
        command="analyze --config no.toml", message="reading no.toml: No such file or directory"
    ),
    "config with an unknown key": Bad(
        command="analyze --config c.toml",
        setup=a_file("c.toml", "spede = 1\n"),
        message="reading c.toml: there is no setting called spede",
    ),
    "config with an unknown gate": Bad(
        command="analyze --config c.toml",
        setup=a_file("c.toml", "[gates]\nmin_table_byte = 1\n"),
        message="reading c.toml: there is no setting called gates.min_table_byte",
    ),
    "config with a wrong value": Bad(
        command="analyze --config c.toml",
        setup=a_file("c.toml", '[gates]\nmin_table_bytes = "8MB"\n'),
        message="reading c.toml: Expected `int`, got `str` - at `$.gates.min_table_bytes`",
    ),
    "config that is no TOML": Bad(
        command="analyze", setup=a_file("pgadvisor.toml", "\tx"), message="reading pgadvisor.toml"
    ),
    "project file with another kind of value": Bad(
        command="analyze",
        setup=a_file("pyproject.toml", "[tool]\npgadvisor = 3\n"),
        message="reading pyproject.toml: tool.pgadvisor is no table",
    ),
    "config with an unknown rule": Bad(
        command="analyze x.pgsnap --config c.toml",
        setup=both(a_saved_snapshot(), a_file("c.toml", "[limits.no-such-rule]\nx = 1\n")),
        message="reading the configuration of rules: there is no rule called no-such-rule",
    ),
    "config with an unknown limit": Bad(
        command="analyze x.pgsnap --config c.toml",
        setup=both(a_saved_snapshot(), a_file("c.toml", "[limits.unused-index]\nx = 1\n")),
        message="setting the limits of unused-index: it has no limit called x",
    ),
    "no such workload": Bad(
        command="analyze --workload nowhere",
        message="reading the workload in nowhere: there is no such file or directory",
    ),
    "empty workload": Bad(
        command="analyze --workload w",
        setup=a_folder("w"),
        message="reading the workload in w: it has no file that ends in .sql",
    ),
    "workload that does not parse": Bad(
        command="analyze --workload w",
        setup=both(a_folder("w"), a_file("w/a.sql", f"select 1;\nselect from '{SECRET}' where;\n")),
        message="reading the workload file a.sql: line 2: ",
    ),
    "workload of other statements": Bad(
        command="analyze --workload w",
        setup=both(a_folder("w"), a_file("w/a.sql", "drop table orders;\n")),
        message="reading the workload file a.sql: line 1: is no SELECT",
    ),
    "workload that is no text": Bad(
        command="analyze --workload w",
        setup=both(a_folder("w"), a_file("w/a.sql", b"select '\xe9'")),
        message="reading the workload in w: a.sql is not UTF-8 text",
    ),
    "workload without a number as weight": Bad(
        command="analyze --workload w",
        setup=both(a_folder("w"), a_file("w/a.sql", "-- weight: often\nselect 1;\n")),
        message="reading the workload file a.sql: line 1: the weight is no number above zero",
    ),
}
SECRETS = {
    "as a command": Bad(command=f"{URL}host/shop", message="No such command '***'."),
    "as a second argument": Bad(
        command=f"analyze host=h password={SECRET}", message="Got unexpected extra argument"
    ),
    "as an option's value": Bad(
        command=f"analyze --format {URL}host/shop", message="Invalid value for '--format'"
    ),
    "after an equals sign": Bad(
        command=f"analyze --index-budget={URL}host/shop",
        message="reading --index-budget: '***' is not a size",
    ),
    "as a rule": Bad(
        command=f"rules show {URL}host/shop", message="looking up a rule: there is no rule"
    ),
}


def contents(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): b"" if path.is_dir() else path.read_bytes()
        for path in directory.rglob("*")
        if not path.is_symlink()
    }


@pytest.mark.parametrize("bad", [pytest.param(b, id=n) for n, b in (SOURCES | OUTPUTS).items()])
def test_bad_source_or_output(pgadvisor_run: Command, tmp_path: Path, bad: Bad) -> None:
    refuses(pgadvisor_run, tmp_path, bad)


@pytest.mark.parametrize("bad", [pytest.param(b, id=n) for n, b in OPTIONS.items()])
def test_bad_option(pgadvisor_run: Command, tmp_path: Path, bad: Bad) -> None:
    refuses(pgadvisor_run, tmp_path, bad)


@pytest.mark.parametrize("bad", [pytest.param(b, id=n) for n, b in SECRETS.items()])
def test_misplaced_connection_string(pgadvisor_run: Command, tmp_path: Path, bad: Bad) -> None:
    refuses(pgadvisor_run, tmp_path, bad)


def refuses(command: Command, directory: Path, bad: Bad) -> None:
    if "/proc" in bad.command and not os.path.isdir("/proc"):  # noqa: PTH112
        pytest.skip("there is no /proc here")
    bad.setup(directory)
    before = contents(directory)

    ended = command(*bad.command.split(" "))

    said = ended.err.partition("\n")[2] if ended.err.startswith("warning: ") else ended.err
    ended = type(ended)(code=ended.code, out=ended.out, err=said)
    assert ended.message.startswith(bad.message), ended.err
    assert ended.code == bad.code
    assert contents(directory) == before


def test_warns_of_a_password_that_others_can_see(pgadvisor_run: Command) -> None:
    ended = pgadvisor_run("analyze", f"host=/nonexistent password={SECRET}")

    assert ended.code == 3
    assert ended.err.startswith("warning: the password on the command line can be seen by other")


def test_a_directory_of_the_databases_name_is_no_snapshot(
    pgadvisor_run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOST", "/nonexistent")
    (tmp_path / "shop").mkdir()

    ended = pgadvisor_run("analyze", "shop")

    assert ended.code == 3
    assert ended.message.startswith("connecting to the server: no server listens there")


def test_reads_the_connection_string_from_the_environment(
    pgadvisor_run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"mysql://root:{SECRET}@host/shop")

    ended = pgadvisor_run("analyze")

    assert ended.code == 2
    assert ended.message.startswith("reading the connection string: it is for mysql")
