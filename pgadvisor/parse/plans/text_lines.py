"""Lines of ``EXPLAIN (FORMAT TEXT)`` put together: literals with line breaks, and wrapped lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from pgadvisor.parse.plan_values import PlanFormatError
from pgadvisor.parse.plans.text_node import has_known_type, split_tail, target_of

Lines = Sequence[tuple[int, str]]
"""Numbers in the text that was given, and what stands there."""

MAX_JOINED_LINES = 2_000
"""Of one literal: a quote that never ends is not looked for in megabytes, again and again."""

_KEY = re.compile(r"(?P<key>[A-Z][A-Za-z0-9_ /.\-]{0,62}):(?: +(?P<value>.*)|$)", re.DOTALL)
_LABEL = re.compile(r"(?:InitPlan|SubPlan) [0-9]+\b.*|CTE .+")
_WORKER = re.compile(r"Worker [0-9]+:")
_TRIGGER = re.compile(r"Trigger .+: (?:time=[0-9.]+ )?calls=[0-9.]+")
_UNQUOTED = re.compile(r"""(?:[^'"]++|'[^']*+'|"[^"]*+")*+""")
_QUOTED = re.compile(r"""'[^']*+'|"[^"]*+\"""")
_RAW = {"Settings", "Conflict Arbiter Indexes", "Window", "Query Parameters"}
"""Keys whose values are not quoted as SQL is."""
_TRUNCATED = "[Your log message was truncated]"
_VERBATIM = ("Query Text: ", "Query Parameters: ")


class Kind(Enum):
    """What a line is."""

    NODE = auto()
    LABEL = auto()
    WORKER = auto()
    TRIGGER = auto()
    TARGET = auto()
    PROPERTY = auto()
    OTHER = auto()


@dataclass(slots=True)
class Line:
    """A line of a plan, which may have been several in the text."""

    number: int
    indent: int
    text: str
    kind: Kind
    after_gap: bool
    """Whether a blank line stands before it."""
    key: str = ""
    """Of a property."""
    value: str = ""


def logical_lines(lines: Lines) -> list[Line]:
    """Return the lines of a plan; what continues another line is joined with it.

    Raises:
        PlanFormatError: The log says that the message was cut off.
    """
    width = _wrap_width(lines)
    found: list[Line] = []
    position = 0
    gap = in_plan = False
    while position < len(lines):
        number, physical = lines[position]
        position += 1
        content = physical.lstrip(" ")
        if not content or content.isspace():
            gap = True
            continue
        if content.startswith(_TRUNCATED):
            raise PlanFormatError("", "the log message was truncated", number)
        indent = len(physical) - len(content)
        verbatim = not in_plan and content.startswith(_VERBATIM)
        line = Line(number, indent, content, Kind.OTHER, gap)
        gap = False
        if verbatim:
            content, position = _verbatim(lines, position, content)
        elif in_plan or has_known_type(content):
            content, position = _whole(lines, position, content, indent, width)
        _classify(line, content)
        in_plan = in_plan or line.kind is Kind.NODE
        if line.kind is Kind.OTHER and found and not line.after_gap:
            before = found[-1]
            if before.kind is not Kind.OTHER:
                full = width is not None and len(lines[position - 2][1]) == width
                _classify(before, before.text + ("" if full else " ") + content)
                in_plan = in_plan or before.kind is Kind.NODE
                continue
        found.append(line)
    return found


def _classify(line: Line, content: str) -> None:
    line.text = content
    label, tail = split_tail(content)
    match = None if content.startswith("->") else _KEY.fullmatch(content)
    if content.startswith("->") or (tail is not None and match is None):
        line.kind = Kind.NODE
    elif _WORKER.match(content):
        line.kind = Kind.WORKER
    elif _TRIGGER.fullmatch(content):
        line.kind = Kind.TRIGGER
    elif match is not None:
        line.kind = Kind.PROPERTY
        line.key, line.value = match["key"], match["value"] or ""
    elif _LABEL.fullmatch(content):
        line.kind = Kind.LABEL
    elif target_of(label) is not None:
        line.kind = Kind.TARGET
    else:
        line.kind = Kind.OTHER


def _wrap_width(lines: Lines) -> int | None:
    """Return the width at which lines were cut, where several are as long and none is longer."""
    lengths = [len(line) for _, line in lines]
    width = max(lengths, default=0)
    return width if lengths.count(width) > 1 else None


def _whole(
    lines: Lines, position: int, content: str, indent: int, width: int | None
) -> tuple[str, int]:
    """Join what follows as long as a quote or a parenthesis is open."""
    match = _KEY.match(content)
    if (match is not None and match["key"] in _RAW) or not _is_open(content):
        return content, position
    if _LABEL.match(content) or _TRIGGER.match(content):
        return content, position
    joined, start, length = [content], position, indent + len(content)
    quoted = _open_quote(content)
    while position < len(lines) and position - start < MAX_JOINED_LINES:
        following = lines[position][1]
        if not quoted and _begins_node(following):
            break
        if length == width:
            joined.append(following)
        else:
            joined.append(f"\n{following}" if quoted else f" {following.lstrip()}")
        length = len(following)
        position += 1
        if quoted and not ('"' in following or "'" in following):
            continue
        whole = "".join(joined)
        quoted = _open_quote(whole)
        if not quoted and not _is_open(whole):
            return whole, position
    # It never ends: the line stands for itself, or with what was cut off by a parenthesis.
    return (content, start) if quoted else ("".join(joined), position)


def _begins_node(physical: str) -> bool:
    content = physical.strip()
    return content.startswith("->") or (
        has_known_type(content) and split_tail(content)[1] is not None
    )


def _open_quote(text: str) -> bool:
    return _UNQUOTED.fullmatch(text) is None


def _is_open(text: str) -> bool:
    if '"' in text or "'" in text:
        if _open_quote(text):
            return True
        text = _QUOTED.sub("", text)
    return text.count("(") > text.count(")")


def _verbatim(lines: Lines, position: int, content: str) -> tuple[str, int]:
    """Take the text of a statement as it is, up to the plan or to its parameters."""
    taken = [content]
    while position < len(lines):
        following = lines[position][1]
        if _begins_node(following) or following.lstrip(" ").startswith("Query Parameters: "):
            break
        taken.append(following)
        position += 1
    return "\n".join(taken), position
