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

MAX_PIECES = 500
"""Of one line that was wrapped."""

_COMPLETE = re.compile(r"[0-9.]+ ms")
"""Times of the whole plan: what stands below is none of it."""
_KEY = re.compile(r"(?P<key>[A-Z][A-Za-z0-9_ /.\-]{0,62}):(?: +(?P<value>.*)|$)", re.DOTALL)
_LABEL = re.compile(r"(?:InitPlan|SubPlan) [0-9]+\b.*|CTE .+")
_WORKER = re.compile(r"Worker [0-9]+:")
_TRIGGER = re.compile(r"Trigger .+: (?:time=[0-9.]+ )?calls=[0-9.]+")
_QUOTE = re.compile("['\"]")
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
    begins: bool = False
    """Whether nothing stands right above it."""
    pieces: int = 1
    """How many lines it was that say nothing by themselves."""


def logical_lines(lines: Lines) -> list[Line]:
    """Return the lines of a plan; what continues another line is joined with it.

    Raises:
        PlanFormatError: The log says that the message was cut off.
    """
    width = _wrap_width(lines)
    found: list[Line] = []
    position = endless = 0
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
        line = Line(number, indent, content, Kind.OTHER, gap, begins=gap or not found)
        gap = False
        if verbatim:
            content, position = _verbatim(lines, position, content)
        elif position >= endless and (in_plan or has_known_type(content)):
            content, position, endless = _whole(
                lines, position, content, length=len(physical), width=width
            )
        _classify(line, content)
        in_plan = in_plan or line.kind is Kind.NODE
        if (
            line.kind is Kind.OTHER
            and found
            and not line.after_gap
            and _may_go_on(found[-1], content)
        ):
            full = width is not None and len(lines[position - 2][1]) == width
            _continue(found[-1], content, "" if full else " ")
            in_plan = in_plan or found[-1].kind is Kind.NODE
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


def _may_go_on(line: Line, content: str) -> bool:
    """Tell whether a line may have been cut off, so that the next one belongs to it."""
    if line.kind is Kind.NODE and split_tail(line.text)[1] is not None:
        return content.startswith("(actual ")
    complete = line.kind is Kind.PROPERTY and _COMPLETE.fullmatch(line.value) is not None
    return not complete and line.kind not in {Kind.OTHER, Kind.TRIGGER}


def _continue(line: Line, content: str, between: str) -> None:
    line.pieces += 1
    if line.pieces > MAX_PIECES:
        reason = f"goes on over more than {MAX_PIECES} lines"
        raise PlanFormatError("", reason, line.number)
    _classify(line, line.text + between + content)


def _wrap_width(lines: Lines) -> int | None:
    """Return the width at which lines were cut, where several are as long and none is longer."""
    lengths = [len(line) for _, line in lines]
    width = max(lengths, default=0)
    return width if lengths.count(width) > 1 else None


def _whole(
    lines: Lines, position: int, content: str, *, length: int, width: int | None
) -> tuple[str, int, int]:
    """Join what follows as long as a quote or a parenthesis is open.

    Returns:
        The whole line, the position behind it, and the one up to which a quote did not end.
    """
    match = _KEY.match(content)
    raw = match is not None and match["key"] in _RAW
    quote, depth = _scan(content, "", 0)
    closed = not quote and depth <= 0
    if closed or raw or _LABEL.match(content) or _TRIGGER.match(content):
        return content, position, 0
    joined, start = [content], position
    while position < len(lines) and position - start < MAX_JOINED_LINES:
        following = lines[position][1]
        if not quote and _begins_node(following):
            break
        if length == width:
            joined.append(following)
        else:
            joined.append(f"\n{following}" if quote else f" {following.lstrip()}")
        length = len(following)
        position += 1
        quote, depth = _scan(following, quote, depth)
        if not quote and depth <= 0:
            return "".join(joined), position, 0
    if quote:  # it never ends: the line stands for itself
        return content, start, position
    return "".join(joined), position, 0


def _scan(text: str, quote: str, depth: int) -> tuple[str, int]:
    """Return the quote and the number of parentheses that are open after a text."""
    position = 0
    while True:
        if quote:
            end = text.find(quote, position)
            if end < 0:
                return quote, depth
            position = end + 1
        match = _QUOTE.search(text, position)
        end = match.start() if match else len(text)
        depth += text.count("(", position, end) - text.count(")", position, end)
        if match is None:
            return "", depth
        quote, position = match[0], end + 1


def _begins_node(physical: str) -> bool:
    content = physical.strip()
    return content.startswith("->") or (
        has_known_type(content) and split_tail(content)[1] is not None
    )


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
