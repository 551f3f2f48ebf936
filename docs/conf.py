"""Sphinx configuration of the manual."""

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
