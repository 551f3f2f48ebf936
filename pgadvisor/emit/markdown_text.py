"""Text of strangers within Markdown, as GitHub and CommonMark read it."""

from __future__ import annotations

import re

from pgadvisor.emit.plaintext import one_line, printable, segments

_SPECIAL = re.compile(r"[\\`*{}\[\]<>|~&$]")
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
"""Between letters it is no emphasis, and names are full of it."""
_BLOCK_START = re.compile(r"^(?:[-+#=]|\d+[.)](?=\s|$))")
_LINK = re.compile(r"://|(?i:www)\.")
_MENTION = re.compile(r"@(?=\w)")
_BACKTICKS = re.compile(r"`+")


def escape(text: str) -> str:
    """Make a text mean itself, on one line, within a paragraph, a list or a table."""
    line = one_line(text)
    line = _SPECIAL.sub(lambda match: f"\\{match[0]}", line)
    line = _UNDERSCORE.sub(r"\\_", line)
    line = _LINK.sub(lambda match: match[0].replace(":", "\\:").replace(".", "\\."), line)
    # Nobody is to be called because a table is named like a person.
    line = _MENTION.sub("@&#8203;", line)
    return _BLOCK_START.sub(lambda match: match[0][:-1] + "\\" + match[0][-1], line)


def prose(text: str) -> str:
    """A sentence of ours, in which backticks enclose SQL; a lone one means itself."""
    return "".join(
        code(part) if is_code else _blanks_kept(part) for part, is_code in segments(text)
    )


def _blanks_kept(part: str) -> str:
    """Escape a part of a sentence; the blanks at its ends keep it from the other parts."""
    before = " " if part[:1].isspace() else ""
    after = " " if part[-1:].isspace() else ""
    return f"{before}{escape(part)}{after}"


def code(text: str) -> str:
    """A text as inline code."""
    line = one_line(text)
    if not line:
        return ""
    ticks = "`" * (_longest_run(line) + 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{space}{line}{space}{ticks}"


def table_code(text: str) -> str:
    """The same within a table, where ``|`` would end the cell even in code."""
    return code(text).replace("|", "\\|")


def fence(text: str, language: str = "sql") -> str:
    """A block of code, with a fence longer than any run of backticks in it."""
    ticks = "`" * max(_longest_run(text) + 1, 3)
    return f"{ticks}{language}\n{printable(text).rstrip()}\n{ticks}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)
