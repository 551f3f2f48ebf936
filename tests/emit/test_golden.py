"""Whole reports and migrations, compared as text.

``PGADVISOR_WRITE_GOLDEN=1 pytest tests/emit/test_golden.py`` writes them anew, to be read in the
diff.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pgadvisor.emit.bundle import output_files
from pgadvisor.emit.comparison_text import render_comparison_text
from pgadvisor.emit.explain_json import render_explained_json
from pgadvisor.emit.explain_text import render_explained_text
from pgadvisor.emit.text import render_text
from tests.emit.explain_sample import after, before, estimated, slower
from tests.emit.sample import an_advice, an_empty_advice

GOLDEN = Path(__file__).parents[1] / "golden"


def whole() -> dict[str, str]:
    """Every file by the name it has among the golden ones."""
    files = output_files(an_advice())
    files["report.txt"] = render_text(an_advice())
    files["report-40-columns.txt"] = render_text(an_advice(), width=40)
    files["report-of-nothing.txt"] = render_text(an_empty_advice())
    files["report-of-nothing.md"] = output_files(an_empty_advice())["report.md"]
    explained = output_files(an_advice(), explain_choice=True)
    files["report-explained.md"] = explained["report.md"]
    files["report-explained.html"] = explained["report.html"]
    files["report-explained.txt"] = render_text(an_advice(), explain_choice=True)
    files["explain.txt"] = render_explained_text([before(), estimated()])
    files["explain-40-columns.txt"] = render_explained_text([before()], width=40)
    files["explain-compared.txt"] = render_comparison_text([(before(), after())])
    files["explain-slower.txt"] = render_comparison_text([(after(), slower())])
    files["explain.json"] = render_explained_json([before(), after()], [(0, 1)])
    for name in ("alembic", "django"):
        [file] = an_advice(migration_format=name).migration.files
        files[f"migration.{name}.py.txt"] = file.text
    return files


@pytest.mark.parametrize("name", sorted(whole()))
def test_is_what_it_was(name: str) -> None:
    text = whole()[name]
    path = GOLDEN / name
    if os.environ.get("PGADVISOR_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")

    assert text == path.read_text(encoding="utf-8")


def test_there_is_no_golden_file_of_the_past() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(whole())
