"""pev2, Dalibo's viewer of plans, and what it is built on: files as npm has them.

They stand in ``assets/``, each with its licence; ``assets/versions.json`` says which they are.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

ASSETS = Path(__file__).parent / "assets"
_STYLES = ("bootstrap/bootstrap.min.css", "pev2/pev2.css")
_SCRIPTS = ("vue/vue.runtime.global.prod.js", "pev2/pev2.umd.js", "explain.js")
"""In the order in which they build on each other; the last one is ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """What a page needs to draw a plan."""

    version: str
    styles: tuple[str, ...]
    scripts: tuple[str, ...]
    policy: str
    """Lets exactly these scripts run, and loads nothing from anywhere."""
    licences: tuple[tuple[str, str], ...]
    """Name with version, and the text of its licence."""


@functools.cache
def viewer() -> Viewer:
    """Read the files."""
    versions: dict[str, str] = json.loads(_text("versions.json"))
    scripts = tuple(map(_text, _SCRIPTS))
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return Viewer(
        version=versions["pev2"],
        styles=tuple(map(_text, _STYLES)),
        scripts=scripts,
        # The viewer sets styles of its own while it runs; styles can neither run nor load anything.
        policy=(
            f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
            "font-src data:; base-uri 'none'; form-action 'none'"
        ),
        licences=(
            *(
                (f"{name} {version}", _text(f"{name}/LICENSE"))
                for name, version in versions.items()
            ),
            ("in pev2", _text("pev2/THIRD-PARTY-LICENSES")),
        ),
    )


def _text(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
