"""Lines of text of a given width, with or without colours."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pgadvisor.emit.plaintext import one_line, printable

_STYLES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "cyan": 36}
_LABEL_WIDTH = 18
_NARROW = 60


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a line, with a style of its own."""

    text: str
    style: str = ""


@dataclass(slots=True)
class Page:
    """Collects lines; all that is given to it is made harmless for terminals."""

    width: int
    color: bool = False
    indent: int = 0
    lines: list[str] = field(default_factory=list)

    def text(self) -> str:
        """All lines, the last one ended."""
        return "\n".join(line.rstrip() for line in self.lines) + "\n"

    def gap(self) -> None:
        """One empty line, never two."""
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def heading(self, text: str) -> None:
        """A title with a line below it, and room above."""
        self.gap()
        self.paragraph(text, style="bold")
        self.lines.append("-" * min(len(one_line(text)), self.width))

    def paragraph(self, text: str, *, style: str = "", hanging: int = 0) -> None:
        """Text that is wrapped; lines after the first are indented by ``hanging`` more."""
        start = " " * self.indent
        wrapped = textwrap.wrap(
            one_line(text),
            self.width,
            initial_indent=start,
            subsequent_indent=start + " " * hanging,
            break_on_hyphens=False,
        )
        self.lines += [self._styled(line, style) for line in wrapped]

    def labelled(self, label: str, text: str) -> None:
        """A label with its text in a second column, or below it where it is narrow."""
        if self.width < _NARROW:
            self.paragraph(f"{label}: {text}", hanging=2)
            return
        wrapped = textwrap.wrap(one_line(text), self.width - _LABEL_WIDTH - 2) or [""]
        for number, line in enumerate(wrapped):
            head = f"{label}:" if number == 0 else ""
            self.lines.append(f"  {head:<{_LABEL_WIDTH}}{line}")

    def verbatim(self, text: str, *, style: str = "") -> None:
        """Text that is not wrapped, to be copied."""
        start = " " * self.indent
        self.lines += [self._styled(start + line, style) for line in printable(text).split("\n")]

    def row(self, parts: Iterable[Part]) -> None:
        """One line of several parts, as they are."""
        start = " " * self.indent
        styled = (self._styled(printable(part.text), part.style) for part in parts if part.text)
        self.lines.append(start + "".join(styled))

    @contextmanager
    def indented(self, columns: int) -> Iterator[None]:
        """Indent what is written meanwhile."""
        self.indent += columns
        yield
        self.indent -= columns

    def _styled(self, line: str, style: str) -> str:
        if not self.color or not style:
            return line
        return f"\x1b[{_STYLES[style]}m{line}\x1b[0m"
