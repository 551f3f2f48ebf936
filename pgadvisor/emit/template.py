"""Jinja2, set up so that nothing gets into a report unescaped by accident."""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from pgadvisor.emit.markdown_text import code, escape, fence, prose, table_code
from pgadvisor.emit.plaintext import printable, segments
from pgadvisor.emit.words import plural

_TEMPLATES = Path(__file__).parent / "templates"


def render_template(name: str, **values: object) -> str:
    """Render a template; in those for HTML every value is escaped."""
    return _environment().get_template(name).render(**values)


def style_sheet() -> tuple[str, str]:
    """The style sheet of the HTML report, and the hash that lets the browser apply it."""
    text = (_TEMPLATES / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return text, f"sha256-{digest}"


@functools.cache
def _environment() -> Environment:
    # Markdown has its own escapes, which the templates call by name.
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        md=escape,
        prose=prose,
        code=code,
        table_code=table_code,
        fence=fence,
        printable=printable,
        segments=segments,
    )
    environment.globals["plural"] = plural
    return environment
