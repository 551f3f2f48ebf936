"""Read every plan in a text, whatever its format and whatever it was copied from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgadvisor.model.executed_plan import ExecutedPlan
from pgadvisor.parse.plan_values import PlanFormatError
from pgadvisor.parse.plans.executed import executed_plan
from pgadvisor.parse.plans.json_format import plans_from_json
from pgadvisor.parse.plans.paste import Segment, segments
from pgadvisor.parse.plans.text_format import plans_from_text
from pgadvisor.parse.plans.xml_format import plans_from_xml
from pgadvisor.parse.plans.yaml_format import plans_from_yaml

MAX_CHARACTERS = 64 << 20
"""What is longer is refused: reading takes some twenty times the memory of the text."""

_XML_END = "</explain>"
_YAML_PLAN = re.compile(r" *(?:- )?Plan: *")
_YAML_QUERY = re.compile(r' *(?:- )?Query (?:Text|Parameters): "')

Found = tuple[int, object]
"""The line in which a plan begins, and what JSON would decode to."""


def read_plans(text: str | bytes) -> tuple[ExecutedPlan, ...]:
    """Read all plans in a text: TEXT, JSON, YAML or XML, of PostgreSQL 10 to 18.

    The text may be a paste: psql's frames and ``+`` signs, ``QUERY PLAN`` headers and row
    counts, quotes around lines, Markdown fences, tabs, CRLF, lines that were wrapped, messages
    of auto_explain with the log's prefix, and prose around all of that.

    Args:
        text: The text; bytes are UTF-8.

    Returns:
        The plans in their order, at least one.

    Raises:
        PlanFormatError: There is no plan in it, or one that cannot be read; ``line`` says where.
    """
    if len(text) > MAX_CHARACTERS:
        raise PlanFormatError("", f"longer than {MAX_CHARACTERS >> 20} MiB", 1)
    whole = _decoded(text) if isinstance(text, bytes) else text
    plans: list[ExecutedPlan] = []
    for line, document in _documents(whole):
        try:
            plans.append(executed_plan(document))
        except PlanFormatError as error:
            raise PlanFormatError(error.place, error.reason, error.line or line) from None
    if not plans:
        raise PlanFormatError("", "there is no plan in it", 1)
    return tuple(plans)


def _decoded(text: bytes) -> str:
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text[: error.start].count(b"\n") + 1
        raise PlanFormatError("", f"no UTF-8 at byte {error.start}", line) from None


def _documents(text: str) -> Iterator[Found]:
    start = text.lstrip("\ufeff \n\r\t")
    if start.startswith(("[", "{")):
        # Most are JSON and nothing else, and need no cleaning.
        line = text.count("\n", 0, len(text) - len(start)) + 1
        plans, rest = plans_from_json(start, line)
        if not rest.strip():
            yield from plans
            return
    for segment in segments(text):
        yield from _segment_documents(segment)


def _segment_documents(segment: Segment) -> Iterator[Found]:
    position = 0
    prose: Segment = []
    while position < len(segment):
        number, line = segment[position]
        content = line.lstrip()
        if content.startswith(("[", "{")) and _is_json(segment, position):
            whole = "\n".join(each for _, each in segment[position:])
            plans, rest = plans_from_json(whole.lstrip(), number)
            yield from plans
            position = len(segment) - (rest.count("\n") + 1 if rest else 0)
        elif content.startswith(("<explain", "<?xml")):
            end = _xml_end(segment, position)
            whole = "\n".join(each for _, each in segment[position:end])
            for plan in plans_from_xml(whole.strip(), number):
                yield number, plan
            position = end
        elif _YAML_PLAN.fullmatch(line) or _YAML_QUERY.match(line):
            end = _yaml_end(segment, position)
            for plan in plans_from_yaml(segment[position:end]):
                yield number, plan
            position = end
        else:
            prose.append(segment[position])
            position += 1
    yield from plans_from_text(prose)


def _is_json(segment: Segment, position: int) -> bool:
    """Tell a document from prose in brackets: it has a key or another bracket right behind."""
    head = "".join(line for _, line in segment[position : position + 4]).lstrip()
    return re.match(r'\[\s*\{|\{\s*"|\[\s*$', head) is not None


def _xml_end(segment: Segment, position: int) -> int:
    for end in range(position, len(segment)):
        if _XML_END in segment[end][1]:
            return end + 1
    return len(segment)


def _yaml_end(segment: Segment, position: int) -> int:
    """YAML ends at a blank line: EXPLAIN writes none."""
    for end in range(position, len(segment)):
        if not segment[end][1].strip():
            return end
    return len(segment)
