"""Write the pages of the manual that come out of the code: rules and command line.

python docs/pages.py           write them
python docs/pages.py --check   fail when one of them is out of date
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from typer import Typer
from typer.testing import CliRunner

from pgadvisor.cli.app import app
from pgadvisor.cli.rules import page
from pgadvisor.registry import load_rules

DOCS = Path(__file__).resolve().parent
NOTE = "<!-- made by docs/pages.py; edit the code instead -->\n\n"
WIDTH = 96


def rule_pages() -> dict[Path, str]:
    """One page a rule, and the list of all."""
    rules = load_rules()
    pages = {DOCS / "rules" / f"{rule.id}.md": NOTE + page(rule) for rule in rules.values()}
    by_category = defaultdict(list)
    for rule in rules.values():
        by_category[rule.category].append(rule)
    lines = ["# Rules", "", f"{len(rules)} rules, by what they are about."]
    for category, members in sorted(by_category.items()):
        lines += ["", f"## {category}", "", "| rule | severity | what it finds |", "|---|---|---|"]
        lines += [f"| [{r.id}]({r.id}.md) | {r.severity.value} | {r.title} |" for r in members]
    lines += ["", "```{toctree}", ":hidden:", "", *sorted(rules), "```", ""]
    pages[DOCS / "rules" / "index.md"] = NOTE + "\n".join(lines)
    return pages


def command_page() -> str:
    """The command line's own help, command by command."""
    lines = ["# Command line", ""]
    for path in command_paths(app, ()):
        lines += [f"## `{' '.join(('pgadvisor', *path))}`", "", "```text", help_of(path), "```", ""]
    return NOTE + "\n".join(lines)


def command_paths(group: Typer, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The words of each command, groups before what is in them."""
    yield path
    for command in group.registered_commands:
        yield (*path, str(command.name))
    for below in group.registered_groups:
        if below.typer_instance is not None:
            yield from command_paths(below.typer_instance, (*path, str(below.name)))


def help_of(path: tuple[str, ...]) -> str:
    """What ``--help`` prints, without colours or trailing blanks."""
    environment = {"COLUMNS": str(WIDTH), "TERM": "dumb", "NO_COLOR": "1"}
    result = CliRunner().invoke(app, [*path, "--help"], prog_name="pgadvisor", env=environment)
    if result.exit_code != 0:
        raise SystemExit(f"pgadvisor {' '.join(path)} --help exits with {result.exit_code}")
    return "\n".join(line.rstrip() for line in result.output.strip().splitlines())


def main() -> int:
    """Write or check."""
    pages = rule_pages()
    pages[DOCS / "command-line.md"] = command_page()
    stale = [path for path, text in pages.items() if not path.is_file() or path.read_text() != text]
    made = set(pages)
    extra = [p for p in (DOCS / "rules").glob("*.md") if p not in made]
    if "--check" in sys.argv:
        for path in (*stale, *extra):
            print(f"{path.relative_to(DOCS.parent)} is out of date: run `make pages`")
        return bool(stale or extra)
    for path in extra:
        path.unlink()
    for path in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(pages[path])
    print(f"{len(stale)} pages written")
    return 0
