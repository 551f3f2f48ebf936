"""What people paste, without what their tools put around it: frames, quotes, fences, prefixes."""

from __future__ import annotations

import re

from pgadvisor.parse.plans.text_lines import Lines

Segment = list[tuple[int, str]]
"""Lines that stand together, with their numbers."""

_RULE = re.compile(r"\s*[-+─═━┌┐└┘├┤┬┴┼╔╗╚╝╠╣╟╢|│]{3,}\s*")
_HEADER = re.compile(r"[\s|│\"'#*]*QUERY PLAN[\s|│\"'*]*")
_FOOTER = re.compile(r"\s*\([0-9]+ \w+\)\s*")
_FENCE = re.compile(r"\s*(?:```|~~~)[\w-]*\s*")
_CLOCK = re.compile(r"(?:Time|Zeit|Temps|Tiempo): [0-9.,]+ ms.*")
_RECORD = re.compile(r"-\[ RECORD [0-9]+ \][-+]*")
_RECORD_LINE = re.compile(r"(?:QUERY PLAN|\s*)\s*\| ?(?P<rest>.*)")
_LOG = re.compile(
    r"(?!\s)[^\"']{0,400}?(?:LOG|DETAIL|STATEMENT|CONTEXT|HINT|ERROR|WARNING|FATAL|NOTICE):  "
    r"(?P<message>.*)"
)
_LOG_PLAN = re.compile(r"duration: [0-9.]+ ms\s+plan:\s*(?P<rest>.*)")
_PROMPT = re.compile(r"[\w.@-]{1,63}[=(*'\"^!-][#>] .*")
_LEADING = re.compile(r"[ \t\u00a0]*")


def segments(text: str) -> list[Segment]:
    """Split a paste at what stands around plans, and take it away.

    Lines keep their numbers, from 1.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    reader = _Paste()
    expanded = any(_RECORD.fullmatch(line) for line in lines)
    for number, line in enumerate(lines, start=1):
        if expanded and _RECORD.fullmatch(line):
            continue
        match = _RECORD_LINE.fullmatch(line) if expanded else None
        reader.read(number, line if match is None else match["rest"])
    reader.close()
    return reader.found


class _Paste:
    """Collects segments line by line."""

    def __init__(self) -> None:
        self.found: list[Segment] = []
        self._lines: Segment = []
        self._in_log = False
        self._framed = False
        """Whether psql's header stood above: its lines have a column of space before them."""

    def read(self, number: int, line: str) -> None:
        """Take one line."""
        if _HEADER.fullmatch(line):
            self.close()
            self._framed = '"' not in line
            return
        log = _LOG.fullmatch(line) if ":  " in line else None
        if log is not None:
            self.close()
            plan = _LOG_PLAN.fullmatch(log["message"])
            self._in_log = plan is not None
            if plan is not None and plan["rest"]:
                self._lines.append((number, plan["rest"]))
        elif _RULE.fullmatch(line):
            # The rule below psql's header, or one above it.
            self.close(framed=self._framed)
        elif _is_separator(line):
            self.close()
        else:
            if self._in_log and line.startswith("\t"):
                line = line[1:]
            self._lines.append((number, line))

    def close(self, *, framed: bool = False) -> None:
        """End the segment."""
        if any(line.strip() for _, line in self._lines):
            self.found.append(_cleaned(self._lines, framed=self._framed))
        self._lines = []
        self._in_log = False
        self._framed = framed


def _is_separator(line: str) -> bool:
    return bool(
        _FOOTER.fullmatch(line)
        or _FENCE.fullmatch(line)
        or _CLOCK.fullmatch(line)
        or _PROMPT.fullmatch(line)
    )


def _cleaned(lines: Lines, *, framed: bool) -> Segment:
    cleaned = [(number, line) for number, line in lines]
    for clean in (_without_quotation, _without_border, _without_quotes):
        cleaned = clean(cleaned)
    if framed and all(line.startswith(" ") for _, line in cleaned if line):
        cleaned = [(number, line[1:]) for number, line in cleaned]
    cleaned = _without_continuation(cleaned)
    return [(number, _spaces(line)) for number, line in cleaned]


def _filled(lines: Segment) -> list[str]:
    return [stripped for _, line in lines if (stripped := line.strip())]


def _without_quotation(lines: Segment) -> Segment:
    """Take away the marks of a quoted mail or of Markdown."""
    if all(line.startswith(">") for line in _filled(lines)):
        return [(number, line.lstrip()[1:].removeprefix(" ")) for number, line in lines]
    return lines


def _without_border(lines: Segment) -> Segment:
    """Take away the frame that psql draws with border 2."""
    if all(line[0] in "|│" and line[-1] in "|│" and len(line) > 1 for line in _filled(lines)):
        inner = [(number, line.strip()[1:-1]) for number, line in lines]
        if all(line.startswith(" ") for _, line in inner if line):
            inner = [(number, line[1:]) for number, line in inner]
        return [(number, line.rstrip()) for number, line in inner]
    return lines


def _without_quotes(lines: Segment) -> Segment:
    """Take away the quotes of a copied cell: around each line, or around all of them."""
    filled = _filled(lines)
    if not filled[0].startswith('"') or not filled[-1].endswith('"'):
        return lines
    if all(len(line) > 1 and line[0] == '"' and line[-1] == '"' for line in filled):
        return [(number, line.strip()[1:-1].replace('""', '"')) for number, line in lines]
    whole = [(number, line.replace('""', '"')) for number, line in lines if line.strip()]
    first, last = whole[0], whole[-1]
    whole[0] = (first[0], first[1].lstrip().removeprefix('"'))
    whole[-1] = (last[0], last[1].rstrip().removesuffix('"'))
    return whole


def _without_continuation(lines: Segment) -> Segment:
    """Take away the ``+`` that psql writes where a line of a value goes on in the next one."""
    filled = [(number, line.rstrip()) for number, line in lines if line.strip()]
    if len(filled) > 1 and all(line.endswith(("+", "↵")) for _, line in filled[:-1]):
        last = filled.pop()
        return [*((number, line[:-1].rstrip()) for number, line in filled), last]
    return lines


def _spaces(line: str) -> str:
    """Write the indentation in spaces."""
    match = _LEADING.match(line)
    assert match is not None  # noqa: S101 - it matches any text
    before = match[0]
    if "\t" in before or "\u00a0" in before:
        return before.replace("\u00a0", " ").expandtabs(8) + line[len(before) :]
    return line
