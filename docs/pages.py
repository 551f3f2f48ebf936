"""Write the pages of the manual that come out of the code: rules and command line.

python docs/pages.py           write them
python docs/pages.py --check   fail when one of them is out of date
"""

from __future__ import annotations

import inspect
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, cast

from typer.main import get_command

from pgadvisor.cli.app import app
from pgadvisor.cli.rules import page
from pgadvisor.model.finding import Severity
from pgadvisor.registry import load_rules
from pgadvisor.rulekit import AnyRule


class Parameter(Protocol):
    """What is asked of an argument or an option."""

    name: str
    param_type_name: str
    metavar: str | None
    opts: list[str]
    help: str | None
    default: object


class Command(Protocol):
    """What is asked of a command."""

    help: str | None
    epilog: str | None
    params: list[Parameter]


DOCS = Path(__file__).resolve().parent
KEPT = "\b"
"""Click's mark before lines that it does not wrap."""
NOTE = "<!-- made by docs/pages.py; edit the code instead -->\n\n"


def rule_pages() -> dict[Path, str]:
    """One page a rule, and the list of all."""
    rules = load_rules()
    pages = {DOCS / "rules" / f"{rule.id}.md": NOTE + page(rule) for rule in rules.values()}
    by_category = defaultdict(list)
    for rule in rules.values():
        by_category[rule.category].append(rule)
    lines = ["# Rules", "", f"{len(rules)} rules, by what they are about and by severity.", ""]
    lines += ["## By category"]
    for category, members in sorted(by_category.items()):
        lines += ["", f"### {category}", "", "| rule | severity | what it finds |", "|---|---|---|"]
        lines += [f"| {link(r)} | {r.severity.value} | {r.title} |" for r in members]
    lines += ["", "## By severity", ""]
    lines += ["A finding may be more or less severe than its rule, where the figures say so."]
    for severity in reversed(Severity):
        lines += ["", f"### {severity.value}", "", "| rule | category | what it finds |"]
        members = sorted((r for r in rules.values() if r.severity is severity), key=_id)
        lines += ["|---|---|---|", *(f"| {link(r)} | {r.category} | {r.title} |" for r in members)]
    lines += ["", "```{toctree}", ":hidden:", "", *sorted(rules), "```", ""]
    pages[DOCS / "rules" / "index.md"] = NOTE + "\n".join(lines)
    return pages


def link(rule: AnyRule) -> str:
    """A rule's id that leads to its page."""
    return f"[{rule.id}]({rule.id}.md)"


def _id(rule: AnyRule) -> str:
    return rule.id


def command_page() -> str:
    """Every command with its arguments and options, as ``--help`` tells them."""
    root = cast(Command, get_command(app))
    lines = ["# Command line", "", str(root.help), "", str(root.epilog), ""]
    for path, command in commands(root, ("pgadvisor",)):
        if path == ("pgadvisor",):
            continue
        lines += [f"## `{' '.join(path)}`", "", unindented(command.help), ""]
        rows = [option_row(option) for option in command.params if option.name != "help"]
        if rows:
            lines += ["| argument or option | what it does |", "|---|---|", *rows, ""]
    return NOTE + "\n".join(lines)


def commands(command: Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Command]]:
    """Each command with its words, groups before what is in them."""
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))


def option_row(option: Parameter) -> str:
    """One row of a table: names and help, and the default where there is one to tell."""
    is_argument = option.param_type_name == "argument"
    names = option.metavar if is_argument else ", ".join(f"`{name}`" for name in option.opts)
    default = getattr(option.default, "value", option.default)
    is_told = isinstance(default, str | int) and not isinstance(default, bool) and not is_argument
    told = f" Default: {default}." if is_told else ""
    return f"| {names} | {option.help}{told} |".replace("DSN|", "DSN\\|")


def unindented(text: str | None) -> str:
    """A docstring as Markdown paragraphs; what click is to keep as it is becomes a block."""
    paragraphs = inspect.cleandoc(text or "").split("\n\n")
    return "\n\n".join(
        f"```console{p.removeprefix(KEPT)}\n```" if p.startswith(KEPT) else p for p in paragraphs
    )


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


if __name__ == "__main__":
    sys.exit(main())
