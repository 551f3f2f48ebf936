"""Sphinx configuration of the manual."""

from pygments.lexers.sql import PostgresLexer
from sphinx.application import Sphinx

from pgadvisor.version import VERSION

project = "pgadvisor"
author = "the pgadvisor developers"
release = VERSION
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
html_theme = "furo"
html_show_copyright = False  # LICENSE says it
html_title = f"pgadvisor {VERSION}"
myst_heading_anchors = 3


def setup(app: Sphinx) -> None:
    """Read SQL as PostgreSQL's: the general lexer does not know ``$1``."""
    app.add_lexer("sql", PostgresLexer)
